// Dead letters as messages of a topic: key, value and headers as they came, and beside them the
// headers that Kafka Connect's error handling gives its dead letters (KIP-298).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "decode/dead_letter.h"
#include "definition/definition.h"

namespace skewless {

// The producer's settings that are not the user's to choose.
const KafkaSettings& DeadLetterSettings();

// kNotFound where brokers say that there is no such topic; those that are away are asked again with
// the first letter. Append may wait for room, and Sync waits until every letter is
// acknowledged by all replicas, however long the brokers are away. `source` outlives it.
Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterTopic(const SourceDefinition& source);

}  // namespace skewless
