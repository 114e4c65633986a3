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

// A store that tells its time, and then is away.
class FarRows : public RemoteRows {
 public:
  explicit FarRows(Timestamp now_us) : now_us_(now_us) {}
  Result<Timestamp> Examine() override { return now_us_; }
  size_t room() const override { return 0; }
  Status Send(std::span<const RowWrite> /*rows*/) override { return Away(); }
  Status Poll(DurationUs /*wait_us*/, std::vector<RowWritten>* /*done*/) override { return Away(); }
  uint64_t incarnation() const override { return 0; }
  Timestamp least_stamp() const override { return kMinTimestamp; }
  Timestamp now_us() const override { return kMinTimestamp; }
  Status Claim(uint32_t /*writer*/) override { return Away(); }
  Status ReadVersions(std::span<const RowKey> /*keys*/, std::vector<StoredRow>* /*rows*/) override {
    return Away();
  }
  Status OpenForReaders(uint64_t /*incarnation*/) override { return Away(); }

 private:
  static Status Away() { return Fail(ErrorCode::kUnavailable, "away"); }
  const Timestamp now_us_;
};

class FirstStartElsewhere : public EngineTest {
 protected:
  FirstStartElsewhere() : EngineTest(EngineYaml("", "      visits: count(*) over 10s hop 1s\n")) {}
  size_t StateBytes() {
    const int64_t user = 1;
    const RowKey key{0, {reinterpret_cast<const uint8_t*>(&user), sizeof user}};
    const auto reader =
        OpenEmbeddedReader(repository_.Path("var/online"), ViewNames(repository_.kernels()),
                           Fingerprints(repository_.kernels()));
    EXPECT_TRUE(reader.has_value()) << reader.error().ToString();
    const auto read = (*reader)->Read(std::span(&key, 1));
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    return (*reader)->state(0).size();
  }
};

// No log of stamps tells of a store that never had this log: else every tile of all history stays.
TEST_F(FirstStartElsewhere, DropsTheTilesThatAreInNoWindowByTheStoresClock) {
  std::string text = kEventsHeader;
  for (int64_t n = 1; n <= 5000; ++n) text += EventLine(1, n, n * kSecondUs, 0);
  repository_.Write("events.csv", text);
  Run();
  const size_t embedded = StateBytes();
  std::filesystem::remove_all(repository_.Path("var/online"));
  EngineOptions options;
  const Timestamp now = NewWallClock()->Now();
  options.parts.open_rows = [&](const Definition&, const KernelSet&,
                                uint64_t) -> Result<std::unique_ptr<RemoteRows>> {
    return std::make_unique<FarRows>(now);
  };
  const auto engine = Open(std::move(options));
  ASSERT_NE(engine, nullptr);
  EXPECT_TRUE(engine->rebuilt());
  EXPECT_LE(StateBytes(), embedded + 1000);
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
