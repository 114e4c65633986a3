// The keys of `online: {type: redis, ...}` beyond their names.
#include <charconv>

#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

constexpr int64_t kMostDatabases = 1'000'000;

bool IsHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
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
  if (const YamlNode* write = node.Find("write"); write != nullptr && write->text == "increment") {
    return FailAt(*write, "online.write 'increment' adds up states, and online.form is 'values'",
                  "Remove one of the two.");
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
    SKEWLESS_RETURN_IF_ERROR(ReadWord(*write, "online.write", {"versioned", "increment"}));
  SKEWLESS_RETURN_IF_ERROR(CheckForm(node));
  return CheckCompanions(node);
}

}  // namespace skewless
