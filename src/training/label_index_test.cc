#include "training/label_index.h"

#include <gtest/gtest.h>

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

std::vector<uint32_t> LabelsOf(const LabelIndex& index, const LabelIndex::Entity& entity) {
  std::vector<uint32_t> labels;
  for (uint32_t at = index.begin(entity.number); at < index.end(entity.number); ++at)
    labels.push_back(index.label(at));
  return labels;
}

TEST(LabelIndex, LabelsOfAnEntityInOrderOfTime) {
  const KeyColumn keys = Keys({"a", "b", "a", "", "a", "b"});
  const std::vector<Timestamp> times{30, 7, 10, 5, 30, 7};
  LabelIndex index(keys, times);
  EXPECT_EQ(index.entity_count(), 2u);
  EXPECT_EQ(index.positions(), 5u);
  const LabelIndex::Entity* const a = index.Find(keys.hash[0], keys.key(0));
  const LabelIndex::Entity* const b = index.Find(keys.hash[1], keys.key(1));
  ASSERT_TRUE(a != nullptr && b != nullptr);
  EXPECT_EQ(index.Find(keys.hash[4], keys.key(4)), a);
  EXPECT_EQ(LabelsOf(index, *a), (std::vector<uint32_t>{2, 0, 4}));
  EXPECT_EQ(LabelsOf(index, *b), (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(a->next_time, 10);
  EXPECT_EQ(a->last_time, 30);
  EXPECT_EQ(b->next_time, 7);
  const KeyColumn other = Keys({"c"});
  EXPECT_EQ(index.Find(other.hash[0], other.key(0)), nullptr);
  // Another key of the same hash is another entity.
  EXPECT_EQ(index.Find(keys.hash[0], other.key(0)), nullptr);
}

TEST(LabelIndex, PassesLabelsBeforeATime) {
  const KeyColumn keys = Keys({"a", "a", "a", "b", "b"});
  LabelIndex index(keys, {10, 20, 20, 5, kMaxTimestamp});
  LabelIndex::Entity* const a = index.Find(keys.hash[0], keys.key(0));
  const uint32_t first = index.begin(a->number);
  const auto expect = [&](Timestamp t, uint32_t next, Timestamp next_time) {
    index.Pass(a, t);
    EXPECT_EQ(a->next, first + next) << t;
    EXPECT_EQ(a->next_time, next_time) << t;
  };
  expect(9, 0, 10);
  expect(10, 0, 10);
  expect(11, 1, 20);
  expect(20, 1, 20);
  expect(21, 3, kMaxTimestamp);
  expect(kMaxTimestamp, 3, kMaxTimestamp);
  LabelIndex::Entity* const b = index.Find(keys.hash[3], keys.key(3));
  index.Pass(b, kMaxTimestamp);
  EXPECT_EQ(b->next, index.begin(b->number) + 1);
  EXPECT_EQ(b->next_time, kMaxTimestamp);
}

TEST(LabelIndex, NoLabels) {
  const KeyColumn none = Keys({});
  LabelIndex index(none, {});
  EXPECT_EQ(index.entity_count(), 0u);
  EXPECT_EQ(index.positions(), 0u);
  const KeyColumn keys = Keys({"a"});
  EXPECT_EQ(index.Find(keys.hash[0], keys.key(0)), nullptr);
}

void ExpectManyEntities(const KeyColumn& keys, size_t entities) {
  const size_t labels = keys.valid.size();
  std::vector<Timestamp> times;
  for (size_t i = 0; i < labels; ++i) times.push_back(-static_cast<Timestamp>(i));
  LabelIndex index(keys, times);
  EXPECT_EQ(index.entity_count(), entities);
  ASSERT_EQ(index.positions(), labels);
  std::vector<uint8_t> found(labels, 0);
  for (size_t label = 0; label < labels; ++label) {
    const LabelIndex::Entity* const entity = index.Find(keys.hash[label], keys.key(label));
    ASSERT_NE(entity, nullptr);
    uint32_t position = index.begin(entity->number);
    while (position < index.end(entity->number) && index.time(position) != times[label]) ++position;
    ASSERT_LT(position, index.end(entity->number));
    EXPECT_EQ(index.label(position), label);
    EXPECT_EQ(index.time(position), times[label]);
    found[position] = 1;
  }
  EXPECT_EQ(std::count(found.begin(), found.end(), 1), static_cast<std::ptrdiff_t>(labels));
}

TEST(LabelIndex, ManyEntities) {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back("entity " + std::to_string(i % 7'000));
  ExpectManyEntities(Keys(names), 7'000);
}

// Keys of eight bytes are compared as one number; one of another length is none of them.
TEST(LabelIndex, ManyEntitiesWithKeysOfEightBytes) {
  Column users;
  users.type = {TypeKind::kInt64, false};
  for (int64_t i = 0; i < 20'000; ++i) users.AppendInt(i % 7'000);
  const Column* columns[] = {&users};
  KeyColumn keys;
  EncodeKeys(columns, users.size(), &keys);
  ExpectManyEntities(keys, 7'000);
  LabelIndex index(keys, std::vector<Timestamp>(users.size(), 1));
  EXPECT_EQ(index.Find(keys.hash[0], {}), nullptr);
}

}  // namespace
}  // namespace skewless
