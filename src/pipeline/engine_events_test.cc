// What an operator is told of the events that an engine takes.
#include <fmt/format.h>

#include "base/event_log.h"
#include "log/log_format.h"
#include "log/segment_writer.h"
#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

class EngineEvents : public EngineTest, private EventSink {
 protected:
  explicit EngineEvents(
      const std::string& yaml = EngineYaml("    arrival_timestamp: at\n    allowed_lateness: 1h\n"))
      : EngineTest(yaml) {
    UseEventSink(this, EventLevel::kWarning);
  }
  ~EngineEvents() override { UseEventSink(nullptr, EventLevel::kOff); }

  int64_t EventsWithoutKeyOfARun() {
    const auto engine = Open();
    if (!engine || !engine->Run(false).has_value() || !engine->Close().has_value()) return -1;
    return engine->stats().events_without_key.at(0).load();
  }

  void RunInSmallBatches(const std::string& lines) {
    repository_.Write("events.csv", lines);
    EngineOptions options;
    options.batch_rows = 10;
    options.group_rows = 10;
    Run(std::move(options));
  }

  std::vector<std::string> told_;

 private:
  void Take(const Event& event) override {
    if (event.message == "slow sync of the log") return;  // of a busy machine
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

TEST_F(EngineEvents, ManyOpeningsOfTheLogAreToldOf) {
  const std::string directory = repository_.Path("var/log");
  ASSERT_TRUE(SystemFiles().CreateDirectories(directory).has_value());
  const SegmentHeader last{7, 29'999, MakeSequence(29'999, 1), {}, {}};
  ASSERT_TRUE(SegmentWriter::Create(SystemFiles(), FileLock(), directory, last).has_value());
  repository_.Write("events.csv", kEventsHeader + EventLine(1, 1, 0, 0));
  Run();  // the 29,999th, as nothing had come of it
  EXPECT_TRUE(told_.empty());
  repository_.Write("events-2.csv", kEventsHeader + EventLine(1, 1, 1, 1));
  Run();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("log was opened too often epoch=30000 openings_left=2767 remedy="), 0U)
      << told_[0];
}

class EngineEventsAhead : public EngineEvents {
 protected:
  EngineEventsAhead()
      : EngineEvents(EngineYaml(
            "    arrival_timestamp: at\n    allowed_lateness: 1h\n    max_ahead: 5m\n")) {}
};

// The same where a source says how far ahead an event may be: that one alone is refused.
TEST_F(EngineEventsAhead, OneOfTheFutureIsRefusedAndMakesNothingLate) {
  std::string lines = kEventsHeader + EventLine(1, 1, 0, 0);
  lines += EventLine(1, 2, 48 * kHourUs, 1);
  for (int64_t n = 3; n < 10; ++n) lines += EventLine(1, n, n, n);
  repository_.Write("events.csv", lines);
  auto engine = Open();
  const std::atomic<bool> stop{false};
  ASSERT_TRUE(engine->Run(stop).has_value());
  EXPECT_EQ(engine->stats().refused_ahead.load(), 1);
  EXPECT_EQ(engine->stats().refused_late.load(), 0);
  EXPECT_EQ(engine->stats().watermark_us.load(), kTestStart + 9);
  ASSERT_TRUE(engine->Close().has_value());
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[1], "events refused as too far ahead source=events events=1 event_timestamp=" +
                          FormatTimestamp(kTestStart + 48 * kHourUs) +
                          " processing_timestamp=" + FormatTimestamp(kTestStart + 1));
  EXPECT_EQ(Read(1).values, "8, 43");
  EXPECT_EQ(Log().size(), 9U);
}

TEST_F(EngineEvents, TimesInAnotherUnitThanDeclaredAreToldOfOnce) {
  std::string lines = kEventsHeader;
  // Milliseconds, taken for microseconds.
  for (int64_t n = 0; n < 100; ++n) lines += EventLine(1, n, kTestStart / 1000 - kTestStart + n, n);
  RunInSmallBatches(lines);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("event times lie outside 1971 to 2200 source=events event_timestamp=" +
                          FormatTimestamp(kTestStart / 1000)),
            0U)
      << told_[0];
}

