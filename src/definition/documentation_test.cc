// The examples of docs/reference/definitions.md work: blocks marked `yaml repository` are whole
// repositories, the other `yaml` blocks are YAML that the reader takes. So do the sources of the
// pages about topics, and the stores of those about stores: a block marked `yaml source` is the
// sources of a repository, one marked `yaml online` its online section.
#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "definition/definition.h"
#include "definition/yaml_document.h"

namespace skewless {
namespace {

struct Block {
  std::string mark;  // what follows the three backticks
  int line = 0;
  std::string text;
};

std::vector<Block> BlocksOf(const std::string& page) {
  std::vector<Block> blocks;
  std::istringstream lines(page);
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) {
      if (!inside) blocks.push_back({line.substr(3), number, {}});
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  EXPECT_FALSE(inside) << "a block is not closed";
  return blocks;
}

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

// The pages about topics show sources: each is right in a repository that reads it.
TEST(SourcePagesTest, SourcesAreRight) {
  for (const char* name :
       {"docs/reference/kafka.md", "docs/reference/dead-letters.md", "docs/operations/tuning.md"}) {
    const auto page = ReadWholeFile(SystemFiles(), name);
    ASSERT_TRUE(page.has_value()) << page.error().ToString();
    int count = 0;
    for (const Block& block : BlocksOf(*page)) {
      if (block.mark != "yaml source") continue;
      ++count;
      const std::string repository =
          "project: shop\nlog: {path: var/log}\nonline: {type: embedded, path: var/online}\n" +
          block.text +
          "entities: {user: {keys: {user_id: int64}}}\n"
          "feature_views: {seen: {source: clicks, entity: user, features: {n: count(*)}}}\n";
      const auto definition = ParseDefinition(repository, name, ".");
      EXPECT_TRUE(definition.has_value()) << name << ", block at line " << block.line << "\n"
                                          << definition.error().ToString();
    }
    EXPECT_GE(count, 1) << name;
  }
}

}  // namespace
}  // namespace skewless
