#include "pipeline/engine.h"

#include <numeric>

#include "offline/table_fixture.h"
#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

std::vector<int64_t> Numbers(int64_t first, int64_t last) {
  std::vector<int64_t> numbers(static_cast<size_t>(last - first + 1));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::string Lines(int64_t first, int64_t last) {
  std::string text = kEventsHeader;
  for (int64_t n = first; n <= last; ++n) text += EventLine(n % 3, n, n * 10, n * 10 + 5);
  return text;
}

int64_t SumOf(int64_t user, int64_t last) {
  int64_t sum = 0;
  for (int64_t n = 1; n <= last; ++n) sum += n % 3 == user ? n : 0;
  return sum;
}

using ReplayEngine = EngineTest;

TEST_F(ReplayEngine, RecordsComeInOrderOfArrivalAndAreStampedWithIt) {
  repository_.Write("events.csv", std::string(kEventsHeader) + EventLine(1, 3, 0, 300) +
                                      EventLine(1, 1, 100, 100) + EventLine(2, 2, 50, 200));
  Run();
  const auto log = Log();
  EXPECT_EQ(LoggedNumbers(), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(log[2].available_us, kTestStart + 300);
  EXPECT_EQ(log[2].event_us, kTestStart);
  EXPECT_LT(log[0].sequence, log[1].sequence);
  EXPECT_EQ(Read(1).values, "2, 4");
  EXPECT_EQ(Read(1).read_us, kTestStart + 300);
  EXPECT_EQ(Read(7).values, "not found");
}

// Destroyed without Close, as a crash leaves it, after any number of small batches.
TEST_F(ReplayEngine, EachRecordOnceOverCrashes) {
  repository_.Write("events.csv", Lines(1, 60));
  for (Timestamp to = 0; to <= 700; to += 97) {
    EngineOptions options;
    options.batch_rows = 7;
    options.group_rows = 3;
    options.stepped_replay = true;
    auto engine = Open(std::move(options));
    ASSERT_NE(engine, nullptr);
    std::atomic<bool> stop{false};
    std::thread run([&] { EXPECT_TRUE(engine->Run(stop).has_value()); });
    EXPECT_TRUE(engine->replay_gate().AdvanceTo(kTestStart + to).has_value());
    stop.store(true);
    engine->replay_gate().Stop({});
    run.join();
    engine.reset();
    const auto last = std::min<int64_t>(60, to < 5 ? 0 : (to - 5) / 10);
    EXPECT_EQ(LoggedNumbers(), last == 0 ? std::vector<int64_t>{} : Numbers(1, last)) << to;
  }
  Run();
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 60));
  for (int64_t user = 0; user < 3; ++user) {
    EXPECT_EQ(Read(user).values, "20, " + std::to_string(SumOf(user, 60)));
  }
}

TEST_F(ReplayEngine, AStopComesBetweenTwoInstants) {
  std::string text = kEventsHeader;
  for (int64_t n = 1; n <= 50; ++n) text += EventLine(1, n, n, n <= 30 ? 100 : 200);
  repository_.Write("events.csv", text);
  EngineOptions options;
  options.batch_rows = 4;
  auto engine = Open(std::move(options));
  std::atomic<bool> stop{false};
  std::thread run([&] { EXPECT_TRUE(engine->Run(stop).has_value()); });
  while (engine->stats().accepted.load() == 0) std::this_thread::yield();
  stop.store(true);
  run.join();
  ASSERT_TRUE(engine->Close().has_value());
  const size_t logged = Log().size();
  EXPECT_TRUE(logged == 30 || logged == 50) << logged;
  engine.reset();
  Run();
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 50));
  for (const LoggedRecord& record : Log()) {
    EXPECT_EQ(record.available_us, kTestStart + (record.ints[1] <= 30 ? 100 : 200));
  }
}

// A record of the last instant, whose T was given to readers already, is available from the next.
TEST_F(ReplayEngine, FilesAddedLaterComeAfterEveryTimeThatWasRead) {
  repository_.Write("events1.csv", Lines(1, 10));
  Run();
  const Timestamp read = Read(1).read_us;
  EXPECT_EQ(read, kTestStart + 105);
  repository_.Write("events2.csv", std::string(kEventsHeader) + EventLine(1, 12, 105, 105) +
                                       EventLine(1, 13, 300, 300));
  Run();
  EXPECT_EQ(LoggedNumbers(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13}));
  const auto log = Log();
  ASSERT_EQ(log.size(), 12u);
  EXPECT_EQ(log[10].available_us, read + 1);
  EXPECT_EQ(log[11].available_us, kTestStart + 300);
  // One that arrived before what was replayed has no place any more.
  repository_.Write("events3.csv", std::string(kEventsHeader) + EventLine(1, 14, 20, 20));
  auto engine = Open();
  const std::atomic<bool> stop{false};
  const Status ran = engine->Run(stop);
  ASSERT_FALSE(ran.has_value());
  EXPECT_NE(ran.error().message.find("'events'"), std::string::npos) << ran.error().message;
}

