#include "log/source_records.h"

#include "log/log_test_fixture.h"

namespace skewless {
namespace {

using SourceRecords = LogTest;

TEST_F(SourceRecords, AreCountedByTheNamesThatTheyWereWrittenUnder) {
  auto writer = Open();
  Append(writer.get(), 3);
  Append(writer.get(), 4);
  writer.reset();
  sources_[0].name = "visits";
  writer = Open();
  Append(writer.get(), 2);
  const auto records = RecordsBySource(files_, options_.directory);
  ASSERT_TRUE(records.has_value()) << records.error().ToString();
  EXPECT_EQ(*records, (std::map<std::string, int64_t>{{"clicks", 7}, {"visits", 2}}));
}

TEST_F(SourceRecords, OfALogThatIsNotThereAreAnErrorWithARemedy) {
  const auto records = RecordsBySource(files_, options_.directory + "-none");
  ASSERT_FALSE(records.has_value());
  EXPECT_NE(records.error().message.find("there is no log at"), std::string::npos);
  EXPECT_NE(records.error().remedy.find("skewless run"), std::string::npos);
}

}  // namespace
}  // namespace skewless
