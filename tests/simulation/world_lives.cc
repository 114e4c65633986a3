// The engine's lives: how they begin, and how they end.
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "simulation/world.h"

namespace skewless::simulation {
namespace {

constexpr int kMostSteps = 100'000;  // to the end of all records

bool DiesWithinAnOperation(Ending ending) {
  return ending == Ending::kKilled || ending == Ending::kPowerCut;
}

}  // namespace

EngineOptions World::Options() {
  EngineOptions options;
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
    return std::make_unique<SimulatedSource>(
        scenario_, named.schema, named.name, static_cast<uint32_t>(source), source_options,
        std::move(sink), dice_.Bits(), fails, &bad_deliveries_);
  };
  if (scenario_.remote) {
    options.drain_timeout_us = options.away_timeout_us = kMaxTimestamp / 1000;
    RowScheduleOptions& schedule = options.rows.schedule;
    schedule.most_rows = static_cast<size_t>(dice_.Pick({1, 5, 1000}));
    schedule.most_unlogged = static_cast<size_t>(dice_.Pick({1, 2, 8}));
    schedule.window = {
        .least = 1, .first = static_cast<size_t>(dice_.Pick({1, 4, 100})), .most = 100, .step = 1};
    schedule.seed = dice_.Bits();
    options.rows.rows_per_read = static_cast<size_t>(dice_.Pick({1, 3, 64}));
    options.rows.rows_per_question = static_cast<size_t>(dice_.Pick({1, 3, 1000}));
    options.rows.sync_interval_us = dice_.Pick({DurationUs{0}, kSecondUs, kDayUs});
    options.parts.open_rows = [this](const Definition&, const KernelSet&,
                                     uint64_t) -> Result<std::unique_ptr<RemoteRows>> {
      return std::make_unique<SimulatedRows>(&server_, dice_.Bits());
    };
  }
  options.parts.open_online =
      [this](const EmbeddedOptions& embedded) -> Result<std::unique_ptr<OnlineWriter>> {
    SKEWLESS_ASSIGN_OR_RETURN(auto store, OpenEmbeddedWriter(embedded));
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
  if (dice_.Chance(25)) SetClock();
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
  if (last) {
    DriveToTheEnd();
  } else {
    Drive(life);
  }
  return EndLife(life);
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

// An engine ends with an error only where something failed, and says what.
Finding World::JudgeError(const Life& life) const {
  const std::string said = error_->ToString();
  const ErrorCode code = error_->code;
  const auto& rots = files_.rots();
  for (const SimulatedFiles::Rot& rot : rots) {
    const bool named = said.find(rot.path) != std::string::npos;
    if (named && (code == ErrorCode::kCorrupt || code == ErrorCode::kVersion)) return std::nullopt;
  }
  bool expected = false;
  switch (life.ending) {
    case Ending::kKilled:
    case Ending::kPowerCut:
    case Ending::kDiskFails:
      expected = files_.operations() >= life.at && code == ErrorCode::kIo;
      break;
    case Ending::kDiskFills:
      expected = files_.operations() >= life.at && code == ErrorCode::kNoSpace;
      break;
    case Ending::kSpaceEnds:
      expected = code == ErrorCode::kNoSpace;
      break;
    case Ending::kReadsFail:
      expected = reads_fail_ && code == ErrorCode::kIo;
      break;
    case Ending::kSourceFails:
      expected = source_failed_ && code == ErrorCode::kUnavailable;
      break;
    case Ending::kClosed:
    case Ending::kDropped:
    case Ending::kOverrun:
      break;
  }
  if (expected) return std::nullopt;
  std::string context = std::string(" (life: ") + EndingName(life.ending) + " at " +
                        std::to_string(life.at) + ", " + std::to_string(files_.operations()) +
                        " operations, " + std::to_string(rots.size()) + " rots)";
  return "the engine ended, though nothing failed: " + said + context;
}

Finding World::EndLife(const Life& life) {
  tally_.operations += files_.operations();
  if (!error_ && !ended_) closed_in_order_ = false;
  if (error_) closed_in_order_ = false;
  if (finding_) return finding_;
  if (error_) {
    if (Finding found = JudgeError(life)) return found;
    if (error_->code == ErrorCode::kCorrupt) ++tally_.rots_found;
  }
  watching_ = false;
  const bool power_cut =
      (life.ending == Ending::kPowerCut && files_.stopped()) || RecoveryFailedToSync();
  files_.FailReads(0);
  files_.SetFreeBytes(std::nullopt);
  if (power_cut) {
    ++tally_.crashes;
    files_.Crash(dice_.Bits());
  } else {
    files_.Kill();
  }
  // Its files are dead already: what a destructor writes goes nowhere.
  engine_.reset();
  open_ = false;
  if (power_cut) PowerCut();
  // Whoever is told of a damaged file restores it from a copy.
  if (error_ && error_->code != ErrorCode::kIo) files_.Heal();
  if (Finding found = CheckLog()) return found;
  watching_ = true;
  return std::nullopt;
}

// What a failed sync lost may still be seen, so a later recovery would count it as durable. That
// is out of the log's reach (docs/simulation.md, "What is not simulated"): the machine is started
// anew instead, which shows what is really there.
bool World::RecoveryFailedToSync() const {
  if (open_ || files_.stopped()) return false;
  for (const std::string& line : files_.trace()) {
    const bool is_log =
        line.find(".sklog ") != std::string::npos || line.find(".skstamps ") != std::string::npos;
    if (line.find(" sync ") != std::string::npos && is_log && line.ends_with("(fails)")) {
      return true;
    }
  }
  return false;
}

// The machine starts anew: its readers died, and what the store wrote to its files came to the disk
// or did not, page by page.
void World::PowerCut() {
  for (Reader& reader : readers_) reader = {};
  serving_ = closed_in_order_ = false;
  machine_.Restart(dice_.Below(3 * scenario_.drawn.hop_us + 1));
  KeepClockAhead();
  LosePages();
}

void World::LosePages() {
  constexpr std::streamoff kPage = 4096;
  const std::string directory = definition_->ResolvePath(definition_->online.path);
  if (!std::filesystem::exists(directory)) return;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with("LOCK")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const int64_t mode = dice_.Below(4);  // 0: all came, 1: the file is empty, else page by page
    if (mode == 0) continue;
    if (mode == 1) {
      std::filesystem::resize_file(path, 0);
      continue;
    }
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff at = 0; at + kPage <= size && at < 40 * kPage; at += kPage) {
      if (!dice_.Chance(40)) continue;
      std::string page(static_cast<size_t>(kPage), '\0');
      if (dice_.Chance(30)) {
        for (char& byte : page) byte = static_cast<char>(dice_.Bits());
      }
      file.seekp(at);
      file.write(page.data(), kPage);
    }
  }
}

