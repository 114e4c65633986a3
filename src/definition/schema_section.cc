#include "definition/schema_section.h"

#include <algorithm>

#include "definition/yaml_values.h"

namespace skewless {
namespace {

constexpr const char* kRegistryTlsKeys[] = {"schema_registry_ca", "schema_registry_cert",
                                            "schema_registry_key"};

// "%40" to "@".
std::string Unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) {
      const char c = at < text.size() ? text[at] : ' ';
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      plain += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Splits "http://user:password@host:8081" in the registry's own URL, which may be shown, and who
// asks.
Status ReadRegistry(const YamlNode& node, const std::string& what, SourceDefinition* source) {
  const std::string example = "schema_registry: http://localhost:8081";
  SKEWLESS_ASSIGN_OR_RETURN(const std::string url,
                            ReadText(node, what + ", schema_registry", example));
  const size_t begin = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string authority = url.substr(begin, end - begin);
  const size_t at = authority.rfind('@');
  const std::string host = at == std::string::npos ? authority : authority.substr(at + 1);
  if (begin == 0 || host.empty()) {
    return FailAt(node, what + ", schema_registry: expected a URL with http:// or https://",
                  "Write, as an example, '" + example + "'.");
  }
  if (url.find_first_of("?#", begin) != std::string::npos) {
    return FailAt(node, what + ", schema_registry: a registry's URL has neither '?' nor '#'",
                  "Write them in a password as %3F and %23.");
  }
  if (at != std::string::npos) source->registry_user = Unescaped(authority.substr(0, at));
  std::string& plain = source->options["schema_registry"];
  plain = url.substr(0, begin) + host + url.substr(end);
  while (plain.ends_with('/')) plain.pop_back();
  return {};
}

Status ReadRegistryUserEnv(const YamlNode& node, const std::string& what,
                           SourceDefinition* source) {
  const std::string field = what + ", schema_registry_user_env";
  if (!source->options.contains("schema_registry")) {
    return FailAt(node, field + ": there is no registry", "Add 'schema_registry', or remove it.");
  }
  if (!source->registry_user.empty()) {
    return FailAt(node, field + ": schema_registry names a user, too",
                  "Take user and password out of its URL.");
  }
  SKEWLESS_ASSIGN_OR_RETURN(source->options["schema_registry_user_env"],
                            ReadText(node, field, "schema_registry_user_env: REGISTRY_USER"));
  return {};
}

// PEM files, for a registry that the system's authorities don't know, or that asks who we are.
Status ReadRegistryTls(const YamlNode& body, const std::string& what, SourceDefinition* source) {
  for (const char* const key : kRegistryTlsKeys) {
    const YamlNode* const node = body.Find(key);
    if (node == nullptr) continue;
    const std::string field = what + ", " + key;
    const auto registry = source->options.find("schema_registry");
    if (registry == source->options.end() || !registry->second.starts_with("https://")) {
      return FailAt(*node, field + ": there is no registry with https://",
                    "Give 'schema_registry' a URL with https://, or remove it.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(
        source->options[key],
        ReadText(*node, field, std::string(key) + ": certificates/registry.pem"));
  }
  const YamlNode* const cert = body.Find(kRegistryTlsKeys[1]);
  const YamlNode* const key = body.Find(kRegistryTlsKeys[2]);
  if ((cert == nullptr) == (key == nullptr)) return {};
  return FailAt(cert != nullptr ? *cert : *key, what + ": a certificate and its key come together",
                std::string("Add '") + kRegistryTlsKeys[cert != nullptr ? 2 : 1] + "'.");
}

Status ReadFraming(const YamlNode& body, const std::string& what, SourceDefinition* source) {
  const YamlNode* const node = body.Find("framing");
  if (node == nullptr) return {};
  const std::vector<std::string> words = {"confluent", "none"};
  SKEWLESS_ASSIGN_OR_RETURN(const size_t index, ReadWord(*node, what + ", framing", words));
  if (words[index] == "none" && source->options.contains("schema_registry")) {
    return FailAt(*node, what + ": messages without framing don't say their schema to a registry",
                  "Remove 'framing', or name the one schema that all are written by.");
  }
  source->options["framing"] = words[index];
  return {};
}

// Files: those of Avro have their schema in themselves, and Protobuf has none that end by
// themselves.
Status CheckFile(const YamlNode& body, const std::string& what, const SourceDefinition& source) {
  if (source.format == SourceFormat::kProtobuf) {
    return FailAt(
        *body.Find("format"),
        what +
            ": Protobuf messages don't say where they end, so a file of them can't be "
            "read",
        "Read them from a topic (type: kafka), or use format avro, parquet, json or csv.");
  }
  for (const std::string& key : SchemaKeys()) {
    if (const YamlNode* node = body.Find(key)) {
      return FailAt(*node, what + ": an Avro file has its schema in itself",
                    "Remove '" + key + "'.");
    }
  }
  return {};
}

}  // namespace

const std::vector<std::string>& SchemaKeys() {
  static const std::vector<std::string> keys = {"schema",
                                                "schema_registry",
                                                "schema_registry_user_env",
                                                kRegistryTlsKeys[0],
                                                kRegistryTlsKeys[1],
                                                kRegistryTlsKeys[2],
                                                "message",
                                                "framing"};
  return keys;
}

Status ReadSchemaKeys(const YamlNode& body, const std::string& what, SourceDefinition* source) {
  const bool is_protobuf = source->format == SourceFormat::kProtobuf;
  if (source->format == SourceFormat::kJson) return ReadFraming(body, what, source);
  if (!is_protobuf && source->format != SourceFormat::kAvro) return {};
  if (source->type == SourceType::kFile) return CheckFile(body, what, *source);
  if (const YamlNode* schema = body.Find("schema")) {
    SKEWLESS_ASSIGN_OR_RETURN(
        source->options["schema"],
        ReadText(*schema, what + ", schema",
                 is_protobuf ? "schema: clicks.proto" : "schema: clicks.avsc"));
    source->schema_place = PlaceOf(*schema);
  }
  if (const YamlNode* registry = body.Find("schema_registry")) {
    SKEWLESS_RETURN_IF_ERROR(ReadRegistry(*registry, what, source));
  }
  if (const YamlNode* user = body.Find("schema_registry_user_env")) {
    SKEWLESS_RETURN_IF_ERROR(ReadRegistryUserEnv(*user, what, source));
  }
  SKEWLESS_RETURN_IF_ERROR(ReadRegistryTls(body, what, source));
  if (!source->options.contains("schema") && !source->options.contains("schema_registry")) {
    return FailAt(body, what + ": missing key 'schema'",
                  "Add, as an example, 'schema: clicks.avsc', or a schema_registry.");
  }
  SKEWLESS_RETURN_IF_ERROR(ReadFraming(body, what, source));
  const YamlNode* message = body.Find("message");
  if (message == nullptr) return {};
  if (!is_protobuf) {
    return FailAt(*message, what + ": key 'message' belongs to format protobuf", "Remove it.");
  }
  SKEWLESS_ASSIGN_OR_RETURN(source->options["message"],
                            ReadText(*message, what + ", message", "message: shop.Click"));
  source->message_place = PlaceOf(*message);
  return {};
}

}  // namespace skewless
