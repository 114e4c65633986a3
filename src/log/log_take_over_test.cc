// A log that is taken over from a writer that stands still and goes on: at each place where it may
// have stood.
#include <functional>

#include "log/log_test_fixture.h"

namespace skewless {
namespace {

// Something happens just before the next rename of a file.
class FilesWithAPause : public UnsyncedFiles {
 public:
  std::function<void()> before_rename;
  Status Rename(const std::string& from, const std::string& to) override {
    if (before_rename) std::exchange(before_rename, nullptr)();
    return UnsyncedFiles::Rename(from, to);
  }
};

class LogTakeOverTest : public LogTest {
 protected:
  std::unique_ptr<LogWriter> TakeOver() {
    LogOptions options = options_;
    options.take_over = true;
    auto writer = LogWriter::Open(files_, options, sources_);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return writer ? std::move(*writer) : nullptr;
  }
  // Not synced.
  Status Write(LogWriter* writer, int64_t item, size_t rows) {
    MakeClicks(sources_[0].schema, item, rows, 7, &batch_);
    return writer->Append(&batch_);
  }
  static void ExpectTakenOver(const Status& status) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kLocked) << status.error().ToString();
    EXPECT_NE(status.error().message.find("a newer engine has taken it over"), std::string::npos);
  }
};

TEST_F(LogTakeOverTest, ARefusedStartNamesTheWay) {
  const auto writer = Open();
  EXPECT_EQ(OpenError().code, ErrorCode::kLocked);
  EXPECT_NE(OpenError().remedy.find("--take-over"), std::string::npos);
}

TEST_F(LogTakeOverTest, BetweenTheWriteAndTheSync) {
  auto older = Open();
  Append(older.get(), 4);
  ASSERT_TRUE(Write(older.get(), 5, 3).has_value());
  auto newer = TakeOver();
  // It was whole when the newer one looked: it is part of the log, whether or not anybody knows.
  EXPECT_EQ(newer->recovery().records, 7);
  EXPECT_EQ(newer->epoch(), older->epoch() + 1);
  ExpectTakenOver(older->Sync());
  EXPECT_EQ(older->durable_sequence(), MakeSequence(1, 4));
  EXPECT_FALSE(Write(older.get(), 100, 1).has_value());
  next_item_ = 8;
  Append(newer.get(), 2);
  EXPECT_EQ(Items(Read().get()), Range(1, 10));
  EXPECT_EQ(error_.message, "");
}

TEST_F(LogTakeOverTest, BeforeTheWrite) {
  auto older = Open();
  Append(older.get(), 4);
  auto newer = TakeOver();
  ASSERT_TRUE(Write(older.get(), 100, 50).has_value());  // it doesn't know yet
  Append(newer.get(), 2);
  EXPECT_EQ(Items(Read().get()), Range(1, 7));
  ExpectTakenOver(older->Sync());
  newer.reset();
  older.reset();
  auto next = Open();
  EXPECT_EQ(next->recovery().records, 6);
  EXPECT_EQ(next->recovery().positions.at({"clicks", "clicks/0"}), 7);
  EXPECT_TRUE(InspectLog(files_, options_.directory, true).has_value());
}

TEST_F(LogTakeOverTest, BetweenTwoSegments) {
  FilesWithAPause files;
  LogOptions options = options_;
  options.segment_bytes = 2000;
  auto older = std::move(*LogWriter::Open(files, options, sources_));
  Append(older.get(), 4);
  std::unique_ptr<LogWriter> newer;
  files.before_rename = [&] { newer = TakeOver(); };
  Status status;
  int64_t last = 4;
  while (status.has_value() && last < 1000) {
    status = Write(older.get(), last + 1, 20);
    if (status.has_value()) status = older->Sync();
    if (status.has_value()) last += 20;
  }
  ExpectTakenOver(status);
  ASSERT_NE(newer, nullptr);
  EXPECT_EQ(newer->recovery().records, last);
  EXPECT_EQ(Segments().size(), 2u);
  next_item_ = last + 1;
  Append(newer.get(), 2);
  EXPECT_EQ(Items(Read().get()), Range(1, last + 3));
}

// As a reader in another process does it, with the older writer's file open.
TEST_F(LogTakeOverTest, AReaderThatFollowsGoesOnInTheCopy) {
  auto older = Open();
  Append(older.get(), 4);
  auto reader = Read();
  EXPECT_EQ(Items(reader.get()), Range(1, 5));
  Append(older.get(), 2);
  auto newer = TakeOver();
  ASSERT_TRUE(Write(older.get(), 100, 3).has_value());
  auto early = Read();
  EXPECT_EQ(Items(early.get()), Range(1, 7));
  Append(newer.get(), 2);
  EXPECT_EQ(Items(early.get()), Range(7, 9));
  // What this one finds where it stands is in no file of the log: it is told, at the latest when it
  // goes on.
  std::vector<int64_t> items = Items(reader.get());
  EXPECT_EQ(std::vector<int64_t>(items.begin(), items.begin() + 2), Range(5, 7));
  if (items.size() > 4) {
    EXPECT_EQ(error_.code, ErrorCode::kUnavailable) << error_.message;
  }
}

TEST_F(LogTakeOverTest, TakesAnEpochOfItsOwn) {
  auto older = Open();
  auto newer = TakeOver();
  EXPECT_EQ(newer->epoch(), older->epoch() + 1);
}

// The taker died before it did anything but take the lock, and who comes then knows of nobody.
TEST_F(LogTakeOverTest, AnEpochThatIsBegunAnewIsOutOfTheReachOfWhoHadIt) {
  auto older = Open();
  ASSERT_TRUE(files_.TakeLock(JoinPath(options_.directory, "LOCK")).has_value());
  auto next = Open();
  EXPECT_EQ(next->epoch(), older->epoch());
  ASSERT_TRUE(Write(older.get(), 100, 50).has_value());  // it doesn't know yet
  Append(next.get(), 2);
  ExpectTakenOver(older->Sync());
  Append(next.get(), 2);
  EXPECT_EQ(Items(Read().get()), Range(1, 5));
  EXPECT_EQ(error_.message, "");
  EXPECT_TRUE(InspectLog(files_, options_.directory, true).has_value());
}

TEST_F(LogTakeOverTest, TheLaterOfTwoTakersHasIt) {
  auto first = Open();
  Append(first.get(), 4);
  auto second = TakeOver();
  Append(second.get(), 3);
  auto third = TakeOver();
  ASSERT_TRUE(Write(second.get(), 100, 1).has_value());
  ExpectTakenOver(second->Sync());
  first.reset();
  second.reset();
  EXPECT_EQ(OpenError().code, ErrorCode::kLocked);
  Append(third.get(), 2);
  EXPECT_EQ(Items(Read().get()), Range(1, 10));
}

}  // namespace
}  // namespace skewless
