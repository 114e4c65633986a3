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

TEST(LabelIndex, LabelsOfAnEntityInOrderOfTime) {
  const KeyColumn keys = Keys({"a", "b", "a", "", "a", "b"});
  const std::vector<Timestamp> times{30, 7, 10, 5, 30, 7};
  const LabelIndex index(keys, times);
  EXPECT_EQ(index.entity_count(), 2u);
  const uint32_t a = index.Find(keys.hash[0], keys.key(0));
  const uint32_t b = index.Find(keys.hash[1], keys.key(1));
  EXPECT_EQ(index.Find(keys.hash[4], keys.key(4)), a);
  EXPECT_EQ(std::vector<uint32_t>(index.begin(a), index.end(a)), (std::vector<uint32_t>{2, 0, 4}));
  EXPECT_EQ(std::vector<uint32_t>(index.begin(b), index.end(b)), (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(index.last_time(a), 30);
  EXPECT_EQ(index.last_time(b), 7);
  const KeyColumn other = Keys({"c"});
  EXPECT_EQ(index.Find(other.hash[0], other.key(0)), LabelIndex::kNone);
  // Another key of the same hash is another entity.
  EXPECT_EQ(index.Find(keys.hash[0], other.key(0)), LabelIndex::kNone);
}

TEST(LabelIndex, NoLabels) {
  const KeyColumn none = Keys({});
  const LabelIndex index(none, {});
  EXPECT_EQ(index.entity_count(), 0u);
  const KeyColumn keys = Keys({"a"});
  EXPECT_EQ(index.Find(keys.hash[0], keys.key(0)), LabelIndex::kNone);
}

TEST(LabelIndex, ManyEntities) {
  std::vector<std::string> names;
  std::vector<Timestamp> times;
  for (int i = 0; i < 20'000; ++i) {
    names.push_back("entity " + std::to_string(i % 7'000));
    times.push_back(-i);
  }
  const KeyColumn keys = Keys(names);
  const LabelIndex index(keys, times);
  EXPECT_EQ(index.entity_count(), 7'000u);
  size_t labels = 0;
  for (uint32_t entity = 0; entity < index.entity_count(); ++entity) {
    for (const uint32_t* label = index.begin(entity); label != index.end(entity);
         ++label, ++labels) {
      EXPECT_EQ(index.Find(keys.hash[*label], keys.key(*label)), entity);
      EXPECT_TRUE(label == index.begin(entity) || times[label[-1]] <= times[*label]);
    }
  }
  EXPECT_EQ(labels, 20'000u);
}

}  // namespace
}  // namespace skewless
