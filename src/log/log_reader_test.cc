// Following, seeking, limits, and schemas that change.
#include <functional>
#include <thread>
#include <utility>

#include "log/log_test_fixture.h"

namespace skewless {
namespace {

class LogReaderTest : public LogTest {};

TEST_F(LogReaderTest, ColumnsMayComeAndGo) {
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

TEST_F(LogReaderTest, AColumnKeepsItsType) {
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

TEST_F(LogReaderTest, AnEmptySegmentBindsNobodyToItsTypes) {
  Open();
  sources_[0].schema.columns[0].type = {TypeKind::kString, false};
  EXPECT_NE(Open(), nullptr);
}

TEST_F(LogReaderTest, ReadersTakeTheSourcesTheyName) {
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

TEST_F(LogReaderTest, SeekAfterEveryRecord) {
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

TEST_F(LogReaderTest, AReaderFollowsAcrossSegmentsAndEpochs) {
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

TEST_F(LogReaderTest, AReaderFollowsAWriterOfAnotherThread) {
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

TEST_F(LogReaderTest, AReaderSeesAnUnfinishedTailLater) {
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

TEST_F(LogReaderTest, AReaderKeepsToItsLimit) {
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

TEST_F(LogReaderTest, AReaderLeavesNoSegmentThatGrewSinceItLooked) {
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

TEST_F(LogReaderTest, NoLogIsNotAnEmptyLog) {
  const auto reader = LogReader::Open(files_, directory_ / "nowhere", sources_);
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace skewless