TEST_F(ReplayEngine, TheOnlineStoreIsMadeAnewWhereItIsGone) {
  repository_.Write("events.csv", Lines(1, 30));
  Run();
  const std::string before = Read(1).values;
  reader_.reset();
  std::filesystem::remove_all(repository_.Path("var/online"));
  auto engine = Open();
  EXPECT_TRUE(engine->rebuilt());
  EXPECT_EQ(engine->stats().recovered_records.load(), 30);
  const std::atomic<bool> stop{false};
  ASSERT_TRUE(engine->Run(stop).has_value());
  EXPECT_EQ(Read(1).values, before);
  ASSERT_TRUE(engine->Close().has_value());
  engine.reset();
  engine = Open();
  EXPECT_FALSE(engine->rebuilt());
}

TEST_F(ReplayEngine, AFeatureDefinedLaterHasItsHistoryFromTheLog) {
  repository_.Write("events.csv", Lines(1, 30));
  Run();
  reader_.reset();
  repository_.Define(
      EngineYaml("    arrival_timestamp: at\n", "      most: max(n)\n      visits: count(*)\n"));
  Run();
  EXPECT_EQ(Read(1).values, "28, 10");
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 30));
}

TEST_F(ReplayEngine, ReadersStepTheClock) {
  repository_.Write("events.csv", Lines(1, 30));
  EngineOptions options;
  options.stepped_replay = true;
  auto engine = Open(std::move(options));
  std::atomic<bool> stop{false};
  std::thread run([&] { EXPECT_TRUE(engine->Run(stop).has_value()); });
  EXPECT_EQ(engine->replay_gate().AdvanceTo(kTestStart + 14).value(), kTestStart + 14);
  EXPECT_EQ(Read(1).values, "not found");  // user 1's first arrives at 15
  EXPECT_EQ(Read(1).read_us, kTestStart + 14);
  EXPECT_EQ(engine->replay_gate().AdvanceTo(kTestStart + 15).value(), kTestStart + 15);
  EXPECT_EQ(Read(1).values, "1, 1");
  EXPECT_EQ(engine->replay_gate().AdvanceTo(kTestStart + 45).value(), kTestStart + 45);
  EXPECT_EQ(Read(1).values, "2, 5");
  EXPECT_EQ(Read(1).read_us, kTestStart + 45);
  // Past the history's end the clock follows its readers.
  EXPECT_EQ(engine->replay_gate().AdvanceTo(kTestStart + 100'000).value(), kTestStart + 100'000);
  EXPECT_EQ(Read(1).values, "10, " + std::to_string(SumOf(1, 30)));
  EXPECT_EQ(Read(1).read_us, kTestStart + 100'000);
  engine->replay_gate().Release();
  run.join();
  ASSERT_TRUE(engine->Close().has_value());
}

TEST_F(ReplayEngine, SecondEngineIsLockedOut) {
  repository_.Write("events.csv", Lines(1, 3));
  auto engine = Open();
  auto second = Engine::Open(repository_.definition(), repository_.kernels(), SystemFiles(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kLocked);
}

TEST_F(ReplayEngine, BadRecordsAreKeptOrStopAStrictEngine) {
  repository_.Write("events.csv", std::string(kEventsHeader) + EventLine(1, 1, 10, 10) +
                                      "1,abc,0,0\n" + EventLine(1, 2, 20, 20));
  EngineOptions options;
  options.strict = true;
  auto engine = Open(std::move(options));
  const std::atomic<bool> stop{false};
  const Status ran = engine->Run(stop);
  ASSERT_FALSE(ran.has_value());
  EXPECT_NE(ran.error().message.find("events.csv:3"), std::string::npos) << ran.error().message;
  EXPECT_NE(ran.error().message.find("'n'"), std::string::npos) << ran.error().message;
  engine.reset();
  Run();
  EXPECT_EQ(LoggedNumbers(), (std::vector<int64_t>{1, 2}));
  const std::string letters =
      *ReadWholeFile(SystemFiles(), repository_.Path("var/log/dead_letters/events.jsonl"));
  EXPECT_NE(letters.find("abc"), std::string::npos);
  EXPECT_EQ(std::count(letters.begin(), letters.end(), '\n'), 1);
}

class LateEngine : public EngineTest {
 protected:
  LateEngine() : EngineTest(EngineYaml(kSource)) {}
  static constexpr const char* kSource =
      "    arrival_timestamp: at\n    out_of_orderness: 10us\n    allowed_lateness: 5us\n";
};

TEST_F(LateEngine, TooLateIsDecidedOnceAndKeptInTheLog) {
  // 84 is behind the watermark (100 - 10) by more than 5; 85 is not.
  repository_.Write("events1.csv", std::string(kEventsHeader) + EventLine(1, 1, 100, 100) +
                                       EventLine(1, 2, 84, 101) + EventLine(1, 4, 85, 102));
  Run();
  auto log = Log();
  ASSERT_EQ(log.size(), 3u);
  EXPECT_TRUE(log[0].applied);
  EXPECT_FALSE(log[1].applied);
  EXPECT_TRUE(log[2].applied);
  EXPECT_EQ(Read(1).values, "2, 5");
  // The watermark goes on where it stood, and a rebuild reads the decisions.
  reader_.reset();
  std::filesystem::remove_all(repository_.Path("var/online"));
  repository_.Write("events2.csv", std::string(kEventsHeader) + EventLine(1, 8, 84, 110) +
                                       EventLine(1, 16, 86, 111));
  auto engine = Open();
  const std::atomic<bool> stop{false};
  ASSERT_TRUE(engine->Run(stop).has_value());
  EXPECT_EQ(engine->stats().refused_late.load(), 1);
  EXPECT_EQ(engine->stats().watermark_us.load(), kTestStart + 90);
  ASSERT_TRUE(engine->Close().has_value());
  engine.reset();
  log = Log();
  ASSERT_EQ(log.size(), 5u);
  EXPECT_FALSE(log[3].applied);
  EXPECT_TRUE(log[4].applied);
  EXPECT_EQ(Read(1).values, "3, 21");
  // A definition that allows more does not decide anew what the log holds.
  reader_.reset();
  repository_.Define(EngineYaml("    arrival_timestamp: at\n    allowed_lateness: 1h\n"));
  std::filesystem::remove_all(repository_.Path("var/online"));
  Run();
  EXPECT_EQ(Read(1).values, "3, 21");
}

constexpr char kSecondSource[] = R"(
  views:
    type: file
    path: views.csv
    format: csv
    columns: {user: int64, n: int64, ts: "timestamp[us]", at: "timestamp[us]"}
    event_timestamp: ts
)";

class TwoSources : public EngineTest {
 protected:
  TwoSources()
      : EngineTest(EngineYaml("    arrival_timestamp: at\n", "      visits: count(*)\n", kSecond) +
                   kSecondView) {}
  static inline const std::string kSecond =
      std::string(kSecondSource) + "    arrival_timestamp: at\n";
  static constexpr const char* kSecondView = R"(
  seen:
    source: views
    entity: user
    features:
      visits: count(*)
)";
};

TEST_F(TwoSources, ShareOneReplayClock) {
  repository_.Write("events.csv", std::string(kEventsHeader) + EventLine(1, 1, 0, 10) +
                                      EventLine(1, 3, 0, 30) + EventLine(1, 5, 0, 50));
  repository_.Write("views.csv", std::string(kEventsHeader) + EventLine(1, 2, 0, 20) +
                                     EventLine(1, 4, 0, 30) + EventLine(1, 6, 0, 60));
  EngineOptions options;
  options.stepped_replay = true;
  auto engine = Open(std::move(options));
  std::atomic<bool> stop{false};
  std::thread run([&] { EXPECT_TRUE(engine->Run(stop).has_value()); });
  ASSERT_TRUE(engine->replay_gate().AdvanceTo(kTestStart + 30).has_value());
  EXPECT_EQ(Read(1, 0).values, "2");
  EXPECT_EQ(Read(1, 1).values, "2");
  ASSERT_TRUE(engine->replay_gate().AdvanceTo(kTestStart + 50).has_value());
  EXPECT_EQ(Read(1, 0).values, "3");
  EXPECT_EQ(Read(1, 1).values, "2");
  engine->replay_gate().Release();
  run.join();
  ASSERT_TRUE(engine->Close().has_value());
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 6));
  EXPECT_EQ(Log()[3].source, "views");
}

