#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/bytes.h"

namespace skewless {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 ("skewless-file-" + std::to_string(::getpid()) + "-" + test->name());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(std::string_view name) const { return JoinPath(directory_.string(), name); }
  void Write(const std::string& path, std::string_view text) {
    auto file = files_.Create(path);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->Append(AsBytes(text)).has_value());
  }
  std::string Contents(const std::string& path) { return ReadWholeFile(files_, path).value(); }

  std::filesystem::path directory_;
  FileSystem& files_ = SystemFiles();
};

TEST_F(FileTest, AppendsAcrossOpenings) {
  const std::string path = Path("a");
  {
    auto file = files_.OpenAppend(path).value();
    EXPECT_EQ(file->size(), 0U);
    ASSERT_TRUE(file->Append(AsBytes("one")).has_value());
    ASSERT_TRUE(file->Append({}).has_value());
    ASSERT_TRUE(file->Sync().has_value());
    EXPECT_EQ(file->size(), 3U);
  }
  auto file = files_.OpenAppend(path).value();
  EXPECT_EQ(file->size(), 3U);
  ASSERT_TRUE(file->Append(AsBytes("two")).has_value());
  EXPECT_EQ(Contents(path), "onetwo");
  EXPECT_EQ(files_.Create(path).value()->size(), 0U);
  EXPECT_EQ(Contents(path), "");
}

TEST_F(FileTest, ReadsAtAnyOffset) {
  Write(Path("a"), "0123456789");
  const auto file = files_.OpenRead(Path("a")).value();
  EXPECT_EQ(file->Size().value(), 10U);
  Bytes out(4);
  EXPECT_EQ(file->Read(3, out).value(), 4U);
  EXPECT_EQ(AsText(out), "3456");
  EXPECT_EQ(file->Read(8, out).value(), 2U);
  EXPECT_EQ(file->Read(10, out).value(), 0U);
  EXPECT_EQ(file->Read(99, out).value(), 0U);
}

TEST_F(FileTest, NamesWhatIsMissing) {
  for (const Error& error :
       {files_.OpenRead(Path("none")).error(), files_.Remove(Path("none")).error(),
        files_.Truncate(Path("none"), 0).error(), files_.List(Path("none")).error(),
        files_.Rename(Path("none"), Path("b")).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_NE(error.message.find(Path("none")), std::string::npos) << error.message;
  }
  EXPECT_FALSE(files_.Exists(Path("none")));
}

TEST_F(FileTest, TruncatesRenamesAndRemoves) {
  Write(Path("a"), "0123456789");
  ASSERT_TRUE(files_.Truncate(Path("a"), 4).has_value());
  EXPECT_EQ(Contents(Path("a")), "0123");
  Write(Path("b"), "other");
  ASSERT_TRUE(files_.Rename(Path("a"), Path("b")).has_value());
  EXPECT_FALSE(files_.Exists(Path("a")));
  EXPECT_EQ(Contents(Path("b")), "0123");
  ASSERT_TRUE(files_.Remove(Path("b")).has_value());
  EXPECT_FALSE(files_.Exists(Path("b")));
}

TEST_F(FileTest, ListsByName) {
  ASSERT_TRUE(files_.CreateDirectories(Path("c/d/e")).has_value());
  ASSERT_TRUE(files_.CreateDirectories(Path("c/d/e")).has_value());
  Write(Path("b"), "12345");
  Write(Path("a"), "");
  const auto entries = files_.List(directory_.string()).value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].size, 5U);
  EXPECT_FALSE(entries[1].is_directory);
  EXPECT_EQ(entries[2].name, "c");
  EXPECT_TRUE(entries[2].is_directory);
  EXPECT_TRUE(files_.SyncDirectory(Path("c")).has_value());
  EXPECT_FALSE(files_.CreateDirectories(Path("a/x")).has_value());
}

TEST_F(FileTest, OneLockAtATimeAndTheHolderIsNamed) {
  {
    const auto lock = files_.Lock(Path("LOCK")).value();
    const auto second = files_.Lock(Path("LOCK"));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kLocked);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())),
              std::string::npos)
        << second.error().message;
  }
  EXPECT_TRUE(files_.Lock(Path("LOCK")).has_value());
}

