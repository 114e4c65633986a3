#include "log/log.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "log/log_format.h"
#include "log/test_clicks.h"
#include "log/test_unsynced_files.h"

namespace skewless {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> number = 0;
    directory_ = std::filesystem::temp_directory_path() /
                 ("skewless-log-test-" + std::to_string(::getpid()) + "-" +
                  std::to_string(number++));
    options_.directory = directory_ / "log";
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<LogWriter> Open() {
    auto writer = LogWriter::Open(files_, options_, sources_);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return writer ? std::move(*writer) : nullptr;
  }
  Error OpenError() {
    auto writer = LogWriter::Open(files_, options_, sources_);
    EXPECT_FALSE(writer.has_value());
    return writer ? Error{} : writer.error();
  }
  std::unique_ptr<LogReader> Read() {
    auto reader = LogReader::Open(files_, options_.directory, sources_);
    EXPECT_TRUE(reader.has_value()) << reader.error().ToString();
    return reader ? std::move(*reader) : nullptr;
  }
  void Append(LogWriter* writer, size_t rows) {
    MakeClicks(sources_[0].schema, next_item_, rows, 7, &batch_);
    next_item_ += static_cast<int64_t>(rows);
    const Status appended = writer->Append(&batch_);
    ASSERT_TRUE(appended) << appended.error().ToString();
    const Status synced = writer->Sync();
    ASSERT_TRUE(synced) << synced.error().ToString();
  }
  // All items from where the reader stands; an error ends them and is kept in error_.
  std::vector<int64_t> Items(LogReader* reader) {
    std::vector<int64_t> items;
    error_ = {};
    for (;;) {
      const Result<bool> more = reader->Next(&batch_);
      if (!more) error_ = more.error();
      if (!more || !*more) return items;
      for (const int64_t item : batch_.columns[1].ints) items.push_back(item);
    }
  }
  static std::vector<int64_t> Range(int64_t begin, int64_t end) {
    std::vector<int64_t> items;
    for (int64_t i = begin; i < end; ++i) items.push_back(i);
    return items;
  }
  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      if (entry.path().extension() == ".sklog") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  static std::string Load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Store(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void Flip(const std::string& path, size_t offset) {
    std::string bytes = Load(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
    Store(path, bytes);
  }

  UnsyncedFiles files_;
  std::filesystem::path directory_;
  LogOptions options_;
  std::vector<LoggedSource> sources_ = {ClicksSource()};
  int64_t next_item_ = 1;
  Batch batch_;
  Error error_;
};

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

TEST_F(LogTest, AMissingSegmentIsNoticed) {
  options_.segment_bytes = 10'000;
  for (int i = 0; i < 50; ++i) Append(Open().get(), 50);
  const std::vector<std::string> segments = Segments();
  std::filesystem::remove(segments[2]);
  EXPECT_EQ(Items(Read().get()), Range(1, 101));
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
  EXPECT_EQ(InspectLog(files_, options_.directory, false).error().code,
            ErrorCode::kCorrupt);
  std::filesystem::remove(segments[0]);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
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

TEST_F(LogTest, ATornTailIsCutAtEveryByte) {
  uint64_t before = 0;
  {
    auto writer = Open();
    Append(writer.get(), 4);
    before = std::filesystem::file_size(Segments()[0]);
    Append(writer.get(), 3);
  }
  const std::string path = Segments()[0];
  const std::string whole = Load(path);
  for (uint64_t cut = before; cut < whole.size(); ++cut) {
    // As it is after a process died, after a power cut (zeros), and with one byte wrong.
    std::string zeros = whole;
    std::fill(zeros.begin() + static_cast<std::ptrdiff_t>(cut), zeros.end(), '\0');
    std::string wrong = whole;
    wrong[cut] = static_cast<char>(wrong[cut] ^ 1);
    for (const std::string& torn : {whole.substr(0, cut), zeros, wrong}) {
      if (torn == whole || (torn.size() == whole.size() && cut % 4 != 0)) continue;
      std::filesystem::remove_all(options_.directory);
      std::filesystem::create_directories(options_.directory);
      Store(path, torn);
      EXPECT_EQ(Items(Read().get()), Range(1, 5)) << "cut at " << cut;
      EXPECT_EQ(error_.message, "") << "cut at " << cut;
      auto writer = Open();
      ASSERT_NE(writer, nullptr) << "cut at " << cut;
      ASSERT_EQ(writer->recovery().records, 4) << "cut at " << cut;
      ASSERT_EQ(writer->recovery().torn_bytes, static_cast<int64_t>(torn.size() - before));
      ASSERT_EQ(std::filesystem::file_size(path), before);
      ASSERT_EQ(writer->recovery().positions.at({"clicks", "clicks/0"}), 5);
    }
  }
}

TEST_F(LogTest, DamageInTheMiddleIsNoTornTail) {
  uint64_t header = 0;
  uint64_t first_end = 0;
  {
    auto writer = Open();
    header = std::filesystem::file_size(Segments()[0]);
    Append(writer.get(), 4);
    first_end = std::filesystem::file_size(Segments()[0]);
    Append(writer.get(), 4);
  }
  const std::string path = Segments()[0];
  const std::string whole = Load(path);
  for (uint64_t at = header; at < first_end; ++at) {
    Store(path, whole);
    Flip(path, at);
    const Error error = OpenError();
    ASSERT_EQ(error.code, ErrorCode::kCorrupt) << "damaged at " << at;
    EXPECT_NE(error.message.find(path), std::string::npos);
    EXPECT_NE(error.message.find("offset " + std::to_string(header)), std::string::npos)
        << error.message;
    EXPECT_NE(error.remedy, "");
    EXPECT_EQ(Load(path).size(), whole.size()) << "it was cut";
    EXPECT_TRUE(Items(Read().get()).empty());
    EXPECT_EQ(error_.code, ErrorCode::kCorrupt) << "damaged at " << at;
  }
  // The remedy works: what comes before the damage is kept.
  Store(path, whole);
  Flip(path, first_end + 5);
  std::filesystem::resize_file(path, first_end);
  EXPECT_EQ(Open()->recovery().records, 4);
}

TEST_F(LogTest, DamageInAnEarlierSegmentIsFoundByReadersAndInspection) {
  Append(Open().get(), 10);
  Append(Open().get(), 10);
  const std::string path = Segments()[0];
  const std::string whole = Load(path);
  Flip(path, whole.size() - 1);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
  EXPECT_NE(error_.message.find(path), std::string::npos);
  EXPECT_TRUE(InspectLog(files_, options_.directory, false).has_value());
  EXPECT_EQ(InspectLog(files_, options_.directory, true).error().code,
            ErrorCode::kCorrupt);
  // Cut between frames, even: the next segment knows how far this one went.
  Store(path, whole);
  std::filesystem::resize_file(path, whole.size() - 1);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
}

TEST_F(LogTest, ADamagedHeaderIsNamed) {
  Append(Open().get(), 10);
  const std::string path = Segments()[0];
  const std::string whole = Load(path);
  for (const size_t at : {0, 8, 12, 20, 40, 90}) {
    Store(path, whole);
    Flip(path, at);
    const Error error = OpenError();
    EXPECT_TRUE(error.code == ErrorCode::kCorrupt || (at == 8 && error.code == ErrorCode::kVersion))
        << at << ": " << error.message;
    EXPECT_NE(error.message.find(path), std::string::npos);
  }
}

TEST_F(LogTest, ANewerFormatIsRefused) {
  Append(Open().get(), 10);
  const std::string path = Segments()[0];
  std::string bytes = Load(path);
  bytes[8] = 2;
  Store(path, bytes);
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kVersion);
  EXPECT_NE(error.message.find("format 2"), std::string::npos) << error.message;
  Items(Read().get());
  EXPECT_EQ(error_.code, ErrorCode::kVersion);
}

TEST_F(LogTest, ASegmentOfAnotherLogIsRefused) {
  Append(Open().get(), 10);
  Append(Open().get(), 10);
  const std::string second = Segments()[1];
  const std::string kept = Load(second);
  options_.directory = directory_ / "other";
  Append(Open().get(), 10);
  Append(Open().get(), 10);
  Store(Segments()[1], kept);
  EXPECT_EQ(OpenError().code, ErrorCode::kCorrupt);
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
  EXPECT_EQ(Open()->epoch(), 2);
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

TEST_F(LogTest, ColumnsMayComeAndGo) {
  Append(Open().get(), 3);
  Schema& schema = sources_[0].schema;
  schema.columns.erase(schema.columns.begin() + 3);  // price
  schema.columns.push_back({"country", {TypeKind::kString, false}});
  {
    auto writer = Open();
    ASSERT_NE(writer, nullptr);
    batch_.Reset(&schema, 0);
    batch_.columns[0].AppendInt(1);
    batch_.columns[1].AppendInt(4);
    batch_.columns[2].AppendString("buy");
    batch_.columns[3].AppendInt(5);
    batch_.columns[4].AppendString("at");
    batch_.event_us = batch_.processing_us = batch_.available_us = {5};
    batch_.applied = {1};
    ASSERT_TRUE(writer->Append(&batch_));
    ASSERT_TRUE(writer->Sync());
  }
  auto reader = Read();
  ASSERT_TRUE(*reader->Next(&batch_));
  EXPECT_EQ(batch_.columns[1].ints, Range(1, 4));
  EXPECT_EQ(batch_.columns[4].valid, (std::vector<uint8_t>{0, 0, 0})) << "not null in old records";
  ASSERT_TRUE(*reader->Next(&batch_));
  EXPECT_EQ(batch_.columns[1].ints, Range(4, 5));
  EXPECT_EQ(batch_.columns[4].strings[0], "at");
  // With the first schema again, the new record lacks its price.
  sources_ = {ClicksSource()};
  reader = Read();
  ASSERT_TRUE(*reader->Next(&batch_));
  EXPECT_EQ(batch_.columns[3].valid, (std::vector<uint8_t>{1, 1, 1}));
  ASSERT_TRUE(*reader->Next(&batch_));
  EXPECT_EQ(batch_.columns[3].valid, (std::vector<uint8_t>{0}));
}

TEST_F(LogTest, AColumnKeepsItsType) {
  Append(Open().get(), 3);
  sources_[0].schema.columns[0].type = {TypeKind::kString, false};
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find("column 'user_id' is declared as string, but the log holds it as "
                               "int64"),
            std::string::npos)
      << error.message;
  Items(Read().get());
  EXPECT_EQ(error_.code, ErrorCode::kInvalid);
}

TEST_F(LogTest, AnEmptySegmentBindsNobodyToItsTypes) {
  Open();
  sources_[0].schema.columns[0].type = {TypeKind::kString, false};
  EXPECT_NE(Open(), nullptr);
}

TEST_F(LogTest, ReadersTakeTheSourcesTheyName) {
  LoggedSource views = ClicksSource();
  views.name = "views";
  sources_.push_back(views);
  auto writer = Open();
  Append(writer.get(), 3);
  MakeClicks(views.schema, 100, 2, 1, &batch_);
  batch_.source = 1;
  ASSERT_TRUE(writer->Append(&batch_));
  Append(writer.get(), 3);
  EXPECT_EQ(Items(Read().get()).size(), 8u);
  sources_ = {views};
  auto reader = Read();
  ASSERT_TRUE(*reader->Next(&batch_));
  EXPECT_EQ(batch_.source, 0u);
  EXPECT_EQ(batch_.columns[1].ints, Range(100, 102));
  EXPECT_FALSE(*reader->Next(&batch_));
}

TEST_F(LogTest, SeekAfterEveryRecord) {
  options_.segment_bytes = 2000;
  options_.max_frame_rows = 6;
  std::vector<Sequence> sequences = {0};
  for (int epoch = 0; epoch < 3; ++epoch) {
    auto writer = Open();
    for (int i = 0; i < 12; ++i) {
      Append(writer.get(), 10);
      sequences.insert(sequences.end(), batch_.sequence.begin(), batch_.sequence.end());
    }
  }
  ASSERT_GT(Segments().size(), 6u);
  auto reader = Read();
  for (size_t i = 0; i < sequences.size(); ++i) {
    ASSERT_TRUE(reader->SeekAfter(sequences[i]));
    ASSERT_EQ(Items(reader.get()), Range(static_cast<int64_t>(i) + 1, 361)) << "after " << i;
    ASSERT_EQ(reader->last_sequence(), sequences.back());
  }
  // A place between two epochs is after all of the first.
  ASSERT_TRUE(reader->SeekAfter(MakeSequence(1, 100'000)));
  EXPECT_EQ(Items(reader.get()), Range(121, 361));
}

TEST_F(LogTest, AReaderFollowsAcrossSegmentsAndEpochs) {
  options_.segment_bytes = 5000;
  std::filesystem::create_directories(options_.directory);
  auto reader = Read();
  EXPECT_TRUE(Items(reader.get()).empty()) << "there is no log yet";
  std::vector<int64_t> items;
  for (int epoch = 0; epoch < 3; ++epoch) {
    auto writer = Open();
    for (int i = 0; i < 20; ++i) {
      Append(writer.get(), 25);
      const std::vector<int64_t> more = Items(reader.get());
      ASSERT_EQ(more.size(), 25u) << error_.ToString();
      items.insert(items.end(), more.begin(), more.end());
    }
  }
  EXPECT_EQ(items, Range(1, 1501));
}

TEST_F(LogTest, AReaderFollowsAWriterOfAnotherThread) {
  options_.segment_bytes = 50'000;
  options_.max_frame_rows = 16;
  auto writer = Open();
  constexpr int64_t kBatches = 300;
  std::thread appending([&] {
    Batch batch;
    for (int64_t i = 0; i < kBatches; ++i) {
      MakeClicks(sources_[0].schema, 1 + i * 40, 40, 7, &batch);
      ASSERT_TRUE(writer->Append(&batch));
      if (i % 50 == 0) {
        ASSERT_TRUE(writer->Sync());
      }
    }
  });
  auto reader = Read();
  std::vector<int64_t> items;
  while (items.size() < kBatches * 40) {
    const std::vector<int64_t> more = Items(reader.get());
    EXPECT_EQ(error_.message, "");
    if (error_.message != "") break;
    items.insert(items.end(), more.begin(), more.end());
  }
  appending.join();
  EXPECT_EQ(items, Range(1, kBatches * 40 + 1));
}

TEST_F(LogTest, AReaderSeesAnUnfinishedTailLater) {
  auto writer = Open();
  Append(writer.get(), 3);
  const std::string path = Segments()[0];
  const std::string before = Load(path);
  Append(writer.get(), 3);
  const std::string after = Load(path);
  auto reader = Read();
  for (size_t size = before.size(); size < after.size(); size += 7) {
    Store(path, after.substr(0, size));
    const std::vector<int64_t> items = Items(reader.get());
    EXPECT_EQ(items.size(), size == before.size() ? 3u : 0u);
    EXPECT_EQ(error_.message, "");
  }
  Store(path, after);
  EXPECT_EQ(Items(reader.get()), Range(4, 7));
}

TEST_F(LogTest, AReaderKeepsToItsLimit) {
  auto writer = Open();
  auto reader = Read();
  reader->SetLimit(writer->durable_sequence());
  MakeClicks(sources_[0].schema, 1, 5, 7, &batch_);
  ASSERT_TRUE(writer->Append(&batch_));
  EXPECT_TRUE(Items(reader.get()).empty()) << "it reads what is not durable";
  ASSERT_TRUE(writer->Sync());
  reader->SetLimit(writer->last_sequence() - 1);
  EXPECT_TRUE(Items(reader.get()).empty()) << "a batch reaches beyond the limit";
  reader->SetLimit(writer->durable_sequence());
  EXPECT_EQ(Items(reader.get()), Range(1, 6));
}

// Runs something just before it answers whether a file exists.
class RacingFiles : public UnsyncedFiles {
 public:
  bool Exists(const std::string& path) override {
    if (auto race = std::exchange(race_, nullptr)) race();
    return UnsyncedFiles::Exists(path);
  }
  void BeforeExists(std::function<void()> race) { race_ = std::move(race); }

 private:
  std::function<void()> race_;
};

TEST_F(LogTest, AReaderLeavesNoSegmentThatGrewSinceItLooked) {
  auto writer = Open();
  Append(writer.get(), 3);
  RacingFiles racing;
  auto reader = LogReader::Open(racing, options_.directory, sources_);
  ASSERT_TRUE(reader.has_value());
  ASSERT_TRUE(*(*reader)->Next(&batch_));
  racing.BeforeExists([&] {
    Append(writer.get(), 3);
    writer.reset();
    writer = Open();
    Append(writer.get(), 3);
  });
  EXPECT_EQ(Items(reader->get()), Range(4, 10)) << error_.ToString();
}

TEST_F(LogTest, NoLogIsNotAnEmptyLog) {
  const auto reader = LogReader::Open(files_, directory_ / "nowhere", sources_);
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace skewless
