#include "offline/compactor.h"

#include <bit>
#include <functional>
#include <set>

#include "kernel/repository_fixture.h"
#include "log/test_unsynced_files.h"
#include "offline/offline_writer.h"
#include "offline/table_fixture.h"
#include "offline/totals_fixture.h"
#include "offline/view_table.h"

namespace skewless {
namespace {

constexpr const char* kFeatures = R"(      visits: count(*)
      least: min(amount)
      kinds: last(kind, 3)
)";

class CompactorTest : public ::testing::Test {
 protected:
  CompactorTest()
      : repository_(TotalsYaml(kFeatures)), directory_(repository_.Path("var/history")) {}

  void Open(CompactionOptions compaction) {
    writer_.reset();
    auto opened =
        OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(),
                            {.directory = directory_, .compaction = compaction});
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    writer_ = std::move(*opened);
  }
  // Batch `n` is committed: three records of two users, on two dates.
  void Commit(int64_t n) {
    const std::string numbers[] = {"nan", "-0.0", "0.0", "", "1e300", "-inf", "0.1"};
    std::vector<TestRecord> records;
    for (int64_t i = 0; i < 3; ++i) {
      const auto number = static_cast<size_t>(n * 3 + i) % std::size(numbers);
      const std::string kind = i == 1 ? "" : std::string(static_cast<size_t>(n), 'k');
      records.push_back({{std::to_string(i % 2), numbers[number], kind,
                          std::to_string(kTestStart + n + (i == 2 ? kDayUs : 0))},
                         kTestStart + kDayUs + n});
    }
    Batch batch;
    FillBatch(repository_.definition(), 0, records, n * 3 + 1, &batch);
    ASSERT_TRUE(writer_->Add(batch).has_value());
    ASSERT_TRUE(writer_->Commit().has_value());
  }
  // How many steps it took.
  int Compact() {
    int steps = 0;
    for (bool more = true; more; ++steps) {
      const auto some = writer_->Compact();
      EXPECT_TRUE(some.has_value()) << some.error().ToString();
      more = some.has_value() && *some;
    }
    return steps;
  }
  std::map<int64_t, std::string> Rows() { return RowsOfView(SystemFiles(), directory_, "totals"); }
  std::vector<std::string> Paths() {
    std::vector<std::string> paths;
    FindParquet(SystemFiles(), directory_, &paths);
    return paths;
  }
  // The manifest says what is on the disk.
  void CheckListed() {
    const auto listed = InspectOffline(SystemFiles(), directory_, /*verify=*/true);
    ASSERT_TRUE(listed.has_value()) << listed.error().ToString();
    std::set<std::string> names;
    for (const OfflineFileInfo& file : *listed) names.insert(JoinPath(directory_, file.path));
    const auto paths = Paths();
    EXPECT_EQ(names, std::set<std::string>(paths.begin(), paths.end()));
    EXPECT_EQ(writer_->files(), static_cast<int64_t>(paths.size()));
  }

  TestRepository repository_;
  const std::string directory_;
  std::unique_ptr<OfflineWriter> writer_;
};

constexpr CompactionOptions kFour = {.files = 4};

TEST_F(CompactorTest, FewFilesHoldTheRowsOfMany) {
  Open(kFour);
  for (int64_t n = 0; n < 3; ++n) Commit(n);
  Compact();
  EXPECT_EQ(Paths().size(), 6u);  // too few
  Commit(3);
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 12u);
  Compact();
  EXPECT_EQ(Paths().size(), 2u);
  EXPECT_EQ(Rows(), rows);
  EXPECT_EQ(writer_->merged_rows(), 12);
  CheckListed();
  // The next life goes on from there.
  Open(kFour);
  EXPECT_EQ(writer_->committed_sequence(), 12);
  EXPECT_EQ(Rows(), rows);
  CheckListed();
}

