#include "simulation/scenario.h"

#include <algorithm>
#include <set>

#include "base/time.h"
#include "base/utf8.h"
#include "model/list.h"
#include "property/dice.h"
#include "property/random_definition.h"
#include "property/random_history.h"

namespace skewless::simulation {
namespace {

using property::Dice;

constexpr DurationUs kLongestHopWithTables = 7 * kSecondUs;  // else each event has a day of its own

// What no source hands out, since it makes a dead letter of it: text that is not UTF-8.
void MakeReadable(Value* value) {
  if (!value->valid || value->type.kind != TypeKind::kString) return;
  if (!value->type.is_list) {
    if (!IsUtf8(value->bytes)) value->bytes = "\xc3\xa4";
    return;
  }
  std::vector<ValueView> texts;
  if (!DecodeList(TypeKind::kString, value->bytes, &texts)) return;
  ListBuilder list(TypeKind::kString);
  for (ValueView text : texts) {
    if (text.valid && !IsUtf8(text.bytes)) text.bytes = "\xc3\xa4";
    list.Add(text);
  }
  value->bytes = std::string(list.Finish());
}

void MakeReadable(property::Case* drawn) {
  for (property::Event& event : drawn->events) {
    for (Value& value : event.record.columns) MakeReadable(&value);
  }
  for (property::Label& label : drawn->labels) {
    for (Value& value : label.key) MakeReadable(&value);
  }
}

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

void DrawLateness(Dice& dice, Scenario* scenario) {
  const DurationUs hop = scenario->drawn.hop_us;
  for (int i = 0; i < scenario->drawn.sources; ++i) {
    Lateness& lateness = scenario->lateness.emplace_back();
    if (dice.Chance(50)) lateness.out_of_orderness_us = dice.Below(5 * hop + 1);
    if (dice.Chance(50)) lateness.allowed_us = hop * dice.Pick({0, 1, 5, 60}) + dice.Below(2);
  }
}

// By dice of its own: worlds that were drawn before it came are what they were but for it.
void DrawMaxAhead(Scenario* scenario) {
  Dice dice(scenario->seed * 2 + 0xA4EAD00000000000ULL);
  for (Lateness& lateness : scenario->lateness) {
    if (dice.Chance(30)) lateness.max_ahead_us = scenario->drawn.hop_us * dice.Pick({0, 1, 5});
  }
}

std::string BadText(Dice& dice) {
  return dice.Pick<std::string>(
      {"", "{", "not a record", "\xff\xfe\x00", "\"", "{\"i64\": \"x\"}"});
}

// Events go to the streams of their sources in the order of the history, with bad ones between.
void DrawStreams(Dice& dice, Scenario* scenario) {
  std::vector<size_t> first;  // stream of each source
  std::vector<size_t> count;
  for (int i = 0; i < scenario->drawn.sources; ++i) {
    first.push_back(scenario->streams.size());
    // A replay comes in the order of arrivals, as one stream.
    count.push_back(scenario->replay ? 1 : static_cast<size_t>(dice.Pick({1, 1, 2, 3})));
    for (size_t j = 0; j < count.back(); ++j) {
      const std::string name = "s" + std::to_string(i) + "/" + std::to_string(j);
      scenario->streams.push_back({i, name, {}});
    }
  }
  const int bad_percent = dice.Pick({0, 0, 5, 30});
  for (size_t event = 0; event < scenario->drawn.events.size(); ++event) {
    const auto source = static_cast<size_t>(scenario->drawn.events[event].record.source);
    const auto pick = static_cast<size_t>(dice.Below(static_cast<int64_t>(count[source])));
    auto& deliveries = scenario->streams[first[source] + pick].deliveries;
    while (dice.Chance(bad_percent)) deliveries.push_back({-1, BadText(dice)});
    deliveries.push_back({static_cast<int>(event), ""});
  }
  for (Stream& stream : scenario->streams) {
    while (dice.Chance(bad_percent)) stream.deliveries.push_back({-1, BadText(dice)});
  }
}

Life DrawLife(Dice& dice) {
  Life life;
  life.ending = dice.Pick({Ending::kClosed, Ending::kDropped, Ending::kKilled, Ending::kKilled,
                           Ending::kPowerCut, Ending::kPowerCut, Ending::kPowerCut,
                           Ending::kDiskFails, Ending::kDiskFills, Ending::kSpaceEnds,
                           Ending::kReadsFail, Ending::kSourceFails, Ending::kOverrun});
  switch (life.ending) {
    case Ending::kClosed:
    case Ending::kDropped:
    case Ending::kReadsFail:
      life.at = dice.Below(dice.Pick({3, 40, 200}));
      break;
    case Ending::kSourceFails:
      life.at = dice.Below(30);
      break;
    case Ending::kSpaceEnds:
      life.at = dice.Below(dice.Pick({20, 400}));
      break;
    default:
      life.at = 1 + dice.Below(dice.Pick({15, 60, 60, 300}));
  }
  life.decays = dice.Chance(30);
  life.seed = dice.Bits();
  return life;
}

}  // namespace

const char* EndingName(Ending ending) {
  constexpr const char* kNames[] = {"closed",       "dropped",    "killed",     "power cut",
                                    "disk fails",   "disk fills", "space ends", "reads fail",
                                    "source fails", "overrun"};
  return kNames[static_cast<int>(ending)];
}

size_t Scenario::records() const {
  size_t records = 0;
  for (const Stream& stream : streams) records += stream.deliveries.size();
  return records;
}

Scenario DrawScenario(uint64_t seed) {
  Dice dice(seed * 2 + 0x51B0000000000000ULL);
  Scenario scenario;
  scenario.seed = seed;
  scenario.drawn.seed = seed;
  property::DrawDefinition(dice, &scenario.drawn);
  property::DrawHistory(dice, &scenario.drawn);
  property::DrawLabels(dice, &scenario.drawn);
  MakeReadable(&scenario.drawn);
  scenario.replay = dice.Chance(50);
  scenario.stepped = dice.Chance(60);
  scenario.offline = dice.Chance(50) && scenario.drawn.hop_us <= kLongestHopWithTables;
  scenario.segment_bytes = dice.Pick({int64_t{1500}, int64_t{6000}, int64_t{1} << 20});
  scenario.batch_rows = static_cast<size_t>(dice.Pick({1, 4, 20, 1000}));
  scenario.group_rows = static_cast<size_t>(dice.Pick({1, 5, 65536}));
  scenario.company = dice.Pick({0, 10, 40});
  DrawLateness(dice, &scenario);
  DrawMaxAhead(&scenario);
  DrawStreams(dice, &scenario);
  for (int64_t n = dice.Pick({0, 1, 2, 3, 5, 8}); n > 0; --n) {
    scenario.lives.push_back(DrawLife(dice));
  }
  return scenario;
}

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

Scenario DrawRedefinedScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  scenario.remote = scenario.redis = scenario.values = true;
  scenario.replay = scenario.stepped = scenario.offline = false;
  LeaveOutWhatAlwaysChanges(&scenario.drawn);
  Dice dice(seed * 2 + 0x2EDEF14ED0000000ULL);
  DrawRedefinition(dice, &scenario);
  return scenario;
}

