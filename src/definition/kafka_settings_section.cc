#include "definition/kafka_settings_section.h"

#include <string_view>
#include <utility>

#include "definition/yaml_values.h"

namespace skewless {
namespace {

// Settings of the client that are ours: another value would break what the log promises.
struct OwnedSetting {
  std::string_view name;
  std::string_view remedy;
};
constexpr OwnedSetting kOwnedSettings[] = {
    {"bootstrap.servers", "Use the key 'brokers'."},
    {"metadata.broker.list", "Use the key 'brokers'."},
    {"group.id", "Use the key 'group'."},
    {"auto.offset.reset", "Use the keys 'start' and 'on_lost_data'."},
    {"enable.auto.commit", "Remove it: offsets are committed behind the durable log."},
    {"auto.commit.enable", "Remove it: offsets are committed behind the durable log."},
    {"auto.commit.interval.ms", "Remove it: offsets are committed behind the durable log."},
    {"enable.auto.offset.store", "Remove it: offsets are committed behind the durable log."},
    {"enable.partition.eof", "Remove it: the source looks for the ends itself."},
    {"partition.assignment.strategy", "Remove it: partitions are taken over as a whole."},
    {"allow.auto.create.topics", "Remove it: a source makes no topics."},
    {"enable.idempotence", "Remove it: dead letters are always written so."},
    {"max.in.flight", "Remove it: of dead letters one request is under way at a time."},
    {"max.in.flight.requests.per.connection",
     "Remove it: of dead letters one request is under way at a time."},
    {"acks", "Remove it: a dead letter counts once all replicas have it."},
    {"request.required.acks", "Remove it: a dead letter counts once all replicas have it."},
    {"message.timeout.ms", "Remove it: a dead letter waits for its brokers."},
    {"delivery.timeout.ms", "Remove it: a dead letter waits for its brokers."},
    {"transactional.id", "Remove it: dead letters are written outside of transactions."},
};

Status CheckSettingName(const YamlNode& name, const std::string& what) {
  for (const OwnedSetting& owned : kOwnedSettings) {
    if (name.text != owned.name) continue;
    return FailAt(name, what + ": the setting '" + name.text + "' is not for you to choose",
                  std::string(owned.remedy));
  }
  return {};
}

Status ReadSettings(const YamlNode& node, const std::string& what, KafkaSettings* settings,
                    KafkaSettingPlaces* places) {
  if (!node.is_map()) {
    return FailAt(node, what + ", settings: expected a map of librdkafka's settings",
                  "Write, as an example, 'settings: {security.protocol: ssl}'.");
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string& name = entry.key->text;
    SKEWLESS_RETURN_IF_ERROR(CheckSettingName(*entry.key, what));
    if (!entry.value->is_scalar()) {
      return FailAt(*entry.value, what + ": the setting '" + name + "' needs a value",
                    "Write it as librdkafka's CONFIGURATION.md says.");
    }
    (*settings)[name] = entry.value->text;
    (*places)[name] = PlaceOf(*entry.key);
  }
  return {};
}

// `settings`: those of the same map of keys, which may be there or not.
Status ReadSettingsEnv(const YamlNode& node, const std::string& what, const YamlNode* settings,
                       KafkaSettings* settings_env, KafkaSettingPlaces* places) {
  const std::string example = "settings_env: {sasl.password: KAFKA_PASSWORD}";
  if (!node.is_map()) {
    return FailAt(node, what + ", settings_env: expected a map of settings to variables",
                  "Write, as an example, '" + example + "'.");
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string& name = entry.key->text;
    SKEWLESS_RETURN_IF_ERROR(CheckSettingName(*entry.key, what));
    if (settings != nullptr && settings->Find(name) != nullptr) {
      return FailAt(*entry.key,
                    what + ": 'settings' and 'settings_env' both say the setting '" + name + "'",
                    "Remove one of them.");
    }
    SKEWLESS_ASSIGN_OR_RETURN((*settings_env)[name],
                              ReadText(*entry.value, what + ", settings_env, " + name, example));
    (*places)[name] = PlaceOf(*entry.key);
  }
  return {};
}

}  // namespace

Status ReadKafkaSettings(const YamlNode& body, const std::string& what, KafkaSettingsOf to) {
  KafkaSettings settings, settings_env;
  const YamlNode* const said = body.Find("settings");
  if (said != nullptr) {
    SKEWLESS_RETURN_IF_ERROR(ReadSettings(*said, what, &settings, to.places));
  }
  if (const YamlNode* const env = body.Find("settings_env")) {
    SKEWLESS_RETURN_IF_ERROR(ReadSettingsEnv(*env, what, said, &settings_env, to.places));
  }
  for (auto& [name, value] : settings) {
    to.settings_env->erase(name);
    (*to.settings)[name] = std::move(value);
  }
  for (auto& [name, variable] : settings_env) {
    to.settings->erase(name);
    (*to.settings_env)[name] = std::move(variable);
  }
  return {};
}

}  // namespace skewless