// Whoever copies a value changes its last bit where he doesn't look.
TEST_F(CompactorTest, EachValueIsTheSameToTheBit) {
  Open(kFour);
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  const auto amounts = [this] {
    std::map<int64_t, uint64_t> bits;
    for (const std::string& path : Paths()) {
      const auto table = TableOfParquet(*ReadWholeFile(SystemFiles(), path));
      const auto of = [&](const char* column, int64_t row) {
        return *table->GetColumnByName(column)->GetScalar(row);
      };
      for (int64_t row = 0; row < table->num_rows(); ++row) {
        const auto amount = std::static_pointer_cast<arrow::DoubleScalar>(of("amount", row));
        const auto sequence = std::static_pointer_cast<arrow::Int64Scalar>(of("sequence", row));
        bits[sequence->value] = amount->is_valid ? std::bit_cast<uint64_t>(amount->value) : 1;
      }
    }
    return bits;
  };
  const auto before = amounts();
  EXPECT_EQ(before.at(2), std::bit_cast<uint64_t>(-0.0));
  EXPECT_EQ(before.at(3), std::bit_cast<uint64_t>(0.0));
  Compact();
  ASSERT_EQ(Paths().size(), 2u);
  EXPECT_EQ(amounts(), before);
}

// An entity's rows come in order of their sequence, and so do the files' parts; columns and types
// are what they were.
TEST_F(CompactorTest, AMergedFileIsItsInputsOneAfterTheOther) {
  Open(kFour);
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  const auto schema = TableOfParquet(*ReadWholeFile(SystemFiles(), Paths()[0]))->schema();
  Compact();
  const auto table = TableOfParquet(*ReadWholeFile(SystemFiles(), Paths()[0]));
  EXPECT_TRUE(table->schema()->Equals(*schema, /*check_metadata=*/true));
  const auto of = [&](const char* column, int64_t row) {
    return std::static_pointer_cast<arrow::Int64Scalar>(
               *table->GetColumnByName(column)->GetScalar(row))
        ->value;
  };
  std::map<int64_t, int64_t> last;
  ASSERT_EQ(table->num_rows(), 8);
  for (int64_t row = 0; row < 8; ++row) {
    EXPECT_EQ((of("sequence", row) - 1) / 3, row / 2);
    EXPECT_LT(std::exchange(last[of("user", row)], of("sequence", row)), of("sequence", row));
  }
}

TEST_F(CompactorTest, WorkIsDoneInSteps) {
  Open({.files = 4, .step_rows = 1});
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  const auto rows = Rows();
  EXPECT_GE(Compact(), 8);
  EXPECT_EQ(Rows(), rows);
}

// A merge goes on beside the commits that come meanwhile.
TEST_F(CompactorTest, CommitsGoFirst) {
  Open({.files = 4, .step_rows = 1});
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  for (int64_t n = 4; n < 12; ++n) {
    ASSERT_TRUE(writer_->Compact().has_value());
    Commit(n);
    CheckListed();
  }
  Compact();
  EXPECT_EQ(Rows().size(), 36u);
  EXPECT_LE(Paths().size(), 6u);
  CheckListed();
}

TEST_F(CompactorTest, WhatIsHalfDoneGoes) {
  Open({.files = 4, .step_rows = 1});
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  ASSERT_TRUE(writer_->Compact().has_value());
  const std::string writing = JoinPath(directory_, "totals/.writing");
  EXPECT_EQ(SystemFiles().List(writing)->size(), 1u);
  writer_->AbandonCompaction();
  EXPECT_TRUE(SystemFiles().List(writing)->empty());
  CheckListed();
}

// A date that nothing comes to is left as few files.
TEST_F(CompactorTest, WhereItIsQuietTwoFilesBecomeOne) {
  Open({.quiet_us = 0});
  for (int64_t n = 0; n < 2; ++n) Commit(n);
  const auto rows = Rows();
  Compact();
  EXPECT_EQ(Paths().size(), 2u);
  EXPECT_EQ(Rows(), rows);
  Open({});
  Commit(2);
  Compact();
  EXPECT_EQ(Paths().size(), 4u);
}

