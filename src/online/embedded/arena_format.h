// What lies in the files of an embedded store, byte by byte: docs/formats/arena.md. The files are
// mapped by the writer and, read-only, by its readers; atomics are what they share while it writes.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "base/time.h"
#include "model/batch.h"
#include "online/embedded/size_classes.h"

namespace skewless::embedded {

static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(std::atomic<uint64_t>) == 8);
static_assert(std::atomic<uint32_t>::is_always_lock_free && sizeof(std::atomic<uint32_t>) == 4);

inline constexpr uint32_t kFormatVersion = 1;

// ---- the file `current`

inline constexpr uint64_t kCurrentMagic = 0x544E525243574B53;  // "SKWCRRNT"

struct CurrentFile {
  uint64_t magic;
  uint32_t version;
  uint32_t reserved;
  uint64_t checksum;  // of the 16 bytes before
  uint8_t padding[40];
  std::atomic<uint64_t> open_generation;  // which arena readers use; 0: none
  std::atomic<uint64_t> last_generation;  // the greatest that was ever begun
  std::atomic<uint64_t> writer_pid;       // for people
};
static_assert(sizeof(CurrentFile) == 88);
inline constexpr size_t kCurrentBytes = 4096;

// ---- the file `arena-<generation>`

inline constexpr uint64_t kArenaMagic = 0x414E455241574B53;                   // "SKWARENA"
inline constexpr uint64_t kMaxArenaBytes = (uint64_t{1} << 32) * kUnitBytes;  // 64 GiB
inline constexpr Timestamp kNotPending = kMaxTimestamp;

enum class ClockKind : uint32_t { kWall = 1, kReplay = 2 };
enum class ArenaState : uint32_t { kBuilding = 1, kOpen = 2, kClosed = 3 };

struct BootId {
  uint8_t bytes[16];
  friend bool operator==(const BootId&, const BootId&) = default;
};

// Written when the file is made, never after.
struct ArenaIdentity {
  uint64_t magic;
  uint32_t version;
  ClockKind clock_kind;
  uint64_t generation;
  uint64_t log_identity;
  uint64_t layout;     // of all views' names and fingerprints, in order
  BootId boot;         // memory that was shared means nothing after a reboot
  uint64_t hash_seed;  // of the hash of keys, so that no input can be made to collide
  uint32_t view_count;
  uint32_t reserved;
  uint64_t checksum;  // of the 72 bytes before
};
static_assert(sizeof(ArenaIdentity) == 80);

// What a reader's T is made of: one cache line, written by the writer once or twice a batch.
struct alignas(64) ArenaClock {
  std::atomic<Timestamp> pending;     // least stamp announced and not committed; kNotPending
  std::atomic<Timestamp> last_stamp;  // greatest stamp committed
  std::atomic<int64_t> offset_us;     // wall: added to CLOCK_MONOTONIC; only ever raised
  std::atomic<Timestamp> replay_now;  // replay: now
  std::atomic<Sequence> committed;    // newest record that readers can see
  std::atomic<Timestamp> frozen;      // every T is below it, for good; 0: not frozen
};
static_assert(sizeof(ArenaClock) == 64);

struct alignas(64) ArenaAllocator {
  uint64_t used_units;
  uint64_t batch;  // counts the batches that versions tell apart
  uint32_t free_segments;
  uint32_t free_blocks[kSizeClasses];
};

// One a view, 64 bytes, after the header.
struct alignas(64) ArenaView {
  uint64_t name_hash;
  uint64_t fingerprint;
  std::atomic<uint64_t> directory;  // unit of the directory << 8 | its depth
  int64_t rows;
  int64_t bytes;  // of its blocks
};
static_assert(sizeof(ArenaView) == 64);

struct ArenaHeader {
  ArenaIdentity identity;
  ArenaClock clock;
  std::atomic<ArenaState> state;
  uint64_t closed_checksum;  // where closed: of identity, clock, allocator and views
  ArenaAllocator allocator;

  ArenaView* views() {
    return reinterpret_cast<ArenaView*>(reinterpret_cast<uint8_t*>(this) + 4096);
  }
  const ArenaView* views() const { return const_cast<ArenaHeader*>(this)->views(); }
};
static_assert(sizeof(ArenaHeader) <= 4096);

constexpr size_t ArenaHeaderBytes(size_t views) {
  return (4096 + views * sizeof(ArenaView) + 4095) / 4096 * 4096;
}

// ---- the index: a directory of segments of slots

struct Slot {
  std::atomic<uint64_t> hash;
  std::atomic<uint64_t>
      versions;  // unit of the row's newest block | the one before << 32; 0: empty
};
constexpr uint32_t NewestOf(uint64_t versions) { return static_cast<uint32_t>(versions); }
constexpr uint32_t PreviousOf(uint64_t versions) { return static_cast<uint32_t>(versions >> 32); }
constexpr uint64_t PackVersions(uint32_t newest, uint32_t previous) {
  return uint64_t{previous} << 32 | newest;
}

inline constexpr uint32_t kSegmentSlots = 512;

struct alignas(64) Segment {
  uint32_t count;
  uint32_t depth;                  // how many leading bits of the hash all its rows share
  std::atomic<uint32_t> overflow;  // unit of a further segment, where hashes are too equal to split
  uint32_t next_free;
  uint8_t padding[48];
  Slot slots[kSegmentSlots];
};
static_assert(sizeof(Segment) == 64 + kSegmentSlots * 16);

// A directory is 2^depth of these: unit of the segment << 8 | its depth. The pair never comes back
// at its place, so that a reader who finds it unchanged knows that the segment was current all
// along.
using SegmentEntry = std::atomic<uint64_t>;
constexpr uint64_t PackDepth(uint32_t unit, uint32_t depth) { return uint64_t{unit} << 8 | depth; }
constexpr uint32_t UnitOf(uint64_t packed) { return static_cast<uint32_t>(packed >> 8); }
constexpr uint32_t DepthOf(uint64_t packed) { return static_cast<uint32_t>(packed & 0xFF); }
constexpr uint64_t LeadingBits(uint64_t hash, uint32_t count) {
  return count == 0 ? 0 : hash >> (64 - count);
}

// ---- blocks: one version of one row each

struct BlockHeader {
  std::atomic<uint32_t> version;  // odd: free or being filled; any change: another row or version
  uint16_t size_class;
  uint16_t view;
  std::atomic<Timestamp> stamp;  // a reader with T below this takes the version before
  uint64_t batch;                // that wrote it; in a free block the next free one
  std::atomic<uint32_t> key_size;
  uint32_t change;  // the writer's own: its place among the rows that this batch changed
  // key, zeros to a multiple of 8, state
};
static_assert(sizeof(BlockHeader) == 32);

constexpr size_t StateOffset(size_t key_size) {
  return sizeof(BlockHeader) + (key_size + 7) / 8 * 8;
}
inline uint8_t* KeyOf(BlockHeader* block) { return reinterpret_cast<uint8_t*>(block + 1); }
inline const uint8_t* KeyOf(const BlockHeader* block) {
  return reinterpret_cast<const uint8_t*>(block + 1);
}
inline uint8_t* StateOf(BlockHeader* block) {
  return reinterpret_cast<uint8_t*>(block) +
         StateOffset(block->key_size.load(std::memory_order_relaxed));
}
inline size_t StateCapacity(const BlockHeader* block) {
  return kClassBytes[block->size_class] -
         StateOffset(block->key_size.load(std::memory_order_relaxed));
}

}  // namespace skewless::embedded
