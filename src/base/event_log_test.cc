#include "base/event_log.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

#include "base/standing_machine_fixture.h"

namespace skewless {
namespace {

class KeptLines final : public EventSink {
 public:
  explicit KeptLines(EventLevel least) { UseEventSink(this, least); }
  ~KeptLines() override { UseEventSink(nullptr, EventLevel::kOff); }
  void Take(const Event& event) override {
    std::string line(EventLevelName(event.level));
    line += ' ';
    AppendEventText(line, event);
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

std::string Json(std::string_view message, std::vector<EventField> fields) {
  std::string out;
  AppendEventJson(out, {EventLevel::kInfo, message, fields});
  return out;
}
std::string Text(std::string_view message, std::vector<EventField> fields) {
  std::string out;
  AppendEventText(out, {EventLevel::kInfo, message, fields});
  return out;
}

TEST(EventLog, NobodyListensAtFirst) {
  EXPECT_FALSE(WantsEvents(EventLevel::kError));
  LogEvent(EventLevel::kError, "unheard", {{"rows", 1}});
}

TEST(EventLog, WhatIsBelowTheLevelIsLeftOut) {
  KeptLines kept(EventLevel::kWarning);
  LogEvent(EventLevel::kInfo, "source ended", {{"source", "clicks"}});
  LogEvent(EventLevel::kWarning, "slow sync", {{"seconds", 1.5}});
  LogEvent(EventLevel::kError, "stopped");
  EXPECT_EQ(kept.lines,
            (std::vector<std::string>{"warning slow sync seconds=1.5", "error stopped"}));
}

TEST(EventLog, NobodyListensAfterTheSinkIsGone) {
  { const KeptLines kept(EventLevel::kDebug); }
  EXPECT_FALSE(WantsEvents(EventLevel::kError));
}

TEST(EventLog, FieldsAsJson) {
  const std::string path = "var/\"my\" log\n";
  EXPECT_EQ(Json("started", {{"path", path},
                             {"rows", size_t{7}},
                             {"rebuilt", true},
                             {"seconds", 0.25},
                             {"whole", 2.0},
                             {"nothing", std::numeric_limits<double>::quiet_NaN()},
                             EventField::Time("at", 1'700'000'000'000'000)}),
            R"("message":"started","path":"var/\"my\" log\n","rows":7,"rebuilt":true,)"
            R"("seconds":0.25,"whole":2.0,"nothing":null,"at":"2023-11-14T22:13:20Z")");
}

TEST(EventLog, FieldsAsText) {
  EXPECT_EQ(Text("started", {{"path", "var/log"},
                             {"other", "my log"},
                             {"equals", "a=b"},
                             {"empty", ""},
                             {"line", "a\nb"},
                             {"rows", -7},
                             EventField::Time("at", 1'700'000'000'000'000)}),
            R"(started path=var/log other="my log" equals="a=b" empty="" line="a\nb" rows=-7 )"
            "at=2023-11-14T22:13:20Z");
}

TEST(EventLog, AnErrorBringsItsCodeAndRemedy) {
  KeptLines kept(EventLevel::kInfo);
  LogError(EventLevel::kError, "source failed",
           {ErrorCode::kIo, "cannot read 'a.csv': Input/output error", "Mend the disk."},
           {{"source", "clicks"}});
  ASSERT_EQ(kept.lines.size(), 1U);
  EXPECT_EQ(kept.lines[0],
            R"(error source failed source=clicks code="I/O error" )"
            R"(error="cannot read 'a.csv': Input/output error" remedy="Mend the disk.")");
}

TEST(EventLog, EveryThreadMayTell) {
  class Counting final : public EventSink {
   public:
    void Take(const Event&) override { ++events; }
    std::atomic<int> events{0};
  } counting;
  UseEventSink(&counting, EventLevel::kInfo);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 1000; ++j) LogEvent(EventLevel::kInfo, "told", {{"j", j}});
    });
  }
  for (auto& thread : threads) thread.join();
  UseEventSink(nullptr, EventLevel::kOff);
  EXPECT_EQ(counting.events, 4000);
}

TEST(EventInterval, TellsOfTheFirstAtOnceAndThenOfTheSum) {
  StandingMachine machine;
  EventInterval interval(10 * kSecondUs);
  EXPECT_EQ(interval.Add(0), std::nullopt);
  EXPECT_EQ(interval.Add(3), 3);
  machine.nanos += 9'999'999'999;
  EXPECT_EQ(interval.Add(), std::nullopt);
  EXPECT_EQ(interval.Add(4), std::nullopt);
  machine.nanos += 1;
  EXPECT_EQ(interval.Add(0), 5);
  EXPECT_EQ(interval.Add(2), std::nullopt);
  EXPECT_EQ(interval.TakeUntold(), 2);
  EXPECT_EQ(interval.TakeUntold(), 0);
}

}  // namespace
}  // namespace skewless
