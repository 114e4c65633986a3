// Folding rows into the arena: EmbeddedWriter::Fold and what it rests on.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "online/embedded/embedded_writer.h"
#include "online/embedded/memory_order.h"

namespace skewless::embedded {
namespace {

// Rows whose memory is asked for together.
struct Chunk {
  static constexpr size_t kRows = 16;
  size_t count = 0;
  size_t rows[kRows];
  uint64_t hashes[kRows];
};

// The next selected rows from `*next` on; asks for their slots.
void TakeRows(const ViewInput& input, uint64_t seed, Index& index, size_t* next, Chunk* chunk) {
  chunk->count = 0;
  for (; *next < input.rows && chunk->count < Chunk::kRows; ++*next) {
    if (input.selected[*next] == 0) continue;
    const uint64_t hash = Hash64(input.keys.key(*next), seed);
    chunk->rows[chunk->count] = *next;
    chunk->hashes[chunk->count++] = hash;
    index.PrefetchSlot(hash);
  }
}

// A state that has lost most of its tiles gives its room back.
size_t UsefulCapacity(const BlockHeader* block) {
  const size_t capacity = StateCapacity(block);
  const uint32_t size = LoadStateHeader(StateOf(const_cast<BlockHeader*>(block))).size;
  const bool roomy = capacity > kSmallBlockBytes && capacity / 2 > size;
  return roomy ? size + size / 8 : capacity;
}

void PrefetchBlocks(const Chunk& chunk, Index& index) {
  for (size_t i = 0; i < chunk.count; ++i) index.PrefetchBlock(chunk.hashes[i]);
}

}  // namespace

// While one chunk is folded the blocks of the next one and the slots of the one behind that are on
// their way to the cache.
Status EmbeddedWriter::Fold(int view_number, const ViewKernel& kernel, const ViewInput& input) {
  SKEWLESS_CHECK(arena_ != nullptr && !failed_);
  View& view = views_[static_cast<size_t>(view_number)];
  const uint64_t seed = arena_->header().identity.hash_seed;
  Chunk chunks[3];
  size_t next = 0;
  TakeRows(input, seed, view.index, &next, &chunks[0]);
  TakeRows(input, seed, view.index, &next, &chunks[1]);
  PrefetchBlocks(chunks[0], view.index);
  for (size_t now = 0; chunks[now].count > 0; now = (now + 1) % 3) {
    folded_ = true;
    TakeRows(input, seed, view.index, &next, &chunks[(now + 2) % 3]);
    PrefetchBlocks(chunks[(now + 1) % 3], view.index);
    const Chunk& chunk = chunks[now];
    for (size_t i = 0; i < chunk.count; ++i) {
      Status folded = FoldRow(view, kernel, input, chunk.rows[i], chunk.hashes[i]);
      if (folded.has_value()) continue;
      failed_ = true;
      return folded;
    }
  }
  return {};
}

Timestamp EmbeddedWriter::StampOf(const ViewInput& input, size_t row) {
  const Timestamp stamp = std::max(input.available_us[row], announced_);
  last_folded_ = std::max(last_folded_, stamp);
  return stamp;
}

Status EmbeddedWriter::FoldRow(View& view, const ViewKernel& kernel, const ViewInput& input,
                               size_t row, uint64_t hash) {
  Slot* slot = view.index.Find(hash, input.keys.key(row));
  const bool done = slot == nullptr ? FoldNewRow(view, kernel, input, row, hash)
                                    : FoldKnownRow(view, kernel, input, row, slot);
  if (done) return {};
  SKEWLESS_CHECK(!arena_->status().has_value());
  return arena_->status();
}

bool EmbeddedWriter::FoldNewRow(View& view, const ViewKernel& kernel, const ViewInput& input,
                                size_t row, uint64_t hash) {
  const Timestamp stamp = StampOf(input, row);
  uint32_t unit = NewBlock(view, input.keys.key(row),
                           std::max(view.first_capacity, kernel.empty_state_size()), stamp);
  if (unit == 0) return false;
  BlockHeader* block = arena_->Block(unit);
  kernel.InitState(StateOf(block));
  while (const size_t needed = kernel.Apply(StateOf(block), StateCapacity(block), input, row)) {
    SKEWLESS_CHECK(needed > StateCapacity(block));
    view.first_capacity = needed;
    const uint32_t larger = CopyBlock(view, block, needed, stamp);
    if (larger == 0) return false;
    Discard(view, unit);
    unit = larger;
    block = arena_->Block(unit);
  }
  if (tracking_) NoteFirstChange(block, view, input, row, hash);
  if (view.index.Insert(hash, PackVersions(unit, 0)) == nullptr) return false;
  ++view.shared.rows;
  return true;
}

bool EmbeddedWriter::FoldKnownRow(View& view, const ViewKernel& kernel, const ViewInput& input,
                                  size_t row, Slot* slot) {
  BlockHeader* block = arena_->Block(NewestOf(slot->versions.load(std::memory_order_relaxed)));
  // Folded already: nothing moves a row back.
  if (LoadStateHeader(StateOf(block)).sequence >= input.sequence[row]) return true;
  const Timestamp stamp = StampOf(input, row);
  if (block->batch != arena_->header().allocator.batch) {
    block = options_.in_place ? BeginInPlace(view, slot, block)
                              : BeginVersion(view, slot, block, stamp);
    if (block == nullptr) return false;
    if (tracking_) {
      NoteFirstChange(block, view, input, row, slot->hash.load(std::memory_order_relaxed));
    }
  } else if (tracking_) {
    NoteChange(block, input, row);
  }
  while (const size_t needed = Apply(kernel, block, input, row)) {
    SKEWLESS_CHECK(needed > StateCapacity(block));
    const uint32_t change = block->change;
    // A place that is outgrown is of use for rows of its size alone. One that stays for as long as
    // the row fits it is made larger, so that a row that grows leaves fewer of them behind.
    block = Replace(view, slot, block, needed + needed / (options_.in_place ? 2 : 8));
    if (block == nullptr) return false;
    block->change = change;
  }
  return true;
}

// A row that many events change is copied once a batch; the version before is kept for who reads
// at a time before this batch's stamps.
BlockHeader* EmbeddedWriter::BeginVersion(View& view, Slot* slot, BlockHeader* block,
                                          Timestamp stamp) {
  const uint32_t unit = NewestOf(slot->versions.load(std::memory_order_relaxed));
  const uint32_t fresh = CopyBlock(view, block, UsefulCapacity(block), stamp);
  if (fresh == 0) return nullptr;
  view.shared.bytes -= kClassBytes[block->size_class];
  retired_.push_back({unit, block->size_class});
  slot->versions.store(PackVersions(fresh, unit), std::memory_order_release);
  return arena_->Block(fresh);
}

BlockHeader* EmbeddedWriter::BeginInPlace(View& view, Slot* slot, BlockHeader* block) {
  const size_t useful = UsefulCapacity(block);
  if (useful < StateCapacity(block)) return Replace(view, slot, block, useful);
  block->batch = arena_->header().allocator.batch;
  return block;
}

// By a block of another size, of the same stamp.
BlockHeader* EmbeddedWriter::Replace(View& view, Slot* slot, BlockHeader* block,
                                     size_t state_capacity) {
  const uint32_t fresh =
      CopyBlock(view, block, state_capacity, block->stamp.load(std::memory_order_relaxed));
  if (fresh == 0) return nullptr;
  const uint64_t versions = slot->versions.load(std::memory_order_relaxed);
  slot->versions.store(PackVersions(fresh, PreviousOf(versions)), std::memory_order_release);
  Discard(view, NewestOf(versions));
  return arena_->Block(fresh);
}

// ViewKernel::Apply. Where the block is one that is read, nobody believes what is read meanwhile.
size_t EmbeddedWriter::Apply(const ViewKernel& kernel, BlockHeader* block, const ViewInput& input,
                             size_t row) {
  if (!options_.in_place) return kernel.Apply(StateOf(block), StateCapacity(block), input, row);
  const uint32_t version = block->version.load(std::memory_order_relaxed);
  block->version.store(version + 1, std::memory_order_relaxed);
  StoreBarrier();
  const size_t needed = kernel.Apply(StateOf(block), StateCapacity(block), input, row);
  block->version.store(version + 2, std::memory_order_release);
  return needed;
}

void EmbeddedWriter::NoteFirstChange(BlockHeader* block, const View& view, const ViewInput& input,
                                     size_t row, uint64_t hash) {
  block->change = static_cast<uint32_t>(changes_.rows.size());
  ChangedRow change;
  change.hash = hash;
  change.sequence = input.sequence[row];
  change.oldest_event_us = input.event_us[row];
  change.events = 1;
  change.view = static_cast<uint32_t>(view.number);
  changes_.Add(change, input.keys.key(row));
}

void EmbeddedWriter::NoteChange(const BlockHeader* block, const ViewInput& input, size_t row) {
  ChangedRow& change = changes_.rows[block->change];
  change.sequence = input.sequence[row];
  change.oldest_event_us = std::min(change.oldest_event_us, input.event_us[row]);
  ++change.events;
}

// Its state is the caller's to fill: no reader looks at it before its stamp.
uint32_t EmbeddedWriter::NewBlock(View& view, ByteView key, size_t state_capacity,
                                  Timestamp stamp) {
  const uint32_t unit =
      arena_->AllocateBlock(SizeClassOf(StateOffset(key.size()) + state_capacity));
  if (unit == 0) return 0;
  BlockHeader* block = arena_->Block(unit);
  StoreBarrier();  // behind the odd version number
  block->view = static_cast<uint16_t>(view.number);
  block->stamp.store(stamp, std::memory_order_relaxed);
  block->batch = arena_->header().allocator.batch;
  block->key_size.store(static_cast<uint32_t>(key.size()), std::memory_order_relaxed);
  block->change = 0;
  std::memcpy(KeyOf(block), key.data(), key.size());
  std::memset(KeyOf(block) + key.size(), 0,
              StateOffset(key.size()) - sizeof(BlockHeader) - key.size());
  block->version.store(block->version.load(std::memory_order_relaxed) + 1,
                       std::memory_order_release);
  view.shared.bytes += kClassBytes[block->size_class];
  return unit;
}

uint32_t EmbeddedWriter::CopyBlock(View& view, const BlockHeader* from, size_t state_capacity,
                                   Timestamp stamp) {
  const size_t key_size = from->key_size.load(std::memory_order_relaxed);
  const uint32_t unit = NewBlock(view, {KeyOf(from), key_size}, state_capacity, stamp);
  if (unit == 0) return 0;
  const uint8_t* state = reinterpret_cast<const uint8_t*>(from) + StateOffset(key_size);
  std::memcpy(StateOf(arena_->Block(unit)), state, LoadStateHeader(state).size);
  return unit;
}

void EmbeddedWriter::Discard(View& view, uint32_t unit) {
  const uint32_t size_class = arena_->Block(unit)->size_class;
  view.shared.bytes -= kClassBytes[size_class];
  arena_->FreeBlock(unit, size_class);
}

}  // namespace skewless::embedded
