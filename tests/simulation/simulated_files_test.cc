#include "simulation/simulated_files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "base/bytes.h"

namespace skewless {
namespace {

std::unique_ptr<AppendFile> MakeDurable(SimulatedFiles& files, const std::string& path,
                                        std::string_view contents) {
  EXPECT_TRUE(files.CreateDirectories(std::string(ParentPath(path))));
  auto file = files.Create(path);
  EXPECT_TRUE(file.has_value());
  EXPECT_TRUE((*file)->Append(AsBytes(contents)));
  EXPECT_TRUE((*file)->Sync());
  EXPECT_TRUE(files.SyncDirectory(std::string(ParentPath(path))));
  return std::move(*file);
}

TEST(SimulatedFiles, WhatIsSyncedSurvivesAndWhatIsNotMayBeTorn) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedFiles files;
    auto file = MakeDurable(files, "d/a", "safe");
    ASSERT_TRUE(file->Append(AsBytes("one")));
    ASSERT_TRUE(file->Append(AsBytes("two")));
    files.Crash(seed);
    const std::string contents = *files.Contents("d/a");
    ASSERT_EQ(contents.substr(0, 4), "safe") << "seed " << seed;
    outcomes.insert(contents);
    EXPECT_FALSE(file->Append(AsBytes("dead"))) << "a file of before the crash still works";
  }
  EXPECT_TRUE(outcomes.contains("safe"));
  EXPECT_TRUE(outcomes.contains("safeonetwo"));
  EXPECT_TRUE(outcomes.contains("safeo"));                           // torn
  EXPECT_TRUE(outcomes.contains(std::string("safe\0\0\0two", 10)));  // reordered
}

TEST(SimulatedFiles, NamesNeedTheirDirectorySynced) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimulatedFiles files;
    MakeDurable(files, "d/a", "old");
    auto file = files.Create("d/a.new");
    ASSERT_TRUE((*file)->Append(AsBytes("new")));
    ASSERT_TRUE((*file)->Sync());
    ASSERT_TRUE(files.Rename("d/a.new", "d/a"));
    files.Crash(seed);
    outcomes.insert(*files.Contents("d/a") + (files.Exists("d/a.new") ? "+" : ""));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"old", "old+", "new"}));
}

TEST(SimulatedFiles, ARenameWithItsDirectorySyncedStays) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedFiles files;
    MakeDurable(files, "d/a", "old");
    ASSERT_TRUE(files.Rename("d/a", "d/b"));
    ASSERT_TRUE(files.SyncDirectory("d"));
    files.Crash(seed);
    EXPECT_EQ(files.Contents("d/b"), "old");
    EXPECT_FALSE(files.Exists("d/a"));
  }
}

TEST(SimulatedFiles, AFailedSyncLosesItsBytesForGood) {
  SimulatedFiles files;
  auto file = MakeDurable(files, "d/a", "safe");
  ASSERT_TRUE(file->Append(AsBytes("lost")));
  files.FailAt(files.operations() + 1, EIO);
  ASSERT_FALSE(file->Sync());
  EXPECT_EQ(files.Contents("d/a"), "safelost") << "the running program still sees them";
  ASSERT_TRUE(file->Sync());
  files.Crash(1);
  EXPECT_EQ(files.Contents("d/a")->find("lost"), std::string::npos);
}

TEST(SimulatedFiles, AFullDiskTakesWhatFits) {
  SimulatedFiles files;
  auto file = MakeDurable(files, "d/a", "");
  files.SetFreeBytes(3);
  const Status status = file->Append(AsBytes("12345"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(files.Contents("d/a"), "123");
}

TEST(SimulatedFiles, StoppingEndsEverything) {
  SimulatedFiles files;
  auto file = MakeDurable(files, "d/a", "safe");
  const int64_t before = files.operations();
  files.StopAt(before + 1);
  EXPECT_FALSE(file->Append(AsBytes("x")));
  EXPECT_FALSE(file->Sync());
  EXPECT_FALSE(files.Rename("d/a", "d/b"));
  EXPECT_EQ(files.operations(), before + 3);
  files.Crash(7);
  EXPECT_TRUE(files.Exists("d/a"));
  EXPECT_TRUE(files.OpenAppend("d/a").has_value()) << "the disk works again after the crash";
}

TEST(SimulatedFiles, ADyingProcessFreesItsLocks) {
  SimulatedFiles files;
  ASSERT_TRUE(files.CreateDirectories("d"));
  auto lock = files.Lock("d/LOCK");
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(files.Lock("d/LOCK").error().code, ErrorCode::kLocked);
  files.Kill();
  auto next = files.Lock("d/LOCK");
  ASSERT_TRUE(next.has_value());
  lock->reset();
  EXPECT_FALSE(files.Lock("d/LOCK").has_value()) << "the dead process freed its successor's lock";
}

}  // namespace
}  // namespace skewless
