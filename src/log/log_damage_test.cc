// Torn tails, damaged and missing segments, newer formats.
#include "log/log_test_fixture.h"

namespace skewless {
namespace {

class LogDamageTest : public LogTest {};

TEST_F(LogDamageTest, AMissingSegmentIsNoticed) {
  options_.segment_bytes = 10'000;
  for (int i = 0; i < 50; ++i) Append(Open().get(), 50);
  const std::vector<std::string> segments = Segments();
  std::filesystem::remove(segments[2]);
  EXPECT_EQ(Items(Read().get()), Range(1, 101));
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
  EXPECT_EQ(InspectLog(files_, options_.directory, false).error().code, ErrorCode::kCorrupt);
  std::filesystem::remove(segments[0]);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
}

TEST_F(LogDamageTest, ATornTailIsCutAtEveryByte) {
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

// A file system gives blocks out again: behind a torn frame may lie what was in another segment.
TEST_F(LogDamageTest, FramesOfAnotherSegmentInATornTailProveNothing) {
  {
    auto writer = Open();
    for (int i = 0; i < 5; ++i) Append(writer.get(), 100);
  }
  const std::string first = Load(Segments()[0]);
  Open();
  const std::string path = Segments()[1];
  const std::string empty = Load(path);
  Store(path, empty + "torn" + first.substr(first.size() / 2));
  EXPECT_EQ(Items(Read().get()), Range(1, 501));
  EXPECT_EQ(error_.message, "");
  auto writer = Open();
  ASSERT_NE(writer, nullptr);
  EXPECT_EQ(writer->recovery().records, 500);
  EXPECT_EQ(Load(path), empty);
}

TEST_F(LogDamageTest, DamageInTheMiddleIsNoTornTail) {
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

TEST_F(LogDamageTest, DamageInAnEarlierSegmentIsFoundByReadersAndInspection) {
  Append(Open().get(), 10);
  Append(Open().get(), 10);
  const std::string path = Segments()[0];
  const std::string whole = Load(path);
  Flip(path, whole.size() - 1);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
  EXPECT_NE(error_.message.find(path), std::string::npos);
  EXPECT_TRUE(InspectLog(files_, options_.directory, false).has_value());
  EXPECT_EQ(InspectLog(files_, options_.directory, true).error().code, ErrorCode::kCorrupt);
  // Cut between frames, even: the next segment knows how far this one went.
  Store(path, whole);
  std::filesystem::resize_file(path, whole.size() - 1);
  EXPECT_TRUE(Items(Read().get()).empty());
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
}

TEST_F(LogDamageTest, ADamagedHeaderIsNamed) {
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

TEST_F(LogDamageTest, ANewerFormatIsRefused) {
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

TEST_F(LogDamageTest, ASegmentOfAnotherLogIsRefused) {
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

}  // namespace
}  // namespace skewless
