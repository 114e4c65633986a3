#include "online/embedded/row_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "online/embedded/index.h"
#include "online/embedded/store_directory.h"
#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

constexpr uint64_t kHash = 77;
constexpr size_t kWords = 2048;  // of a state: large, so that copying it takes its time
constexpr size_t kStateBytes = kWords * sizeof(uint64_t);
const int64_t kKey = 5;

// One row, whose versions the test makes; read through a mapping of its own, as another process
// does.
class RowReaderTest : public testing::Test {
 protected:
  RowReaderTest() : directory_("row_reader_test") {
    std::filesystem::create_directories(directory_.path());
    const std::string path = ArenaPath(directory_.path(), 1);
    auto arena = Arena::Create(path, 1, {.views = names_, .fingerprints = fingerprints_});
    SKEWLESS_CHECK(arena.has_value());
    arena_ = std::move(*arena);
    index_ = std::make_unique<Index>(*arena_, 0);
    SKEWLESS_CHECK(index_->Create().has_value());
    auto mapped = MappedFile::OpenToRead(path, kMaxArenaBytes);
    SKEWLESS_CHECK(mapped.has_value());
    mapped_ = std::move(*mapped);
    const auto* header = reinterpret_cast<const ArenaHeader*>(mapped_->data());
    reader_ = std::make_unique<RowReader>(mapped_->data(), header->views()[0], uint16_t{0});
  }

  // A version of the row whose state is `word` again and again, behind its head.
  uint32_t MakeBlock(Timestamp stamp, uint64_t word) {
    const ByteView key = KeyBytes(kKey);
    const uint32_t unit = arena_->AllocateBlock(SizeClassOf(StateOffset(key.size()) + kStateBytes));
    BlockHeader* block = arena_->Block(unit);
    StoreBarrier();
    block->view = 0;
    block->stamp = stamp;
    block->key_size = static_cast<uint32_t>(key.size());
    std::memcpy(KeyOf(block), key.data(), key.size());
    const StateHeader head{.magic = kStateMagic,
                           .size = kStateBytes,
                           .fingerprint = 1,
                           .sequence = 1,
                           .available_us = stamp,
                           .newest_event_us = 0,
                           .records = 1};
    std::memcpy(StateOf(block), &head, sizeof head);
    for (size_t at = sizeof head; at < kStateBytes; at += sizeof word)
      std::memcpy(StateOf(block) + at, &word, sizeof word);
    block->version.store(block->version.load(std::memory_order_relaxed) + 1,
                         std::memory_order_release);
    return unit;
  }

  RowOutcome Read(Timestamp t) {
    buffer_.Clear();
    row_ = {};
    row_.hash = kHash;
    return reader_->Read(KeyBytes(kKey), t, &buffer_, &row_);
  }
  uint64_t WordAt(size_t at) const {
    uint64_t word = 0;
    std::memcpy(&word, buffer_.at(row_.offset) + at, sizeof word);
    return word;
  }
  uint64_t LastWord() const { return WordAt(kStateBytes - sizeof(uint64_t)); }

  const std::vector<std::string> names_{"totals"};
  const std::vector<uint64_t> fingerprints_{1};
  TestDirectory directory_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Index> index_;
  std::shared_ptr<const MappedFile> mapped_;
  std::unique_ptr<RowReader> reader_;
  StateBuffer buffer_;
  RowState row_;
};

TEST_F(RowReaderTest, TheVersionThatWasTheNewestAtT) {
  const uint32_t before = MakeBlock(10, 1);
  Slot* slot = index_->Insert(kHash, PackVersions(before, 0));
  EXPECT_EQ(Read(9), RowOutcome::kMissing);
  EXPECT_EQ(Read(10), RowOutcome::kFound);
  EXPECT_EQ(LastWord(), 1U);
  slot->versions = PackVersions(MakeBlock(20, 2), before);
  EXPECT_EQ(Read(19), RowOutcome::kFound);
  EXPECT_EQ(LastWord(), 1U);
  EXPECT_EQ(Read(20), RowOutcome::kFound);
  EXPECT_EQ(LastWord(), 2U);
  // Of the time before both nothing is known: it may have been there or not.
  EXPECT_EQ(Read(9), RowOutcome::kTooOld);
}

