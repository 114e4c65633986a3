#include "online/embedded/embedded_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "online/closed_views.h"
#include "online/embedded/arena.h"
#include "online/embedded/embedded_store.h"
#include "online/embedded/store_clock.h"
#include "online/embedded/store_directory.h"

namespace skewless::embedded {
namespace {

// Each attempt takes T anew, past the commit that spoiled the one before.
constexpr int kMaxAttempts = 100'000;
constexpr size_t kChunk = 32;

}  // namespace

Result<std::unique_ptr<OnlineReader>> EmbeddedReader::Open(const std::string& directory,
                                                           std::vector<std::string> views,
                                                           std::vector<uint64_t> fingerprints) {
  SKEWLESS_CHECK(views.size() == fingerprints.size());
  std::unique_ptr<EmbeddedReader> reader(
      new EmbeddedReader(directory, std::move(views), std::move(fingerprints)));
  const Status attached = reader->Attach();
  if (!attached.has_value() && attached.error().code != ErrorCode::kUnavailable) {
    return tl::unexpected<Error>(attached.error());
  }
  return reader;
}

EmbeddedReader::EmbeddedReader(std::string directory, std::vector<std::string> views,
                               std::vector<uint64_t> fingerprints)
    : directory_(std::move(directory)),
      views_(std::move(views)),
      fingerprints_(std::move(fingerprints)) {}

Status EmbeddedReader::Attach() {
  if (current_ == nullptr) {
    SKEWLESS_ASSIGN_OR_RETURN(current_, OpenCurrentToRead(directory_));
  }
  const CurrentFile& current = CurrentOf(*current_);
  for (;;) {
    const uint64_t generation = current.open_generation.load(std::memory_order_seq_cst);
    if (generation == 0) {
      return Fail(ErrorCode::kUnavailable,
                  "the online store at '" + directory_ + "' is being built",
                  "Try again once the engine has folded the log.");
    }
    if (generation == generation_) return {};
    Status attached = AttachTo(generation);
    // The writer may have gone on to the next one meanwhile, and removed this.
    if (attached.has_value() || current.open_generation.load() == generation) return attached;
  }
}

Status EmbeddedReader::AttachTo(uint64_t generation) {
  auto file = MappedFile::OpenToRead(ArenaPath(directory_, generation), kMaxArenaBytes);
  if (!file.has_value()) {
    if (file.error().code != ErrorCode::kNotFound) return tl::unexpected<Error>(file.error());
    return Fail(ErrorCode::kUnavailable, file.error().message,
                "Start the engine (skewless run): it rebuilds the store from the log.");
  }
  SKEWLESS_RETURN_IF_ERROR(CheckIdentity(**file));
  arena_ = std::move(*file);
  generation_ = generation;
  const ArenaIdentity& identity = header().identity;
  if (identity.log_identity != last_log_ || identity.clock_kind != last_clock_) {
    last_read_ = kMinTimestamp;
  }
  last_log_ = identity.log_identity;
  last_clock_ = identity.clock_kind;
  readers_.clear();
  readers_.resize(views_.size());
  for (size_t i = 0; i < views_.size(); ++i) {
    for (uint32_t j = 0; j < identity.view_count; ++j) {
      const ArenaView& view = header().views()[j];
      if (view.name_hash != ViewNameHash(views_[i]) || view.fingerprint != fingerprints_[i])
        continue;
      readers_[i] = std::make_unique<RowReader>(arena_->data(), view, static_cast<uint16_t>(j));
    }
  }
  return {};
}

Status EmbeddedReader::CheckView(size_t view) const {
  SKEWLESS_CHECK(view < readers_.size());
  if (readers_[view] != nullptr) return {};
  return Fail(ErrorCode::kUnavailable,
              "the online store at '" + directory_ + "' holds no view '" + views_[view] +
                  "' with this definition",
              "Start this process and the engine with the same definition.");
}

Result<std::vector<int>> EmbeddedReader::ClosedViews() {
  SKEWLESS_RETURN_IF_ERROR(Attach());
  return ClosedAmong(static_cast<int>(readers_.size()),
                     [this](int view) { return CheckView(static_cast<size_t>(view)); });
}

// The memory of many rows is asked for at once: slots first, blocks after.
void EmbeddedReader::PrepareRows(std::span<const RowKey> keys) {
  const uint64_t seed = header().identity.hash_seed;
  rows_.clear();
  rows_.resize(keys.size());
  buffer_.Clear();
  for (size_t i = 0; i < keys.size(); ++i) rows_[i].hash = Hash64(keys[i].key, seed);
}

// False where a row has moved on twice since T was taken, or the rows are too large together.
bool EmbeddedReader::ReadRows(std::span<const RowKey> keys, Timestamp t) {
  const auto reader = [&](size_t i) -> const RowReader& {
    return *readers_[static_cast<size_t>(keys[i].view)];
  };
  for (size_t start = 0; start < keys.size(); start += kChunk) {
    const size_t end = std::min(start + kChunk, keys.size());
    if (end - start > 1) {
      for (size_t i = start; i < end; ++i) reader(i).PrefetchSlot(rows_[i].hash);
      for (size_t i = start; i < end; ++i) reader(i).PrefetchBlock(rows_[i].hash);
    }
    for (size_t i = start; i < end; ++i) {
      if (reader(i).Read(keys[i].key, t, &buffer_, &rows_[i]) == RowOutcome::kTooOld) return false;
      if (i > 0 && buffer_.used() > most_bytes()) return false;
    }
  }
  return true;
}

// Somebody may remove the folder, or move it away, and the engine makes another one: what is mapped
// stands still then. A look costs as much as a read, and another store takes longer than a
// millisecond to be made, filled and opened before it has a record that this one lacks.
bool EmbeddedReader::WasReplaced() {
  constexpr int64_t kLookNanos = 1'000'000;
  const int64_t now = MonotonicNanos();
  if (current_ == nullptr || now - looked_nanos_ < kLookNanos) return false;
  looked_nanos_ = now;
  return current_->was_replaced();
}

Result<Timestamp> EmbeddedReader::Read(std::span<const RowKey> keys) {
  BeginRead();
  for (;;) {
    Result<Timestamp> read = ReadAttached(keys);
    if (!WasReplaced()) return read;
    current_ = nullptr;
    generation_ = 0;
  }
}

Result<Timestamp> EmbeddedReader::ReadAttached(std::span<const RowKey> keys) {
  SKEWLESS_RETURN_IF_ERROR(Attach());
  for (const RowKey& key : keys) SKEWLESS_RETURN_IF_ERROR(CheckView(static_cast<size_t>(key.view)));
  PrepareRows(keys);
  const ArenaClock& clock = header().clock;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    committed_ = clock.committed.load(std::memory_order_seq_cst);
    const Timestamp now = StoreNow(clock, last_clock_);
    const Timestamp t = ReadTime(clock, now, last_read_);
    last_read_ = t;
    if (ReadRows(keys, t)) return t;
    if (keys.size() > 1 && buffer_.used() > most_bytes()) break;
  }
  rows_.assign(keys.size(), RowState{});
  if (keys.size() > 1 && buffer_.used() > most_bytes()) return GiveUp();
  return Fail(ErrorCode::kUnavailable,
              "the rows asked for change faster than they can be read together",
              "Ask for fewer rows at a time.");
}

}  // namespace skewless::embedded

namespace skewless {

Result<std::unique_ptr<OnlineReader>> OpenEmbeddedReader(const std::string& directory,
                                                         std::vector<std::string> views,
                                                         std::vector<uint64_t> fingerprints) {
  return embedded::EmbeddedReader::Open(directory, std::move(views), std::move(fingerprints));
}

}  // namespace skewless
