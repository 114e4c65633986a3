// The engine over a log on a disk that loses power, fills up and fails. The sources and the online
// store are the operating system's: the store promises nothing after a crash, the log has it all.
#include <gtest/gtest.h>

#include <cerrno>
#include <numeric>

#include "pipeline/engine_fixture.h"
#include "simulation/simulated_files.h"

namespace skewless {
namespace {

constexpr int64_t kRecords = 40;

class EngineWorld {
 public:
  EngineWorld() : repository_(EngineYaml()) {
    std::string text = kEventsHeader;
    for (int64_t n = 1; n <= kRecords; ++n) text += EventLine(1, n, n * 10, n / 2 * 20);
    repository_.Write("events.csv", text);
    std::filesystem::create_directories(repository_.Path("var/online"));
  }

  SimulatedFiles& files() { return files_; }

  // A whole life of an engine; ends without Close where something fails, as a crash does.
  Status Live() {
    EngineOptions options;
    options.batch_rows = 7;
    options.group_rows = 5;
    SKEWLESS_ASSIGN_OR_RETURN(auto engine, Engine::Open(repository_.definition(),
                                                        repository_.kernels(), files_, options));
    const std::atomic<bool> stop{false};
    SKEWLESS_RETURN_IF_ERROR(engine->Run(stop));
    return engine->Close();
  }

  // Every record once in the log, in order; the store holds what the log does.
  void CheckComplete() {
    auto reader = OpenLogReader(files_, repository_.definition());
    ASSERT_TRUE(reader.has_value());
    std::vector<int64_t> numbers;
    Timestamp last_available = kMinTimestamp;
    Batch batch;
    while (*(*reader)->Next(&batch)) {
      for (size_t row = 0; row < batch.rows(); ++row) {
        numbers.push_back(batch.columns[1].ints[row]);
        EXPECT_GE(batch.available_us[row], last_available);
        last_available = batch.available_us[row];
      }
    }
    std::vector<int64_t> all(kRecords);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(numbers, all);
    auto online =
        OpenEmbeddedReader(repository_.Path("var/online"), ViewNames(repository_.kernels()),
                           Fingerprints(repository_.kernels()));
    ASSERT_TRUE(online.has_value());
    const int64_t user = 1;
    const RowKey key{0, {reinterpret_cast<const uint8_t*>(&user), sizeof user}};
    const auto read = (*online)->Read(std::span(&key, 1));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, last_available);
    FeatureVector vector;
    repository_.kernels()[0]->Read((*online)->state(0), *read, &vector);
    EXPECT_EQ(vector.values[0].int_value, kRecords);
    EXPECT_EQ(vector.values[1].int_value, kRecords * (kRecords + 1) / 2);
  }

 private:
  TestRepository repository_;
  SimulatedFiles files_;
};

TEST(EngineCrash, PowerCutAtAnyStepLosesNothingAndTakesNothingTwice) {
  EngineWorld whole;
  const Status lived = whole.Live();
  ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
  whole.CheckComplete();
  const int64_t operations = whole.files().operations();
  ASSERT_GT(operations, 15);
  for (int64_t stop = 1; stop <= operations; ++stop) {
    const auto seed = static_cast<uint64_t>(stop) * 31;
    SCOPED_TRACE("stopped at " + std::to_string(stop));
    EngineWorld world;
    world.files().StopAt(stop);
    ASSERT_FALSE(world.Live().has_value());
    world.files().Crash(seed);
    // And once more amid the repair.
    world.files().StopAt(world.files().operations() + stop % 5 + 1);
    static_cast<void>(world.Live().has_value());
    world.files().Crash(seed + 1);
    const Status again = world.Live();
    ASSERT_TRUE(again.has_value()) << again.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(EngineCrash, AFullOrFailingDiskEndsTheRunWithItsName) {
  EngineWorld whole;
  ASSERT_TRUE(whole.Live().has_value());
  const int64_t operations = whole.files().operations();
  for (int64_t fail = 1; fail <= operations; ++fail) {
    SCOPED_TRACE("failed at " + std::to_string(fail));
    EngineWorld world;
    const bool full = fail % 2 == 0;
    world.files().FailAt(fail, full ? ENOSPC : EIO);
    const Status failed = world.Live();
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, full ? ErrorCode::kNoSpace : ErrorCode::kIo)
        << failed.error().ToString();
    EXPECT_NE(failed.error().message.find("var/"), std::string::npos) << failed.error().message;
    world.files().Kill();
    const Status again = world.Live();
    ASSERT_TRUE(again.has_value()) << again.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace skewless
