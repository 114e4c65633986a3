// Opening, clocks, commits and closing. Folding is in embedded_fold.cc.
#include "online/embedded/embedded_writer.h"

#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "online/embedded/store_clock.h"
#include "online/embedded/store_directory.h"

namespace skewless::embedded {

Result<std::unique_ptr<OnlineWriter>> EmbeddedWriter::Open(const EmbeddedOptions& options) {
  SKEWLESS_CHECK(options.views.size() == options.fingerprints.size());
  SKEWLESS_CHECK(options.views.size() <= UINT16_MAX);
  SKEWLESS_RETURN_IF_ERROR(SystemFiles().CreateDirectories(options.directory));
  std::unique_ptr<EmbeddedWriter> writer(new EmbeddedWriter(options));
  const std::string lock = LockPath(options.directory);
  SKEWLESS_ASSIGN_OR_RETURN(
      writer->lock_, options.take_over ? SystemFiles().TakeLock(lock) : SystemFiles().Lock(lock));
  SKEWLESS_ASSIGN_OR_RETURN(writer->current_, OpenCurrentToWrite(options.directory));
  SKEWLESS_RETURN_IF_ERROR(writer->TakeOver());
  CurrentOf(*writer->current_).writer_pid = static_cast<uint64_t>(::getpid());
  return writer;
}

EmbeddedWriter::EmbeddedWriter(const EmbeddedOptions& options) : options_(options) {}

ArenaTerms EmbeddedWriter::terms() const {
  return {.views = options_.views,
          .fingerprints = options_.fingerprints,
          .clock_kind = replay() ? ClockKind::kReplay : ClockKind::kWall,
          .log_identity = options_.log_identity};
}

Status EmbeddedWriter::TakeOver() {
  CurrentFile& current = CurrentOf(*current_);
  open_generation_ = current.open_generation.load();
  if (open_generation_ == 0) return RemoveArenasBut(0);
  auto file =
      MappedFile::OpenToWrite(ArenaPath(options_.directory, open_generation_), kMaxArenaBytes);
  Status checked;
  if (file.has_value()) {
    checked = CheckIdentity(**file);
  } else {
    checked = tl::unexpected<Error>(file.error());
  }
  if (!checked.has_value()) {
    if (checked.error().code == ErrorCode::kVersion) return checked;
    current.open_generation = open_generation_ = 0;
    return RemoveArenasBut(0);
  }
  auto arena = std::make_unique<Arena>(std::move(*file));
  if (arena->ClosedCleanly(terms()) && !options_.take_over) {
    UseArena(std::move(arena));
    open_ = true;
    arena_->header().state = ArenaState::kOpen;
    // The wall clock may have been set forward since. Back it goes only in a new arena.
    const int64_t offset = FloorDiv(RealtimeOffsetNanos(), 1000);
    if (offset > clock().offset_us) clock().offset_us = offset;
  } else {
    FreezeReaders(arena->header());
  }
  return RemoveArenasBut(open_generation_);
}

// Readers keep answering from that arena, at instants before anything that it will lack.
void EmbeddedWriter::FreezeReaders(ArenaHeader& header) {
  const Timestamp frozen = Freeze(header.clock, header.identity.clock_kind);
  // Another history has times of its own.
  const bool same_history = header.identity.clock_kind == terms().clock_kind &&
                            header.identity.log_identity == options_.log_identity;
  if (same_history) floor_ = std::max(floor_, frozen);
}

void EmbeddedWriter::UseArena(std::unique_ptr<Arena> arena) {
  views_.clear();
  arena_ = std::move(arena);
  views_.reserve(options_.views.size());
  for (size_t i = 0; i < options_.views.size(); ++i) views_.emplace_back(*arena_, i);
  failed_ = folded_ = held_ = false;
  announced_ = last_folded_ = kMinTimestamp;
  retired_.clear();
  quarantine_.clear();
}

Sequence EmbeddedWriter::last_sequence() const {
  return arena_ == nullptr ? 0 : arena_->header().clock.committed.load();
}

// An engine that takes the store over has arenas of its own here: what was there before the lock
// was seen to be held is none of them, however long after that it is removed.
Status EmbeddedWriter::RemoveArenasBut(uint64_t generation) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto others, OtherArenas(options_.directory, generation));
  SKEWLESS_RETURN_IF_ERROR(CheckHeld(*lock_, options_.directory));
  return RemoveArenas(others);
}

// Nobody else's, also where two writers ask at once.
uint64_t EmbeddedWriter::NewGeneration() {
  std::atomic<uint64_t>& last = CurrentOf(*current_).last_generation;
  uint64_t before = last.load();
  while (!last.compare_exchange_weak(before, std::max(before, open_generation_) + 1)) {
  }
  return std::max(before, open_generation_) + 1;
}

Status EmbeddedWriter::Reset() {
  if (open_) FreezeReaders(arena_->header());
  open_ = false;
  views_.clear();
  arena_.reset();
  SKEWLESS_RETURN_IF_ERROR(RemoveArenasBut(open_generation_));
  const uint64_t generation = NewGeneration();
  SKEWLESS_ASSIGN_OR_RETURN(
      auto arena, Arena::Create(ArenaPath(options_.directory, generation), generation, terms()));
  UseArena(std::move(arena));
  for (View& view : views_) SKEWLESS_RETURN_IF_ERROR(view.index.Create());
  return {};
}

