// Writing, reopening, locks.
#include <sys/wait.h>

#include "log/log_test_fixture.h"
#include "log/segment_writer.h"
#include "log/stamp_log.h"

namespace skewless {
namespace {

TEST_F(LogTest, WhatIsAppendedIsReadBack) {
  // This one with all syncs of the operating system.
  auto opened = LogWriter::Open(SystemFiles(), options_, sources_);
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  const std::unique_ptr<LogWriter> writer = std::move(*opened);
  Batch written;
  MakeClicks(sources_[0].schema, 1, 1000, 3, &written);
  written.applied[17] = 0;
  written.columns[3].valid[5] = 0;
  written.columns[3].doubles[5] = 0;
  ASSERT_TRUE(writer->Append(&written));
  ASSERT_TRUE(writer->Sync());
  EXPECT_EQ(written.sequence.front(), MakeSequence(1, 1));
  EXPECT_EQ(written.sequence.back(), MakeSequence(1, 1000));
  EXPECT_EQ(writer->durable_sequence(), MakeSequence(1, 1000));

  auto reader = Read();
  Batch read;
  ASSERT_TRUE(*reader->Next(&read));
  EXPECT_EQ(read.sequence, written.sequence);
  EXPECT_EQ(read.processing_us, written.processing_us);
  EXPECT_EQ(read.available_us, written.available_us);
  EXPECT_EQ(read.event_us, written.event_us);
  EXPECT_EQ(read.applied, written.applied);
  EXPECT_EQ(read.positions, written.positions);
  for (size_t i = 0; i < written.columns.size(); ++i) {
    EXPECT_EQ(read.columns[i].ints, written.columns[i].ints);
    EXPECT_EQ(read.columns[i].doubles, written.columns[i].doubles);
    EXPECT_EQ(read.columns[i].strings, written.columns[i].strings);
    EXPECT_EQ(read.columns[i].valid, written.columns[i].valid);
  }
  EXPECT_FALSE(*reader->Next(&read));
  EXPECT_EQ(reader->last_sequence(), MakeSequence(1, 1000));
}

TEST_F(LogTest, OpeningAnewBeginsAnEpochAndKnowsWhereItStood) {
  uint64_t identity = 0;
  {
    auto writer = Open();
    identity = writer->identity();
    EXPECT_EQ(writer->epoch(), 1);
    EXPECT_EQ(writer->recovery().last_sequence, 0);
    Append(writer.get(), 10);
    Append(writer.get(), 5);
  }
  auto writer = Open();
  EXPECT_EQ(writer->epoch(), 2);
  EXPECT_EQ(writer->identity(), identity);
  const LogRecovery& recovery = writer->recovery();
  EXPECT_EQ(recovery.records, 15);
  EXPECT_EQ(recovery.segments, 1);
  EXPECT_EQ(recovery.torn_bytes, 0);
  EXPECT_EQ(recovery.last_sequence, MakeSequence(1, 15));
  EXPECT_EQ(recovery.last_available_us, batch_.available_us.back());
  EXPECT_EQ(recovery.last_processing_us, batch_.processing_us.back());
  EXPECT_EQ(recovery.positions.at({"clicks", "clicks/0"}), 16);
  Append(writer.get(), 1);
  EXPECT_EQ(writer->last_sequence(), MakeSequence(2, 1));
  EXPECT_EQ(Items(Read().get()), Range(1, 17));
}

// Under a replay clock each row of a frame has a time of its own.
TEST_F(LogTest, OpeningAnewKnowsTheTimesOfTheLastRow) {
  MakeClicks(sources_[0].schema, 1, 10, 7, &batch_);
  for (size_t i = 0; i < 10; ++i) {
    batch_.processing_us[i] += static_cast<Timestamp>(i);
    batch_.available_us[i] += static_cast<Timestamp>(2 * i);
  }
  {
    auto writer = Open();
    ASSERT_TRUE(writer->Append(&batch_));
    ASSERT_TRUE(writer->Sync());
  }
  const LogRecovery recovery = Open()->recovery();
  EXPECT_EQ(recovery.last_processing_us, batch_.processing_us[9]);
  EXPECT_EQ(recovery.last_available_us, batch_.available_us[9]);
  EXPECT_EQ(recovery.last_available_us, batch_.available_us[0] + 18);
}

TEST_F(LogTest, ABatchWithoutRowsMovesPositionsOnly) {
  {
    auto writer = Open();
    Append(writer.get(), 3);
    MakeClicks(sources_[0].schema, 99, 0, 1, &batch_);
    ASSERT_TRUE(writer->Append(&batch_));
    ASSERT_TRUE(writer->Sync());
    Append(writer.get(), 3);
    MakeClicks(sources_[0].schema, 200, 0, 1, &batch_);
    ASSERT_TRUE(writer->Append(&batch_));
    ASSERT_TRUE(writer->Sync());
  }
  EXPECT_EQ(Items(Read().get()), Range(1, 7));
  EXPECT_EQ(Open()->recovery().positions.at({"clicks", "clicks/0"}), 200);
}

TEST_F(LogTest, SegmentsRollAndCarryTheTotals) {
  options_.segment_bytes = 10'000;
  {
    auto writer = Open();
    for (int i = 0; i < 50; ++i) Append(writer.get(), 50);
  }
  ASSERT_GT(Segments().size(), 3u);
  EXPECT_EQ(Items(Read().get()), Range(1, 2501));
  const auto segments = InspectLog(files_, options_.directory, true);
  ASSERT_TRUE(segments.has_value()) << segments.error().ToString();
  int64_t records = 0;
  for (const SegmentInfo& segment : *segments) records += segment.records;
  EXPECT_EQ(records, 2500);
  EXPECT_LT(segments->front().last_processing_us, segments->back().first_processing_us);
  auto writer = Open();
  EXPECT_EQ(writer->recovery().records, 2500);
  EXPECT_EQ(writer->recovery().positions.at({"clicks", "clicks/0"}), 2501);
}

TEST_F(LogTest, ALargeBatchIsSplitAndStaysWhole) {
  options_.max_frame_rows = 7;
  options_.max_frame_bytes = 300;
  {
    auto writer = Open();
    Append(writer.get(), 5);
    Append(writer.get(), 40);
  }
  const std::string whole = Load(Segments()[0]);
  EXPECT_EQ(Items(Read().get()), Range(1, 46));
  const auto infos = InspectLog(files_, options_.directory, true);
  ASSERT_GE((*infos)[0].frames, 7);
  // Cut within the second batch, a reader sees none of it, and nor does the next writer.
  const std::string path = Segments()[0];
  Store(path, whole.substr(0, whole.size() - 1));
  EXPECT_EQ(Items(Read().get()), Range(1, 6));
  for (const bool verify : {false, true}) {
    const auto cut = InspectLog(files_, options_.directory, verify);
    ASSERT_TRUE(cut.has_value());
    EXPECT_EQ((*cut)[0].records, 5);
    EXPECT_EQ((*cut)[0].torn_bytes, static_cast<int64_t>(whole.size()) - 1 - (*cut)[0].bytes);
  }
  auto writer = Open();
  EXPECT_EQ(writer->recovery().records, 5);
  EXPECT_EQ(writer->recovery().positions.at({"clicks", "clicks/0"}), 6);
}

TEST_F(LogTest, OneWriterAtATime) {
  auto writer = Open();
  EXPECT_EQ(OpenError().code, ErrorCode::kLocked);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto other = LogWriter::Open(files_, options_, sources_);
    ::_exit(!other && other.error().code == ErrorCode::kLocked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "another process opened the log, too";
  EXPECT_EQ(writer->epoch(), 1);
  writer.reset();
  EXPECT_NE(Open(), nullptr);
}

TEST_F(LogTest, AKilledWriterFreesTheLog) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto writer = LogWriter::Open(files_, options_, sources_);
    MakeClicks(sources_[0].schema, 1, 5, 7, &batch_);
    static_cast<void>((*writer)->Append(&batch_));
    ::_exit(0);  // without closing anything
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  auto writer = Open();
  EXPECT_EQ(writer->epoch(), 2);
  EXPECT_EQ(writer->recovery().records, 5);
}

// A service that fails as it starts, and is started again every few seconds, would have had all
// epochs in two days.
TEST_F(LogTest, AStartThatComesToNothingTakesNoEpoch) {
  Append(Open().get(), 10);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Open()->epoch(), 2);
  EXPECT_EQ(Segments().size(), 2u);
  Append(Open().get(), 5);
  Append(Open().get(), 5);
  EXPECT_EQ(Items(Read().get()), Range(1, 21));
  EXPECT_EQ(error_.message, "");
  EXPECT_EQ(Open()->epoch(), 4);
  EXPECT_TRUE(InspectLog(files_, options_.directory, true).has_value());
}

// Its segment says which columns there are.
TEST_F(LogTest, AnEpochThatIsBegunAnewHasItsOwnSources) {
  const std::vector<LoggedSource> sources = std::exchange(sources_, {{"others", {}}});
  EXPECT_EQ(Open()->epoch(), 1);
  sources_ = sources;
  auto writer = Open();
  EXPECT_EQ(writer->epoch(), 1);
  Append(writer.get(), 3);
  EXPECT_EQ(Items(Read().get()), Range(1, 4));
}

TEST_F(LogTest, AReaderFollowsAnEpochThatIsBegunAnew) {
  Append(Open().get(), 3);
  EXPECT_EQ(Open()->epoch(), 2);
  const auto reader = Read();
  EXPECT_EQ(Items(reader.get()), Range(1, 4));
  options_.segment_bytes = 2000;
  const auto writer = Open();
  EXPECT_EQ(writer->epoch(), 2);
  EXPECT_EQ(Items(reader.get()), std::vector<int64_t>{});
  for (int i = 0; i < 10; ++i) Append(writer.get(), 20);
  ASSERT_GT(Segments().size(), 2u);
  EXPECT_EQ(Items(reader.get()), Range(4, 204));
  EXPECT_EQ(error_.message, "");
}

TEST_F(LogTest, AnEpochOfPositionsAloneIsTaken) {
  {
    const auto writer = Open();
    MakeClicks(sources_[0].schema, 99, 0, 1, &batch_);
    ASSERT_TRUE(writer->Append(&batch_));
    ASSERT_TRUE(writer->Sync());
  }
  const auto writer = Open();
  EXPECT_EQ(writer->epoch(), 2);
  EXPECT_EQ(writer->recovery().positions.at({"clicks", "clicks/0"}), 99);
}

// Whoever writes stamps may have claimed rows elsewhere by its epoch.
TEST_F(LogTest, AnEpochWithAFileOfStampsIsTaken) {
  const uint64_t identity = Open()->identity();
  const std::string stamps = StampDirectory(options_.directory);
  ASSERT_TRUE(StampLogWriter::Open(files_, {stamps, identity, 1}).has_value());
  EXPECT_EQ(Open()->epoch(), 2);
  EXPECT_EQ(Open()->epoch(), 2);
}

// As a crash leaves it right after the segment before it was full.
TEST_F(LogTest, AnEpochThatEndsInASegmentWithoutRecordsIsTaken) {
  uint64_t identity = 0;
  {
    const auto writer = Open();
    identity = writer->identity();
    Append(writer.get(), 10);
  }
  LogTotals totals;
  totals.records = 10;
  totals.last_sequence = MakeSequence(1, 10);
  const SegmentHeader next{identity, 1, MakeSequence(1, 11), totals, sources_};
  ASSERT_TRUE(SegmentWriter::Create(files_, FileLock(), options_.directory, next).has_value());
  const auto writer = Open();
  EXPECT_EQ(writer->epoch(), 2);
  Append(writer.get(), 3);
  EXPECT_EQ(Items(Read().get()), Range(1, 14));
}

TEST_F(LogTest, TheLastEpochMayBeBegunAnewAndHasNoneAfterIt) {
  std::filesystem::create_directories(options_.directory);
  const SegmentHeader last{7, kMaxEpoch, MakeSequence(kMaxEpoch, 1), {}, sources_};
  ASSERT_TRUE(SegmentWriter::Create(files_, FileLock(), options_.directory, last).has_value());
  Append(Open().get(), 3);
  EXPECT_EQ(OpenError().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace skewless
