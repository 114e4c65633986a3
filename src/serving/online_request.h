// POST /get-online-features: the body, and the reply, after Feast's feature server.
// The contract is in docs/reference/http.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serving/feature_reader.h"

namespace simdjson::dom {
class parser;
}

namespace skewless {

// An error as Feast's clients expect it: an HTTP status, and a class of feast.errors or Python.
struct HttpError {
  int status = 422;
  std::string error_class;
  std::string message;
};

template <typename T>
using HttpResult = tl::expected<T, HttpError>;

// Plans that requests asked for before, by what they named. Of one thread.
class PlanCache {
 public:
  explicit PlanCache(const Definition& definition) : definition_(definition) {}
  HttpResult<const ReadPlan*> Service(std::string_view name);
  HttpResult<const ReadPlan*> Features(const std::vector<std::string>& names);

 private:
  const Definition& definition_;
  std::map<std::string, ReadPlan, std::less<>> services_;
  std::map<std::vector<std::string>, ReadPlan> features_;
};

struct OnlineRequest {
  const ReadPlan* plan = nullptr;
  bool full_feature_names = false;
  size_t rows = 0;
  std::vector<Column> inputs;  // by plan.keys, then plan.request
  StringArena strings;
};

// `body` needs no particular content type. Reuses the memory of `request`.
HttpResult<void> ParseOnlineRequest(std::string_view body, simdjson::dom::parser& parser,
                                    PlanCache& plans, OnlineRequest* request);

// The reply's body.
void AppendOnlineReply(const Definition& definition, const OnlineRequest& request,
                       std::span<const ReadRow> rows, std::string& out);
// A JSON string that holds JSON: {"module","class","message"}.
std::string ErrorBody(const HttpError& error);

}  // namespace skewless
