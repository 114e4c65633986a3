#include "online/embedded/index.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "online/embedded/row_reader.h"
#include "online/embedded/store_directory.h"
#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

class IndexTest : public testing::Test {
 protected:
  IndexTest() : directory_("index_test") {
    std::filesystem::create_directories(directory_.path());
    auto arena = Arena::Create(ArenaPath(directory_.path(), 1), 1,
                               {.views = names_, .fingerprints = fingerprints_});
    SKEWLESS_CHECK(arena.has_value());
    arena_ = std::move(*arena);
    index_ = std::make_unique<Index>(*arena_, 0);
    SKEWLESS_CHECK(index_->Create().has_value());
    reader_ = std::make_unique<RowReader>(reinterpret_cast<const uint8_t*>(&arena_->header()),
                                          arena_->header().views()[0], uint16_t{0});
  }

  // A row whose state is no more than a head that says its size.
  uint32_t MakeBlock(ByteView key) {
    const size_t size = StateOffset(key.size()) + sizeof(StateHeader);
    const uint32_t unit = arena_->AllocateBlock(SizeClassOf(size));
    BlockHeader* block = arena_->Block(unit);
    block->view = 0;
    block->stamp = 10;
    block->key_size = static_cast<uint32_t>(key.size());
    std::memcpy(KeyOf(block), key.data(), key.size());
    const StateHeader state{.magic = kStateMagic,
                            .size = sizeof(StateHeader),
                            .fingerprint = 1,
                            .sequence = 1,
                            .available_us = 10,
                            .newest_event_us = 0,
                            .records = 1};
    std::memcpy(StateOf(block), &state, sizeof state);
    ++block->version;
    return unit;
  }
  void Add(uint64_t hash, ByteView key) {
    ASSERT_EQ(index_->Find(hash, key), nullptr);
    ASSERT_NE(index_->Insert(hash, PackVersions(MakeBlock(key), 0)), nullptr);
    ++arena_->header().views()[0].rows;
  }
  bool ReaderFinds(uint64_t hash, ByteView key, Timestamp t = 10) {
    RowState row;
    row.hash = hash;
    buffer_.Clear();
    return reader_->Read(key, t, &buffer_, &row) == RowOutcome::kFound &&
           row.size == sizeof(StateHeader);
  }
  uint32_t depth() const { return DepthOf(arena_->header().views()[0].directory); }

  const std::vector<std::string> names_{"totals"};
  const std::vector<uint64_t> fingerprints_{1};
  TestDirectory directory_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<RowReader> reader_;
  StateBuffer buffer_;
};

TEST_F(IndexTest, EmptyFindsNothing) {
  const int64_t key = 5;
  EXPECT_EQ(index_->Find(1, KeyBytes(key)), nullptr);
  EXPECT_FALSE(ReaderFinds(1, KeyBytes(key)));
}

TEST_F(IndexTest, GrowsAndKeepsEveryRow) {
  constexpr int64_t kRows = 100'000;
  for (int64_t key = 0; key < kRows; ++key) Add(Hash64(KeyBytes(key)), KeyBytes(key));
  EXPECT_GE(depth(), 7U);
  EXPECT_LE(depth(), 10U);
  for (int64_t key = 0; key < kRows; ++key) {
    ASSERT_NE(index_->Find(Hash64(KeyBytes(key)), KeyBytes(key)), nullptr) << key;
    ASSERT_TRUE(ReaderFinds(Hash64(KeyBytes(key)), KeyBytes(key))) << key;
  }
  for (int64_t key = kRows; key < kRows + 1000; ++key) {
    ASSERT_EQ(index_->Find(Hash64(KeyBytes(key)), KeyBytes(key)), nullptr);
    ASSERT_FALSE(ReaderFinds(Hash64(KeyBytes(key)), KeyBytes(key)));
  }
}

