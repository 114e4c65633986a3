#include "source/schema_registry.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "source/http_get.h"

namespace skewless {
namespace {

using Json = nlohmann::json;

constexpr int kTries = 3;
constexpr std::chrono::milliseconds kFirstPause{100};  // and twice as long each time
constexpr int kMaxDepth = 32;                          // of references to references
constexpr size_t kMaxTexts = 1000;
constexpr const char* kAccept = "application/vnd.schemaregistry.v1+json, application/json";

bool MayPass(long status) { return status == 429 || status >= 500; }

// "shop/user" as one step of a path.
std::string PathStep(const std::string& text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string step;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      step += c;
    } else {
      step += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return step;
}

std::string TextOf(const Json& object, const char* key, const std::string& otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

// A registry's own "not found", as 40403 of a schema. Another server, or another path of this one,
// answers 404, too: messages are no dead letters for an address that is wrong.
bool SaysNoSuchSchema(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto code = json.find("error_code");
  return code != json.end() && code->is_number_integer() && code->get<int64_t>() / 100 == 404;
}

class SchemaRegistry final : public SchemaSource {
 public:
  SchemaRegistry(std::string url, std::string user, HttpTls tls)
      : url_(std::move(url)), user_(std::move(user)), http_(std::move(tls)) {}

  Result<RegisteredSchema> Fetch(int32_t id) override {
    const std::string path = "/schemas/ids/" + std::to_string(static_cast<uint32_t>(id));
    SKEWLESS_ASSIGN_OR_RETURN(const Json reply, Ask(path));
    RegisteredSchema schema;
    schema.type = TextOf(reply, "schemaType", "AVRO");  // only others are named
    SKEWLESS_RETURN_IF_ERROR(Add(reply, path, "schema " + std::to_string(id), 0, &schema.texts));
    return schema;
  }

 private:
  // A schema's references, each after its own, and then its text.
  Status Add(const Json& reply, const std::string& path, const std::string& name, int depth,
             std::vector<SchemaText>* texts) {
    if (depth > kMaxDepth || texts->size() > kMaxTexts) {
      return Strange(path, "refers to too many others");
    }
    if (const auto references = reply.find("references"); references != reply.end()) {
      for (const Json& reference : *references) {
        SKEWLESS_RETURN_IF_ERROR(AddReference(reference, path, depth, texts));
      }
    }
    const std::string text = TextOf(reply, "schema", "");
    if (text.empty()) return Strange(path, "has no schema in it");
    texts->push_back({name, text});
    return {};
  }

  Status AddReference(const Json& reference, const std::string& path, int depth,
                      std::vector<SchemaText>* texts) {
    if (!reference.is_object()) return Strange(path, "has a reference that is none");
    const std::string name = TextOf(reference, "name", "");
    const bool known = std::any_of(texts->begin(), texts->end(),
                                   [&](const SchemaText& text) { return text.name == name; });
    if (known) return {};
    const auto version = reference.find("version");
    if (name.empty() || version == reference.end() || !version->is_number_integer()) {
      return Strange(path, "has a reference without a name or a version");
    }
    const std::string at = "/subjects/" + PathStep(TextOf(reference, "subject", "")) +
                           "/versions/" + std::to_string(version->get<int64_t>());
    SKEWLESS_ASSIGN_OR_RETURN(const Json reply, Ask(at));
    return Add(reply, at, name, depth + 1, texts);
  }

  // The reply to a GET, as JSON.
  Result<Json> Ask(const std::string& path) {
    std::string problem, remedy;
    auto pause = kFirstPause;
    for (int tries = 1;; ++tries) {
      const Result<HttpReply> reply = http_.Get(url_ + path, user_, kAccept);
      if (reply && !MayPass(reply->status)) return Read(*reply, path);
      problem =
          reply ? "it answers with status " + std::to_string(reply->status) : reply.error().message;
      remedy = reply ? "" : reply.error().remedy;
      if (tries == kTries) break;
      std::this_thread::sleep_for(pause);
      pause *= 2;
    }
    return Fail(ErrorCode::kUnavailable, "schema registry " + url_ + ": " + problem, remedy);
  }

  Result<Json> Read(const HttpReply& reply, const std::string& path) const {
    if (reply.status == 404 && SaysNoSuchSchema(reply.body)) {
      return Fail(ErrorCode::kNotFound, "schema registry " + url_ + ": there is no " + path);
    }
    if (reply.status == 401 || reply.status == 403) {
      return Fail(ErrorCode::kInvalid,
                  "schema registry " + url_ + ": lets nobody in as this user (status " +
                      std::to_string(reply.status) + ")",
                  "Name a variable that holds 'user:password' as schema_registry_user_env.");
    }
    if (reply.status != 200) return Strange(path, "has status " + std::to_string(reply.status));
    Json json = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return Strange(path, "is no JSON object");
    return json;
  }

  tl::unexpected<Error> Strange(const std::string& path, const std::string& what) const {
    return Fail(ErrorCode::kInvalid,
                "schema registry " + url_ + ": its reply to " + path + " " + what,
                "Check that schema_registry is the URL of a Confluent-compatible registry.");
  }

  std::string url_;
  std::string user_;  // "name:password"
  HttpGetter http_;
};

}  // namespace

std::unique_ptr<SchemaSource> OpenSchemaRegistry(const std::string& url, const std::string& user,
                                                 HttpTls tls) {
  return std::make_unique<SchemaRegistry>(url, user, std::move(tls));
}

}  // namespace skewless
