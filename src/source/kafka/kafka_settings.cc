#include "source/kafka/kafka_settings.h"

#include <algorithm>
#include <charconv>

#include "base/environment.h"
#include "source/definition_error.h"
#include "source/kafka/dead_letter_topic.h"
#include "source/kafka/kafka_client.h"

namespace skewless {
namespace {

std::vector<std::string> KnownSettings(rd_kafka_conf_t* conf) {
  size_t count = 0;
  const char** const words = rd_kafka_conf_dump(conf, &count);
  std::vector<std::string> names;
  for (size_t i = 0; i + 1 < count; i += 2) names.emplace_back(words[i]);
  rd_kafka_conf_dump_free(words, count);
  return names;
}

class SettingsCheck {
 public:
  SettingsCheck(std::string what, const KafkaSettings& settings, const KafkaSettings& settings_env,
                const KafkaSettingPlaces& places)
      : what_(std::move(what)), settings_(settings), places_(places) {
    for (const auto& [name, variable] : settings_env) {
      const auto value = EnvironmentVariable(variable, name, "its value");
      if (value) {
        settings_[name] = *value;
      } else {
        elsewhere_.push_back(name);
      }
    }
  }

  // `own`: what the client is made with, whatever the user says; they must fit together.
  Status Check(rd_kafka_type_t type, const KafkaSettings& own = {}) const {
    if (settings_.empty() && elsewhere_.empty()) return {};
    KafkaHandle<rd_kafka_conf_t> conf(rd_kafka_conf_new());
    char reason[512];
    const KafkaHandle<rd_kafka_conf_t> tried(rd_kafka_conf_new());
    for (const std::string& name : elsewhere_) {  // whether there is one of that name
      if (rd_kafka_conf_set(tried.get(), name.c_str(), "", reason, sizeof reason) ==
          RD_KAFKA_CONF_UNKNOWN) {
        return Unknown(name, conf.get());
      }
    }
    for (const auto& [name, value] : settings_) {
      switch (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason)) {
        case RD_KAFKA_CONF_UNKNOWN:
          return Unknown(name, conf.get());
        case RD_KAFKA_CONF_INVALID:
          return Wrong(name, reason);
        case RD_KAFKA_CONF_OK:
          break;
      }
    }
    if (!elsewhere_.empty()) return {};
    for (const auto& [name, value] : own)
      rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason);
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    // Without brokers it stays where it is.
    const KafkaHandle<rd_kafka_t> client(rd_kafka_new(type, conf.get(), reason, sizeof reason));
    if (client == nullptr) return Wrong(NamedIn(reason), reason);
    static_cast<void>(conf.release());  // which the client has now
    return {};
  }

 private:
  tl::unexpected<Error> Unknown(const std::string& name, rd_kafka_conf_t* conf) const {
    const std::string near = NearestName(name, KnownSettings(conf));
    return FailAtPlace(
        places_.at(name), name.size(), what_ + "librdkafka has no setting '" + name + "'",
        near.empty() ? "See librdkafka's CONFIGURATION.md." : "Did you mean '" + near + "'?");
  }
  tl::unexpected<Error> Wrong(const std::string& name, const std::string& reason) const {
    return FailAtPlace(places_.at(name), name.size(), what_ + reason,
                       "Write it as librdkafka's CONFIGURATION.md says.");
  }
  // The longest setting that the reason names, else the first.
  const std::string& NamedIn(const std::string& reason) const {
    const std::string* found = nullptr;
    for (const auto& [name, value] : settings_) {
      const bool is_longer = found == nullptr || name.size() > found->size();
      if (is_longer && reason.find(name) != std::string::npos) found = &name;
    }
    return found == nullptr ? settings_.begin()->first : *found;
  }

  const std::string what_;
  KafkaSettings settings_;
  std::vector<std::string> elsewhere_;  // known where the engine runs, and not here
  const KafkaSettingPlaces& places_;
};

}  // namespace

int64_t KafkaNumber(const KafkaSettings& settings, const std::string& name, int64_t otherwise) {
  const auto set = settings.find(name);
  int64_t number = 0;
  if (set == settings.end()) return otherwise;
  std::from_chars(set->second.data(), set->second.data() + set->second.size(), number);
  return number > 0 ? number : otherwise;
}

int64_t HeartbeatMillis(const KafkaSettings& settings) {
  constexpr int64_t kMost = 3000;
  return std::clamp<int64_t>(KafkaNumber(settings, "session.timeout.ms", 3 * kMost) / 3, 1, kMost);
}

Status CheckKafkaSettings(const Definition& definition) {
  for (const SourceDefinition& source : definition.sources) {
    const std::string what = "source '" + source.name + "': ";
    if (source.kafka) {
      const KafkaDefinition& kafka = *source.kafka;
      const SettingsCheck check(what, kafka.settings, kafka.settings_env, kafka.setting_places);
      SKEWLESS_RETURN_IF_ERROR(check.Check(RD_KAFKA_CONSUMER));
    }
    if (source.dead_letter_topic) {
      const DeadLetterTopic& letters = *source.dead_letter_topic;
      const SettingsCheck check(what + "dead_letters, ", letters.settings, letters.settings_env,
                                letters.setting_places);
      SKEWLESS_RETURN_IF_ERROR(check.Check(RD_KAFKA_PRODUCER, DeadLetterSettings()));
    }
  }
  return {};
}

}  // namespace skewless