TEST_F(FileTest, ALockThatIsTakenOverIsNoLongerHeld) {
  auto older = files_.Lock(Path("LOCK")).value();
  EXPECT_TRUE(older->held());
  auto newer = files_.TakeLock(Path("LOCK")).value();
  EXPECT_FALSE(older->held());
  EXPECT_TRUE(newer->held());
  EXPECT_NE(older->number(), newer->number());
  EXPECT_EQ(files_.Lock(Path("LOCK")).error().code, ErrorCode::kLocked);
  older.reset();
  EXPECT_EQ(files_.Lock(Path("LOCK")).error().code, ErrorCode::kLocked);
  EXPECT_EQ(files_.List(Path(""))->size(), 1u);
  newer.reset();
  EXPECT_TRUE(files_.Lock(Path("LOCK")).value()->held());
}

// The two orders in which a file may be made and the lock taken over.
TEST_F(FileTest, WhatIsNotFinishedIsPublishedOnlyWhileTheLockIsHeld) {
  auto older = files_.Lock(Path("LOCK")).value();
  const std::string unfinished = UnfinishedPath(Path("table"), *older, ".new");
  ASSERT_TRUE(files_.Create(unfinished).has_value());
  ASSERT_TRUE(Publish(files_, *older, unfinished, Path("table")).has_value());
  EXPECT_TRUE(files_.Exists(Path("table")));
  ASSERT_TRUE(files_.Create(unfinished).has_value());
  auto newer = files_.TakeLock(Path("LOCK")).value();
  EXPECT_EQ(Publish(files_, *older, unfinished, Path("table")).error().code, ErrorCode::kLocked);
  EXPECT_TRUE(files_.Exists(unfinished));
  EXPECT_NE(UnfinishedPath(Path("table"), *newer, ".new"), unfinished);
}

TEST_F(FileTest, WhoStillAppendsToAFileThatWasReplacedAppendsToNothing) {
  const auto lock = files_.Lock(Path("LOCK")).value();
  const auto file = files_.OpenAppend(Path("log")).value();
  const std::vector<uint8_t> bytes(3'000'000, 7);
  ASSERT_TRUE(file->Append(bytes).has_value());
  ASSERT_TRUE(ReplaceByCopy(files_, *lock, Path("log"), ".new").has_value());
  ASSERT_TRUE(file->Append(bytes).has_value());
  ASSERT_TRUE(file->Truncate(5).has_value());
  EXPECT_EQ(file->size(), 5u);
  EXPECT_EQ(ReadWholeFile(files_, Path("log")).value(), std::string(3'000'000, 7));
}

TEST_F(FileTest, ReplacesAtomically) {
  ASSERT_TRUE(WriteFileAtomically(files_, Path("a"), "old").has_value());
  ASSERT_TRUE(WriteFileAtomically(files_, Path("a"), "new").has_value());
  EXPECT_EQ(Contents(Path("a")), "new");
  EXPECT_EQ(files_.List(directory_.string())->size(), 1U);
  EXPECT_FALSE(WriteFileAtomically(files_, Path("none/a"), "x").has_value());
  // A target that can't be replaced: the file beside it goes away.
  ASSERT_TRUE(files_.CreateDirectories(Path("d/full")).has_value());
  EXPECT_FALSE(WriteFileAtomically(files_, Path("d"), "x").has_value());
  EXPECT_FALSE(files_.Exists(Path("d.tmp")));
}

TEST(FilePathTest, JoinsAndFindsParents) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(ParentPath("a/b"), "a");
  EXPECT_EQ(ParentPath("a/b/"), "a");
  EXPECT_EQ(ParentPath("a//b"), "a");
  EXPECT_EQ(ParentPath("a"), ".");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath(""), ".");
}

TEST(FileDiskTest, AFullDiskIsNoSpace) {
  auto file = SystemFiles().OpenAppend("/dev/full");
  ASSERT_TRUE(file.has_value());
  const Status status = (*file)->Append(AsBytes("x"));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ((*file)->size(), 0U);
}

TEST(FileDiskTest, AFailedSyncIsNotForgotten) {
  // fdatasync of a pipe or character device fails with EINVAL.
  auto file = SystemFiles().OpenAppend("/dev/null");
  ASSERT_TRUE(file.has_value());
  const Status sync = (*file)->Sync();
  ASSERT_FALSE(sync.has_value());
  EXPECT_EQ((*file)->Append(AsBytes("x")).error().message, sync.error().message);
  EXPECT_EQ((*file)->Sync().error().message, sync.error().message);
}

}  // namespace
}  // namespace skewless
