#include "kernel/tile_clock.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace skewless {
namespace {

TEST(TileClock, AgreesWithFloorDivision) {
  std::mt19937_64 random(1);
  const int64_t least = std::numeric_limits<int64_t>::min();
  const int64_t greatest = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> hops = {1,
                               2,
                               3,
                               4,
                               5,
                               7,
                               8,
                               kSecondUs,
                               5 * kSecondUs,
                               kMinuteUs,
                               30 * kMinuteUs,
                               kDayUs,
                               (int64_t{1} << 32) + 1,
                               int64_t{1} << 62,
                               greatest - 1,
                               greatest};
  for (int i = 0; i < 200; ++i)
    hops.push_back(static_cast<int64_t>(random() >> (1 + random() % 63)) + 1);
  for (const int64_t hop : hops) {
    const TileClock clock(hop);
    std::vector<int64_t> times = {least, least + 1, -1, 0, 1, greatest - 1, greatest};
    for (const int64_t k : {int64_t{-3}, int64_t{-1}, int64_t{1}, int64_t{2}, greatest / hop}) {
      for (const int64_t delta : {-1, 0, 1}) {
        times.push_back(static_cast<int64_t>(static_cast<uint64_t>(k) * static_cast<uint64_t>(hop) +
                                             static_cast<uint64_t>(delta)));
      }
    }
    for (int i = 0; i < 200; ++i)
      times.push_back(static_cast<int64_t>(random() >> (random() % 64)));
    for (const int64_t t : times) ASSERT_EQ(clock.TileOf(t), FloorDiv(t, hop)) << t << " / " << hop;
  }
}

TEST(TileClock, WindowsAtTheEndsOfTime) {
  const TileClock exact(1);
  EXPECT_EQ(exact.FirstTile(std::numeric_limits<int64_t>::min(), 10),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(exact.FirstTile(100, 10), 91);
  EXPECT_EQ(TileClock(10).FirstTile(99, 3), 7);
}

}  // namespace
}  // namespace skewless