// The engine stands still amid an operation, and another takes over from it; then it goes on, on
// the same disk. Its log refuses it, and what it still writes moves nothing.
void World::Overrun() {
  overrun_at_ = -1;
  ++tally_.overruns;
  overrun_ = std::move(engine_);
  ++life_;
  closed_in_order_ = open_ = false;
  EngineOptions options = Options();
  options.take_over = true;
  auto opened = Engine::Open(*definition_, kernels_, files_, options);
  if (!opened) {
    error_ = opened.error();
    return;
  }
  engine_ = std::move(*opened);
  open_ = true;
  folded_ = false;
  granted_us_ = kMinTimestamp;
  acknowledged_ = std::max(acknowledged_, engine_->recovery().last_sequence);
  for (int64_t n = dice_.Below(20); n > 0 && !Over(); --n) {
    Ask();
    StepSource();
    MoveTime();
    if (Over()) return;
    StepRows();
    if (dice_.Chance(20)) overrun_->StepRows();  // until it has something to write to its disk
    const auto turn = engine_->Step(false);
    if (!turn) error_ = turn.error();
    ended_ = turn && *turn == Engine::Turn::kEnded;
  }
}

// What the older engine does from there on: all of its threads, and it must come to an end that
// says why.
void World::EndOverrun() {
  const bool watching = std::exchange(watching_, false);
  overrun_->StepRows();
  overrun_->StepSource(0);
  overrun_->StepOffline();
  const auto turn = overrun_->Step(false);
  overrun_.reset();
  watching_ = watching;
  if (turn.has_value()) return Broken("an engine goes on that another has taken over from");
  if (turn.error().code != ErrorCode::kLocked && files_.rots().empty()) {
    Broken("an engine that another has taken over from ends with: " + turn.error().ToString());
  }
}

// The log goes on from what it was: everything acknowledged is there, and nothing has changed.
Finding World::CheckLog() {
  const bool rotten = !files_.rots().empty();
  const auto book = ReadLog(files_, *definition_);
  if (!book && rotten) return std::nullopt;  // the verdict asks how that is told
  if (!book) return "the log cannot be read: " + book.error().ToString();
  for (size_t i = 0; i < known_.size(); ++i) {
    if (i < book->records.size() && SameRecord(book->records[i], known_[i])) continue;
    if (i >= book->records.size() && known_[i].sequence > acknowledged_) break;
    return "the log no longer holds " + Show(known_[i]) +
           (i < book->records.size() ? " but " + Show(book->records[i]) : "");
  }
  const Sequence last = book->records.empty() ? 0 : book->records.back().sequence;
  if (last < acknowledged_) {
    return "record " + std::to_string(CounterOf(acknowledged_)) + " of epoch " +
           std::to_string(EpochOf(acknowledged_)) + " was acknowledged and is gone";
  }
  if (!rotten) known_ = book->records;
  return std::nullopt;
}

}  // namespace skewless::simulation
