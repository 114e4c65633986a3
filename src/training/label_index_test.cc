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
  for (uint32_t i = 0; i < entity.count; ++i) labels.push_back(index.label(entity.first + i));
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
  EXPECT_EQ(a->first_time, 10);
  EXPECT_EQ(a->last_time, 30);
  EXPECT_EQ(b->first_time, 7);
  EXPECT_TRUE(index.is_first(a->first));
  EXPECT_FALSE(index.is_first(a->first + 1));
  EXPECT_EQ(index.end(a->first), a->first + 3);
  const KeyColumn other = Keys({"c"});
  EXPECT_EQ(index.Find(other.hash[0], other.key(0)), nullptr);
  // Another key of the same hash is another entity.
  EXPECT_EQ(index.Find(keys.hash[0], other.key(0)), nullptr);
}

TEST(LabelIndex, TheFirstLabelAtATime) {
  const KeyColumn keys = Keys({"a", "a", "a", "b", "b"});
  LabelIndex index(keys, {10, 20, 20, 5, 6});
  const LabelIndex::Entity& a = *index.Find(keys.hash[0], keys.key(0));
  EXPECT_EQ(index.FirstLabelAt(a, 9), a.first);
  EXPECT_EQ(index.FirstLabelAt(a, 10), a.first);
  EXPECT_EQ(index.FirstLabelAt(a, 11), a.first + 1);
  EXPECT_EQ(index.FirstLabelAt(a, 20), a.first + 1);
  EXPECT_EQ(index.FirstLabelAt(a, 21), a.first + 3);
  const LabelIndex::Entity& b = *index.Find(keys.hash[3], keys.key(3));
  EXPECT_EQ(index.FirstLabelAt(b, 5), b.first);
  EXPECT_EQ(index.FirstLabelAt(b, 6), b.first + 1);
  EXPECT_EQ(index.FirstLabelAt(b, 7), b.first + 2);
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
    const uint32_t position = index.FirstLabelAt(*entity, times[label]);
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
