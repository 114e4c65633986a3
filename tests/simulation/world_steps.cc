// What happens in a life of the engine: steps of its threads in any order, readers, and time.
#include <algorithm>

#include "offline/manifest.h"
#include "simulation/world.h"
#include "training/history.h"

namespace skewless::simulation {

void World::Act() {
  ++tally_.steps;
  if (scenario_.remote && dice_.Chance(40)) return StepRows();
  if (scenario_.remote && dice_.Below(1000) < (scenario_.values ? 10 : 2)) return LookAtQuiet();
  switch (dice_.Below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return StepEngine(false);
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
      return StepSource();
    case 12:
      return StepOffline();
    case 13:
    case 14:
    case 15:
      return Ask();
    default:
      if (dice_.Chance(3)) OpenASecond();
      return MoveTime();
  }
}

// Nobody gets in while an engine lives, and it does not notice.
void World::OpenASecond() {
  if (overrun_ != nullptr) return;
  watching_ = false;
  const auto second = Engine::Open(*definition_, kernels_, files_, Options());
  watching_ = true;
  if (second) return Broken("a second engine got in beside the first");
  // Where the disk or the first one has failed, that may be said instead.
  if (second.error().code != ErrorCode::kLocked && second.error().code != ErrorCode::kIo) {
    Broken("a second engine is refused with: " + second.error().ToString());
  }
}

void World::StepEngine(bool stop) {
  actor_ = Actor::kEngine;
  const auto turn = engine_->Step(stop);
  actor_ = Actor::kNobody;
  if (overrun_ != nullptr) return EndOverrun();
  if (!turn) {
    error_ = turn.error();
  } else if (*turn == Engine::Turn::kEnded) {
    ended_ = true;
  }
}

void World::StepSource() {
  const Actor before = std::exchange(actor_, Actor::kSource);
  engine_->StepSource(static_cast<size_t>(dice_.Below(static_cast<int64_t>(engine_->sources()))));
  actor_ = before;
}

void World::StepOffline() {
  const Actor before = std::exchange(actor_, Actor::kOffline);
  if (dice_.Chance(30)) machine_.Advance(61 * kSecondUs);  // a commit comes due
  const int64_t rows = engine_->stats().offline_rows.load();
  const int64_t merged = engine_->stats().offline_merged_rows.load();
  engine_->StepOffline();
  actor_ = before;
  tally_.merged_rows += engine_->stats().offline_merged_rows.load() - merged;
  if (engine_->stats().offline_rows.load() != rows) CheckTablesAreLogged();
}

void World::StepRows() {
  if (!scenario_.remote || engine_ == nullptr || !open_) return;
  engine_->StepRows();
  if (server_.damage()) Broken(*server_.damage());
}

// The server goes and comes, and loses rows; while it is quiet it does not.
void World::TroubleServer() {
  if (server_.calm()) return;
  if (dice_.Chance(3)) server_.SetAway(!server_.away());
  if (server_.away() && dice_.Chance(20)) server_.SetAway(false);
  if (dice_.Chance(10)) server_.Save();
  if (dice_.Chance(2)) {
    server_.Restart(dice_.Pick({SimulatedServer::Loss::kNothing, SimulatedServer::Loss::kNothing,
                                SimulatedServer::Loss::kSinceSaved, SimulatedServer::Loss::kAll}));
  }
  if (dice_.Chance(1)) server_.Flush();
  server_.LateArrivals(&dice_);
}

// Whatever a power cut now leaves of the tables, it leaves of the log.
void World::CheckTablesAreLogged() {
  if (finding_ || reads_fail_ || files_.stopped() || !files_.rots().empty()) return;
  const auto durable = files_.Durable();
  const auto tables = ReadManifest(*durable, definition_->ResolvePath(definition_->offline->path));
  const auto book = ReadLog(*durable, *definition_);
  if (!tables) return Broken("the durable manifest: " + tables.error().ToString());
  if (!book) return Broken("what is durable of the log: " + book.error().ToString());
  const Sequence there = book->records.empty() ? 0 : book->records.back().sequence;
  if (there < tables->through_sequence) {
    Broken("the tables hold record " + std::to_string(CounterOf(tables->through_sequence)) +
           ", and only " + std::to_string(CounterOf(there)) + " is durable");
  }
}

void World::SetClock() {
  const DurationUs hop = scenario_.drawn.hop_us;
  const DurationUs jump = dice_.Pick({kSecondUs, kHourUs, hop, 100 * hop});
  machine_.SetRealtime(machine_.realtime_us() + (dice_.Chance(50) ? jump : -jump));
  KeepClockAhead();
}

// After a power cut, until a store is there: on a clock that came up before times that readers were
// given, records would be stamped as they were not (docs/simulation.md, "What is not simulated").
void World::KeepClockAhead() {
  if (serving_) return;
  machine_.SetRealtime(std::max(machine_.realtime_us(), SaturatingAdd(greatest_read_us_, 1)));
}

// The wall clock of the machine goes on about as the history did. A replay's readers grant time.
void World::MoveTime() {
  const DurationUs hop = scenario_.drawn.hop_us;
  const DurationUs passed = dice_.Pick({DurationUs{0}, DurationUs{1}, DurationUs{1},
                                        dice_.Below(hop + 1), dice_.Below(hop / 10 + 2), hop});
  machine_.Advance(passed);
  if (dice_.Chance(10)) machine_.Advance(61 * kSecondUs);  // the tables' commit comes due
  if (dice_.Chance(3)) SetClock();
  if (scenario_.remote) TroubleServer();
  if (scenario_.kafka) kafka_.Trouble();
  if (!scenario_.replay || !scenario_.stepped || engine_ == nullptr || !open_) return;
  const auto& events = scenario_.drawn.events;
  if (events.empty()) return;
  const Timestamp arrival = dice_.Pick(events).record.available_us;
  const Timestamp wanted =
      dice_.Pick({SaturatingAdd(granted_us_, 1), SaturatingAdd(granted_us_, hop), arrival,
                  arrival - 1, NextArrival(), NextArrival(), NextArrival() - 1});
  // Readers go a little further each time, not to the end at once.
  const Timestamp most = SaturatingAdd(NextArrival(), 20 * hop);
  granted_us_ = std::max(granted_us_, std::min(wanted, most));
  engine_->replay_gate().Grant(granted_us_);
}

// Of the first record that readers have not granted time for.
Timestamp World::NextArrival() const {
  for (const property::Event& event : scenario_.drawn.events) {
    if (event.record.available_us > granted_us_) return event.record.available_us;
  }
  return granted_us_;
}

// A bit of what was synced long ago flips: in the log and the log of stamps where a later frame or
// file tells that it was there, in the tables and their manifest anywhere.
void World::Decay() {
  if (AsksAtEachCommit() || files_.rots().size() >= 3) return;
  std::vector<SimulatedFiles::Rot> places;
  // Of a name that is not durable a power cut may leave nothing to tell by.
  const std::vector<std::string> paths = files_.Durable()->Paths();
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    const bool is_log = path.ends_with(".sklog");
    const bool is_stamps = path.ends_with(".skstamps");
    const bool is_table = path.ends_with(".parquet") || path.ends_with("_manifest");
    if (!is_log && !is_stamps && !is_table) continue;
    const bool has_next =
        i + 1 < paths.size() && paths[i + 1].ends_with(is_log ? ".sklog" : ".skstamps");
    const uint64_t bytes = is_table || has_next ? files_.DurableBytes(path) : files_.OldBytes(path);
    if (bytes > 0) places.push_back({path, bytes, 0});
    if (bytes > 0 && !is_table) places.push_back({path, bytes, 0});  // there are fewer of them
  }
  if (places.empty()) return;
  SimulatedFiles::Rot rot = dice_.Pick(places);
  rot.offset = static_cast<uint64_t>(dice_.Below(static_cast<int64_t>(rot.offset)));
  rot.bit = static_cast<int>(dice_.Below(8));
  files_.Decay(rot);
  ++tally_.rots;
}

