#include "training/label_index.h"

#include <gtest/gtest.h>

#include <limits>

namespace skewless {
namespace {

KeyColumn Keys(const std::vector<std::string>& names) {
  Column column;
  column.type = {TypeKind::kString, false};
  for (const std::string& name : names) {
    if (name.empty()) {
      column.AppendNull();
    } else {
      column.AppendString(name);
    }
  }
  const Column* columns[] = {&column};
  KeyColumn keys;
  EncodeKeys(columns, names.size(), &keys);
  return keys;
}

KeyColumn Numbers(const std::vector<int64_t>& numbers) {
  Column column;
  column.type = {TypeKind::kInt64, false};
  for (const int64_t number : numbers) column.AppendInt(number);
  const Column* columns[] = {&column};
  KeyColumn keys;
  EncodeKeys(columns, numbers.size(), &keys);
  return keys;
}

constexpr auto kNext = LabelIndex::Bound::kNextLabel;
constexpr auto kLast = LabelIndex::Bound::kLastLabel;

LabelIndex::Slot SlotOf(const LabelIndex& index, const KeyColumn& keys, size_t row) {
  return index.Find(keys.hash[row], keys.key(row));
}

bool HasEntity(const LabelIndex& index, const KeyColumn& keys, size_t row) {
  const uint32_t entity = index.number(SlotOf(index, keys, row));
  return entity != LabelIndex::kNone && index.begin(entity) < index.end(entity);
}

std::vector<uint32_t> LabelsOf(const LabelIndex& index, const KeyColumn& keys, size_t row) {
  const uint32_t entity = index.number(SlotOf(index, keys, row));
  std::vector<uint32_t> labels;
  for (uint32_t at = index.begin(entity); at < index.end(entity); ++at)
    labels.push_back(index.label(at));
  return labels;
}

TEST(LabelIndex, LabelsOfAnEntityInOrderOfTime) {
  const KeyColumn keys = Keys({"a", "b", "a", "", "a", "b"});
  const std::vector<Timestamp> times{30, 7, 10, 5, 30, 7};
  const LabelIndex index(keys, times, kLast);
  EXPECT_EQ(index.entity_count(), 2u);
  EXPECT_EQ(index.positions(), 5u);
  EXPECT_EQ(SlotOf(index, keys, 4), SlotOf(index, keys, 0));
  EXPECT_EQ(LabelsOf(index, keys, 0), (std::vector<uint32_t>{2, 0, 4}));
  EXPECT_EQ(LabelsOf(index, keys, 1), (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(index.bound(SlotOf(index, keys, 0)), 30);
  EXPECT_EQ(index.bound(SlotOf(index, keys, 1)), 7);
  const KeyColumn other = Keys({"c"});
  EXPECT_FALSE(HasEntity(index, other, 0));
  EXPECT_EQ(index.bound(SlotOf(index, other, 0)), kMinTimestamp);
  // Another key of the same hash is another entity.
  EXPECT_EQ(index.number(index.Find(keys.hash[0], other.key(0))), LabelIndex::kNone);
}

void ExpectPasses(const KeyColumn& keys) {
  LabelIndex index(keys, {10, 20, 20, 5, kMaxTimestamp}, kNext);
  const LabelIndex::Slot a = SlotOf(index, keys, 0);
  const uint32_t first = index.begin(index.number(a));
  EXPECT_EQ(index.bound(a), kMinTimestamp);
  const auto expect = [&](Timestamp t, uint32_t next, Timestamp bound) {
    index.Pass(a, t);
    EXPECT_EQ(index.next(index.number(a)), first + next) << t;
    EXPECT_EQ(index.bound(a), bound) << t;
  };
  expect(9, 0, 10);
  expect(10, 0, 10);
  expect(11, 1, 20);
  expect(20, 1, 20);
  expect(21, 3, kMaxTimestamp);
  expect(kMaxTimestamp, 3, kMaxTimestamp);
  const LabelIndex::Slot b = SlotOf(index, keys, 3);
  index.Pass(b, kMaxTimestamp);
  EXPECT_EQ(index.next(index.number(b)), index.begin(index.number(b)) + 1);
  EXPECT_EQ(index.bound(b), kMaxTimestamp - 1);
}

TEST(LabelIndex, PassesLabelsBeforeATime) {
  ExpectPasses(Keys({"a", "a", "a", "b", "b"}));
  ExpectPasses(Numbers({-1, -1, -1, 4, 4}));
}

TEST(LabelIndex, NobodyPasses) {
  const KeyColumn keys = Numbers({3, 9});
  const KeyColumn others = Numbers({2, 5, 10, std::numeric_limits<int64_t>::min()});
  LabelIndex index(keys, {1, 2}, kNext);
  for (size_t row = 0; row < 4; ++row) {
    const LabelIndex::Slot slot = SlotOf(index, others, row);
    EXPECT_FALSE(HasEntity(index, others, row)) << row;
    index.Pass(slot, kMaxTimestamp);
    EXPECT_EQ(index.bound(slot), kMaxTimestamp) << row;
  }
}

TEST(LabelIndex, NoLabels) {
  const KeyColumn none = Keys({});
  const LabelIndex index(none, {}, kNext);
  EXPECT_EQ(index.entity_count(), 0u);
  EXPECT_EQ(index.positions(), 0u);
  EXPECT_FALSE(HasEntity(index, Keys({"a"}), 0));
  EXPECT_FALSE(HasEntity(index, Numbers({0}), 0));
}

void ExpectManyEntities(const KeyColumn& keys, size_t entities) {
  const size_t labels = keys.valid.size();
  std::vector<Timestamp> times;
  for (size_t i = 0; i < labels; ++i) times.push_back(-static_cast<Timestamp>(i));
  const LabelIndex index(keys, times, kLast);
  ASSERT_EQ(index.positions(), labels);
  std::vector<uint8_t> found(labels, 0), named(index.entity_count(), 0);
  for (size_t label = 0; label < labels; ++label) {
    ASSERT_TRUE(HasEntity(index, keys, label));
    const uint32_t entity = index.number(SlotOf(index, keys, label));
    named[entity] = 1;
    uint32_t position = index.begin(entity);
    while (position < index.end(entity) && index.time(position) != times[label]) ++position;
    ASSERT_LT(position, index.end(entity));
    EXPECT_EQ(index.label(position), label);
    EXPECT_EQ(index.time(position), times[label]);
    EXPECT_EQ(index.bound(SlotOf(index, keys, label)), index.time(index.end(entity) - 1));
    found[position] = 1;
  }
  EXPECT_EQ(std::count(found.begin(), found.end(), 1), static_cast<std::ptrdiff_t>(labels));
  EXPECT_EQ(std::count(named.begin(), named.end(), 1), static_cast<std::ptrdiff_t>(entities));
}

TEST(LabelIndex, ManyEntities) {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back("entity " + std::to_string(i % 7'000));
  ExpectManyEntities(Keys(names), 7'000);
}

// Keys of eight bytes are compared as one number; one of another length is none of them.
void ExpectManyNumbers(const std::vector<int64_t>& numbers, size_t entities, bool dense) {
  const KeyColumn keys = Numbers(numbers);
  ExpectManyEntities(keys, entities);
  const LabelIndex index(keys, std::vector<Timestamp>(numbers.size(), 1), kNext);
  EXPECT_EQ(index.entity_count() > entities, dense);
  EXPECT_EQ(index.number(index.Find(keys.hash[0], {})), LabelIndex::kNone);
  const KeyColumn texts = Keys({"7 bytes"});  // eight with their length
  EXPECT_EQ(texts.key(0).size(), 8u);
  EXPECT_EQ(index.number(SlotOf(index, texts, 0)), LabelIndex::kNone);
}

TEST(LabelIndex, ManyEntitiesWithKeysOfEightBytes) {
  std::vector<int64_t> dense, far, extreme;
  for (int64_t i = 0; i < 20'000; ++i) {
    dense.push_back(i % 7'000 * 2 - 5'000);
    far.push_back(i % 7'000 * 1'000'003 - 3'000'009);  // the fourth is 0
    extreme.push_back(i % 2 == 0 ? std::numeric_limits<int64_t>::min() + i % 7'000
                                 : std::numeric_limits<int64_t>::max() - i % 7'000);
  }
  ExpectManyNumbers(dense, 7'000, true);
  ExpectManyNumbers(far, 7'000, false);
  ExpectManyNumbers(extreme, 7'000, false);
}

// What is not found must not look like the key 0, whose eight bytes are those of an empty slot.
TEST(LabelIndex, ZeroIsAKey) {
  std::vector<int64_t> numbers{1'000'000'007, 0, 5'000'000'029};
  const KeyColumn keys = Numbers(numbers);
  const LabelIndex with(keys, {1, 2, 3}, kLast);
  EXPECT_EQ(with.entity_count(), 3u);
  EXPECT_EQ(LabelsOf(with, keys, 1), (std::vector<uint32_t>{1}));
  const KeyColumn others = Numbers({1'000'000'007, 5'000'000'029});
  const LabelIndex without(others, {1, 2}, kLast);
  EXPECT_FALSE(HasEntity(without, keys, 1));
  EXPECT_TRUE(HasEntity(without, keys, 0));
}

}  // namespace
}  // namespace skewless