TEST_F(TwoSources, OneClockDrivesAllOfThem) {
  std::string yaml = EngineYaml("", "      visits: count(*)\n", kSecond) + kSecondView;
  repository_.Define(yaml);
  const auto opened =
      Engine::Open(repository_.definition(), repository_.kernels(), SystemFiles(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("source 'views' says when its records arrived"),
            std::string::npos)
      << opened.error().message;
}

class LiveEngine : public EngineTest {
 protected:
  LiveEngine() : EngineTest(EngineYaml("")) {}
};

TEST_F(LiveEngine, StampsAreAfterEveryTimeThatAReaderWasGiven) {
  repository_.Write("events1.csv", Lines(1, 30));
  Run();
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 30));
  EXPECT_EQ(Read(1).values, "10, " + std::to_string(SumOf(1, 30)));
  auto log = Log();
  for (int round = 0; round < 3; ++round) {
    const size_t before = log.size();
    repository_.Write("events" + std::to_string(round + 2) + ".csv",
                      Lines(100 * (round + 1), 100 * (round + 1) + 9));
    auto engine = Open();
    Timestamp given = 0;
    for (int i = 0; i < 100; ++i) given = std::max(given, Read(1).read_us);
    const std::atomic<bool> stop{false};
    ASSERT_TRUE(engine->Run(stop).has_value());
    const Timestamp after = Read(1).read_us;
    ASSERT_TRUE(engine->Close().has_value());
    log = Log();
    ASSERT_EQ(log.size(), before + 10);
    for (size_t i = before; i < log.size(); ++i) {
      EXPECT_GT(log[i].available_us, given);
      EXPECT_LE(log[i].available_us, after);
      EXPECT_GE(log[i].available_us, log[i - 1].available_us);
    }
  }
}

