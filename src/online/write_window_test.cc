#include "online/write_window.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

constexpr int64_t kMs = 1'000'000;

// A round of answers that took so long each.
void Round(WriteWindow* window, int64_t* now, int64_t latency, bool full = true) {
  const size_t rows = window->size();
  const int64_t sent = *now;
  *now += latency;
  for (size_t i = 0; i < rows; ++i) window->Answered(sent, *now, full);
  *now += kMs;
}

TEST(WriteWindow, GrowsByAStepARoundWhileItIsWhatHoldsRowsBack) {
  WriteWindow window({.least = 16, .first = 64, .most = 100, .step = 16});
  int64_t now = 0;
  Round(&window, &now, kMs);
  EXPECT_EQ(window.size(), 80u);
  Round(&window, &now, kMs, /*full=*/false);
  EXPECT_EQ(window.size(), 80u);
  Round(&window, &now, kMs);
  Round(&window, &now, kMs);
  EXPECT_EQ(window.size(), 100u);
}

TEST(WriteWindow, IsHalvedByARoundOfLateAnswersAndNotByASlowStore) {
  WriteWindow window({.least = 16, .first = 256, .most = 4096, .patience_us = 5000});
  int64_t now = 0;
  Round(&window, &now, 20 * kMs);  // slow from the start: that is what it takes
  EXPECT_EQ(window.size(), 272u);
  Round(&window, &now, 39 * kMs);
  EXPECT_EQ(window.size(), 288u);
  Round(&window, &now, 42 * kMs);
  EXPECT_EQ(window.size(), 144u);
}

TEST(WriteWindow, ToleratesShortQueuesOfAFastStore) {
  WriteWindow window({.least = 16, .first = 256, .most = 4096, .patience_us = 5000});
  int64_t now = 0;
  Round(&window, &now, kMs / 10);
  Round(&window, &now, 5 * kMs);
  EXPECT_EQ(window.size(), 288u);
  Round(&window, &now, 6 * kMs);
  EXPECT_EQ(window.size(), 144u);
}

TEST(WriteWindow, RowsThatFailTogetherCountOnce) {
  WriteWindow window({.least = 16, .first = 256, .most = 4096});
  for (int i = 0; i < 100; ++i) window.Failed(i, 1000);
  EXPECT_EQ(window.size(), 128u);
  // Answers to what was sent before the cut say nothing of the window after it.
  for (int i = 0; i < 1000; ++i) window.Answered(500, 2000, true);
  EXPECT_EQ(window.size(), 128u);
  window.Failed(1001, 3000);
  EXPECT_EQ(window.size(), 64u);
  for (int i = 1; i < 10; ++i) window.Failed(i * 10'000, i * 10'000 + 1);
  EXPECT_EQ(window.size(), 16u);
}

TEST(WriteWindow, AStoreThatBecomesSlowerForGoodIsNotHeldAgainstItForever) {
  WriteWindow window({.least = 16, .first = 16, .most = 4096, .patience_us = 1000});
  int64_t now = 0;
  Round(&window, &now, kMs);
  for (int i = 0; i < 1000; ++i) Round(&window, &now, 30 * kMs);
  EXPECT_GT(window.size(), 1000u);
}

}  // namespace
}  // namespace skewless
