// What is left of a store whose disk is full amid a batch.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "online/embedded/store_directory.h"
#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

// No file of this process grows beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    SKEWLESS_CHECK(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    SKEWLESS_CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    SKEWLESS_CHECK(::setrlimit(RLIMIT_FSIZE, &before_) == 0);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(FullDiskTest, ABatchThatDidNotFitIsNeverShown) {
  constexpr int64_t kUsers = 1'000'000;
  TestDirectory directory("full_disk_test");
  TestViews views;
  auto opened = OpenEmbeddedWriter(views.Options(directory.path()));
  ASSERT_TRUE(opened.has_value());
  std::unique_ptr<OnlineWriter> writer = std::move(*opened);
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  const auto fold = [&](std::span<const TestEvent> events, Sequence first, Timestamp stamp) {
    return writer->Fold(kTotals, views.kernel(kTotals), views.Input(kTotals, events, first, stamp));
  };
  const TestEvent event{1, 5, 100};
  ASSERT_TRUE(fold({&event, 1}, 1, writer->Announce(kMinTimestamp)).has_value());
  ASSERT_TRUE(writer->Commit(1).has_value());

  std::vector<TestEvent> many;
  for (int64_t user = 1; user <= kUsers; ++user) many.push_back({user, 1, 200});
  const Timestamp stamp = writer->Announce(kMinTimestamp);
  {
    const FileSizeLimit limit(std::filesystem::file_size(ArenaPath(directory.path(), 1)));
    const Status folded = fold(many, 2, stamp);
    ASSERT_FALSE(folded.has_value());
  }
  EXPECT_FALSE(writer->Commit(kUsers + 1).has_value());
  // Readers stay before the batch, and the next writer builds the store anew.
  auto reader = OpenEmbeddedReader(directory.path(), views.names(), views.fingerprints());
  ASSERT_TRUE(reader.has_value());
  const RowKey key{kTotals, KeyBytes(event.user)};
  const auto t = (*reader)->Read({&key, 1});
  ASSERT_TRUE(t.has_value());
  EXPECT_LT(*t, stamp);
  EXPECT_EQ(views.Decode(kTotals, (*reader)->state(0), *t).total, 5);
  ASSERT_TRUE(writer->Close().has_value());
  writer.reset();
  EXPECT_FALSE((*OpenEmbeddedWriter(views.Options(directory.path())))->usable());
}

}  // namespace
}  // namespace skewless::embedded
