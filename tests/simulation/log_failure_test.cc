// The log on a disk that refuses: each operation failing in turn, a full disk, reads that fail.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "log/test_clicks.h"
#include "simulation/log_world.h"

namespace skewless {
namespace {

constexpr int kBatches = 14;

// After one operation that fails, the writer stops; who opens the log anew goes on, and a power cut
// after that takes nothing back.
void FailOnce(uint64_t seed, int64_t number, int errno_value) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(number) +
               " fails with errno " + std::to_string(errno_value));
  LogWorld world(seed);
  world.files().FailAt(number, errno_value);
  const Status first = world.Live(kBatches);
  ASSERT_FALSE(first);
  ASSERT_EQ(first.error().code, errno_value == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo);
  EXPECT_NE(first.error().message.find("log"), std::string::npos) << "it names no file";
  const Status second = world.Live(kBatches / 2);
  ASSERT_TRUE(second) << second.error().ToString();
  world.files().Crash(seed);
  const Status third = world.Live(2);
  ASSERT_TRUE(third) << third.error().ToString();
  world.CheckContents();
}

TEST(LogFailure, EachOperationFailingOnce) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    LogWorld whole(seed);
    ASSERT_TRUE(whole.Live(kBatches));
    for (int64_t number = 1; number <= whole.files().operations(); ++number) {
      FailOnce(seed, number, EIO);
      FailOnce(seed, number, ENOSPC);
      if (::testing::Test::HasFailure()) FAIL() << "failing seed " << seed;
    }
  }
}

TEST(LogFailure, AFullDiskSaysWhatToDoAndLosesNothing) {
  for (uint64_t free = 0; free < 6000; free += 97) {
    SCOPED_TRACE(std::to_string(free) + " bytes free");
    LogWorld world(5);
    ASSERT_TRUE(world.Live(4));
    world.files().SetFreeBytes(free);
    const Status full = world.Live(1000);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
    EXPECT_NE(full.error().remedy.find("Free space"), std::string::npos);
    world.files().SetFreeBytes(std::nullopt);
    const Status after = world.Live(4);
    ASSERT_TRUE(after) << after.error().ToString();
    world.CheckContents();
  }
}

TEST(LogFailure, AFailedReadIsNoEnd) {
  SimulatedFiles files;
  const std::vector<LoggedSource> sources = {ClicksSource()};
  auto writer = LogWriter::Open(files, {"log"}, sources);
  ASSERT_TRUE(writer.has_value());
  Batch batch;
  MakeClicks(sources[0].schema, 1, 10, 1, &batch);
  ASSERT_TRUE((*writer)->Append(&batch));
  auto reader = LogReader::Open(files, "log", sources);
  ASSERT_TRUE(reader.has_value());
  files.FailReads(EIO);
  const Result<bool> failed = (*reader)->Next(&batch);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
  files.FailReads(0);
  const Result<bool> more = (*reader)->Next(&batch);
  ASSERT_TRUE(more.has_value()) << more.error().ToString();
  EXPECT_TRUE(*more);
  EXPECT_EQ(batch.rows(), 10u);
}

}  // namespace
}  // namespace skewless
