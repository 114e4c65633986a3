#include "training/entity_partition.h"

#include <gtest/gtest.h>

#include <set>

namespace skewless {
namespace {

TEST(EntityPartition, EveryEntityHasAPlaceOfItsOwn) {
  for (const uint32_t entities : {0u, 1u, 7u, 511u, 512u, 5'000u, 100'001u}) {
    const EntityPartition by(entities);
    std::set<std::pair<size_t, size_t>> places;
    for (uint32_t entity = 0; entity < entities; ++entity) {
      const size_t partition = by.Of(entity), index = by.IndexOf(entity);
      ASSERT_LT(partition, by.count());
      ASSERT_LT(index, by.Size());
      ASSERT_EQ(by.EntityOf(partition, index), entity);
      ASSERT_TRUE(places.emplace(partition, index).second);
    }
  }
}

TEST(EntityPartition, ManyNeighboursAreSpread) {
  const EntityPartition by(1'000'000);
  std::set<size_t> partitions;
  for (uint32_t entity = 5'000; entity < 6'000; ++entity) partitions.insert(by.Of(entity));
  EXPECT_GE(partitions.size(), 15u);
  EXPECT_LE(partitions.size(), 17u);
}

}  // namespace
}  // namespace skewless
