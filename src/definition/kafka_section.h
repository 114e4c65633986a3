// The keys of a source that are about Kafka.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "definition/kafka_definition.h"
#include "definition/yaml_document.h"

namespace skewless {

// Of `type: kafka`.
const std::vector<std::string>& KafkaKeys();

// `body` is the source's, `what` names it: "source 'clicks'".
Result<KafkaDefinition> ReadKafkaKeys(const YamlNode& body, const std::string& what);

// `dead_letters: {topic: ..., brokers: ...}`; brokers and settings are those of `source` where the
// user says nothing else (null: no Kafka source).
Result<DeadLetterTopic> ReadDeadLetterTopic(const YamlNode& node, const std::string& what,
                                            const KafkaDefinition* source);

}  // namespace skewless
