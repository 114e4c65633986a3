// A definition whose offline tables are those of one view, `totals` of a user's events.
#pragma once

#include <string>

namespace skewless {

// `features` and `settings` of the view, each a line of YAML in its place.
inline std::string TotalsYaml(const std::string& features, const std::string& settings = "") {
  return R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, amount: float64, kind: string, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  totals:
    source: events
    entity: user
)" + settings +
         "    features:\n" + features;
}

}  // namespace skewless
