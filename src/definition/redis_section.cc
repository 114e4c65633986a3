// The keys of `online: {type: redis, ...}` beyond their names.
#include <charconv>

#include "definition/sections.h"
#include "definition/storage_option.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

constexpr int64_t kMostDatabases = 1'000'000;
constexpr std::string_view kIncrement = "increment";

// In the order of WriteStrategy.
std::vector<std::string> WriteStrategies() { return {"versioned", std::string(kIncrement)}; }

// What stands in the way, in words that follow "feature 'x': ".
std::string WhyNotIncremented(const FeatureDefinition& feature) {
  const std::string aggregate(AggregateName(feature.aggregate));
  switch (feature.aggregate) {
    case AggregateKind::kSum:
    case AggregateKind::kAvg:
      return "increments of " + aggregate + " over " + TypeName(feature.argument_type) +
             " would round in an order of their own, and differ from training in the last bits";
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      return aggregate + " over " + TypeName(feature.argument_type) +
             " can't be incremented: only integers' can";
    default:
      return aggregate + " can't be incremented: it is no count and no sum";
  }
}

bool IsHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  if (text.find_first_of("/@, ") != std::string::npos) return false;
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  return error == std::errc() && stop == end && port > 0 && port <= 65535;
}

// One key makes sense only beside another.
struct Companion {
  const char* key;
  const char* needs;
  const char* remedy;
};
constexpr Companion kCompanions[] = {
    {"tls_ca", "tls", "Add 'tls: true'."},
    {"tls_cert", "tls", "Add 'tls: true'."},
    {"tls_cert", "tls_key", "Add 'tls_key', the file of its key."},
    {"tls_key", "tls_cert", "Add 'tls_cert', the file of its certificate."},
};

Status CheckCompanions(const YamlNode& node) {
  for (const Companion& companion : kCompanions) {
    const YamlNode* const value = node.Find(companion.key);
    if (value == nullptr || node.Find(companion.needs) != nullptr) continue;
    return FailAt(
        *value,
        std::string("online.") + companion.key + " means nothing without '" + companion.needs + "'",
        companion.remedy);
  }
  const YamlNode* const password = node.Find("password");
  const YamlNode* const password_env = node.Find("password_env");
  if (password != nullptr && password_env != nullptr) {
    return FailAt(*password_env, "online: 'password' and 'password_env' both say the password",
                  "Keep 'password_env': definitions are no place for secrets.");
  }
  if (const YamlNode* username = node.Find("username");
      username != nullptr && password == nullptr && password_env == nullptr) {
    return FailAt(*username, "online.username means nothing without a password",
                  "Add, as an example, 'password_env: REDIS_PASSWORD'.");
  }
  return {};
}

// What finished values are not kept with.
Status CheckForm(const YamlNode& node) {
  const YamlNode* const form = node.Find("form");
  if (form == nullptr || form->text != "values") return {};
  if (const YamlNode* write = node.Find("write"); write != nullptr && write->text == kIncrement) {
    return FailAt(*write, "online.write: finished values can't be incremented",
                  "Remove 'write', or 'form: values'.");
  }
  if (const YamlNode* expire = node.Find("expire"); expire != nullptr && expire->text == "true") {
    return FailAt(*expire, "online.expire: rows of finished values do not expire in this version",
                  "Remove 'expire', or use online.form 'state'.");
  }
  return {};
}

}  // namespace

Status CheckRedisSettings(const YamlNode& node) {
  const YamlNode* const address = node.Find("address");
  if (address->text.find("://") != std::string::npos) {
    return FailAt(*address, "online.address: expected host:port, found a URL",
                  "Write, as an example, 'localhost:6379'; user, password, database and TLS have "
                  "keys of their own.");
  }
  if (!IsHostPort(address->text)) {
    return FailAt(*address, "online.address: expected host:port, found '" + address->text + "'",
                  "Write, as an example, 'localhost:6379'.");
  }
  bool is_cluster = false;
  for (const char* const key : {"cluster", "tls", "expire"}) {
    const YamlNode* const value = node.Find(key);
    if (value == nullptr) continue;
    SKEWLESS_ASSIGN_OR_RETURN(const bool is, ReadBool(*value, std::string("online.") + key));
    if (std::string_view(key) == "cluster") is_cluster = is;
  }
  if (const YamlNode* database = node.Find("database")) {
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t number,
                              ReadInteger(*database, "online.database", 0, kMostDatabases));
    if (is_cluster && number != 0)
      return FailAt(*database, "online.database: a cluster has no databases", "Remove it.");
  }
  if (const YamlNode* prefix = node.Find("key_prefix");
      prefix != nullptr && prefix->text.find_first_of("{}") != std::string::npos) {
    return FailAt(*prefix, "online.key_prefix: braces would decide which slot a row lies in",
                  "Use other characters, as in 'key_prefix: \"shop-a:\"'.");
  }
  if (const YamlNode* write = node.Find("write"))
    SKEWLESS_RETURN_IF_ERROR(ReadWord(*write, "online.write", WriteStrategies()));
  SKEWLESS_RETURN_IF_ERROR(CheckForm(node));
  return CheckCompanions(node);
}

Result<WriteStrategy> ReadWriteStrategy(const YamlNode& view, const std::string& what,
                                        const StorageDefinition& online) {
  const YamlNode* const write = view.Find("write");
  if (write == nullptr) {
    return OptionOf(online, "write") == kIncrement ? WriteStrategy::kIncrement
                                                   : WriteStrategy::kVersioned;
  }
  SKEWLESS_ASSIGN_OR_RETURN(const size_t index,
                            ReadWord(*write, what + ", write", WriteStrategies()));
  const auto strategy = static_cast<WriteStrategy>(index);
  if (online.type != "redis") {
    return FailAt(*write,
                  what + ", write: only Redis is written in several ways, and online.type is '" +
                      online.type + "'",
                  "Remove it.");
  }
  if (strategy == WriteStrategy::kIncrement && OptionOf(online, "form") == "values")
    return FailAt(*write, what + ", write: finished values can't be incremented",
                  "Remove it, or 'form: values' of 'online'.");
  return strategy;
}

Status CheckIncrements(const YamlNode& text, const FeatureDefinition& feature) {
  if (CanIncrement(feature)) return {};
  return FailAt(text, "feature '" + feature.name + "': " + WhyNotIncremented(feature),
                "Give its view 'write: versioned', or move the feature to a view that has it.");
}

}  // namespace skewless
