#include "simulation/scenario_draw.h"

#include <algorithm>

#include "base/time.h"
#include "base/utf8.h"
#include "model/list.h"
#include "property/random_definition.h"
#include "property/random_history.h"

namespace skewless::simulation {
namespace {

using property::Dice;

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

}  // namespace

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

}  // namespace skewless::simulation
