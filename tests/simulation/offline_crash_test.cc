// The offline tables on a disk that loses power at every step of their commits and merges.
#include <gtest/gtest.h>

#include <cerrno>

#include "base/bytes.h"
#include "kernel/repository_fixture.h"
#include "offline/manifest.h"
#include "offline/offline_writer.h"
#include "offline/table_fixture.h"
#include "simulation/simulated_files.h"

namespace skewless {
namespace {

std::string Yaml(const std::string& total) {
  return R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, amount: int64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  totals:
    source: events
    entity: user
    features:
      visits: count(*)
      total: )" +
         total + R"(
  large:
    source: events
    entity: user
    where: amount >= 2
    features:
      visits: count(*)
)";
}

constexpr int64_t kBatches = 3;
constexpr CompactionOptions kNever = {.files = 0};
// Where a date has two files, they are merged, a file at a time.
constexpr CompactionOptions kEager = {.files = 2, .step_rows = 1};
constexpr const char* kDirectory = "history";

class OfflineWorld {
 public:
  explicit OfflineWorld(const std::string& total, CompactionOptions compaction = kNever)
      : repository_(Yaml(total)), compaction_(compaction) {}

  SimulatedFiles& files() { return files_; }
  void Define(const std::string& total) { repository_.Define(Yaml(total)); }

  // One life of a writer: the whole log through it, a commit after each batch.
  Status Live() {
    SKEWLESS_ASSIGN_OR_RETURN(
        auto writer, OfflineWriter::Open(files_, repository_.definition(), repository_.kernels(),
                                         {.directory = kDirectory, .compaction = compaction_}));
    CheckTables();  // what a reader finds right after the repair
    for (int64_t i = 0; i < kBatches; ++i) {
      Batch batch;
      FillBatch(repository_.definition(), 0, Records(i), 1 + i * 3, &batch);
      SKEWLESS_RETURN_IF_ERROR(writer->Add(batch));
      SKEWLESS_RETURN_IF_ERROR(writer->Commit());
      SKEWLESS_RETURN_IF_ERROR(CompactAll(writer.get()));
    }
    return {};
  }

  // All rows, each once, as the definition of now makes them; every file as the manifest says.
  void CheckComplete() {
    CheckTables();
    EXPECT_EQ(RowsOfView(files_, kDirectory, "totals").size(), 9u);
    EXPECT_EQ(RowsOfView(files_, kDirectory, "large").size(), 6u);
    const auto rows = RowsOfView(files_, kDirectory, "totals");
    if (rows.size() == 9) {
      EXPECT_NE(rows.at(9).find(last_row_), std::string::npos)
          << rows.at(9) << " not " << last_row_;
    }
  }
  void ExpectLastRow(const std::string& part) { last_row_ = part; }

  // No row twice, none that the manifest doesn't list, no file damaged.
  void CheckTables() {
    const auto listed = InspectOffline(files_, kDirectory, /*verify=*/true);
    ASSERT_TRUE(listed.has_value()) << listed.error().ToString();
    int64_t rows = 0;
    for (const OfflineFileInfo& file : *listed) rows += file.rows;
    EXPECT_EQ(RowsOfView(files_, kDirectory, "totals").size() +
                  RowsOfView(files_, kDirectory, "large").size(),
              static_cast<size_t>(rows));
    for (const char* view : {"totals", "large"}) {
      const auto entries = files_.List(JoinPath(JoinPath(kDirectory, view), ".writing"));
      EXPECT_TRUE(!entries || entries->empty()) << view;
    }
  }

  // One file a date and view: 9 and 6 rows over two dates.
  void CheckMerged() {
    CheckComplete();
    EXPECT_EQ(InspectOffline(files_, kDirectory, /*verify=*/false)->size(), 4u);
  }

 private:
  static Status CompactAll(OfflineWriter* writer) {
    for (bool more = true; more;) {
      SKEWLESS_ASSIGN_OR_RETURN(more, writer->Compact());
    }
    return {};
  }
  static std::vector<TestRecord> Records(int64_t batch) {
    std::vector<TestRecord> records;
    for (int64_t i = 0; i < 3; ++i) {
      const Timestamp at = kTestStart + batch * kHourUs + i * kDayUs / 2;
      records.push_back(
          {{"1", std::to_string(i + 1), std::to_string(at)}, kTestStart + (batch + 1) * kDayUs});
    }
    return records;
  }

  TestRepository repository_;
  const CompactionOptions compaction_;
  SimulatedFiles files_;
  std::string last_row_ = "visits=9, total=18";
};

