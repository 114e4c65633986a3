#include "source/kafka/recent_notices.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(RecentNotices, TheSameIsToldAgainAfterTenSeconds) {
  RecentNotices notices;
  int told = 0;
  for (int64_t second = 100; second < 130; ++second) {
    for (const char* what : {"t [0]: no such topic", "t [1]: no such topic"})
      told += notices.IsNew(second * kSecond, what) ? 1 : 0;
  }
  EXPECT_EQ(told, 2 * 3);
}

TEST(RecentNotices, TimesInItMakeNoDifference) {
  RecentNotices notices;
  EXPECT_TRUE(notices.IsNew(kSecond, "b:9092: refused (after 1ms in state CONNECT)"));
  EXPECT_FALSE(
      notices.IsNew(2 * kSecond, "b:9092: refused (after 0ms in state CONNECT, 3 suppressed)"));
  EXPECT_TRUE(notices.IsNew(2 * kSecond, "c:9092: refused (after 1ms in state CONNECT)"));
}

}  // namespace
}  // namespace skewless