TEST_F(LiveEngine, ResumesAfterTheLastDurableRecord) {
  repository_.Write("events.csv", Lines(1, 20));
  Run();
  repository_.Append("events.csv", Lines(21, 30).substr(sizeof kEventsHeader - 1));
  Run();
  Run();
  EXPECT_EQ(LoggedNumbers(), Numbers(1, 30));
}

class TwoLiveSources : public EngineTest {
 protected:
  TwoLiveSources() : EngineTest(EngineYaml("", "      visits: count(*)\n", kSecondSource)) {}
};

TEST_F(TwoLiveSources, ABacklogOfOneLeavesRoomForTheOther) {
  repository_.Write("events.csv", Lines(1, 40));
  repository_.Write("views.csv", Lines(41, 42));
  EngineOptions options;
  options.batch_rows = 2;
  options.group_rows = 4;
  auto engine = Open(std::move(options));
  ASSERT_NE(engine, nullptr);
  for (int group = 0; group < 2; ++group) {
    // As far ahead as they may be: the first one always has a whole group.
    for (int batch = 0; batch < 20; ++batch) {
      engine->StepSource(0);
      engine->StepSource(1);
    }
    ASSERT_TRUE(engine->Step(/*stop=*/false).has_value());
  }
  engine.reset();
  EXPECT_EQ(LoggedNumbers(), (std::vector<int64_t>{1, 2, 3, 4, 41, 42, 5, 6}));
}

class OfflineEngine : public EngineTest {
 protected:
  OfflineEngine() : EngineTest("offline: {type: parquet, path: var/history}\n" + EngineYaml()) {}
};

TEST_F(OfflineEngine, TablesHoldTheLogRowForRow) {
  repository_.Write("events1.csv", Lines(1, 40));
  Run();
  repository_.Write("events2.csv", std::string(kEventsHeader) + EventLine(1, 41, 500, 500));
  Run();
  const auto rows = RowsOfView(SystemFiles(), repository_.Path("var/history"), "totals");
  const auto log = Log();
  ASSERT_EQ(rows.size(), log.size());
  for (const LoggedRecord& record : log) {
    ASSERT_EQ(rows.count(record.sequence), 1u);
    EXPECT_NE(rows.at(record.sequence).find("n=" + std::to_string(record.ints[1]) + ","),
              std::string::npos);
  }
  EXPECT_NE(rows.at(log.back().sequence).find("visits=15"), std::string::npos)
      << rows.at(log.back().sequence);
}

// Nothing in the log belongs to a source that is still defined: a run still ends.
TEST_F(OfflineEngine, EndsWhereTheLogEndsInRecordsOfARemovedSource) {
  repository_.Write("events.csv", Lines(1, 10));
  Run();
  std::string yaml = "offline: {type: parquet, path: var/history}\n" + EngineYaml();
  for (size_t at = yaml.find("events:"); at != std::string::npos; at = yaml.find("events:"))
    yaml.replace(at, 7, "clicks:");
  yaml.replace(yaml.find("source: events"), 14, "source: clicks");
  yaml.replace(yaml.find("events*.csv"), 11, "clicks*.csv");
  repository_.Define(yaml);
  repository_.Write("clicks.csv", kEventsHeader);
  Run();
  EXPECT_TRUE(RowsOfView(SystemFiles(), repository_.Path("var/history"), "totals").empty());
}

}  // namespace
}  // namespace skewless
