// The engine's lives: how they begin and go.
#include <cerrno>

#include "simulation/simulated_topic.h"
#include "simulation/world.h"

namespace skewless::simulation {
namespace {

constexpr int kMostSteps = 100'000;  // to the end of all records

bool DiesWithinAnOperation(Ending ending) {
  return ending == Ending::kKilled || ending == Ending::kPowerCut;
}

}  // namespace

// Worlds are small: merges come often, and by small steps. Drawn apart from all else.
CompactionOptions World::Compaction() const {
  property::Dice dice(scenario_.seed * 31 + static_cast<uint64_t>(tally_.lives) + 0xC0AC);
  CompactionOptions compaction;
  compaction.files = static_cast<size_t>(dice.Pick({2, 2, 3, 4}));
  compaction.quiet_us = dice.Pick({kSecondUs, kHourUs});
  compaction.most_files = static_cast<size_t>(dice.Pick({4, 128}));
  compaction.small_bytes = dice.Pick({int64_t{1}, int64_t{64} << 10});
  compaction.step_rows = dice.Pick({1, 1, 3, 100'000});
  return compaction;
}

EngineOptions World::Options() {
  EngineOptions options;
  options.compaction = Compaction();
  options.stepped_replay = scenario_.stepped;
  options.batch_rows = scenario_.batch_rows;
  options.group_rows = scenario_.group_rows;
  options.parts.open_source = [this](const Definition& definition, int source,
                                     const SourceOptions& source_options,
                                     DeadLetterSink sink) -> Result<std::unique_ptr<Source>> {
    const SourceDefinition& named = definition.sources[static_cast<size_t>(source)];
    const auto fails = [this] {
      source_failed_ |= source_batches_++ == fail_source_at_;
      return source_failed_;
    };
    if (scenario_.kafka)
      return SimulatedTopic::Open(scenario_, definition, static_cast<uint32_t>(source),
                                  source_options, std::move(sink), dice_.Bits(), fails,
                                  &bad_deliveries_);
    return std::make_unique<SimulatedSource>(
        scenario_, named.schema, named.name, static_cast<uint32_t>(source), source_options,
        std::move(sink), dice_.Bits(), fails, &bad_deliveries_);
  };
  if (scenario_.remote) {
    options.drain_timeout_us = options.away_timeout_us = kMaxTimestamp / 1000;
    RowScheduleOptions& schedule = options.rows.schedule;
    schedule.most_rows = static_cast<size_t>(dice_.Pick({1, 5, 1000}));
    schedule.most_unlogged = static_cast<size_t>(dice_.Pick({1, 2, 8}));
    schedule.refused_rows = 2;
    schedule.window = {
        .least = 1, .first = static_cast<size_t>(dice_.Pick({1, 4, 100})), .most = 100, .step = 1};
    schedule.seed = dice_.Bits();
    options.rows.rows_per_read = static_cast<size_t>(dice_.Pick({1, 3, 64}));
    options.rows.rows_per_question = static_cast<size_t>(dice_.Pick({1, 3, 1000}));
    options.rows.most_uncounted_events = dice_.Pick({0, 3, 100'000});
    options.rows.sync_interval_us = dice_.Pick({DurationUs{0}, kSecondUs, kDayUs});
    options.parts.open_rows = [this](const Definition&, const KernelSet&,
                                     uint64_t log) -> Result<std::unique_ptr<RemoteRows>> {
      if (redis_ != nullptr) return redis_->OpenRows(log, dice_.Bits());
      return std::make_unique<SimulatedRows>(&server_, dice_.Bits());
    };
  }
  options.parts.open_online =
      [this](const EmbeddedOptions& embedded) -> Result<std::unique_ptr<OnlineWriter>> {
    EmbeddedOptions watched = embedded;
    watched.amid_commit = [this] {
      return files_.Touch("publish", false, [] { return Status(); });
    };
    SKEWLESS_ASSIGN_OR_RETURN(auto store, OpenEmbeddedWriter(watched));
    StoreWatcher* watcher = this;
    return std::make_unique<SimulatedStore>(std::move(store), &files_, watcher, life_);
  };
  return options;
}

void World::Arm(const Life& life) {
  source_failed_ = reads_fail_ = false;
  source_batches_ = 0;
  fail_source_at_ = -1;
  files_.SetFreeBytes(std::nullopt);
  if (DiesWithinAnOperation(life.ending)) files_.StopAt(life.at);
  overrun_at_ = life.ending == Ending::kOverrun ? life.at : -1;
  if (life.ending == Ending::kDiskFails) files_.FailAt(life.at, EIO);
  if (life.ending == Ending::kDiskFills) files_.FailAt(life.at, ENOSPC);
  if (life.ending == Ending::kSpaceEnds) files_.SetFreeBytes(static_cast<uint64_t>(life.at) * 100);
  if (life.ending == Ending::kSourceFails) fail_source_at_ = life.at;
}

Finding World::Live(const Life& life, bool last) {
  ++tally_.lives;
  dice_ = property::Dice(life.seed);
  ++life_;
  ended_ = open_ = false;
  error_.reset();
  granted_us_ = kMinTimestamp;
  Arm(life);
  if (life.decays) Decay();
  if (!scenario_.redefined.empty() && !sweeping_ && dice_.Chance(70)) Redefine();
  if (dice_.Chance(25)) SetClock();
  NoteBeginning();
  actor_ = Actor::kEngine;
  auto opened = Engine::Open(*definition_, kernels_, files_, Options());
  actor_ = Actor::kNobody;
  if (!opened) {
    error_ = opened.error();
    return EndLife(life);
  }
  engine_ = std::move(*opened);
  open_ = serving_ = true;
  folded_ = false;
  // What an earlier writer left unsynced counts from here on.
  acknowledged_ = std::max(acknowledged_, engine_->recovery().last_sequence);
  if (engine_->rebuilt()) {
    ++tally_.rebuilt;
    if (closed_in_order_) return "the store was closed in order, and yet it was built anew";
  } else {
    ++tally_.reopened;
  }
  // Before any event: what comes due of rows that were found as they should be is to be written.
  if (scenario_.values && !sweeping_ && dice_.Chance(30)) LookAtQuiet();
  if (sweeping_) {
    AwaitWalk();
    if (!Over() || ended_) CloseInOrder();
  } else if (last) {
    DriveToTheEnd();
  } else {
    Drive(life);
  }
  return EndLife(life);
}

void World::NoteBeginning() {
  const bool all_were_there = server_.openings() > openings_;
  by_two_clocks_ |= !all_were_there && (acknowledged_ > 0 || !known_.empty());
  openings_ = server_.openings();
}

void World::Drive(const Life& life) {
  const bool counts_steps = life.ending == Ending::kClosed || life.ending == Ending::kDropped ||
                            life.ending == Ending::kReadsFail;
  const int64_t steps = counts_steps ? life.at : dice_.Between(20, 400);
  for (int64_t i = 0; i < steps && !Over(); ++i) {
    Act();
    if (life.decays && dice_.Chance(2)) Decay();
  }
  if (Over() && !ended_) return;
  if (life.ending == Ending::kReadsFail) {
    files_.FailReads(EIO);
    reads_fail_ = true;
    for (int64_t i = 0; i < 30 && !Over(); ++i) Act();
  }
  if (life.ending == Ending::kClosed || ended_) CloseInOrder();
}

// All of the records, each thread in turn.
void World::DriveToTheEnd() {
  for (int i = 0; i < kMostSteps && !Over(); ++i) {
    Act();
    if (i == 200) kafka_.SetCalm(true);
    if (i > 200) StepSource();
    if (i > 200 && !Over()) StepEngine(false);
    if (i > 200 && !Over()) StepRows();
    if (i == 500) engine_->replay_gate().Release();
  }
  if (!Over()) return Broken("the engine comes to no end");
  if (ended_) CloseInOrder();
}

void World::CloseInOrder() {
  for (int i = 0; i < kMostSteps && !finding_ && !error_ && !ended_; ++i) {
    StepSource();
    StepEngine(true);
    if (scenario_.remote && !ended_ && !error_) {
      server_.SetAway(false);
      machine_.Advance(kSecondUs / 100);
      StepRows();
      server_.LateArrivals(&dice_);
    }
    if (dice_.Chance(20)) Ask();
  }
  if (finding_ || error_) return;
  if (!ended_) return Broken("the engine does not stop");
  actor_ = Actor::kOffline;
  const Status closed = engine_->Close();
  actor_ = Actor::kNobody;
  if (!closed) {
    error_ = closed.error();
    return;
  }
  closed_in_order_ = true;
}

}  // namespace skewless::simulation
