// A small repository that is right in every line, and tests that break it in one place.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

#include "definition/definition.h"

namespace skewless {

inline constexpr std::string_view kRightRepository = R"yaml(project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
serving: {listen: "127.0.0.1:6566", threads: 2}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    csv: {delimiter: ";"}
    columns:
      user_id: int64
      kind: string
      price: float64
      ok: bool
      ts: timestamp
      seen: timestamp
    event_timestamp: ts
    arrival_timestamp: seen
    out_of_orderness: 5s
  lists:
    type: file
    path: lists.json
    format: json
    columns: {uid: int32, tags: "string[]", t: "timestamp[ms]"}
    event_timestamp: t
entities:
  user:
    keys: {user_id: int64}
  other:
    keys: {uid: int32}
feature_views:
  activity:
    source: clicks
    entity: user
    where: price >= 0
    ttl: 30d
    features:
      visits: count(*)
      spend: sum(price) over 1h
    derived:
      per_visit: spend / nullif(visits, 0)
  tagged:
    source: lists
    entity: other
    features:
      visits: count(tags)
      latest: last(tags)
feature_services:
  ranking:
    features: [activity, "tagged:latest"]
    request: {total: float64}
    derived:
      share: total / nullif(activity:spend, 0)
)yaml";

// Replaces the first `from` by `to`: then the error is at `place` (line:column), its message and
// its remedy begin so.
struct BrokenRepository {
  const char* name;
  const char* from;
  const char* to;
  const char* place;
  const char* message;
  const char* remedy;
};

inline void PrintTo(const BrokenRepository& one, std::ostream* out) { *out << one.name; }

inline std::string NameOfCase(const testing::TestParamInfo<BrokenRepository>& info) {
  return info.param.name;
}

inline void ExpectBroken(const BrokenRepository& broken,
                         std::string text = std::string(kRightRepository)) {
  const size_t at = text.find(broken.from);
  ASSERT_NE(at, std::string::npos) << broken.from;
  text.replace(at, std::string_view(broken.from).size(), broken.to);
  const auto definition = ParseDefinition(text, "skewless.yaml", ".");
  ASSERT_FALSE(definition.has_value()) << "nothing was found to be wrong";
  const Error& error = definition.error();
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  const std::string start =
      std::string("skewless.yaml:") + broken.place + ": error: " + broken.message;
  EXPECT_EQ(error.message.substr(0, start.size()), start) << error.ToString();
  const std::string_view remedy = broken.remedy;
  EXPECT_EQ(error.remedy.substr(0, remedy.size()), remedy) << error.ToString();
  EXPECT_EQ(error.remedy.empty(), remedy.empty()) << error.ToString();
  EXPECT_NE(error.message.find("\n"), std::string::npos) << "the line is not shown";
  EXPECT_NE(error.message.find('^'), std::string::npos) << "the caret is missing";
}

}  // namespace skewless