TEST_F(EngineEvents, ArrivalsInAnotherUnitThanDeclaredAreToldOfOnce) {
  std::string lines = kEventsHeader;
  for (int64_t n = 0; n < 100; ++n) lines += EventLine(1, n, n, kTestStart / 1000 - kTestStart + n);
  RunInSmallBatches(lines);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(
      told_[0].find("arrival times lie outside 1971 to 2200 source=events arrival_timestamp=" +
                    FormatTimestamp(kTestStart / 1000)),
      0U)
      << told_[0];
}

// As with a delay after the event: what is wrong is said once.
TEST_F(EngineEvents, ArrivalsOfEventsInAnotherUnitAreNotToldOf) {
  constexpr Timestamp kMillis = kTestStart / 1000 - kTestStart;
  std::string lines = kEventsHeader;
  for (int64_t n = 0; n < 100; ++n) lines += EventLine(1, n, kMillis + n, kMillis + n);
  RunInSmallBatches(lines);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("event times lie outside 1971 to 2200 source=events"), 0U) << told_[0];
}

// An hour, as of another time zone; not the minutes by which clocks differ.
TEST_F(EngineEvents, ArrivalsBeforeTheEventAreToldOfOnce) {
  std::string lines = kEventsHeader + EventLine(1, 0, kMinuteUs, 0);
  for (int64_t n = 1; n < 100; ++n) lines += EventLine(1, n, kHourUs + n, n);
  RunInSmallBatches(lines);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("records arrive before they happen source=events event_timestamp=" +
                          FormatTimestamp(kTestStart + kHourUs + 1) +
                          " arrival_timestamp=" + FormatTimestamp(kTestStart + 1)),
            0U)
      << told_[0];
}

// A history that arrived, it says, in an hour: by the wall clock what comes now comes after it.
TEST_F(EngineEvents, ALogThatIsAheadOfTheClockIsToldOf) {
  const Timestamp ahead = NewWallClock()->Now() + kHourUs;
  repository_.Write("events.csv", kEventsHeader + EventLine(1, 1, 1, ahead - kTestStart));
  Run();
  EXPECT_TRUE(told_.empty()) << told_[0];
  std::string yaml = EngineYaml("");
  yaml.replace(yaml.find("events*.csv"), 11, "more.csv");
  for (size_t at = 0; (at = yaml.find("events", at)) != std::string::npos; at += 5)
    yaml.replace(at, 6, "again");
  repository_.Define(yaml);
  repository_.Write("more.csv", kEventsHeader + EventLine(1, 2, 2, 2));
  Run();
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[0].find("log is ahead of the clock last_available=" + FormatTimestamp(ahead) +
                          " ahead_seconds=3"),
            0U)
      << told_[0];
  EXPECT_EQ(told_[1].find("log holds a source that the definition lacks source=events"), 0U)
      << told_[1];
}

// `count` events of nobody: their key is null.
std::string LinesWithoutKey(int64_t count) {
  std::string lines;
  for (int64_t n = 0; n < count; ++n) {
    const std::string line = EventLine(1, n, n, n);
    lines += line.substr(line.find(','));
  }
  return lines;
}

constexpr char kKeyIsNull[] =
    "view takes no events view=totals source=events events={} without_key={} key=user "
    "remedy=\"Their key is null: do the records name it as the column does, letter for letter? "
    "If not, say under 'fields' where it lies.\"";

TEST_F(EngineEvents, AViewWhoseKeyIsAlwaysNullIsToldOfAtTheEnd) {
  repository_.Write("events.csv", kEventsHeader + LinesWithoutKey(3));
  Run();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0], fmt::format(kKeyIsNull, 3, 3));
}

TEST_F(EngineEvents, AViewWhoseKeyIsAlwaysNullIsToldOfOnceWhereThereAreMany) {
  RunInSmallBatches(kEventsHeader + LinesWithoutKey(3000));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0], fmt::format(kKeyIsNull, 1000, 1000));
}

