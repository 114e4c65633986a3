#include "source/kafka/kafka_environment.h"

#include "base/environment.h"

namespace skewless {

Result<KafkaSettings> WithEnvironment(const std::string& place, KafkaSettings settings,
                                      const KafkaSettings& settings_env) {
  for (const auto& [name, variable] : settings_env) {
    SKEWLESS_ASSIGN_OR_RETURN(
        settings[name],
        EnvironmentVariable(variable, place + "settings_env, " + name, "the value of " + name));
  }
  return settings;
}

}  // namespace skewless
