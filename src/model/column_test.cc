#include "model/column.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "model/batch.h"

namespace skewless {
namespace {

TEST(StringArenaTest, KeepsEveryStringWhereItIs) {
  StringArena arena;
  std::mt19937_64 random(3);
  // The second round runs in the memory of the first.
  for (int round = 0; round < 2; ++round) {
    std::vector<std::pair<std::string, std::string_view>> kept;
    size_t total = 0;
    for (int i = 0; i < 3000; ++i) {
      const size_t size = random() % 50 == 0 ? random() % 200'000 : random() % 100;
      std::string text(size, static_cast<char>('a' + i % 26));
      const std::string_view added = arena.Add(text);
      total += size;
      kept.emplace_back(std::move(text), added);
    }
    for (const auto& [text, added] : kept) ASSERT_EQ(text, added);
    EXPECT_EQ(arena.bytes_used(), total);
    arena.Clear();
    EXPECT_EQ(arena.bytes_used(), 0U);
  }
}

TEST(StringArenaTest, ClearKeepsTheMemory) {
  StringArena arena;
  std::set<const char*> first;
  const std::string small(1000, 's');
  const auto fill = [&](auto note) {
    for (size_t i = 0; i < 500; ++i) {
      note(arena.Add(i % 100 == 7 ? std::string(300'000 + i, 'b') : small).data());
    }
  };
  fill([&](const char* at) { first.insert(at); });
  const size_t reserved = arena.bytes_reserved();
  for (int round = 0; round < 3; ++round) {
    arena.Clear();
    fill([&](const char* at) { EXPECT_TRUE(first.contains(at)); });
    EXPECT_EQ(arena.bytes_reserved(), reserved);
  }
}

TEST(StringArenaTest, ABigStringLeavesTheBlockBeingFilled) {
  StringArena arena;
  const char* const a = arena.Add("a").data();
  arena.Add(std::string(1 << 20, 'x'));
  EXPECT_EQ(arena.Add("b").data(), a + 1);
}

TEST(StringArenaTest, CanBeUsedAgainAfterAMove) {
  StringArena from;
  from.Add(std::string(100'000, 'x'));
  const std::string_view kept = from.Add("kept");
  StringArena to = std::move(from);
  EXPECT_EQ(from.Add("again"), "again");  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_EQ(from.Add(std::string(100'000, 'y')).size(), 100'000U);
  EXPECT_EQ(kept, "kept");
  from = std::move(to);
  EXPECT_EQ(kept, "kept");
}

TEST(ColumnTest, AppendsByShape) {
  Column ints{{TypeKind::kBool, false}, {}, {}, {}, {}};
  ints.AppendInt(1);
  ints.AppendNull();
  ints.Resize(3);
  EXPECT_EQ(ints.ints, (std::vector<int64_t>{1, 0, 0}));
  EXPECT_EQ(ints.valid, (std::vector<uint8_t>{1, 0, 0}));
  Column doubles{{TypeKind::kFloat32, false}, {}, {}, {}, {}};
  doubles.AppendNull();
  doubles.AppendDouble(0.5);
  EXPECT_EQ(doubles.doubles, (std::vector<double>{0, 0.5}));
  Column lists{{TypeKind::kInt64, true}, {}, {}, {}, {}};
  lists.AppendString("x");
  lists.AppendNull();
  EXPECT_EQ(lists.strings.size(), 2U);
  EXPECT_EQ(lists.size(), 2U);
  lists.Clear();
  EXPECT_EQ(lists.size(), 0U);
  EXPECT_TRUE(lists.strings.empty());
}

TEST(BatchTest, ResetEmptiesAndTakesTheSchema) {
  const Schema one{{{"a", {TypeKind::kInt64, false}, {}}}};
  const Schema two{{{"b", {TypeKind::kString, false}, {}}, {"c", {TypeKind::kBool, false}, {}}}};
  Batch batch;
  batch.Reset(&one, 4);
  EXPECT_EQ(batch.source, 4U);
  batch.columns[0].AppendInt(1);
  batch.event_us = {1};
  batch.positions = {{"f", 1}};
  batch.sequence = {1};
  batch.Reset(&two, 5);
  EXPECT_EQ(batch.rows(), 0U);
  EXPECT_EQ(batch.schema, &two);
  ASSERT_EQ(batch.columns.size(), 2U);
  EXPECT_EQ(batch.columns[0].type, two.columns[0].type);
  EXPECT_EQ(batch.columns[0].size(), 0U);
  EXPECT_TRUE(batch.columns[0].ints.empty());
  EXPECT_TRUE(batch.positions.empty());
  EXPECT_TRUE(batch.sequence.empty());
}

TEST(BatchTest, SequencesOrderByEpochFirst) {
  const Sequence late = MakeSequence(2, 0);
  const Sequence early = MakeSequence(1, (int64_t{1} << 48) - 1);
  EXPECT_GT(late, early);
  EXPECT_EQ(EpochOf(early), 1);
  EXPECT_EQ(CounterOf(early), (int64_t{1} << 48) - 1);
}

}  // namespace
}  // namespace skewless
