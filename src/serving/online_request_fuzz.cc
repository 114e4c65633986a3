// Any bytes as the body of a request: they are a request or an error, never anything else.
#include <simdjson.h>

#include "base/check.h"
#include "serving/online_request.h"

namespace {

constexpr char kYaml[] = R"(project: fuzz
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, name: string, amount: float64, ts: timestamp}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
  pair: {keys: {name: string, user: int64}}
feature_views:
  totals:
    source: events
    entity: user
    features: {visits: count(*), total: sum(amount)}
  pairs:
    source: events
    entity: pair
    features: {visits: count(*)}
feature_services:
  all:
    features: [totals, "pairs:visits"]
    request: {b: bool, i: int32, f: float32, y: bytes, t: timestamp, l: "string[]"}
    derived: {more: i + 1}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  static const auto definition = ParseDefinition(kYaml, "skewless.yaml", ".");
  SKEWLESS_CHECK(definition.has_value());
  static simdjson::dom::parser parser;
  static PlanCache plans(**definition);
  static OnlineRequest request;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto parsed = ParseOnlineRequest(body, parser, plans, &request);
  if (!parsed) {
    const std::string error = ErrorBody(parsed.error());
    simdjson::dom::parser check;
    SKEWLESS_CHECK(check.parse(error).is_string());
    return 0;
  }
  SKEWLESS_CHECK(request.inputs.size() == request.plan->keys.size() + request.plan->request.size());
  for (const Column& column : request.inputs) SKEWLESS_CHECK(column.size() == request.rows);
  return 0;
}