Status EmbeddedWriter::OpenForReaders() {
  SKEWLESS_CHECK(arena_ != nullptr);
  if (!replay()) floor_ = std::max(floor_, options_.not_before);
  // A state without a version before is right only from its last stamp on.
  clock().last_stamp = std::max(clock().last_stamp.load(), floor_);
  if (open_) return {};
  if (failed_) return Fail(ErrorCode::kInternal, "the online store could not be built");
  clock().replay_now = std::max(clock().replay_now.load(), clock().last_stamp.load());
  ArenaHeader& header = arena_->header();
  ++header.allocator.batch;
  header.state = ArenaState::kOpen;
  open_ = true;
  // Readers move on from the arena that was frozen, and from no other.
  uint64_t frozen = std::exchange(open_generation_, header.identity.generation);
  if (!CurrentOf(*current_).open_generation.compare_exchange_strong(frozen, open_generation_)) {
    SKEWLESS_RETURN_IF_ERROR(CheckHeld(*lock_, options_.directory));
    return Fail(ErrorCode::kLocked,
                options_.directory + ": another engine has opened the store meanwhile",
                "Start this one again.");
  }
  return RemoveArenasBut(open_generation_);
}

Timestamp EmbeddedWriter::Announce(Timestamp wanted) {
  SKEWLESS_CHECK(arena_ != nullptr);
  const Timestamp last_stamp = clock().last_stamp.load();
  if (replay()) {
    // Arrivals never decrease: whatever is later than the last ones ends their instant.
    if (held_ && wanted > last_stamp) AdvanceReplayClock(last_stamp);
    announced_ = AnnounceReplay(clock(), wanted);
  } else {
    announced_ = AnnounceWall(clock(), wanted, std::max(announced_, last_stamp));
  }
  return announced_;
}

Status EmbeddedWriter::Commit(Sequence last_sequence) {
  SKEWLESS_CHECK(arena_ != nullptr);
  if (failed_) {
    return Fail(ErrorCode::kInternal, "a batch was folded only in part: it cannot be published",
                "Start the engine again: it rebuilds the online store from the log.");
  }
  const Timestamp stamp = std::max(clock().last_stamp.load(), last_folded_);
  clock().last_stamp.store(stamp, std::memory_order_seq_cst);
  if (options_.amid_commit) SKEWLESS_RETURN_IF_ERROR(options_.amid_commit());
  clock().committed.store(last_sequence, std::memory_order_seq_cst);
  if (options_.amid_commit) SKEWLESS_RETURN_IF_ERROR(options_.amid_commit());
  clock().pending.store(kNotPending, std::memory_order_seq_cst);
  folded_ = false;
  if (!open_) return {};
  if (replay() && clock().replay_now.load() < stamp) {
    held_ = true;  // until the clock is past the batch its rows can still be folded in place
  } else {
    EndBatch();
  }
  return {};
}

void EmbeddedWriter::AdvanceReplayClock(Timestamp now) {
  SKEWLESS_CHECK(arena_ != nullptr);
  now = std::min(now, SaturatingSub(clock().pending.load(), 1));
  if (!replay() || now <= clock().replay_now.load()) return;
  // There is no version of the rows for an instant amid a batch's stamps.
  if (held_ && now < clock().last_stamp.load()) return;
  clock().replay_now.store(now, std::memory_order_seq_cst);
  if (held_) EndBatch();
  held_ = false;
}

void EmbeddedWriter::EndBatch() {
  for (const RetiredBlock& block : quarantine_) arena_->FreeBlock(block.unit, block.size_class);
  quarantine_.clear();
  quarantine_.swap(retired_);
  ++arena_->header().allocator.batch;
}

void EmbeddedWriter::TakeChanges(ChangedRows* changed) {
  changed->Clear();
  std::swap(*changed, changes_);
}

bool EmbeddedWriter::ListRows(int view, uint64_t* cursor, size_t least, ChangedRows* rows) {
  SKEWLESS_CHECK(arena_ != nullptr);
  return views_[static_cast<size_t>(view)].index.VisitFrom(
      cursor, least, [&](uint64_t hash, BlockHeader* block) {
        ChangedRow row;
        row.hash = hash;
        const StateHeader state = LoadStateHeader(StateOf(block));
        row.sequence = state.sequence;
        row.oldest_event_us = state.newest_event_us;
        row.view = static_cast<uint32_t>(view);
        rows->Add(row, {KeyOf(block), block->key_size.load(std::memory_order_relaxed)});
      });
}

Status EmbeddedWriter::Close() {
  const bool whole =
      arena_ != nullptr && open_ && !failed_ && !folded_ && clock().pending.load() == kNotPending;
  if (whole) {
    if (held_) AdvanceReplayClock(clock().last_stamp.load());
    EndBatch();
    EndBatch();
    arena_->MarkClosed();
  }
  open_ = false;
  views_.clear();
  arena_.reset();
  current_.reset();
  return {};
}

std::vector<OnlineWriter::ViewSize> EmbeddedWriter::Sizes() const {
  std::vector<ViewSize> sizes(options_.views.size());
  for (size_t i = 0; i < views_.size(); ++i)
    sizes[i] = {views_[i].shared.rows, views_[i].shared.bytes};
  return sizes;
}

}  // namespace skewless::embedded

namespace skewless {

Result<std::unique_ptr<OnlineWriter>> OpenEmbeddedWriter(const EmbeddedOptions& options) {
  return embedded::EmbeddedWriter::Open(options);
}

}  // namespace skewless
