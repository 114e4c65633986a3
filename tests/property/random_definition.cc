#include "property/random_definition.h"

#include <algorithm>

#include "base/check.h"
#include "definition/window.h"
#include "property/source_columns.h"

namespace skewless::property {
namespace {

// Expressions by the type that they have; most are plain columns, so that features share state.
std::string RandomNumber(Dice& dice) {
  return dice.Pick<std::string>({"i64", "i32", "f64", "f32", "f64", "i64", "i64 + i32", "f64 * 2.5",
                                 "coalesce(f64, f32)", "i64 // 3", "-f32", "f64 / i64",
                                 "case when b then f64 else i32 end", "cast(f64 as float32)",
                                 "cast(i64 as int32)", "length(s)", "1", "0.1"});
}
std::string RandomBool(Dice& dice) {
  return dice.Pick<std::string>({"b", "b", "not b", "i64 > 0", "f64 >= 0.5", "s = 'a'",
                                 "s like 'a%'", "i32 in (1, 2, 3)", "b or i64 is null",
                                 "isnan(f64)", "f64 is not null", "s < 'b' and not b"});
}
std::string RandomOrdered(Dice& dice) {
  if (dice.Chance(50)) return RandomNumber(dice);
  return dice.Pick<std::string>({"s", "b", "raw", "at", "upper(s)", "s || 'x'", "coalesce(s, '')"});
}
std::string RandomScalar(Dice& dice) { return RandomOrdered(dice); }
std::string RandomAny(Dice& dice) {
  if (dice.Chance(20)) return dice.Pick<std::string>({"li", "ls", "lf"});
  return RandomScalar(dice);
}

std::string RandomAggregate(Dice& dice) {
  switch (dice.Below(15)) {
    case 0:
      return "count(*)";
    case 1:
      return "count(" + RandomAny(dice) + ")";
    case 2:
      return "sum(" + RandomNumber(dice) + ")";
    case 3:
      return "avg(" + RandomNumber(dice) + ")";
    case 4:
    case 5:
      return dice.Pick<std::string>({"min(", "max("}) + RandomOrdered(dice) + ")";
    case 6:
      return dice.Pick<std::string>({"var_pop(", "var_samp(", "stddev_pop(", "stddev_samp("}) +
             RandomNumber(dice) + ")";
    case 7:
      return dice.Pick<std::string>({"first(", "last("}) + RandomAny(dice) + ")" +
             (dice.Chance(35) ? " respect nulls" : "");
    case 8:
      return dice.Pick<std::string>({"bool_and(", "bool_or("}) + RandomBool(dice) + ")";
    case 9:
    case 10:
      return dice.Pick<std::string>({"min_by(", "max_by("}) + RandomAny(dice) + ", " +
             RandomOrdered(dice) + ")";
    case 11:
      return "sum_decayed(" + RandomNumber(dice) + ", " +
             dice.Pick<std::string>({"1s", "90s", "1h", "7d", "3us"}) + ")";
    case 12:
      return "count_by(" +
             dice.Pick<std::string>({"s", "b", "i64", "i32", "at", "upper(s)", "f64", "i64 > 3"}) +
             ")";
    case 13:
      return "time_since_last()";
    default:
      return dice.Pick<std::string>({"first(", "last("}) + RandomScalar(dice) + ", " +
             std::to_string(dice.Pick({1, 2, 3, 5, 40})) + ")";
  }
}

std::string RandomWindow(Dice& dice, DurationUs base_hop) {
  const DurationUs hop = base_hop * dice.Pick({1, 1, 1, 2, 5});
  const DurationUs window = hop * dice.Pick({1, 2, 3, 5, 10, 60});
  const std::string over = " over " + FormatDuration(window);
  if (dice.Chance(15)) return over + " exact";
  if (dice.Chance(25) && DefaultHop(window)) return over;
  return over + " hop " + FormatDuration(hop);
}

std::string RandomFeature(Dice& dice, DurationUs base_hop) {
  std::string text = RandomAggregate(dice);
  if (dice.Chance(30)) text += " filter (where " + RandomBool(dice) + ")";
  if (dice.Chance(70)) text += RandomWindow(dice, base_hop);
  return text;
}

// Derived features over whatever type an earlier output has; only what every type allows, unless
// the aggregate tells the type.
std::string RandomDerived(Dice& dice, const ViewText& view) {
  std::vector<std::string> outputs;
  std::vector<std::string> counts;
  std::vector<std::string> floats;
  for (const auto& [name, text] : view.features) {
    outputs.push_back(name);
    if (text.starts_with("count(")) counts.push_back(name);
    if (text.starts_with("avg(") || text.starts_with("var_") || text.starts_with("stddev_")) {
      floats.push_back(name);
    }
  }
  for (const auto& [name, text] : view.derived) outputs.push_back(name);
  std::vector<std::string> numbers = counts;
  numbers.insert(numbers.end(), floats.begin(), floats.end());
  if (numbers.empty() || dice.Chance(30)) {
    const std::string& name = dice.Pick(outputs);
    return dice.Pick<std::string>({name, name + " is null", "coalesce(" + name + ", null)",
                                   name + " is not null",
                                   "case when " + name + " is null then 'none' else 'some' end"});
  }
  const std::string& a = dice.Pick(numbers);
  const std::string& b = dice.Pick(numbers);
  return dice.Pick<std::string>({a + " / nullif(" + b + ", 0)", a + " / " + b, a + " - " + b,
                                 "coalesce(" + a + ", -1) > 1", "sqrt(" + a + " - " + b + ")",
                                 "greatest(" + a + ", " + b + ")", a + " * 1e308"});
}

void DrawEntities(Dice& dice, Case* c) {
  const std::vector<std::vector<int>> shapes = {{0}, {1}, {0, 1}, {5, 2, 3}, {1, 4}, {3}, {4, 0}};
  const int64_t count = dice.Between(1, 2);
  for (int64_t i = 0; i < count; ++i) {
    EntityText entity{"e" + std::to_string(i), {}};
    for (const int column : dice.Pick(shapes)) {
      const SourceColumn& key = KeyColumns()[static_cast<size_t>(column)];
      entity.keys.emplace_back(key.name, TypeName(key.type));
    }
    c->entities.push_back(entity);
  }
}

ViewText DrawView(Dice& dice, const Case& c, size_t index) {
  ViewText view;
  view.name = "v" + std::to_string(index);
  view.source = static_cast<int>(dice.Below(c.sources));
  const EntityText& entity = dice.Pick(c.entities);
  view.entity = entity.name;
  if (dice.Chance(30)) {
    for (const auto& [name, type] : entity.keys) view.keys.emplace_back(name, name);
  }
  if (dice.Chance(30)) view.where = RandomBool(dice);
  if (dice.Chance(35)) view.ttl = FormatDuration(c.hop_us * dice.Pick({1, 3, 20, 200}));
  const int64_t features = dice.Chance(20) ? dice.Between(8, 40) : dice.Between(1, 7);
  for (int64_t i = 0; i < features; ++i) {
    view.features.emplace_back("f" + std::to_string(i), RandomFeature(dice, c.hop_us));
  }
  for (int64_t i = dice.Chance(50) ? dice.Between(1, 3) : 0; i > 0; --i) {
    view.derived.emplace_back("d" + std::to_string(view.derived.size()), RandomDerived(dice, view));
  }
  return view;
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

template <typename Pairs>
void PutMap(const std::string& indent, const Pairs& pairs, std::string* out) {
  for (const auto& [name, text] : pairs) *out += indent + name + ": " + Quoted(text) + "\n";
}

}  // namespace

void DrawDefinition(Dice& dice, Case* c) {
  c->hop_us =
      dice.Pick({DurationUs{1}, DurationUs{3}, DurationUs{10}, DurationUs{1000}, DurationUs{7000},
                 DurationUs{250'000}, kSecondUs, 7 * kSecondUs, kMinuteUs, 30 * kMinuteUs, kDayUs});
  c->sources = dice.Chance(40) ? 2 : 1;
  DrawEntities(dice, c);
  const int64_t views = dice.Between(1, 4);
  for (int64_t i = 0; i < views; ++i) {
    c->views.push_back(DrawView(dice, *c, c->views.size()));
  }
}

std::string YamlOf(const Case& c) {
  std::string out =
      "project: property\n"
      "log: {path: var/log}\n"
      "online: {type: embedded, path: var/online}\n"
      "sources:\n";
  for (int i = 0; i < c.sources; ++i) {
    out += "  s" + std::to_string(i) + ":\n    type: file\n    path: events.jsonl\n";
    out += "    format: json\n    event_timestamp: ts\n    columns:\n";
    for (const SourceColumn& column : SourceColumns()) {
      const bool is_time = column.type == Type{TypeKind::kTimestamp, false};
      const std::string type = is_time ? "timestamp[us]" : TypeName(column.type);
      out += "      " + column.name + ": " + Quoted(type) + "\n";
    }
  }
  out += "entities:\n";
  for (const EntityText& entity : c.entities) {
    out += "  " + entity.name + ":\n    keys:\n";
    for (const auto& [name, type] : entity.keys) {
      out += "      " + name + ": " + Quoted(type == "timestamp" ? "timestamp[us]" : type) + "\n";
    }
  }
  out += "feature_views:\n";
  for (const ViewText& view : c.views) {
    out += "  " + view.name + ":\n    source: s" + std::to_string(view.source) + "\n";
    out += "    entity: " + view.entity + "\n";
    if (!view.keys.empty()) out += "    keys:\n";
    PutMap("      ", view.keys, &out);
    if (!view.where.empty()) out += "    where: " + Quoted(view.where) + "\n";
    if (!view.ttl.empty()) out += "    ttl: " + view.ttl + "\n";
    out += "    features:\n";
    PutMap("      ", view.features, &out);
    if (!view.derived.empty()) out += "    derived:\n";
    PutMap("      ", view.derived, &out);
  }
  return out;
}

}  // namespace skewless::property