TEST_F(RowReaderTest, WhatWasReadBeforeIsKnownAgain) {
  Slot* slot = index_->Insert(kHash, PackVersions(MakeBlock(10, 1), 0));
  ASSERT_EQ(Read(10), RowOutcome::kFound);
  EXPECT_EQ(reader_->Read(KeyBytes(kKey), 11, &buffer_, &row_), RowOutcome::kUnchanged);
  EXPECT_EQ(LastWord(), 1U);
  // The same place, another version.
  const uint32_t unit = NewestOf(slot->versions);
  arena_->FreeBlock(unit, arena_->Block(unit)->size_class);
  ASSERT_EQ(MakeBlock(12, 2), unit);
  EXPECT_EQ(reader_->Read(KeyBytes(kKey), 12, &buffer_, &row_), RowOutcome::kFound);
  EXPECT_EQ(LastWord(), 2U);
}

// Two blocks take turns, each freed and filled anew as soon as the other is the newest: a reader
// meets memory under reuse all the time, and must never believe a mixture.
TEST_F(RowReaderTest, AStateIsOneVersionWhateverIsWrittenMeanwhile) {
  constexpr uint64_t kVersions = 30'000;
  uint32_t newest = MakeBlock(10, 0);
  Slot* slot = index_->Insert(kHash, PackVersions(newest, 0));
  std::atomic<bool> done = false;
  std::atomic<int64_t> reads = 0;
  int64_t mixed = 0;
  int64_t missing = 0;
  std::thread searcher([&] {
    while (!done.load()) {
      if (Read(10) != RowOutcome::kFound || row_.size != kStateBytes) {
        ++missing;
        continue;
      }
      const uint64_t word = LastWord();
      for (size_t at = sizeof(StateHeader); at < kStateBytes; at += sizeof word) {
        if (WordAt(at) == word) continue;
        ++mixed;
        break;
      }
      ++reads;
    }
  });
  // At least so many versions, and as many more as the reader needs to have read a few of them.
  for (uint64_t version = 1; version < kVersions || reads.load() < 100; ++version) {
    const uint32_t fresh = MakeBlock(10, version);
    slot->versions.store(PackVersions(fresh, 0), std::memory_order_release);
    arena_->FreeBlock(newest, arena_->Block(newest)->size_class);
    newest = fresh;
  }
  done.store(true);
  searcher.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(missing, 0);
}