TEST_F(IndexTest, EqualHashesAreToldApartByTheirKeys) {
  constexpr int64_t kRows = 3000;
  constexpr uint64_t kHash = 0x1234567890ABCDEF;
  for (int64_t key = 0; key < kRows; ++key) Add(kHash, KeyBytes(key));
  EXPECT_LE(depth(), 12U);
  for (int64_t key = 0; key < kRows; key += 7)
    ASSERT_TRUE(ReaderFinds(kHash, KeyBytes(key))) << key;
  const int64_t absent = kRows;
  EXPECT_FALSE(ReaderFinds(kHash, KeyBytes(absent)));
  // Others go on beside them.
  for (int64_t key = 0; key < 20'000; ++key) Add(Hash64(KeyBytes(key)), KeyBytes(key));
  for (int64_t key = 0; key < 20'000; ++key)
    ASSERT_TRUE(ReaderFinds(Hash64(KeyBytes(key)), KeyBytes(key)));
  for (int64_t key = 0; key < kRows; key += 7)
    ASSERT_TRUE(ReaderFinds(kHash, KeyBytes(key))) << key;
}

TEST_F(IndexTest, KeysOfAnyLength) {
  std::mt19937_64 random(1);
  std::vector<Bytes> keys;
  for (size_t size = 1; size < 400; ++size) {
    Bytes key(size);
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    keys.push_back(key);
    Add(Hash64(key), key);
  }
  for (const Bytes& key : keys) EXPECT_TRUE(ReaderFinds(Hash64(key), key));
  Bytes prefix(keys[100].begin(), keys[100].end() - 1);
  EXPECT_FALSE(ReaderFinds(Hash64(keys[100]), prefix));
}

TEST_F(IndexTest, ReaderSeesNoRowBeforeItsStamp) {
  const int64_t key = 5;
  Add(9, KeyBytes(key));
  EXPECT_TRUE(ReaderFinds(9, KeyBytes(key), 10));
  EXPECT_FALSE(ReaderFinds(9, KeyBytes(key), 9));
}

TEST_F(IndexTest, RowsAreFoundWhileSegmentsAreSplitAndUsedAgain) {
  std::atomic<int64_t> added{0};
  std::atomic<int64_t> missed{0};
  std::thread searcher([&] {
    constexpr int64_t kLast = 200'000;
    for (uint64_t random = 1; added.load() < kLast;) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const int64_t there = added.load();
      if (there == 0) continue;
      const auto key = static_cast<int64_t>(random >> 33) % there;
      if (!ReaderFinds(Hash64(KeyBytes(key)), KeyBytes(key))) ++missed;
    }
  });
  for (int64_t key = 0; key < 200'000; ++key) {
    ASSERT_NE(index_->Insert(Hash64(KeyBytes(key)), PackVersions(MakeBlock(KeyBytes(key)), 0)),
              nullptr);
    ++arena_->header().views()[0].rows;
    added.store(key + 1);
  }
  searcher.join();
  EXPECT_EQ(missed, 0);
}

TEST_F(IndexTest, FreedBlocksAreUsedAgainForTheSameSize) {
  const int64_t key = 5;
  const uint32_t first = MakeBlock(KeyBytes(key));
  const uint32_t version = arena_->Block(first)->version;
  arena_->FreeBlock(first, arena_->Block(first)->size_class);
  EXPECT_EQ(MakeBlock(KeyBytes(key)), first);
  EXPECT_EQ(arena_->Block(first)->version, version + 2);
  EXPECT_EQ(arena_->Block(first)->version % 2, 0U);
}

TEST(SizeClassesTest, EachSizeFitsItsClassAndNotTheOneBelow) {
  for (size_t size = 1; size < 100'000; size += size < 600 ? 1 : 97) {
    const uint32_t found = SizeClassOf(size);
    ASSERT_LT(found, kSizeClasses);
    EXPECT_GE(kClassBytes[found], size);
    EXPECT_TRUE(found == 0 || kClassBytes[found - 1] < size) << size;
  }
  EXPECT_EQ(SizeClassOf(kMaxBlockBytes), kSizeClasses - 1);
  EXPECT_EQ(SizeClassOf(kMaxBlockBytes + 1), kSizeClasses);
}

}  // namespace
}  // namespace skewless::embedded