Scenario DrawEditedScenario(uint64_t seed) {
  Scenario scenario = DrawScenario(seed);
  Dice dice(seed * 2 + 0x0ED17ED000000000ULL);
  scenario.offline = dice.Chance(80) && scenario.drawn.hop_us <= kLongestHopWithTables;
  DrawRedefinition(dice, &scenario);
  return scenario;
}

Result<std::unique_ptr<Definition>> DefinitionOf(const Scenario& scenario,
                                                 const std::string& root) {
  SKEWLESS_ASSIGN_OR_RETURN(
      auto definition, ParseDefinition(property::YamlOf(scenario.drawn), "skewless.yaml", root));
  definition->log_segment_bytes = scenario.segment_bytes;
  if (scenario.values) definition->online.options["form"] = "values";
  if (scenario.redis && !scenario.values) {
    for (FeatureViewDefinition& view : definition->views) {
      if (std::all_of(view.features.begin(), view.features.end(), CanIncrement))
        view.write = WriteStrategy::kIncrement;
    }
  }
  if (scenario.offline) {
    definition->offline = definition->online;
    definition->offline->type = "parquet";
    definition->offline->path = "var/history";
  }
  for (size_t i = 0; i < definition->sources.size(); ++i) {
    SourceDefinition& source = definition->sources[i];
    if (scenario.replay) source.delay = 0;  // its source says when records arrived
    source.out_of_orderness_us = scenario.lateness[i].out_of_orderness_us;
    source.allowed_lateness_us = scenario.lateness[i].allowed_us;
    source.max_ahead_us = scenario.lateness[i].max_ahead_us;
  }
  return definition;
}

std::string Describe(const Scenario& scenario) {
  // Only what is delivered; the rest was cut away. Numbers stay what they were.
  std::set<int> delivered;
  for (const Stream& stream : scenario.streams) {
    for (const Delivery& delivery : stream.deliveries) delivered.insert(delivery.event);
  }
  property::Case drawn = scenario.drawn;
  drawn.events.clear();
  for (const int event : delivered) {
    if (event < 0) continue;
    drawn.events.push_back(scenario.drawn.events[static_cast<size_t>(event)]);
    drawn.events.back().starts_batch = false;
  }
  std::string out = property::Describe(drawn);
  for (size_t i = 0; i < scenario.lateness.size(); ++i) {
    const Lateness& lateness = scenario.lateness[i];
    out += "source s" + std::to_string(i) + ": out of orderness " +
           std::to_string(lateness.out_of_orderness_us) + " us, allowed lateness " +
           (lateness.allowed_us ? std::to_string(*lateness.allowed_us) + " us" : "any") +
           ", ahead at most " +
           (lateness.max_ahead_us ? std::to_string(*lateness.max_ahead_us) + " us" : "any") + "\n";
  }
  for (const Stream& stream : scenario.streams) {
    out += "stream " + stream.name + ":";
    for (const Delivery& delivery : stream.deliveries) {
      out += delivery.event < 0 ? " bad" : " #" + std::to_string(delivery.event + 1);
    }
    out += "\n";
  }
  if (!scenario.redefined.empty()) {
    drawn.views = scenario.redefined;
    out += "redefined from life to life, to and fro, as\n" + property::YamlOf(drawn);
  }
  out += scenario.replay ? (scenario.stepped ? "stepped replay" : "free replay") : "wall clock";
  out +=
      std::string(scenario.remote ? ", a store elsewhere" : "") +
      (scenario.redis ? ", which is Redis" : "") + (scenario.values ? ", of finished values" : "") +
      (scenario.offline ? ", offline tables" : "") + ", segments of " +
      std::to_string(scenario.segment_bytes) + " bytes, batches of " +
      std::to_string(scenario.batch_rows) + ", groups of " + std::to_string(scenario.group_rows) +
      ", company " + std::to_string(scenario.company) + " %\n";
  for (const Life& life : scenario.lives) {
    out += std::string("life: ") + EndingName(life.ending) + " at " + std::to_string(life.at) +
           (life.decays ? ", decays" : "") + ", seed " + std::to_string(life.seed) + "\n";
  }
  return out;
}

}  // namespace skewless::simulation
