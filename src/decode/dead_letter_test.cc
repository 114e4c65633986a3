#include "decode/dead_letter.h"

#include <gtest/gtest.h>

#include "decode/record_fixture.h"

namespace skewless {
namespace {

std::string Contents(const std::string& path) { return ReadWholeFile(SystemFiles(), path).value(); }

TEST(DeadLetterTest, WritesJsonLines) {
  const TemporaryFolder folder;
  const std::string path = folder.File("var/dead.jsonl");
  auto file = OpenDeadLetterFile(SystemFiles(), path).value();
  ASSERT_TRUE(file->Append({"clicks", "a.csv", 7, 9, "bad \"price\"", "1,\tx"}));
  ASSERT_TRUE(file->Append({"clicks", "a.csv", 8, 10, "not valid UTF-8", "\xff\x01"}));
  EXPECT_EQ(file->count(), 2);
  ASSERT_TRUE(file->Sync());
  EXPECT_EQ(Contents(path),
            "{\"source\": \"clicks\", \"stream\": \"a.csv\", \"offset\": 7, \"line\": 9, "
            "\"reason\": \"bad \\\"price\\\"\", \"record\": \"1,\\tx\"}\n"
            "{\"source\": \"clicks\", \"stream\": \"a.csv\", \"offset\": 8, \"line\": 10, "
            "\"reason\": \"not valid UTF-8\", \"record_base64\": \"/wE=\"}\n");
}

TEST(DeadLetterTest, AppendsAndKeepsWhatIsNotSyncedWhenClosed) {
  const TemporaryFolder folder;
  const std::string path = folder.File("dead.jsonl");
  for (int i = 0; i < 3; ++i) {
    auto file = OpenDeadLetterFile(SystemFiles(), path).value();
    EXPECT_EQ(file->count(), 0);
    ASSERT_TRUE(file->Append({"s", "f", i, 0, "r", std::string(40'000, 'x')}));
    ASSERT_TRUE(file->Append({"s", "f", i, 0, "r", std::string(40'000, 'y')}));
  }
  const std::string all = Contents(path);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 6);
}

TEST(DeadLetterTest, CutsHalfALineThatACrashLeft) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("dead.jsonl", "{\"offset\": 1}\n{\"offset\": 2, \"rea");
  auto file = OpenDeadLetterFile(SystemFiles(), path).value();
  EXPECT_EQ(Contents(path), "{\"offset\": 1}\n");
  folder.Write("dead.jsonl", std::string(200'000, 'x'));
  file = OpenDeadLetterFile(SystemFiles(), path).value();
  EXPECT_EQ(Contents(path), "");
}

}  // namespace
}  // namespace skewless
