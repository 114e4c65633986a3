// What a definition sets of librdkafka: `settings`, and `settings_env` for what the environment
// holds.
#pragma once

#include <string>

#include "base/result.h"
#include "definition/kafka_definition.h"
#include "definition/yaml_document.h"

namespace skewless {

struct KafkaSettingsOf {
  KafkaSettings* settings;
  KafkaSettings* settings_env;
  KafkaSettingPlaces* places;
};

// Both keys of the map `body`, where it has them, over what `to` has already: of a setting, its
// value or its variable, whichever was said last. `what` begins errors.
Status ReadKafkaSettings(const YamlNode& body, const std::string& what, KafkaSettingsOf to);

}  // namespace skewless
