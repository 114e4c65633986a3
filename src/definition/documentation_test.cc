// The examples of docs/reference/definitions.md work: blocks marked `yaml repository` are whole
// repositories, the other `yaml` blocks are YAML that the reader takes. So do the stores of the
// pages about stores: a block marked `yaml online` is the online section of a repository. Sources
// are looked at where their clients are known (source/kafka/source_pages_test.cc).
#include <gtest/gtest.h>

#include "base/file.h"
#include "definition/definition.h"
#include "definition/page_fixture.h"
#include "definition/yaml_document.h"

namespace skewless {
namespace {

constexpr char kAroundOnline[] = R"(project: shop
log: {path: var/log}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, ts: "timestamp[ms]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  activity: {source: clicks, entity: user, features: {clicks: count(*)}}
)";

TEST(StorePagesTest, OnlineSectionsAreRight) {
  int count = 0;
  for (const char* const path : {"docs/operations/redis.md", "docs/operations/tuning.md"}) {
    auto page = ReadWholeFile(SystemFiles(), path);
    ASSERT_TRUE(page.has_value()) << page.error().ToString();
    for (const Block& block : BlocksOf(*page)) {
      if (block.mark != "yaml online") continue;
      ++count;
      const auto definition = ParseDefinition(kAroundOnline + block.text, path, ".");
      EXPECT_TRUE(definition.has_value()) << path << ": block at line " << block.line << "\n"
                                          << definition.error().ToString();
    }
  }
  EXPECT_GE(count, 2);
}

class DocumentationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto page = ReadWholeFile(SystemFiles(), "docs/reference/definitions.md");
    ASSERT_TRUE(page.has_value()) << page.error().ToString();
    blocks_ = BlocksOf(*page);
  }
  std::vector<Block> blocks_;
};

TEST_F(DocumentationTest, WholeRepositoriesAreRight) {
  int count = 0;
  for (const Block& block : blocks_) {
    if (block.mark != "yaml repository") continue;
    ++count;
    const auto definition = ParseDefinition(block.text, "definitions.md", ".");
    EXPECT_TRUE(definition.has_value()) << "block at line " << block.line << "\n"
                                        << definition.error().ToString();
  }
  EXPECT_GE(count, 2);
}

TEST_F(DocumentationTest, PartsAreYaml) {
  int count = 0;
  for (const Block& block : blocks_) {
    if (block.mark != "yaml") continue;
    ++count;
    const auto document = YamlDocument::Parse(block.text, "definitions.md");
    EXPECT_TRUE(document.has_value()) << "block at line " << block.line << "\n"
                                      << document.error().ToString();
  }
  EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace skewless