TEST(OfflineCrash, PowerCutAtAnyStepLeavesEachRowOnce) {
  OfflineWorld whole("sum(amount)");
  ASSERT_TRUE(whole.Live().has_value());
  whole.CheckComplete();
  const int64_t operations = whole.files().operations();
  ASSERT_GT(operations, 20);
  for (int64_t stop = 1; stop <= operations; ++stop) {
    const auto seed = static_cast<uint64_t>(stop) * 7;
    SCOPED_TRACE("stopped at " + std::to_string(stop) + ", seed " + std::to_string(seed));
    OfflineWorld world("sum(amount)");
    world.files().StopAt(stop);
    ASSERT_FALSE(world.Live().has_value());
    world.files().Crash(seed);
    const Status lived = world.Live();
    ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(OfflineCrash, PowerCutsWhileTablesAreMadeAnew) {
  // What the old definition's tables cost, and those of the new one after them.
  OfflineWorld whole("sum(amount)");
  ASSERT_TRUE(whole.Live().has_value());
  whole.files().Kill();
  const int64_t before = whole.files().operations();
  whole.Define("max(amount)");
  ASSERT_TRUE(whole.Live().has_value());
  const int64_t after = whole.files().operations();
  for (int64_t stop = before + 1; stop <= after; ++stop) {
    const auto seed = static_cast<uint64_t>(stop) * 7;
    SCOPED_TRACE("stopped at " + std::to_string(stop) + ", seed " + std::to_string(seed));
    OfflineWorld world("sum(amount)");
    ASSERT_TRUE(world.Live().has_value());
    world.files().Kill();
    world.Define("max(amount)");
    world.ExpectLastRow("visits=9, total=3");
    world.files().StopAt(stop);
    ASSERT_FALSE(world.Live().has_value());
    world.files().Crash(seed);
    const Status lived = world.Live();
    ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

// The definition of before comes back after that: what is left of its tables is no longer its own.
TEST(OfflineCrash, PowerCutsWhileTablesAreMadeAnewInVain) {
  for (int64_t step = 1; step <= 14; ++step) {
    for (const uint64_t seed : {0, 1, 2, 3}) {
      SCOPED_TRACE("stopped at " + std::to_string(step) + ", seed " + std::to_string(seed));
      OfflineWorld world("sum(amount)");
      ASSERT_TRUE(world.Live().has_value());
      // Takes renames back, some or others.
      seed == 0 ? world.files().Kill() : world.files().Crash(seed);
      world.Define("max(amount)");
      world.files().StopAt(world.files().operations() + step);
      ASSERT_FALSE(world.Live().has_value());
      seed == 0 ? world.files().Kill() : world.files().Crash(seed);
      world.Define("sum(amount)");
      const Status lived = world.Live();
      ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
      world.CheckComplete();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(OfflineCrash, AnErrorOfTheDiskIsReturnedAndTheNextLifeMakesItGood) {
  OfflineWorld whole("sum(amount)");
  ASSERT_TRUE(whole.Live().has_value());
  const int64_t operations = whole.files().operations();
  for (int64_t fail = 1; fail <= operations; fail += 2) {
    SCOPED_TRACE("failed at " + std::to_string(fail));
    OfflineWorld world("sum(amount)");
    world.files().FailAt(fail, fail % 4 == 1 ? ENOSPC : EIO);
    ASSERT_FALSE(world.Live().has_value());
    world.files().Kill();
    const Status lived = world.Live();
    ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

// What a failed sync lost is still seen by the next life, until the power goes in that one.
TEST(OfflineCrash, AnErrorOfTheDiskAndThenAPowerCut) {
  OfflineWorld whole("sum(amount)");
  ASSERT_TRUE(whole.Live().has_value());
  const int64_t operations = whole.files().operations();
  for (int64_t fail = 1; fail <= operations; ++fail) {
    for (const int64_t step : {3, 6}) {
      SCOPED_TRACE("failed at " + std::to_string(fail) + ", stopped at " + std::to_string(step));
      OfflineWorld world("sum(amount)");
      world.files().FailAt(fail, EIO);
      ASSERT_FALSE(world.Live().has_value());
      world.files().Kill();
      world.files().StopAt(world.files().operations() + step);
      static_cast<void>(world.Live());  // a rename or two may be all that is left
      world.files().Crash(static_cast<uint64_t>(fail * 10 + step));
      const Status lived = world.Live();
      ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
      world.CheckComplete();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// A merge that the disk's end cuts off may have been given up for nothing else to do.
TEST(OfflineCrash, PowerCutAtAnyStepOfMergesLeavesEachRowOnce) {
  OfflineWorld whole("sum(amount)", kEager);
  ASSERT_TRUE(whole.Live().has_value());
  whole.CheckMerged();
  const int64_t operations = whole.files().operations();
  for (int64_t stop = 1; stop <= operations; ++stop) {
    const auto seed = static_cast<uint64_t>(stop) * 7;
    SCOPED_TRACE("stopped at " + std::to_string(stop) + ", seed " + std::to_string(seed));
    OfflineWorld world("sum(amount)", kEager);
    world.files().StopAt(stop);
    static_cast<void>(world.Live());
    world.files().Crash(seed);
    const Status lived = world.Live();
    ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

// What fails within a merge stops nobody; what fails in its taking the place of its inputs does.
// Either way the next lives find each row once, through a power cut in the first of them, and where
// another definition is run in between.
TEST(OfflineCrash, AnErrorOfTheDiskAmidMergesAndThenAPowerCut) {
  OfflineWorld whole("sum(amount)", kEager);
  ASSERT_TRUE(whole.Live().has_value());
  const int64_t operations = whole.files().operations();
  for (int64_t fail = 1; fail <= operations; ++fail) {
    SCOPED_TRACE("failed at " + std::to_string(fail));
    OfflineWorld world("sum(amount)", kEager);
    world.files().FailAt(fail, fail % 3 == 1 ? ENOSPC : EIO);
    if (world.Live().has_value()) world.CheckComplete();
    world.files().Kill();
    if (fail % 2 == 0) world.Define("max(amount)");
    world.files().StopAt(world.files().operations() + 1 + fail % 9);
    static_cast<void>(world.Live());
    world.files().Crash(static_cast<uint64_t>(fail));
    world.Define("sum(amount)");
    const Status lived = world.Live();
    ASSERT_TRUE(lived.has_value()) << lived.error().ToString();
    world.CheckComplete();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace skewless
