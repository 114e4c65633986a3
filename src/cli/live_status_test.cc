#include "cli/live_status.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/terminal.h"

namespace skewless {
namespace {

EngineStatus Running() {
  EngineStatus status;
  status.title = "running shop";
  status.seconds = 3723.4;
  status.events = 1'234'567;
  status.events_per_second = 52'310.7;
  status.dead_letters = 3;
  return status;
}

bool HasLine(const EngineStatus& status, const std::string& line) {
  const auto lines = StatusLines(status);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST(LiveStatus, WhatIsNotGivenHasNoLine) {
  const auto lines = StatusLines(Running());
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "running shop  1:02:03",
                       "  events      1,234,567  52,310/s  late 0  dead letters 3",
                       "  watermark   -",
                       "  freshness   -",
                       "  log         0 B  sync -",
                   }));
}

TEST(LiveStatus, WhatIsGivenHasALine) {
  EngineStatus status = Running();
  status.fraction = 0.5;
  status.watermark_us = 1'700'000'000'500'000;
  status.clock_us = status.watermark_us + 5'100'000;
  status.freshness = {10, 1'800'000, 6'200'000};
  status.freshness_from_event = {10, 1'000'000'000, 3'000'000'000};
  status.consumer_lag = {1203, 4};
  status.remote_store = {StoreHealth::kAway, 120, 256, 3000, 41'000, 7, {5, 900'000, 20'000'000}};
  status.offline_rows = 12'000;
  status.serving = {6566, 10, {3, 20'000, 40'000}};
  EXPECT_TRUE(HasLine(
      status, "running shop  1:02:03  " + std::string("██████████████░░░░░░░░░░░░░░") + " 50%"));
  EXPECT_TRUE(HasLine(status, "  watermark   2023-11-14T22:13:20Z  5.1 s behind"));
  EXPECT_TRUE(
      HasLine(status, "  freshness   p50 1.8 ms  p99 6.2 ms    from the event p50 1 s  p99 3 s"));
  EXPECT_TRUE(HasLine(status, "  lag         1,203 records in 4 partitions"));
  status.consumer_lag = {1, 1};
  EXPECT_TRUE(HasLine(status, "  lag         1 record in 1 partition"));
  status.consumer_lag = {0, 0, true};
  EXPECT_TRUE(HasLine(status, "  lag         AWAY  0 records in 0 partitions"));
  EXPECT_TRUE(
      HasLine(status,
              "  store       AWAY  in flight 120 of 256  backlog 3,000 rows, 41,000 events  "
              "retries 7  write p50 900 us  p99 20 ms"));
  status.remote_store->health = StoreHealth::kRefuses;
  EXPECT_TRUE(
      HasLine(status,
              "  store       REFUSES  in flight 120 of 256  backlog 3,000 rows, 41,000 events  "
              "retries 7  write p50 900 us  p99 20 ms"));
  EXPECT_TRUE(HasLine(status, "  offline     12,000 rows"));
  EXPECT_TRUE(HasLine(status, "  serving     port 6566  10/s  read p50 20 us  p99 40 us"));
}

TEST(LiveStatus, ANarrowTerminalLacksWholeFields) {
  const std::string line = "  freshness   p50 1.8 ms  p99 2.62 ms";
  EXPECT_EQ(drawn_lines::Cut(line, 37), line);
  EXPECT_EQ(drawn_lines::Cut(line, 36), "  freshness   p50 1.8 ms …");
  EXPECT_EQ(drawn_lines::Cut(line, 26), "  freshness   p50 1.8 ms …");
  EXPECT_EQ(drawn_lines::Cut(line, 25), "  freshness   p50 1.8 ms…");
  EXPECT_EQ(drawn_lines::Cut(line, 24), "  freshness …");
  EXPECT_EQ(drawn_lines::Cut(line, 8), "  fresh…");
  EXPECT_EQ(drawn_lines::Cut("██░░  50%", 9), "██░░  50%");
  EXPECT_EQ(drawn_lines::Cut("██░░  50%", 8), "██░░ …");
}

TEST(LiveStatus, WhatTakesLongIsNotSaidInSeconds) {
  EngineStatus status = Running();
  status.watermark_us = 1'700'000'000'000'000;
  status.clock_us = status.watermark_us + 50 * kHourUs;
  status.freshness_from_event = {10, 90'000'000'000, 7'200'000'000'000};
  EXPECT_TRUE(HasLine(status, "  watermark   2023-11-14T22:13:20Z  2 d 2 h behind"));
  EXPECT_TRUE(HasLine(status, "  freshness   -    from the event p50 1 min  p99 2 h"));
  status.clock_us = status.watermark_us - 2 * kHourUs;  // an event of the future
  EXPECT_TRUE(HasLine(status, "  watermark   2023-11-14T22:13:20Z  2 h ahead"));
  status.clock_us = status.watermark_us - 1'500'000;
  EXPECT_TRUE(HasLine(status, "  watermark   2023-11-14T22:13:20Z  1.5 s ahead"));
}

TEST(RecentLatency, QuantilesAreOfWhatCameLately) {
  LatencyHistogram histogram;
  RecentLatency recent(3);
  EXPECT_EQ(recent.Get().count, 0);
  histogram.Record(1'000'000, 100);
  recent.Sample(histogram);
  EXPECT_EQ(recent.Get().count, 100);  // since the start, at first
  recent.Sample(histogram);
  histogram.Record(8'000, 10);
  recent.Sample(histogram);
  EXPECT_EQ(recent.Get().count, 10);
  EXPECT_GE(recent.Get().p99_nanos, 8'000);
  EXPECT_LE(recent.Get().p99_nanos, 8'500);
  recent.Sample(histogram);
  recent.Sample(histogram);
  EXPECT_EQ(recent.Get().count, 0);
}

}  // namespace
}  // namespace skewless
