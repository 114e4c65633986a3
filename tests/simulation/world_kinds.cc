#include "simulation/world_kinds.h"

#include <algorithm>
#include <iterator>

#include "definition/window.h"
#include "simulation/evidence.h"
#include "simulation/scenario_draw.h"

namespace skewless::simulation {
namespace {

using property::Dice;

// Features that change with every instant are not kept as finished values: others in their place.
void LeaveOutWhatAlwaysChanges(property::Case* drawn) {
  for (property::ViewText& view : drawn->views) {
    for (auto& [name, text] : view.features) {
      if (!text.starts_with("sum_decayed(") && !text.starts_with("time_since_last(")) continue;
      const size_t filter = text.find(" filter ");
      const size_t over = text.find(" over ");
      const size_t rest = std::min(filter, over);
      text = "count(*)" + (rest == std::string::npos ? "" : text.substr(rest));
    }
  }
}

// What increments can't do is replaced, and what was derived from it left out, in most views.
void MakeIncrementable(Dice& dice, property::Case* drawn) {
  for (property::ViewText& view : drawn->views) {
    if (dice.Chance(20)) continue;
    view.derived.clear();
    for (auto& [name, text] : view.features) {
      const size_t rest = std::min(text.find(" filter "), text.find(" over "));
      text = dice.Pick<std::string>({"count(*)", "count(s)", "sum(i64)", "sum(i32)", "min(i64)",
                                     "max(i32)", "avg(i32)", "sum(i64 // 3)"}) +
             (rest == std::string::npos ? "" : text.substr(rest));
    }
  }
}

// With an online store elsewhere, on the wall clock.
Scenario DrawRemoteScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.remote = true;
  // Its streams may be those of a replay: one a source, which the wall clock takes as well.
  scenario.replay = false;
  scenario.stepped = false;
  Dice dice(seed * 2 + 0x7A1E500000000000ULL);
  scenario.values = dice.Chance(50);
  if (scenario.values) LeaveOutWhatAlwaysChanges(&scenario.drawn);
  return scenario;
}

// The same with Redis, and views that are written by increments.
Scenario DrawRedisScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.remote = scenario.redis = true;
  scenario.replay = false;
  scenario.stepped = false;
  Dice dice(seed * 2 + 0x5C41700000000000ULL);
  scenario.values = dice.Chance(30);
  if (scenario.values) {
    LeaveOutWhatAlwaysChanges(&scenario.drawn);
  } else {
    MakeIncrementable(dice, &scenario.drawn);
  }
  return scenario;
}

// Of one view other entities, or other records of them; of another one another feature.
void DrawRedefinition(Dice& dice, Scenario* scenario) {
  scenario->redefined = scenario->drawn.views;
  const auto pick = [&]() -> property::ViewText& {
    const auto views = static_cast<int64_t>(scenario->redefined.size());
    return scenario->redefined[static_cast<size_t>(dice.Below(views))];
  };
  property::ViewText& view = pick();
  const std::string before = view.where;
  while (view.where == before)
    view.where =
        dice.Pick<std::string>({"b", "i64 > 0", "not b", "i64 is null", "i64 <= 0", "s < 'b'"});
  if (dice.Chance(50)) pick().features[0].second = dice.Pick<std::string>({"count(*)", "count(s)"});
  while (scenario->lives.size() < 5) scenario->lives.push_back(DrawLife(dice));
}

// With finished values in Redis, and a definition that changes to and fro between lives.
Scenario DrawRedefinedScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.remote = scenario.redis = scenario.values = true;
  scenario.replay = scenario.stepped = scenario.offline = false;
  LeaveOutWhatAlwaysChanges(&scenario.drawn);
  Dice dice(seed * 2 + 0x2EDEF14ED0000000ULL);
  DrawRedefinition(dice, &scenario);
  return scenario;
}

// The same with the embedded store: with offline tables in most, and any clock.
Scenario DrawEditedScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  Dice dice(seed * 2 + 0x0ED17ED000000000ULL);
  scenario.offline = dice.Chance(80) && scenario.drawn.hop_us <= kLongestHopWithTables;
  DrawRedefinition(dice, &scenario);
  return scenario;
}

std::string EditedWindow(Dice& dice, DurationUs hop) {
  const DurationUs cut = hop * dice.Pick({1, 2, 5});
  return " over " + FormatDuration(cut * dice.Pick({1, 3, 10})) + " hop " + FormatDuration(cut);
}

// One thing that somebody changes of a view. Its derived features, which may need what changes, are
// left out.
void EditView(Dice& dice, DurationUs hop, property::ViewText* view) {
  auto& features = view->features;
  const auto which = features.begin() + dice.Below(std::ssize(features));
  view->derived.clear();
  switch (dice.Below(7)) {
    case 0:
      view->where = view->where == "b" ? "not b" : "b";
      break;
    case 1:
      view->where = view->where.empty() ? "i64 > 0" : "";
      break;
    case 2:
      if (features.size() > 1) features.erase(which);
      break;
    case 3:
      features.insert(which,
                      {"added" + std::to_string(dice.Below(1'000'000)),
                       dice.Pick<std::string>({"count(*)", "sum(i64)", "max(i32)", "last(s)"}) +
                           (dice.Chance(50) ? EditedWindow(dice, hop) : "")});
      break;
    case 4:
      which->second = which->second.substr(0, which->second.find(" over ")) +
                      (dice.Chance(80) ? EditedWindow(dice, hop) : "");
      break;
    case 5:
      std::rotate(features.begin(), which, features.end());
      break;
    default:
      view->ttl = view->ttl.empty() ? FormatDuration(hop * dice.Pick({3, 20})) : "";
  }
}

