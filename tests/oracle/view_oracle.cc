#include "oracle/view_oracle.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/check.h"
#include "oracle/expression_oracle.h"

namespace skewless::oracle {
namespace {

bool SameKey(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Value& x, const Value& y) { return SameBits(x.view(), y.view()); });
}

bool HasNull(const std::vector<Value>& key) {
  return std::any_of(key.begin(), key.end(), [](const Value& value) { return !value.valid; });
}

bool IsTrue(const Value& value) { return value.valid && value.int_value != 0; }

// A bare null takes the type that was planned for it.
Value OfType(Value value, Type type) {
  SKEWLESS_CHECK(!value.valid || value.type == type);
  return value.valid ? value : Value::Null(type);
}

}  // namespace

Timestamp AsLogged(const Record& record) { return record.available_us; }
Timestamp AsOfEvent(const Record& record) { return record.event_us; }
Availability WithDelay(DurationUs delay_us) {
  return [delay_us](const Record& record) {
    const Wide available = Wide{record.event_us} + delay_us;
    if (available > kMaxTimestamp) return kMaxTimestamp;
    return static_cast<Timestamp>(available);
  };
}

ViewOracle::ViewOracle(const Definition& definition, int view, const std::vector<Record>& history,
                       const Availability& availability)
    : view_(definition.views[static_cast<size_t>(view)]),
      schema_(definition.sources[static_cast<size_t>(view_.source)].schema) {
  for (const Record& record : history) {
    if (record.source != view_.source || !record.applied) continue;
    std::vector<Value> key;
    for (const int column : view_.key_columns) {
      key.push_back(record.columns[static_cast<size_t>(column)]);
    }
    if (HasNull(key)) continue;
    const auto column = [&](std::string_view name) {
      return record.columns[static_cast<size_t>(schema_.Find(name))];
    };
    if (view_.where != nullptr && !IsTrue(EvaluateAst(*view_.where, column))) continue;
    FindOrAdd(key)->records.push_back(See(record, availability(record)));
  }
}

ViewOracle::Seen ViewOracle::See(const Record& record, Timestamp available_us) const {
  const auto column = [&](std::string_view name) {
    return record.columns[static_cast<size_t>(schema_.Find(name))];
  };
  Seen seen{record.sequence, record.event_us, available_us, {}};
  for (const FeatureDefinition& feature : view_.features) {
    seen.inputs.emplace_back();
    if (feature.filter != nullptr && !IsTrue(EvaluateAst(*feature.filter, column))) continue;
    Input input{record.sequence, record.event_us, {}, {}};
    if (feature.argument != nullptr) {
      input.x = OfType(EvaluateAst(*feature.argument, column), feature.argument_type);
    }
    if (feature.order_argument != nullptr) {
      input.y = EvaluateAst(*feature.order_argument, column);
    }
    seen.inputs.back() = input;
  }
  return seen;
}

ViewOracle::Entity* ViewOracle::FindOrAdd(const std::vector<Value>& key) {
  for (Entity& entity : entities_) {
    if (SameKey(entity.key, key)) return &entity;
  }
  entities_.push_back({key, {}});
  return &entities_.back();
}

// The tiles of the feature's window at t, oldest first; all time is one tile.
std::vector<Tile> ViewOracle::TilesAt(size_t feature, const std::vector<const Seen*>& records,
                                      Timestamp t) const {
  const std::optional<WindowSpec>& window = view_.features[feature].window;
  std::map<Wide, Tile> tiles;
  for (const Seen* record : records) {
    const std::optional<Input>& input = record->inputs[feature];
    if (!input) continue;
    Wide k = 0;
    if (window) {
      const Wide h = window->hop_us;
      k = FloorDivide(record->event_us, h);
      const bool in_window =
          FloorDivide(Wide{t} - window->window_us, h) < k && k <= FloorDivide(t, h);
      if (!in_window) continue;
    }
    tiles[k].push_back(*input);
  }
  std::vector<Tile> ascending;
  for (const auto& [k, tile] : tiles) ascending.push_back(tile);
  return ascending;
}

void ViewOracle::Derive(std::vector<Value>* values) const {
  const auto feature = [&](std::string_view name) {
    return (*values)[static_cast<size_t>(view_.FindOutput(name))];
  };
  for (size_t i = 0; i < view_.derived.size(); ++i) {
    const DerivedDefinition& derived = view_.derived[i];
    (*values)[view_.features.size() + i] = OfType(EvaluateAst(*derived.ast, feature), derived.type);
  }
}

std::vector<std::vector<Value>> ViewOracle::Keys() const {
  std::vector<std::vector<Value>> keys;
  for (const Entity& entity : entities_) keys.push_back(entity.key);
  return keys;
}

template <typename Condition>
std::vector<const ViewOracle::Seen*> ViewOracle::Select(const std::vector<Value>& key,
                                                        const Condition& condition) const {
  std::vector<const Seen*> records;
  for (const Entity& entity : entities_) {
    if (!SameKey(entity.key, key)) continue;
    for (const Seen& record : entity.records) {
      if (condition(record)) records.push_back(&record);
    }
  }
  return records;
}

Vector ViewOracle::Read(const std::vector<Value>& key, Timestamp t) const {
  return ReadOf(Select(key, [t](const Seen& record) { return record.available_us <= t; }), t);
}

Vector ViewOracle::ReadUpTo(const std::vector<Value>& key, Sequence last, Timestamp t) const {
  return ReadOf(Select(key, [last](const Seen& record) { return record.sequence <= last; }), t);
}

Vector ViewOracle::ReadOf(const std::vector<const Seen*>& available, Timestamp t) const {
  Vector vector;
  for (size_t i = 0; i < view_.output_count(); ++i) {
    vector.values.push_back(Value::Null(view_.output_type(i)));
  }
  if (available.empty()) return vector;

  vector.standing = Standing::kPresent;
  vector.sequence = available.back()->sequence;
  vector.newest_event_us = available[0]->event_us;
  for (const Seen* record : available) {
    vector.newest_event_us = std::max(vector.newest_event_us, record->event_us);
  }
  if (view_.ttl_us && vector.newest_event_us < Wide{t} - *view_.ttl_us) {
    vector.standing = Standing::kOutsideMaxAge;
    return vector;
  }
  for (size_t i = 0; i < view_.features.size(); ++i) {
    vector.values[i] = Aggregate(view_.features[i], TilesAt(i, available, t), t);
  }
  Derive(&vector.values);
  return vector;
}

}  // namespace skewless::oracle
