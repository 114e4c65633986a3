// How the engine's lives end: the error that it ends with, power cuts, another engine that takes
// over; and what the log must hold after each.
#include <filesystem>
#include <fstream>

#include "simulation/world.h"

namespace skewless::simulation {

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
  server_.Tell();  // it goes by this machine's monotonic time, which begins anew
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
  NoteBeginning();
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