// The row's segment is replaced all the time, and used again at once, as when segments split: a
// reader that is still in it finds it empty, and must not believe that the row is gone. Its row is
// the last that it comes by, so that it is in a segment for long.
TEST_F(RowReaderTest, ARowIsFoundWhereverItsSegmentGoesMeanwhile) {
  constexpr uint64_t kMoves = 50'000;
  constexpr int kCountAt = 40;  // in what an entry leaves free: no pair comes back at its place
  const uint64_t versions = PackVersions(MakeBlock(10, 1), 0);
  const uint64_t directory = arena_->header().views()[0].directory.load();
  auto* entry = arena_->At<SegmentEntry>(UnitOf(directory));
  uint64_t moves = 0;
  uint32_t current = UnitOf(entry->load());
  const auto move = [&] {
    const uint32_t next = arena_->AllocateSegment();
    for (size_t i = 0; i < kSegmentSlots; ++i) {
      const bool last = (i + 1) % kSegmentSlots == kHash % kSegmentSlots;
      Slot& slot = arena_->At<Segment>(next)->slots[i];
      slot.hash.store(last ? kHash : kHash + 1, std::memory_order_relaxed);
      slot.versions.store(versions, std::memory_order_release);
    }
    entry->store(PackDepth(next, 0) | ++moves << kCountAt, std::memory_order_release);
    arena_->FreeSegment(std::exchange(current, next));
  };
  move();
  ASSERT_EQ(Read(10), RowOutcome::kFound);
  std::atomic<bool> done = false;
  std::atomic<int64_t> reads = 0;
  int64_t missing = 0;
  std::thread searcher([&] {
    // Known from the first time on: what is searched for again is not copied again.
    for (; !done.load(); ++reads) {
      missing += reader_->Read(KeyBytes(kKey), 10, &buffer_, &row_) == RowOutcome::kMissing ? 1 : 0;
    }
  });
  while (moves < kMoves || reads.load() < 50'000) move();
  done.store(true);
  searcher.join();
  EXPECT_EQ(missing, 0);
}

// A reader that took its T right before a commit needn't take it anew: the version before stays
// until the next commit, and is gone after it.
TEST(RowReaderOverCommits, TheVersionBeforeOutlivesOneCommit) {
  TestDirectory directory("row_reader_commits");
  TestViews views;
  auto writer = OpenEmbeddedWriter(views.Options(directory.path()));
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE((*writer)->Reset().has_value());
  ASSERT_TRUE((*writer)->OpenForReaders().has_value());
  const auto mapped = MappedFile::OpenToRead(ArenaPath(directory.path(), 1), kMaxArenaBytes);
  ASSERT_TRUE(mapped.has_value());
  const auto* header = reinterpret_cast<const ArenaHeader*>((*mapped)->data());
  const RowReader reader((*mapped)->data(), header->views()[kTotals], uint16_t{kTotals});
  Timestamp stamp = kMinTimestamp;
  StateBuffer buffer;
  for (Sequence batch = 1; batch <= 50; ++batch) {
    const Timestamp before = stamp;
    stamp = (*writer)->Announce(kMinTimestamp);
    // Another row takes a free block: not the one that a reader at `before - 1` may be in.
    const TestEvent other{kKey + 1, batch, batch};
    ASSERT_TRUE((*writer)
                    ->Fold(kTotals, views.kernel(kTotals),
                           views.Input(kTotals, std::span(&other, 1), batch, stamp))
                    .has_value());
    if (batch > 2) {
      RowState last;
      buffer.Clear();
      last.hash = Hash64(KeyBytes(kKey), header->identity.hash_seed);
      ASSERT_EQ(reader.Read(KeyBytes(kKey), before - 1, &buffer, &last), RowOutcome::kFound);
    }
    const TestEvent event{kKey, batch, batch};
    for (const int view : {kTotals, kWindowed}) {
      const ViewInput& input = views.Input(view, std::span(&event, 1), batch, stamp);
      ASSERT_TRUE((*writer)->Fold(view, views.kernel(view), input).has_value());
    }
    ASSERT_TRUE((*writer)->Commit(batch).has_value());
    const auto read = [&](Timestamp t, RowState* row) {
      buffer.Clear();
      *row = {};
      row->hash = Hash64(KeyBytes(kKey), header->identity.hash_seed);
      return reader.Read(KeyBytes(kKey), t, &buffer, row);
    };
    RowState row;
    ASSERT_EQ(read(stamp, &row), RowOutcome::kFound);
    ASSERT_EQ(views.Decode(kTotals, {buffer.at(row.offset), row.size}, stamp).events, batch);
    if (batch == 1) continue;
    ASSERT_EQ(read(stamp - 1, &row), RowOutcome::kFound) << "batch " << batch;
    ASSERT_EQ(views.Decode(kTotals, {buffer.at(row.offset), row.size}, stamp - 1).events,
              batch - 1);
    if (batch == 2) continue;
    ASSERT_EQ(read(before - 1, &row), RowOutcome::kTooOld) << "batch " << batch;
  }
}

}  // namespace
}  // namespace skewless::embedded
