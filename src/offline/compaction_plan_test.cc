#include "offline/compaction_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace skewless {
namespace {

constexpr int64_t kKib = 1 << 10;
constexpr int64_t kMib = 1 << 20;

// Of one date, as they were committed.
std::vector<OfflineFileInfo> FilesOf(const std::vector<int64_t>& sizes,
                                     const std::string& partition = "v/event_date=2020-01-01") {
  std::vector<OfflineFileInfo> files;
  for (const int64_t bytes : sizes) {
    const auto at = static_cast<Sequence>(files.size());
    OfflineFileInfo file;
    file.path = partition + "/part-" + std::to_string(at) + ".parquet";
    file.rows = 1;
    file.bytes = bytes;
    file.first_sequence = file.last_sequence = at;
    files.push_back(file);
  }
  return files;
}

std::vector<size_t> Range(size_t begin, size_t end) {
  std::vector<size_t> range(end - begin);
  std::iota(range.begin(), range.end(), begin);
  return range;
}

std::vector<size_t> Plan(const std::vector<int64_t>& sizes, size_t needed,
                         const CompactionOptions& options = {}) {
  return PlanMerge(FilesOf(sizes), options, [&](std::string_view) { return needed; });
}

TEST(PlanMerge, FilesOfLikeSizeOnceTheyAreSoMany) {
  EXPECT_TRUE(Plan(std::vector<int64_t>(15, kMib), 16).empty());
  EXPECT_EQ(Plan(std::vector<int64_t>(16, kMib), 16), Range(0, 16));
  EXPECT_EQ(Plan(std::vector<int64_t>(20, kMib), 16), Range(0, 20));
  std::vector<int64_t> differing(16, kMib);
  differing[3] = 2 * kMib;
  EXPECT_EQ(Plan(differing, 16), Range(0, 16));
}

TEST(PlanMerge, ALargeFileIsLeftUntilTheOthersAreWorthIt) {
  std::vector<int64_t> sizes = {100 * kMib};
  sizes.insert(sizes.end(), 16, kMib);
  EXPECT_EQ(Plan(sizes, 16), Range(1, 17));
  sizes[0] = kMib + kMib / 2;
  EXPECT_EQ(Plan(sizes, 16), Range(0, 17));
  // One that stands between parts them.
  std::vector<int64_t> parted(10, kMib);
  parted.push_back(100 * kMib);
  parted.insert(parted.end(), 10, kMib);
  EXPECT_TRUE(Plan(parted, 16).empty());
}

TEST(PlanMerge, WhereItIsQuietTwoFilesAreEnough) {
  EXPECT_EQ(Plan({kMib, kMib}, 2), Range(0, 2));
  EXPECT_EQ(Plan({5 * kMib, 3 * kMib, kMib}, 2), Range(0, 3));
  EXPECT_TRUE(Plan({8 * kMib, kMib}, 2).empty());
  EXPECT_TRUE(Plan({kMib}, 2).empty());
  EXPECT_TRUE(Plan({}, 2).empty());
}

TEST(PlanMerge, SmallFilesAreOfOneSize) {
  EXPECT_EQ(Plan({60 * kKib, kKib}, 2), Range(0, 2));
  EXPECT_TRUE(Plan({60 * kKib, kKib}, 2, {.small_bytes = 1}).empty());
}

TEST(PlanMerge, NoMoreThanItsLimits) {
  EXPECT_EQ(Plan(std::vector<int64_t>(200, kMib), 16, {.most_files = 50}), Range(0, 50));
  EXPECT_EQ(Plan(std::vector<int64_t>(200, kMib), 16, {.most_bytes = 20 * kMib}), Range(0, 20));
  EXPECT_TRUE(Plan(std::vector<int64_t>(200, 2 * kMib), 16, {.most_bytes = 20 * kMib}).empty());
}

TEST(PlanMerge, InOrderOfSequence) {
  std::vector<OfflineFileInfo> files = FilesOf(std::vector<int64_t>(4, kMib));
  std::swap(files[0], files[2]);
  EXPECT_EQ(PlanMerge(files, {}, [](std::string_view) { return size_t{2}; }),
            (std::vector<size_t>{2, 1, 0, 3}));
}

TEST(PlanMerge, APartitionByItselfTheOneOfMostFilesFirst) {
  std::vector<OfflineFileInfo> files = FilesOf(std::vector<int64_t>(3, kMib), "v/event_date=a");
  const auto more = FilesOf(std::vector<int64_t>(5, kMib), "v/event_date=b");
  const auto other = FilesOf(std::vector<int64_t>(4, kMib), "w/event_date=a");
  files.insert(files.end(), more.begin(), more.end());
  files.insert(files.end(), other.begin(), other.end());
  EXPECT_EQ(PlanMerge(files, {}, [](std::string_view) { return size_t{3}; }), Range(3, 8));
  // One that is left alone.
  EXPECT_EQ(PlanMerge(files, {},
                      [](std::string_view partition) {
                        return partition == "v/event_date=b" ? size_t{0} : size_t{3};
                      }),
            Range(8, 12));
}

// A day of commits, a minute each, and a quiet night: few files at any time, one or two in the end,
// and each row was written a few times.
TEST(PlanMerge, ADayOfCommits) {
  constexpr int kCommits = 1440;
  std::vector<OfflineFileInfo> files;
  size_t most = 0;
  int64_t rewritten = 0;
  const auto merge_all = [&](size_t needed) {
    for (;;) {
      const auto inputs = PlanMerge(files, {}, [&](std::string_view) { return needed; });
      if (inputs.empty()) return;
      OfflineFileInfo merged = files[inputs[0]];
      for (size_t i = 1; i < inputs.size(); ++i) {
        merged.bytes += files[inputs[i]].bytes;
        merged.rows += files[inputs[i]].rows;
      }
      rewritten += merged.rows;
      files.erase(files.begin() + static_cast<long>(inputs[0]),
                  files.begin() + static_cast<long>(inputs.back()) + 1);
      files.insert(files.begin() + static_cast<long>(inputs[0]), merged);
    }
  };
  for (int i = 0; i < kCommits; ++i) {
    files.push_back(FilesOf({100 * kKib + i % 7 * kKib})[0]);
    files.back().first_sequence = i;
    merge_all(16);
    most = std::max(most, files.size());
  }
  merge_all(2);
  EXPECT_LE(most, 45u);
  EXPECT_LE(files.size(), 2u);
  EXPECT_LE(rewritten, 4 * kCommits);
}

}  // namespace
}  // namespace skewless