TEST_F(CompactorTest, NoneWhereItIsOff) {
  Open({.files = 0, .quiet_us = 0});
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  EXPECT_EQ(Compact(), 1);
  EXPECT_EQ(Paths().size(), 8u);
}

// It must not get a checksum that fits, and hinders neither commits nor other dates.
TEST_F(CompactorTest, ADamagedFileIsLeftWhereItIs) {
  Open(kFour);
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  const std::string damaged = Paths()[1];
  std::string bytes = *ReadWholeFile(SystemFiles(), damaged);
  bytes[bytes.find("skewless")] ^= 1;  // Parquet wouldn't notice
  ASSERT_TRUE(WriteFileAtomically(SystemFiles(), damaged, bytes).has_value());
  Compact();
  ASSERT_TRUE(SystemFiles().Exists(damaged));
  EXPECT_EQ(*ReadWholeFile(SystemFiles(), damaged), bytes);
  EXPECT_EQ(Paths().size(), 5u);  // four, and one of the other date
  const auto verified = InspectOffline(SystemFiles(), directory_, /*verify=*/true);
  ASSERT_FALSE(verified.has_value());
  EXPECT_NE(verified.error().message.find(damaged), std::string::npos);
  EXPECT_TRUE(SystemFiles().List(JoinPath(directory_, "totals/.writing"))->empty());
  Commit(4);
  EXPECT_EQ(writer_->committed_sequence(), 15);
}

// As `skewless offline --verify` beside a running engine: it goes by a manifest that is replaced,
// and finds those files gone.
TEST_F(CompactorTest, FilesThatAreMergedWhileTheyAreVerified) {
  class InterruptedFiles : public UnsyncedFiles {
   public:
    Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override {
      if (path.ends_with(".parquet") && ++tables_ == 3) interruption();
      return UnsyncedFiles::OpenRead(path);
    }
    std::function<void()> interruption;

   private:
    int tables_ = 0;
  };
  Open(kFour);
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  InterruptedFiles files;
  files.interruption = [this] { Compact(); };
  const auto verified = InspectOffline(files, directory_, /*verify=*/true);
  ASSERT_TRUE(verified.has_value()) << verified.error().ToString();
  EXPECT_EQ(verified->size(), 2u);
}

// Killed right after the manifest: the next life does the rest, and a reader of the manifest finds
// the file meanwhile.
TEST_F(CompactorTest, AMergeThatWasCommittedIsFinished) {
  Open(kFour);
  for (int64_t n = 0; n < 4; ++n) Commit(n);
  const auto rows = Rows();
  const std::string first = Paths()[0];
  const std::string bytes = *ReadWholeFile(SystemFiles(), first);
  Compact();
  writer_.reset();
  // As it was then.
  const OfflineManifest manifest = *ReadManifest(SystemFiles(), directory_);
  ASSERT_EQ(manifest.replaced.size(), 4u);
  const std::string& last = manifest.files.back().path;
  std::filesystem::rename(JoinPath(directory_, last),
                          JoinPath(directory_, TemporaryName(last, manifest.writers.back())));
  const std::string input = JoinPath(directory_, manifest.replaced[0]);
  ASSERT_TRUE(WriteFileAtomically(SystemFiles(), input, bytes).has_value());
  EXPECT_TRUE(InspectOffline(SystemFiles(), directory_, /*verify=*/true).has_value());

  Open(kFour);
  EXPECT_FALSE(SystemFiles().Exists(input));
  EXPECT_EQ(Rows(), rows);
  CheckListed();
  Commit(4);
  EXPECT_TRUE(ReadManifest(SystemFiles(), directory_)->replaced.empty());
}

}  // namespace
}  // namespace skewless