TEST_F(EngineEvents, EventsWithoutAKeyAreCountedAndAViewThatTakesOthersIsNotToldOf) {
  std::string lines = kEventsHeader + LinesWithoutKey(3) + EventLine(1, 9, 9, 9);
  repository_.Write("events.csv", lines);
  EXPECT_EQ(EventsWithoutKeyOfARun(), 3);
  // The next engine finds the view's row, and one more event without a key.
  const std::string last = EventLine(1, 10, 10, 10);
  repository_.Write("events.csv", lines + last.substr(last.find(',')));
  EXPECT_EQ(EventsWithoutKeyOfARun(), 1);
  EXPECT_TRUE(told_.empty()) << told_[0];
}

// `count` events that have no `n`, of which `sum(n)` is made.
std::string LinesWithoutN(int64_t from, int64_t count) {
  std::string lines;
  for (int64_t n = from; n < from + count; ++n) {
    std::string line = EventLine(1, 7, n, n);
    lines += line.replace(line.find(",7,"), 3, ",,");
  }
  return lines;
}

TEST_F(EngineEvents, AColumnThatNoneOfManyRecordsHasIsToldOfOnce) {
  RunInSmallBatches(kEventsHeader + LinesWithoutN(0, 3000));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0],
            "column is null in all records source=events column=n records=1000 "
            "remedy=\"Do the records name it as the column does, letter for letter? If not, say "
            "under 'fields' where it lies.\"");
}

TEST_F(EngineEvents, AColumnThatNoRecordHasIsToldOfAsTheFirstRunEnds) {
  repository_.Write("events.csv", kEventsHeader + LinesWithoutN(0, 3));
  Run();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].find("column is null in all records source=events column=n records=3 "), 0U)
      << told_[0];
  // Later a few are no sign.
  repository_.Write("events.csv", kEventsHeader + LinesWithoutN(0, 4));
  Run();
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(EngineEvents, AColumnThatComesNowAndThenIsCountedAndNotToldOf) {
  repository_.Write("events.csv", kEventsHeader + LinesWithoutN(0, 900) +
                                      EventLine(1, 7, 900, 900) + LinesWithoutN(901, 3000));
  const auto engine = Open();
  ASSERT_TRUE(engine && engine->Run(false).has_value() && engine->Close().has_value());
  EXPECT_TRUE(told_.empty()) << told_[0];
  EXPECT_EQ(engine->stats().source_events.at(0).load(), 3901);
  ASSERT_EQ(engine->stats().columns.size(), 1U);
  EXPECT_EQ(engine->stats().columns[0].nulls.load(), 3900);
}

class EngineEventsOfFields : public EngineEvents {
 protected:
  EngineEventsOfFields()
      : EngineEvents(EngineYaml("    arrival_timestamp: at\n    fields: {user: who, n: a.b}\n")) {}
};

TEST_F(EngineEventsOfFields, TheFieldThatIsNullIsTheOneThatIsNamed) {
  repository_.Write("events.csv", "who,a.b,ts,at\n,," + std::to_string(kTestStart) + "," +
                                      std::to_string(kTestStart) + "\n");
  Run();
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_TRUE(told_[0].ends_with(
      "remedy=\"Their key is null: do the records hold it as 'who', letter for letter?\""))
      << told_[0];
  EXPECT_TRUE(told_[1].ends_with("remedy=\"Do the records hold it as 'a.b', letter for letter?\""))
      << told_[1];
}

class EngineEventsOfNoRecord : public EngineEvents {
 protected:
  EngineEventsOfNoRecord()
      : EngineEvents(EngineYaml("    arrival_timestamp: at\n",
                                "      visits: count(*)\n    where: n > 100\n")) {}
};

TEST_F(EngineEventsOfNoRecord, AViewWhoseConditionNeverHoldsIsToldOf) {
  repository_.Write("events.csv", kEventsHeader + EventLine(1, 1, 1, 1));
  Run();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0],
            "view takes no events view=totals source=events events=1 without_key=0 key=user "
            "remedy=\"Does its where ever hold, or are they all too late?\"");
}

}  // namespace
}  // namespace skewless
