// What an operator is told of the events that an engine takes.
#include "base/event_log.h"
#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

class EngineEvents : public EngineTest, private EventSink {
 protected:
  EngineEvents() : EngineTest(EngineYaml("    arrival_timestamp: at\n    allowed_lateness: 1h\n")) {
    UseEventSink(this, EventLevel::kWarning);
  }
  ~EngineEvents() override { UseEventSink(nullptr, EventLevel::kOff); }

  std::vector<std::string> told_;

 private:
  void Take(const Event& event) override {
    std::string line;
    AppendEventText(line, event);
    told_.push_back(line);
  }
};

// One of the future: what comes after it is refused, which is said, and why.
TEST_F(EngineEvents, RefusedOnesAreToldOfWithTheWatermark) {
  std::string lines = kEventsHeader + EventLine(1, 1, 0, 0);
  lines += EventLine(1, 2, 48 * kHourUs, 1);
  for (int64_t n = 3; n < 10; ++n) lines += EventLine(1, n, n, n);
  repository_.Write("events.csv", lines);
  Run();
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[1], "events refused as too late source=events events=7 event_timestamp=" +
                          FormatTimestamp(kTestStart + 9) +
                          " watermark=" + FormatTimestamp(kTestStart + 48 * kHourUs));
  EXPECT_EQ(Read(1).values, "2, 3");
}

TEST_F(EngineEvents, TimesInAnotherUnitThanDeclaredAreToldOfOnce) {
  std::string lines = kEventsHeader;
  // Milliseconds, taken for microseconds.
  for (int64_t n = 0; n < 100; ++n) lines += EventLine(1, n, kTestStart / 1000 - kTestStart + n, n);
  repository_.Write("events.csv", lines);
  EngineOptions options;
  options.batch_rows = 10;
  Run(std::move(options));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("event times lie outside 1971 to 2200 source=events event_timestamp=" +
                          FormatTimestamp(kTestStart / 1000)),
            0U)
      << told_[0];
}

TEST_F(EngineEvents, ArrivalsInAnotherUnitThanDeclaredAreToldOfOnce) {
  std::string lines = kEventsHeader;
  for (int64_t n = 0; n < 100; ++n) lines += EventLine(1, n, n, kTestStart / 1000 - kTestStart + n);
  repository_.Write("events.csv", lines);
  EngineOptions options;
  options.batch_rows = 10;
  Run(std::move(options));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(
      told_[0].find("arrival times lie outside 1971 to 2200 source=events arrival_timestamp=" +
                    FormatTimestamp(kTestStart / 1000)),
      0U)
      << told_[0];
}

// An hour, as of another time zone; not the minutes by which clocks differ.
TEST_F(EngineEvents, ArrivalsBeforeTheEventAreToldOfOnce) {
  std::string lines = kEventsHeader + EventLine(1, 0, kMinuteUs, 0);
  for (int64_t n = 1; n < 100; ++n) lines += EventLine(1, n, kHourUs + n, n);
  repository_.Write("events.csv", lines);
  EngineOptions options;
  options.batch_rows = 10;
  Run(std::move(options));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("records arrive before they happen source=events event_timestamp=" +
                          FormatTimestamp(kTestStart + kHourUs + 1) +
                          " arrival_timestamp=" + FormatTimestamp(kTestStart + 1)),
            0U)
      << told_[0];
}

}  // namespace
}  // namespace skewless
