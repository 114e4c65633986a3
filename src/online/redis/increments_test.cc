#include "online/redis/increments.h"

#include <gtest/gtest.h>

#include <limits>

namespace skewless::redis {
namespace {

using Part = StateNumber::Part;
using Numbers = std::vector<StateNumber>;
constexpr Int128 kMost = std::numeric_limits<int64_t>::max();
constexpr Int128 kLeast = std::numeric_limits<int64_t>::min();

Increments Between(const Numbers& before, const Numbers& after) {
  Increments found;
  found.adds.resize(3);  // is forgotten
  FindIncrements(before, after, &found);
  return found;
}

TEST(Increments, AddToCountsAndSums) {
  const Increments found = Between({{0, Part::kCount, 7, 5}, {0, Part::kSum, 7, 100}},
                                   {{0, Part::kCount, 7, 6}, {0, Part::kSum, 7, 40}});
  EXPECT_EQ(found.adds, (Numbers{{0, Part::kCount, 7, 1}, {0, Part::kSum, 7, -60}}));
  EXPECT_TRUE(found.sets.empty());
  EXPECT_TRUE(found.removes.empty());
}

TEST(Increments, SetWhatIsNewAndWhatIsNoSum) {
  const Increments found =
      Between({{1, Part::kLeast, 7, 5}, {1, Part::kGreatest, 7, 5}}, {{0, Part::kCount, 7, 1},
                                                                      {1, Part::kLeast, 7, 3},
                                                                      {1, Part::kGreatest, 7, 5},
                                                                      {1, Part::kCount, 8, 1}});
  EXPECT_EQ(found.sets,
            (Numbers{{0, Part::kCount, 7, 1}, {1, Part::kLeast, 7, 3}, {1, Part::kCount, 8, 1}}));
  EXPECT_TRUE(found.adds.empty());
  EXPECT_TRUE(found.removes.empty());
}

TEST(Increments, RemoveWhatIsThereNoMore) {
  const Numbers before = {{0, Part::kCount, 1, 5}, {0, Part::kCount, 2, 6}, {2, Part::kSum, 3, 7}};
  const Increments found = Between(before, {{0, Part::kCount, 2, 6}});
  EXPECT_EQ(found.removes, (Numbers{before[0], before[2]}));
  EXPECT_EQ(Between(before, {}).removes, before);
  EXPECT_EQ(Between({}, before).sets, before);
}

// Redis adds in int64; what begins, ends or differs outside of it is set.
TEST(Increments, BeyondInt64AreSet) {
  const auto adds = [](Int128 before, Int128 after) {
    const Increments found = Between({{0, Part::kSum, 0, before}}, {{0, Part::kSum, 0, after}});
    EXPECT_EQ(found.adds.size() + found.sets.size(), 1u);
    return !found.adds.empty();
  };
  EXPECT_TRUE(adds(0 + 1, kMost));
  EXPECT_TRUE(adds(-1, kLeast));
  EXPECT_FALSE(adds(1, kMost + 1));
  EXPECT_FALSE(adds(kMost + 1, kMost));
  EXPECT_FALSE(adds(kLeast - 1, 5));
  EXPECT_FALSE(adds(kLeast, kMost));
  EXPECT_FALSE(adds(-2, kMost));
}

}  // namespace
}  // namespace skewless::redis