// What somebody changes of a definition; in some a view comes or goes.
void DrawEdits(Dice& dice, Scenario* scenario) {
  auto& views = scenario->redefined = scenario->drawn.views;
  for (int64_t edits = dice.Pick({1, 1, 2, 4}); edits > 0; --edits)
    EditView(dice, scenario->drawn.hop_us,
             &views[static_cast<size_t>(dice.Below(std::ssize(views)))]);
  if (views.size() > 1 && dice.Chance(40))
    views.erase(views.begin() + dice.Below(std::ssize(views)));
  if (dice.Chance(20)) std::reverse(views.begin(), views.end());
  while (scenario->lives.size() < 5) scenario->lives.push_back(DrawLife(dice));
}

// With Redis, and a definition that is edited to and fro between lives.
Scenario DrawEditedRedisScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.remote = scenario.redis = true;
  scenario.replay = scenario.stepped = false;
  Dice dice(seed * 2 + 0xED17EDED15000000ULL);
  scenario.values = dice.Chance(25);
  if (scenario.values) {
    LeaveOutWhatAlwaysChanges(&scenario.drawn);
  } else if (dice.Chance(50)) {
    MakeIncrementable(dice, &scenario.drawn);
  }
  DrawEdits(dice, &scenario);
  return scenario;
}

// Records that are the same come from one partition: the log doesn't say of which they were.
void KeepTwinsTogether(Scenario* scenario) {
  const auto& events = scenario->drawn.events;
  const auto are_twins = [&](int a, int b) {
    return SameEvent(events[static_cast<size_t>(a)].record, events[static_cast<size_t>(b)].record);
  };
  for (size_t i = 0; i < scenario->streams.size(); ++i) {
    for (size_t j = i + 1; j < scenario->streams.size(); ++j) {
      Stream& first = scenario->streams[i];
      Stream& second = scenario->streams[j];
      if (first.source != second.source) continue;
      std::vector<Delivery> twins;
      std::erase_if(second.deliveries, [&](const Delivery& delivery) {
        const bool is_twin = delivery.event >= 0 &&
                             std::ranges::any_of(first.deliveries, [&](const Delivery& other) {
                               return other.event >= 0 && are_twins(delivery.event, other.event);
                             });
        if (is_twin) twins.push_back(delivery);
        return is_twin;
      });
      first.deliveries.insert(first.deliveries.end(), twins.begin(), twins.end());
    }
  }
}

// Where compaction took messages, and transactions ended, no message has the offset.
void DrawOffsets(Dice& dice, Scenario* scenario) {
  for (Stream& stream : scenario->streams) {
    const int gap_percent = dice.Pick({0, 0, 10, 50});
    int64_t offset = dice.Pick({0, 0, 0, 1000});
    for (Delivery& delivery : stream.deliveries) {
      if (dice.Chance(gap_percent)) offset += dice.Pick({1, 1, 2, 20});
      delivery.offset = offset++;
    }
    stream.end = offset + dice.Pick({0, 0, 1, 2});
  }
}

// Topics as sources, with the embedded store or Redis.
Scenario DrawKafkaScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.kafka = true;
  scenario.replay = scenario.stepped = false;
  Dice dice(seed * 2 + 0x4AF4A70B1C000000ULL);
  scenario.unsteady = dice.Chance(40);
  scenario.member = dice.Chance(25);
  if (scenario.unsteady || scenario.member) {
    // When which partitions hold the watermark isn't in the log.
    for (Lateness& lateness : scenario.lateness) lateness.allowed_us.reset();
  }
  scenario.remote = scenario.redis = dice.Chance(40);
  if (scenario.remote) MakeIncrementable(dice, &scenario.drawn);
  KeepTwinsTogether(&scenario);
  DrawOffsets(dice, &scenario);
  return scenario;
}

constexpr WorldKind kKinds[] = {
    {"embedded", "the embedded store", DrawScenario},
    {"remote", "an online store elsewhere, slow and failing", DrawRemoteScenario},
    {"redis", "the same, which is Redis, and the writer of production", DrawRedisScenario},
    {"redefined", "finished values there, of two definitions by turns", DrawRedefinedScenario},
    {"edited", "the embedded store, of two definitions by turns", DrawEditedScenario},
    {"edited-redis", "Redis, of two definitions by turns", DrawEditedRedisScenario},
    {"kafka", "topics as sources, the embedded store or Redis", DrawKafkaScenario},
};

}  // namespace

std::span<const WorldKind> WorldKinds() { return kKinds; }

const WorldKind* FindWorldKind(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                         [&](const WorldKind& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

}  // namespace skewless::simulation