// Amid an operation of the engine, others go on.
void World::Observe(const std::string& /*operation*/) {
  if (inside_ || !watching_ || files_.stopped()) return;
  if (overrun_at_ >= 0 && open_ && actor_ == Actor::kEngine &&
      files_.operations() + 1 >= overrun_at_) {
    inside_ = true;
    Overrun();
    inside_ = false;
    return;
  }
  if (!dice_.Chance(scenario_.company)) return;
  inside_ = true;
  const bool engines = actor_ == Actor::kEngine && open_ && engine_ != nullptr;
  const int64_t choice = dice_.Below(10);
  if (choice < 2) {
    machine_.Advance(dice_.Pick(
        {DurationUs{0}, DurationUs{1}, DurationUs{3}, dice_.Below(scenario_.drawn.hop_us + 1)}));
  } else if (choice < 3 && engines) {
    StepSource();
  } else if (choice < 4 && engines) {
    StepOffline();
  } else if (choice < 6 && engines && scenario_.remote) {
    StepRows();
  } else {
    Ask();
  }
  inside_ = false;
}

void World::Committing(Sequence last) {
  if (!watching_ || finding_) return;
  // Reading the log anew costs more than all else of a world.
  if (!AsksAtEachCommit() && (!open_ || !dice_.Chance(30) || !files_.rots().empty())) return;
  // What a power cut now would leave of the log, at the worst.
  const auto durable = files_.Durable();
  const auto book = ReadLog(*durable, *definition_);
  if (!book) return Broken("what is durable of the log cannot be read: " + book.error().ToString());
  const Sequence there = book->records.empty() ? 0 : book->records.back().sequence;
  if (there < last) {
    Broken("record " + std::to_string(CounterOf(last)) + " is about to be visible, and only " +
           std::to_string(CounterOf(there)) + " is durable");
  }
}

void World::Committed(Sequence last) {
  if (!open_) return;
  acknowledged_ = std::max(acknowledged_, last);
  if (folded_) acknowledged_us_ = std::max(acknowledged_us_, announced_us_);
  folded_ = false;
}

}  // namespace skewless::simulation
