#include "offline/manifest.h"

#include "kernel/repository_fixture.h"

namespace skewless {
namespace {

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest()
      : directory_(std::filesystem::temp_directory_path() /
                   ("skewless-manifest-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~ManifestTest() override { std::filesystem::remove_all(directory_); }

  OfflineManifest Example() const {
    OfflineManifest manifest;
    manifest.log = 0x0123456789abcdef;
    manifest.layout = 0xfedcba9876543210;
    manifest.through_sequence = MakeSequence(3, 17);
    manifest.files.push_back(
        {"v", "v/event_date=2020-01-01/part-1.parquet", "2020-01-01", 5, 1234, 1, 9});
    manifest.files.push_back(
        {"w", "w/event_date=2020-01-02/part-2.parquet", "2020-01-02", 1, 99, 2, 2});
    manifest.checksums = {0xffffffffffffffff, 1};
    manifest.writers = {0, 1837602};
    return manifest;
  }
  std::string Text() const { return *ReadWholeFile(SystemFiles(), ManifestPath(directory_)); }
  void SetText(const std::string& text) const {
    std::ofstream(ManifestPath(directory_), std::ios::binary) << text;
  }

  std::string directory_;
};

TEST_F(ManifestTest, ComesBackAsItWasWritten) {
  const OfflineManifest none = *ReadManifest(SystemFiles(), directory_);
  EXPECT_EQ(none.through_sequence, 0);
  EXPECT_TRUE(none.files.empty());

  const OfflineManifest written = Example();
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), directory_, written).has_value());
  const auto read = ReadManifest(SystemFiles(), directory_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->log, written.log);
  EXPECT_EQ(read->layout, written.layout);
  EXPECT_EQ(read->through_sequence, written.through_sequence);
  EXPECT_EQ(read->checksums, written.checksums);
  EXPECT_EQ(read->writers, written.writers);
  ASSERT_EQ(read->files.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read->files[i].view, written.files[i].view);
    EXPECT_EQ(read->files[i].path, written.files[i].path);
    EXPECT_EQ(read->files[i].event_date, written.files[i].event_date);
    EXPECT_EQ(read->files[i].rows, written.files[i].rows);
    EXPECT_EQ(read->files[i].bytes, written.files[i].bytes);
    EXPECT_EQ(read->files[i].first_sequence, written.files[i].first_sequence);
    EXPECT_EQ(read->files[i].last_sequence, written.files[i].last_sequence);
  }
}

TEST_F(ManifestTest, AnyChangedByteIsFound) {
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), directory_, Example()).has_value());
  const std::string whole = Text();
  for (size_t i = 0; i < whole.size(); i += i < 50 ? 1 : 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    SetText(damaged);
    const auto read = ReadManifest(SystemFiles(), directory_);
    // A space and the letter case of the checksum are the only bytes that say nothing.
    if (read.has_value()) {
      EXPECT_EQ(read->through_sequence, Example().through_sequence) << i;
      continue;
    }
    EXPECT_TRUE(read.error().code == ErrorCode::kCorrupt ||
                read.error().code == ErrorCode::kVersion)
        << i;
    EXPECT_NE(read.error().message.find(ManifestPath(directory_)), std::string::npos);
  }
  for (const size_t size : {size_t{0}, size_t{5}, whole.find('\n'), whole.size() - 1}) {
    SetText(whole.substr(0, size));
    const auto read = ReadManifest(SystemFiles(), directory_);
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

// Its reader must know what became of them; who knows only the first version reads the rest.
TEST_F(ManifestTest, ReplacedFilesComeBackAndAreTheSecondVersion) {
  OfflineManifest manifest = Example();
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), directory_, manifest).has_value());
  EXPECT_TRUE(Text().starts_with("SKEWLESS-OFFLINE 1 ")) << Text();
  manifest.replaced = {"v/event_date=2020-01-01/part-0.parquet",
                       "v/event_date=2020-01-01/part-1.parquet"};
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), directory_, manifest).has_value());
  EXPECT_TRUE(Text().starts_with("SKEWLESS-OFFLINE 2 ")) << Text();
  const auto read = ReadManifest(SystemFiles(), directory_);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->replaced, manifest.replaced);
  EXPECT_EQ(read->files.size(), manifest.files.size());
}

TEST_F(ManifestTest, NewerVersionIsNotTouched) {
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), directory_, Example()).has_value());
  std::string text = Text();
  text.replace(text.find(" 1 "), 3, " 3 ");
  SetText(text);
  const auto read = ReadManifest(SystemFiles(), directory_);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kVersion);
  EXPECT_EQ(Text(), text);
}

// Right checksum, other content than a manifest's.
TEST_F(ManifestTest, OtherJsonIsCorrupt) {
  for (const std::string body :
       {"[]", "{}", "not json", R"({"layout":"x","through_sequence":1,"files":[]})",
        R"({"layout":"1","through_sequence":1,"files":[{"view":1}]})"}) {
    char head[64];
    snprintf(head, sizeof head, "SKEWLESS-OFFLINE 1 %016llx\n",
             static_cast<unsigned long long>(Hash64(AsBytes(body))));
    SetText(head + body);
    const auto read = ReadManifest(SystemFiles(), directory_);
    ASSERT_FALSE(read.has_value()) << body;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace skewless
