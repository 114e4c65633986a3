#include "online/embedded/arena.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random_bits.h"
#include "online/embedded/memory_order.h"

namespace skewless::embedded {
namespace {

constexpr uint64_t kLeastGrowth = 4 << 20;
constexpr uint64_t kGreatestGrowth = 64 << 20;

uint64_t HashOf(const void* from, size_t size, uint64_t seed) {
  return Hash64({static_cast<const uint8_t*>(from), size}, seed);
}

void MakeOdd(std::atomic<uint32_t>& version) {
  version.store(version.load(std::memory_order_relaxed) | 1, std::memory_order_relaxed);
}

}  // namespace

uint64_t ViewNameHash(std::string_view name) { return Hash64(AsBytes(name)); }

uint64_t LayoutHash(std::span<const std::string> views, std::span<const uint64_t> fingerprints) {
  Bytes bytes;
  for (size_t i = 0; i < views.size(); ++i) {
    PutLengthPrefixed(bytes, views[i]);
    PutLe(bytes, fingerprints[i]);
  }
  return Hash64(bytes);
}

BootId ThisBoot() {
  const std::string text = skewless::BootId();
  BootId id{};
  if (text.empty()) return id;
  const uint64_t halves[2] = {Hash64(AsBytes(text), 1), Hash64(AsBytes(text), 2)};
  std::memcpy(id.bytes, halves, sizeof halves);
  return id;
}

uint64_t IdentityChecksum(const ArenaIdentity& identity) {
  return HashOf(&identity, offsetof(ArenaIdentity, checksum), 0);
}

uint64_t ClosedChecksum(const ArenaHeader& header) {
  uint64_t hash = HashOf(&header.identity, sizeof header.identity, 0);
  hash = HashOf(&header.clock, sizeof header.clock, hash);
  hash = HashOf(&header.allocator, sizeof header.allocator, hash);
  return HashOf(header.views(), header.identity.view_count * sizeof(ArenaView), hash);
}

Status CheckIdentity(const MappedFile& file) {
  const auto unusable = [&](std::string_view why) {
    return Fail(ErrorCode::kUnavailable, "'" + file.path() + "' " + std::string(why),
                "Start the engine (skewless run): it rebuilds the store from the log.");
  };
  if (file.file_bytes() < sizeof(ArenaHeader)) return unusable("is cut short");
  const auto& identity = *reinterpret_cast<const ArenaIdentity*>(file.data());
  if (identity.magic != kArenaMagic) return unusable("is not an arena");
  if (identity.version > kFormatVersion) {
    return Fail(
        ErrorCode::kVersion,
        "'" + file.path() + "' has format version " + std::to_string(identity.version) +
            ", this program knows versions up to " + std::to_string(kFormatVersion),
        "Use the newer program, or remove the online store's directory to have it rebuilt.");
  }
  if (identity.checksum != IdentityChecksum(identity)) return unusable("has a damaged header");
  if (identity.boot != ThisBoot()) return unusable("is from before the machine's last start");
  if (file.file_bytes() < ArenaHeaderBytes(identity.view_count)) return unusable("is cut short");
  return {};
}

Result<std::unique_ptr<Arena>> Arena::Create(const std::string& path, uint64_t generation,
                                             const ArenaTerms& terms) {
  const uint64_t header_bytes = ArenaHeaderBytes(terms.views.size());
  SKEWLESS_ASSIGN_OR_RETURN(auto file,
                            MappedFile::Create(path, header_bytes + kLeastGrowth, kMaxArenaBytes));
  auto arena = std::make_unique<Arena>(std::move(file));
  ArenaHeader& header = arena->header();
  header.identity = {.magic = kArenaMagic,
                     .version = kFormatVersion,
                     .clock_kind = terms.clock_kind,
                     .generation = generation,
                     .log_identity = terms.log_identity,
                     .layout = LayoutHash(terms.views, terms.fingerprints),
                     .boot = ThisBoot(),
                     .hash_seed = RandomBits(),
                     .view_count = static_cast<uint32_t>(terms.views.size()),
                     .reserved = 0,
                     .checksum = 0};
  header.identity.checksum = IdentityChecksum(header.identity);
  header.clock.pending = kNotPending;
  header.clock.last_stamp = kMinTimestamp;
  header.clock.offset_us = FloorDiv(RealtimeOffsetNanos(), 1000);
  header.clock.replay_now = kMinTimestamp;
  header.clock.committed = 0;
  header.clock.frozen = 0;
  header.state = ArenaState::kBuilding;
  header.allocator.used_units = header_bytes / kUnitBytes;
  header.allocator.batch = 1;
  for (size_t i = 0; i < terms.views.size(); ++i) {
    ArenaView& view = header.views()[i];
    view.name_hash = ViewNameHash(terms.views[i]);
    view.fingerprint = terms.fingerprints[i];
  }
  return arena;
}

bool Arena::ClosedCleanly(const ArenaTerms& terms) const {
  const ArenaHeader& header = this->header();
  return header.state.load() == ArenaState::kClosed && header.clock.frozen.load() == 0 &&
         header.closed_checksum == ClosedChecksum(header) &&
         header.identity.clock_kind == terms.clock_kind &&
         header.identity.log_identity == terms.log_identity &&
         header.identity.view_count == terms.views.size() &&
         header.identity.layout == LayoutHash(terms.views, terms.fingerprints);
}

void Arena::MarkClosed() {
  ListFreeBlocks();
  header().closed_checksum = ClosedChecksum(header());
  header().state = ArenaState::kClosed;
}

Status Arena::Extend(uint64_t bytes) {
  if (bytes > kMaxArenaBytes) {
    return Fail(ErrorCode::kNoSpace,
                "'" + file_->path() + "' is full: an arena holds " +
                    std::to_string(kMaxArenaBytes >> 30) + " GiB",
                "Serve fewer entities or shorter windows from this machine.");
  }
  const uint64_t size = file_->file_bytes();
  const uint64_t growth = std::clamp(size / 8, kLeastGrowth, kGreatestGrowth) / 4096 * 4096;
  return file_->Grow(
      std::min(std::max(size + growth, (bytes + 4095) / 4096 * 4096), kMaxArenaBytes));
}

uint32_t Arena::AllocateZeros(uint64_t bytes, uint64_t alignment) {
  if (!status_.has_value()) return 0;
  const uint64_t used = header().allocator.used_units * kUnitBytes;
  const uint64_t start = (used + alignment - 1) / alignment * alignment;
  const uint64_t end = (start + bytes + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
  if (end > file_->file_bytes()) {
    status_ = Extend(end);
    if (!status_.has_value()) return 0;
  }
  header().allocator.used_units = end / kUnitBytes;
  return static_cast<uint32_t>(start / kUnitBytes);
}

// 0 where there is none.
uint32_t Arena::TakeFreeBlock(uint32_t size_class) {
  constexpr size_t kAhead = 3, kMostLines = 16;
  std::vector<uint32_t>& free = free_[size_class];
  uint32_t& listed = header().allocator.free_blocks[size_class];
  uint32_t unit = listed;
  if (!free.empty()) {
    unit = free.back();
    free.pop_back();
    // They were let go of long ago: those who ask next find theirs in the cache.
    if (free.size() >= kAhead) {
      const size_t lines = (kClassBytes[size_class] + 63) / 64;
      PrefetchLines(free[free.size() - kAhead], std::min(lines, kMostLines));
    }
  } else if (unit != 0) {
    listed = static_cast<uint32_t>(Block(unit)->batch);
  }
  return unit;
}

uint32_t Arena::AllocateBlock(uint32_t size_class) {
  if (size_class >= kSizeClasses) {
    status_ = Fail(ErrorCode::kNoSpace,
                   "a row needs more than " + std::to_string(kMaxBlockBytes) + " bytes",
                   "Give the view shorter windows or longer hops.");
    return 0;
  }
  if (const uint32_t unit = TakeFreeBlock(size_class); unit != 0) {
    BlockHeader* block = Block(unit);
    // Whoever read what it held sees that it is gone.
    MakeOdd(block->version);
    return unit;
  }
  const uint32_t unit = AllocateZeros(kClassBytes[size_class], kUnitBytes);
  if (unit == 0) return 0;
  BlockHeader* block = Block(unit);
  block->version.store(1, std::memory_order_relaxed);
  block->size_class = static_cast<uint16_t>(size_class);
  return unit;
}

void Arena::ListFreeBlocks() {
  constexpr size_t kAhead = 8;
  for (uint32_t size_class = 0; size_class < kSizeClasses; ++size_class) {
    std::vector<uint32_t>& free = free_[size_class];
    uint32_t& listed = header().allocator.free_blocks[size_class];
    for (size_t i = 0; i < free.size(); ++i) {
      if (i + kAhead < free.size()) PrefetchLines(free[i + kAhead], 1);
      MakeOdd(Block(free[i])->version);
      Block(free[i])->batch = listed;
      listed = free[i];
    }
    free.clear();
  }
}

uint32_t Arena::AllocateSegment() {
  uint32_t& head = header().allocator.free_segments;
  if (head == 0) return AllocateZeros(sizeof(Segment), alignof(Segment));
  const uint32_t unit = head;
  auto* segment = At<Segment>(unit);
  head = segment->next_free;
  // Stale readers may still be in it: they find that the directory no longer has it.
  segment->count = 0;
  segment->depth = 0;
  segment->overflow.store(0, std::memory_order_relaxed);
  for (Slot& slot : segment->slots) slot.versions.store(0, std::memory_order_relaxed);
  return unit;
}

void Arena::FreeSegment(uint32_t unit) {
  StoreBarrier();
  uint32_t& head = header().allocator.free_segments;
  At<Segment>(unit)->next_free = head;
  head = unit;
}

}  // namespace skewless::embedded
