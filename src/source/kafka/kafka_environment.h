// Settings whose values stand in the environment: passwords, which are not for a definition to
// hold.
#pragma once

#include <string>

#include "base/result.h"
#include "definition/kafka_definition.h"

namespace skewless {

// `settings`, and those of `settings_env` with what their variables hold. The error of a variable
// that isn't set, or is empty, begins with `place`: kInvalid.
Result<KafkaSettings> WithEnvironment(const std::string& place, KafkaSettings settings,
                                      const KafkaSettings& settings_env);

}  // namespace skewless
