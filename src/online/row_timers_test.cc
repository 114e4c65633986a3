#include "online/row_timers.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "model/key.h"

namespace skewless {
namespace {

void Set(RowTimers* timers, uint32_t view, const std::string& key, Timestamp due_us) {
  timers->Set(view, AsBytes(key), HashKey(AsBytes(key)), due_us);
}

TEST(RowTimers, ARowIsTakenOnceWhenItIsDue) {
  RowTimers timers;
  EXPECT_EQ(timers.next_due_us(), kMaxTimestamp);
  Set(&timers, 0, "a", 20);
  Set(&timers, 1, "a", 10);
  Set(&timers, 0, "a", 30);
  EXPECT_EQ(timers.size(), 2u);
  RowTimers::Due due;
  EXPECT_FALSE(timers.Take(9, &due));
  ASSERT_TRUE(timers.Take(10, &due));
  EXPECT_EQ(due.view, 1u);
  EXPECT_EQ(due.key, "a");
  EXPECT_EQ(due.due_us, 10);
  EXPECT_FALSE(timers.Take(29, &due));
  EXPECT_TRUE(timers.Take(30, &due));
  EXPECT_FALSE(timers.Take(kMaxTimestamp, &due));
}

TEST(RowTimers, ARowThatNeverChangesAgainLeaves) {
  RowTimers timers;
  Set(&timers, 0, "a", 20);
  Set(&timers, 0, "b", 21);
  Set(&timers, 0, "a", kMaxTimestamp);
  Set(&timers, 0, "c", kMaxTimestamp);
  EXPECT_EQ(timers.size(), 1u);
  EXPECT_EQ(timers.next_due_us(), 21);
}

TEST(RowTimers, AsAMapOfRandomTimesSays) {
  std::mt19937 random(7);
  RowTimers timers;
  std::map<std::string, Timestamp> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(random() % 200);
    if (random() % 3 != 0) {
      const Timestamp due =
          random() % 8 == 0 ? kMaxTimestamp : static_cast<Timestamp>(random() % 1000);
      Set(&timers, 0, key, due);
      due == kMaxTimestamp ? static_cast<void>(expected.erase(key))
                           : static_cast<void>(expected[key] = due);
    } else {
      const auto now = static_cast<Timestamp>(random() % 1000);
      Timestamp least = kMaxTimestamp;
      for (const auto& [name, due] : expected) least = std::min(least, due);
      RowTimers::Due due;
      ASSERT_EQ(timers.next_due_us(), least);
      ASSERT_EQ(timers.Take(now, &due), least <= now);
      if (least <= now) {
        ASSERT_EQ(due.due_us, least);
        ASSERT_EQ(expected.at(due.key), least);
        expected.erase(due.key);
      }
    }
    ASSERT_EQ(timers.size(), expected.size());
  }
}

}  // namespace
}  // namespace skewless
