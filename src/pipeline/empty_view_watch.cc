#include "pipeline/empty_view_watch.h"

#include <algorithm>

#include "base/event_log.h"
#include "pipeline/column_watch.h"

namespace skewless {
namespace {

// So many without one that is taken are no accident of which came first.
constexpr int64_t kManyEvents = 1000;

// The source's columns that hold the view's key.
std::string KeyColumnNames(const Definition& definition, const FeatureViewDefinition& view) {
  const Schema& schema = definition.sources[static_cast<size_t>(view.source)].schema;
  std::string names;
  for (const int column : view.key_columns)
    names += (names.empty() ? "" : ", ") + schema.columns[static_cast<size_t>(column)].name;
  return names;
}

}  // namespace

EmptyViewWatch::EmptyViewWatch(const Definition& definition)
    : definition_(definition), views_(definition.views.size()) {}

int64_t EventsWithoutKey(const ViewInput& input) {
  return std::count(input.keys.valid.begin(), input.keys.valid.end(), uint8_t{0});
}

void EmptyViewWatch::Count(size_t view, const ViewInput& input) {
  View& counted = views_[view];
  const auto begin = input.selected.begin(), end = begin + static_cast<ptrdiff_t>(input.rows);
  if (std::find(begin, end, uint8_t{1}) != end) {
    counted.settled = true;
    return;
  }
  counted.events += static_cast<int64_t>(input.rows);
  counted.without_key += EventsWithoutKey(input);
  if (counted.events >= kManyEvents) Tell(view);
}

void EmptyViewWatch::Finish() {
  for (size_t view = 0; view < views_.size(); ++view) {
    if (!views_[view].settled && views_[view].events > 0) Tell(view);
  }
}

void EmptyViewWatch::Tell(size_t view) {
  View& counted = views_[view];
  counted.settled = true;
  const FeatureViewDefinition& definition = definition_.views[view];
  const std::string key = KeyColumnNames(definition_, definition);
  LogEvent(
      EventLevel::kWarning, "view takes no events",
      {{"view", definition.name},
       {"source", definition_.sources[static_cast<size_t>(definition.source)].name},
       {"events", counted.events},
       {"without_key", counted.without_key},
       {"key", key},
       {"remedy",
        counted.without_key > 0
            ? "Their key is null: do the records " +
                  NamingDoubt(definition_.sources[static_cast<size_t>(definition.source)].schema,
                              definition.key_columns)
            : "Does its where ever hold, or are they all too late?"}});
}

}  // namespace skewless
