// What a stop leaves, and whether a start goes on with the online store that it finds.
#include <filesystem>

#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

class EngineRestart : public EngineTest {
 protected:
  void Write(const std::string& name, int64_t first, int64_t last) {
    std::string text = kEventsHeader;
    for (int64_t n = first; n <= last; ++n) text += EventLine(1, n, n, n);
    repository_.Write(name, text);
  }
  // Opens an engine and lets it die.
  bool IsRebuilt() {
    auto engine = Open();
    return engine == nullptr || engine->rebuilt();
  }
};

TEST_F(EngineRestart, AStoreThatWasClosedIsUsedAsItIs) {
  Write("events-1.csv", 1, 10);
  Run();
  EXPECT_FALSE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "10, 55");
  // It was opened and not closed.
  EXPECT_TRUE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "10, 55");
}

// From a copy, say: closed well, and yet it lacks what the log took in since.
TEST_F(EngineRestart, AStoreOfAnEarlierTimeIsBuiltAnew) {
  const std::filesystem::path online = repository_.Path("var/online");
  const std::filesystem::path copy = repository_.Path("copy");
  Write("events-1.csv", 1, 10);
  Run();
  std::filesystem::copy(online, copy);
  Write("events-2.csv", 11, 20);
  Run();
  std::filesystem::remove_all(online);
  std::filesystem::copy(copy, online);
  EXPECT_TRUE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "20, 210");
}

// The log of that store's stamps goes on, and tells from when what it never took can be read here:
// later than all that it has shown.
TEST_F(EngineRestart, LogsItsOpeningWhereAnEarlierEnginesRowsWereElsewhere) {
  const std::string directory = StampDirectory(repository_.Path("var/log"));
  Write("events-1.csv", 1, 10);
  Run();
  EXPECT_FALSE(std::filesystem::exists(directory));
  StampKnowledge known;
  known.known_sequence = 7;
  known.complete_us = kTestStart + 1000;
  {
    const LogOptions options{.directory = repository_.Path("var/log")};
    auto log = LogWriter::Open(SystemFiles(), options, LoggedSources(repository_.definition()));
    ASSERT_TRUE(log.has_value()) << log.error().ToString();
    auto stamps = StampLogWriter::Open(SystemFiles(), {.directory = directory,
                                                       .identity = (*log)->identity(),
                                                       .epoch = (*log)->epoch(),
                                                       .views = {{"totals", 1}}});
    ASSERT_TRUE(stamps.has_value()) << stamps.error().ToString();
    ASSERT_TRUE((*stamps)->Write(known).has_value());
  }
  Write("events-2.csv", 11, 11);
  Run();
  const auto stamps = StampLogReader::Open(SystemFiles(), directory);
  const auto writers = (*stamps)->Writers();
  ASSERT_TRUE(writers.has_value()) << writers.error().ToString();
  ASSERT_EQ(writers->size(), 2u);
  EXPECT_TRUE((*writers)[1].views.empty());
  EXPECT_GT((*writers)[1].opened_us, known.complete_us);
  EXPECT_GT(Log().back().available_us, (*writers)[1].opened_us);
  EXPECT_GE(Read(1).read_us, (*writers)[1].opened_us);
  EXPECT_EQ(Read(1).values, "11, 66");
  const auto last = ReadStampKnowledge(SystemFiles(), directory);
  ASSERT_TRUE(last.has_value() && last->has_value());
  EXPECT_TRUE((*last)->closed);
  EXPECT_EQ((*last)->known_sequence, known.known_sequence);
}

class LiveStop : public EngineTest {
 protected:
  LiveStop() : EngineTest(EngineYaml("")) {}
};

// What was decoded before the stop is made durable and readable, be it more than a group.
TEST_F(LiveStop, DrainsAllThatWasDecoded) {
  std::string text = kEventsHeader;
  for (int64_t n = 1; n <= 100; ++n) text += EventLine(1, n, n, n);
  repository_.Write("events.csv", text);
  EngineOptions options;
  options.batch_rows = 5;
  options.group_rows = 5;
  auto engine = Open(std::move(options));
  ASSERT_NE(engine, nullptr);
  for (int batch = 0; batch < 4; ++batch) engine->StepSource(0);
  for (;;) {
    const auto turn = engine->Step(true);
    ASSERT_TRUE(turn.has_value()) << turn.error().ToString();
    if (*turn == Engine::Turn::kEnded) break;
  }
  ASSERT_TRUE(engine->Close().has_value());
  EXPECT_EQ(LoggedNumbers().size(), 20u);
  EXPECT_EQ(Read(1).values, "20, 210");
}

}  // namespace
}  // namespace skewless
