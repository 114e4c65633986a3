// The sources that the pages about topics show work: a block marked `yaml source` is the sources of
// a repository.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "definition/definition.h"
#include "definition/page_fixture.h"
#include "source/kafka/kafka_settings.h"

namespace skewless {
namespace {

std::string RepositoryOf(const Block& block) {
  return "project: shop\nlog: {path: var/log}\nonline: {type: embedded, path: var/online}\n" +
         block.text +
         "entities: {user: {keys: {user_id: int64}}}\n"
         "feature_views: {seen: {source: clicks, entity: user, features: {n: count(*)}}}\n";
}

class SourcePagesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    // Where a password is elsewhere, no client is made: it would look for the files of the example.
    ::unsetenv("KAFKA_PASSWORD");
  }
};

TEST_P(SourcePagesTest, EachIsRightInARepositoryThatReadsIt) {
  const auto page = ReadWholeFile(SystemFiles(), GetParam());
  ASSERT_TRUE(page.has_value()) << page.error().ToString();
  int count = 0;
  for (const Block& block : BlocksOf(*page)) {
    if (block.mark != "yaml source") continue;
    ++count;
    const auto definition = ParseDefinition(RepositoryOf(block), GetParam(), ".");
    ASSERT_TRUE(definition.has_value()) << "block at line " << block.line << "\n"
                                        << definition.error().ToString();
    const Status checked = CheckKafkaSettings(**definition);
    EXPECT_TRUE(checked.has_value()) << "block at line " << block.line << "\n"
                                     << checked.error().ToString();
  }
  EXPECT_GE(count, 1);
}

INSTANTIATE_TEST_SUITE_P(Pages, SourcePagesTest,
                         testing::Values("docs/reference/kafka.md",
                                         "docs/reference/dead-letters.md",
                                         "docs/operations/tuning.md"));

}  // namespace
}  // namespace skewless
