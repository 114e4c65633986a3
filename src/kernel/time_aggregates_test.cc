// The aggregates that go by time or by value: sum_decayed, time_since_last, count_by.
#include <gtest/gtest.h>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

TestEvent At(Timestamp t, std::optional<double> x, std::optional<std::string> s = {}) {
  return {.event_us = t, .n = {}, .x = x, .s = std::move(s), .b = {}};
}

TEST(TimeAggregates, ASumHalvesWithEveryHalfLife) {
  TestView view({{"d", "sum_decayed(x, 10us)"}, {"w", "sum_decayed(x, 10us) over 40us hop 10us"}});
  TestEntity entity(view);
  entity.Apply({At(100, 8.0)});
  EXPECT_EQ(entity.Show(100), "8.0, 8.0");
  EXPECT_EQ(entity.Show(110), "4.0, 4.0");
  EXPECT_EQ(entity.Show(120), "2.0, 2.0");
  EXPECT_EQ(entity.Show(140), "0.5, null");
}

TEST(TimeAggregates, LateAndNullValuesDecayToo) {
  TestView view({{"d", "sum_decayed(x, 10us)"}});
  TestEntity entity(view);
  entity.Apply({At(120, 1.0), At(100, 8.0), At(130, std::nullopt)});
  EXPECT_EQ(entity.Show(120), "3.0");  // 1 + 8 / 4
  EXPECT_EQ(entity.Show(130), "1.5");
  TestEntity empty(view);
  empty.Apply({At(1, std::nullopt)});
  EXPECT_EQ(empty.Show(2), "null");
}

TEST(TimeAggregates, TimeSinceLastGoesByTheNewestEventThatPasses) {
  TestView view({{"all", "time_since_last()"},
                 {"big", "time_since_last() filter (where x > 5)"},
                 {"recent", "time_since_last() over 50us hop 10us"}});
  TestEntity entity(view);
  entity.Apply({At(100, 9.0), At(130, 1.0), At(110, 7.0)});
  EXPECT_EQ(entity.Show(130), "0, 20, 0");
  EXPECT_EQ(entity.Show(150), "20, 40, 20");
  EXPECT_EQ(entity.Show(500), "370, 390, null");
}

TEST(TimeAggregates, AnEventStillToComeWasJustNow) {
  TestView view({{"all", "time_since_last()"}, {"d", "sum_decayed(x, 10us)"}});
  TestEntity entity(view);
  entity.Apply(At(1000, 4.0), /*available_us=*/10);
  EXPECT_EQ(entity.Show(10), "0, 4.0");
}

TEST(TimeAggregates, CountsByValueAreSortedByTheirText) {
  TestView view({{"c", "count_by(s)"}, {"w", "count_by(s) over 40us hop 10us"}});
  TestEntity entity(view);
  entity.Apply({At(100, {}, "view"), At(100, {}, "buy"), At(101, {}, "view"), At(125, {}, ""),
                At(126, {}, std::nullopt), At(127, {}, "a\"b")});
  EXPECT_EQ(entity.Read(127).values[0].bytes, R"({"":1,"a\"b":1,"buy":1,"view":2})");
  EXPECT_EQ(entity.Read(127).values[1].bytes, R"({"":1,"a\"b":1,"buy":1,"view":2})");
  EXPECT_EQ(entity.Read(150).values[1].bytes, R"({"":1,"a\"b":1})");
  EXPECT_EQ(entity.Show(500).substr(entity.Show(500).size() - 4), "null");
}

TEST(TimeAggregates, CountsByValueGrowAndStayExact) {
  TestView view({{"c", "count_by(s)"}});
  TestEntity entity(view);
  for (int i = 0; i < 3000; ++i) entity.Apply(At(i, {}, "value-" + std::to_string(i % 100)));
  const std::string json(entity.Read(5000).values[0].bytes);
  EXPECT_NE(json.find(R"("value-0":30,"value-1":30,"value-10":30)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("value-99":30})"), std::string::npos) << json;
}

}  // namespace
}  // namespace skewless
