#include "offline/offline_writer.h"

#include "kernel/repository_fixture.h"
#include "offline/manifest.h"
#include "offline/table_fixture.h"
#include "offline/totals_fixture.h"
#include "offline/view_table.h"

namespace skewless {
namespace {

constexpr const char* kFeatures = R"(      visits: count(*)
      total: sum(amount)
      kinds: last(kind, 2)
)";

std::string Changed(std::string yaml, const std::string& from, const std::string& to) {
  return yaml.replace(yaml.find(from), from.size(), to);
}

TestRecord At(int64_t user, const std::string& amount, const std::string& kind, Timestamp event,
              Timestamp available, bool applied = true) {
  return {{std::to_string(user), amount, kind, std::to_string(event)}, available, applied};
}

class OfflineWriterTest : public ::testing::Test {
 protected:
  OfflineWriterTest() : repository_(TotalsYaml(kFeatures)) {}

  std::unique_ptr<OfflineWriter> Open(int64_t memory_bytes = 512 << 20) {
    auto opened =
        OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(),
                            {repository_.Path("var/history"), memory_bytes});
    EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
    return std::move(*opened);
  }
  void Add(OfflineWriter* writer, const std::vector<TestRecord>& records, Sequence first) {
    Batch batch;
    FillBatch(repository_.definition(), 0, records, first, &batch);
    ASSERT_TRUE(writer->Add(batch).has_value());
  }
  std::map<int64_t, std::string> Rows() {
    return RowsOfView(SystemFiles(), repository_.Path("var/history"), "totals");
  }

  TestRepository repository_;
};

const Timestamp kDay = kTestStart;

std::vector<TestRecord> FirstRecords() {
  return {At(1, "0.5", "a", kDay, kDay + 10), At(2, "", "", kDay + 1, kDay + 10),
          At(1, "2.0", "b", kDay + kDayUs, kDay + kDayUs + 5)};
}
std::vector<TestRecord> MoreRecords() {
  return {At(1, "1.0", "c", kDay + 2, kDay + kDayUs + 6),
          At(3, "9.0", "x", kDay + kDayUs, kDay + kDayUs + 7)};
}

TEST_F(OfflineWriterTest, ARowIsTheRecordAndTheValuesRightAfterIt) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  EXPECT_EQ(writer->buffered_rows(), 3);
  EXPECT_TRUE(Rows().empty());
  ASSERT_TRUE(writer->Commit().has_value());
  EXPECT_EQ(writer->buffered_rows(), 0);
  EXPECT_EQ(writer->committed_rows(), 3);
  EXPECT_EQ(writer->committed_sequence(), 3);
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows.at(1),
            "user=1, event_timestamp=2020-01-01 00:00:00.000000Z, processing_timestamp=2020-01-01 "
            "00:00:00.000010Z, "
            "available_timestamp=2020-01-01 00:00:00.000010Z, sequence=1, applied=true, "
            "amount=0.5, kind=a, visits=1, "
            "total=0.5, kinds=list<element: string>[a]");
  EXPECT_NE(rows.at(2).find("amount=null, kind=null, visits=1, total=null, kinds=null"),
            std::string::npos)
      << rows.at(2);
  EXPECT_NE(rows.at(3).find("visits=2, total=2.5, kinds=list<element: string>[a, b]"),
            std::string::npos)
      << rows.at(3);
}

// A day begins at midnight, before 1970, too; and a day's events lie together.
TEST_F(OfflineWriterTest, DaysBefore1970AreWholeDays) {
  const Timestamp midnight = -kDayUs;
  auto writer = Open();
  Add(writer.get(),
      {At(1, "1", "a", midnight - 1, kDay), At(1, "2", "b", midnight, kDay),
       At(1, "3", "c", -1, kDay), At(1, "4", "d", 0, kDay)},
      1);
  ASSERT_TRUE(writer->Commit().has_value());
  const auto listed = InspectOffline(SystemFiles(), repository_.Path("var/history"), true);
  ASSERT_TRUE(listed.has_value());
  std::vector<std::pair<std::string, int64_t>> days;
  for (const OfflineFileInfo& file : *listed) days.emplace_back(file.event_date, file.rows);
  EXPECT_EQ(days, (std::vector<std::pair<std::string, int64_t>>{
                      {"1969-12-30", 1}, {"1969-12-31", 2}, {"1970-01-01", 1}}));
  EXPECT_EQ(Rows().size(), 4u);
}

TEST_F(OfflineWriterTest, DatesAreOrderedByTheirYears) {
  const char* const dates[] = {"-10000-01-01", "-0044-03-15", "-0043-01-01", "0000-12-31",
                               "0001-01-01",   "9999-12-31",  "10000-01-01", "10000-01-02"};
  for (size_t a = 0; a < std::size(dates); ++a) {
    for (size_t b = 0; b < std::size(dates); ++b)
      EXPECT_EQ(IsEarlierDate(dates[a], dates[b]), a < b) << dates[a] << " " << dates[b];
  }
}

// Late events do not change places: an entity's rows lie as they became available.
TEST_F(OfflineWriterTest, AFileIsInTheOrderOfTheLogForEachEntity) {
  auto writer = Open();
  Add(writer.get(),
      {At(1, "1", "a", kDay + 30, kDay + 40), At(1, "2", "b", kDay + 10, kDay + 41),
       At(1, "3", "c", kDay + 20, kDay + 42)},
      1);
  ASSERT_TRUE(writer->Commit().has_value());
  std::vector<std::string> paths;
  FindParquet(SystemFiles(), repository_.Path("var/history"), &paths);
  ASSERT_EQ(paths.size(), 1u);
  const auto table = TableOfParquet(*ReadWholeFile(SystemFiles(), paths[0]));
  ASSERT_EQ(table->num_rows(), 3);
  for (int64_t row = 0; row < 3; ++row) {
    const auto sequence = *table->GetColumnByName("sequence")->GetScalar(row);
    EXPECT_EQ(std::static_pointer_cast<arrow::Int64Scalar>(sequence)->value, row + 1);
  }
}

// What a crash left of a commit that never was is gone after the next start.
TEST_F(OfflineWriterTest, LeftoversOfACommitThatNeverWasAreRemoved) {
  {
    auto writer = Open();
    Add(writer.get(), FirstRecords(), 1);
    ASSERT_TRUE(writer->Commit().has_value());
  }
  const std::string leftover =
      JoinPath(repository_.Path("var/history"),
               TemporaryName("totals/event_date=2020-01-03/part-0000000000000009.parquet", 0));
  ASSERT_TRUE(WriteFileAtomically(SystemFiles(), leftover, "half a file").has_value());
  Open();
  EXPECT_FALSE(SystemFiles().Exists(leftover));
  EXPECT_EQ(Rows().size(), 3u);
}

TEST_F(OfflineWriterTest, FilesLieByEventDateAndTheManifestListsThem) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  auto listed = InspectOffline(SystemFiles(), repository_.Path("var/history"), /*verify=*/true);
  ASSERT_TRUE(listed.has_value());
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].event_date, "2020-01-01");
  EXPECT_EQ((*listed)[0].rows, 2);
  EXPECT_EQ((*listed)[1].event_date, "2020-01-02");
  EXPECT_EQ((*listed)[1].first_sequence, 3);
  const std::string path = repository_.Path("var/history/" + (*listed)[0].path);
  EXPECT_NE(path.find("/totals/event_date=2020-01-01/"), std::string::npos);
  // One changed byte is found.
  std::string bytes = *ReadWholeFile(SystemFiles(), path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  listed = InspectOffline(SystemFiles(), repository_.Path("var/history"), /*verify=*/true);
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(listed.error().message.find("part-"), std::string::npos);
}

TEST_F(OfflineWriterTest, ARestartGoesOnWhereTheLastCommitEnded) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  Add(writer.get(), MoreRecords(), 4);  // buffered, and lost with the writer
  writer.reset();

  writer = Open();
  EXPECT_EQ(writer->committed_sequence(), 3);
  Add(writer.get(), FirstRecords(), 1);  // only rebuilds the states
  EXPECT_EQ(writer->buffered_rows(), 0);
  Add(writer.get(), MoreRecords(), 4);
  EXPECT_EQ(writer->buffered_rows(), 2);
  ASSERT_TRUE(writer->Commit().has_value());
  ASSERT_TRUE(writer->Commit().has_value());  // nothing to do
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 5u);
  // The late event of the first day: the total after it, and the order of events in the list.
  EXPECT_NE(rows.at(4).find("visits=3, total=3.5, kinds=list<element: string>[c, b]"),
            std::string::npos)
      << rows.at(4);
}

TEST_F(OfflineWriterTest, ARefusedRecordIsARowThatChangesNothing) {
  auto writer = Open();
  Add(writer.get(),
      {At(1, "1.0", "a", kDay, kDay), At(1, "5.0", "late", kDay - kDayUs, kDay + 1, false),
       At(4, "5.0", "late", kDay - kDayUs, kDay + 1, false), At(1, "2.0", "b", kDay, kDay + 2)},
      1);
  ASSERT_TRUE(writer->Commit().has_value());
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_NE(rows.at(2).find("applied=false, amount=5, kind=late, visits=1, total=1"),
            std::string::npos)
      << rows.at(2);
  EXPECT_NE(rows.at(3).find("applied=false, amount=5, kind=late, visits=null, total=null"),
            std::string::npos)
      << rows.at(3);
  EXPECT_NE(rows.at(4).find("applied=true, amount=2, kind=b, visits=2, total=3"), std::string::npos)
      << rows.at(4);
}

TEST_F(OfflineWriterTest, WhatIsNoRecordOfTheViewIsNoRow) {
  repository_.Define(TotalsYaml(kFeatures, "    where: amount > 1\n"));
  auto writer = Open();
  Add(writer.get(),
      {At(1, "1.0", "a", kDay, kDay),
       At(1, "1.5", "b", kDay, kDay),
       At(2, "0.1", "c", kDay, kDay, false),
       {{"", "9.0", "d", std::to_string(kDay)}, kDay}},
      1);
  ASSERT_TRUE(writer->Commit().has_value());
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.begin()->first, 2);
}

TEST_F(OfflineWriterTest, InputsGiveWayToFeaturesOfTheirName) {
  repository_.Define(TotalsYaml(
      "      amount: sum(amount)\n      input_kind: last(kind)\n      kind: first(kind)\n"));
  auto writer = Open();
  Add(writer.get(), {At(1, "1.5", "b", kDay, kDay), At(1, "2.0", "c", kDay + 1, kDay + 1)}, 1);
  ASSERT_TRUE(writer->Commit().has_value());
  const auto rows = Rows();
  EXPECT_NE(rows.at(2).find("input_amount=2, input_input_kind=c, amount=3.5, input_kind=c, kind=b"),
            std::string::npos)
      << rows.at(2);
}

TEST_F(OfflineWriterTest, AChangedDefinitionMakesTheTablesAnew) {
  for (const std::string& changed :
       {TotalsYaml("      visits: count(*)\n      most: max(amount)\n"),
        TotalsYaml(kFeatures, "    where: amount > 1\n"), TotalsYaml(kFeatures, "    ttl: 1h\n"),
        Changed(TotalsYaml(kFeatures), "kind: string", "kind: string, note: string"),
        Changed(TotalsYaml(kFeatures), "{user: int64, amount: float64",
                "{amount: float64, user: int64"),
        TotalsYaml(
            "      seen: count(*)\n      total: sum(amount)\n      kinds: last(kind, 2)\n")}) {
    repository_.Define(TotalsYaml(kFeatures));
    std::filesystem::remove_all(repository_.Path("var/history"));
    auto writer = Open();
    Add(writer.get(), FirstRecords(), 1);
    ASSERT_TRUE(writer->Commit().has_value());
    writer.reset();

    repository_.Define(changed);
    writer = Open();
    EXPECT_EQ(writer->committed_sequence(), 0);
    EXPECT_TRUE(Rows().empty()) << changed;
  }
}

TEST_F(OfflineWriterTest, AnotherEventTimestampMakesTheTablesAnew) {
  const std::string yaml =
      Changed(TotalsYaml("      visits: count(*)\n"), "kind: string", "sent: \"timestamp[us]\"");
  repository_.Define(yaml);
  auto writer = Open();
  Add(writer.get(), {At(1, "0.5", "7", kDay, kDay + 10)}, 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();

  repository_.Define(Changed(yaml, "event_timestamp: ts", "event_timestamp: sent"));
  writer = Open();
  EXPECT_EQ(writer->committed_sequence(), 0);
  EXPECT_TRUE(Rows().empty());
}

TEST_F(OfflineWriterTest, TheSameDefinitionKeepsTheTables) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();
  repository_.Define(TotalsYaml(kFeatures));
  writer = Open();
  EXPECT_EQ(writer->committed_sequence(), 3);
  EXPECT_EQ(Rows().size(), 3u);
}

TEST_F(OfflineWriterTest, LeftoversOfACrashGo) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();
  repository_.Write("var/history/totals/.writing/2020-01-01-part-9.parquet.tmp", "half");
  writer = Open();
  EXPECT_FALSE(std::filesystem::exists(
      repository_.Path("var/history/totals/.writing/2020-01-01-part-9.parquet.tmp")));
  EXPECT_EQ(Rows().size(), 3u);
}

TEST_F(OfflineWriterTest, AMissingFileIsNamed) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();
  const auto listed = InspectOffline(SystemFiles(), repository_.Path("var/history"), false);
  std::filesystem::remove(repository_.Path("var/history/" + (*listed)[0].path));
  auto opened = OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(),
                                    {repository_.Path("var/history")});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find((*listed)[0].path), std::string::npos);
  const auto verified = InspectOffline(SystemFiles(), repository_.Path("var/history"), true);
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().ToString(), opened.error().ToString());
}

// As in the midst of a commit, beside a running engine.
TEST_F(OfflineWriterTest, AFileThatHasNotItsNameYetIsVerified) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  const std::string directory = repository_.Path("var/history");
  const OfflineManifest manifest = *ReadManifest(SystemFiles(), directory);
  const std::string& path = manifest.files[0].path;
  std::filesystem::rename(JoinPath(directory, path),
                          JoinPath(directory, TemporaryName(path, manifest.writers[0])));
  const auto verified = InspectOffline(SystemFiles(), directory, true);
  ASSERT_TRUE(verified.has_value()) << verified.error().ToString();
  EXPECT_EQ(verified->size(), manifest.files.size());
}

TEST_F(OfflineWriterTest, TablesOfAnotherLogStayAsTheyAre) {
  OfflineOptions options{.directory = repository_.Path("var/history"), .log_identity = 7};
  auto writer =
      *OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(), options);
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();
  repository_.Write("var/history/_manifest.3039.tmp", "of the other log's engine");

  options.log_identity = 8;
  for (const std::string& yaml : {TotalsYaml(kFeatures), TotalsYaml("      visits: count(*)\n")}) {
    repository_.Define(yaml);
    const auto opened = OfflineWriter::Open(SystemFiles(), repository_.definition(),
                                            repository_.kernels(), options);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
    EXPECT_NE(opened.error().message.find("another log"), std::string::npos);
    EXPECT_EQ(Rows().size(), 3u);
    EXPECT_TRUE(std::filesystem::exists(repository_.Path("var/history/_manifest.3039.tmp")));
  }
  repository_.Define(TotalsYaml(kFeatures));
  options.log_identity = 7;
  writer =
      *OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(), options);
  EXPECT_EQ(writer->committed_sequence(), 3);
}

// As before anything is committed, so that a second log's engine is refused from the start.
TEST_F(OfflineWriterTest, TablesBelongToTheirLogOnceTheyAreOpened) {
  OfflineOptions options{.directory = repository_.Path("var/history"), .log_identity = 7};
  const auto writer =
      OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(), options);
  ASSERT_TRUE(writer.has_value());
  options.log_identity = 8;
  EXPECT_FALSE(
      OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(), options)
          .has_value());
}

TEST_F(OfflineWriterTest, OfTwoLogsThatBeginTablesAtOnceOneIsRefused) {
  OfflineOptions options{.directory = repository_.Path("var/history"), .log_identity = 7};
  const auto writer =
      *OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(), options);
  OfflineManifest others;
  others.log = 8;
  ASSERT_TRUE(WriteManifest(SystemFiles(), FileLock(), options.directory, others).has_value());
  Add(writer.get(), FirstRecords(), 1);
  const Status committed = writer->Commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_NE(committed.error().message.find("another log"), std::string::npos);
  EXPECT_TRUE(Rows().empty());
}

// A log that was restored from an older copy gives those sequences again.
TEST_F(OfflineWriterTest, TablesBeyondTheLogsEndAreMadeAnew) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  for (const auto& [end, rows] : {std::pair<Sequence, size_t>{3, 3}, {2, 0}}) {
    writer = *OfflineWriter::Open(SystemFiles(), repository_.definition(), repository_.kernels(),
                                  {.directory = repository_.Path("var/history"), .log_end = end});
    EXPECT_EQ(Rows().size(), rows);
    EXPECT_EQ(writer->committed_sequence(), static_cast<Sequence>(rows));
  }
}

TEST_F(OfflineWriterTest, FilesThatNoCommitListsAreNamed) {
  auto writer = Open();
  Add(writer.get(), FirstRecords(), 1);
  ASSERT_TRUE(writer->Commit().has_value());
  writer.reset();
  std::filesystem::remove(repository_.Path("var/history/_manifest"));
  const auto opened = OfflineWriter::Open(SystemFiles(), repository_.definition(),
                                          repository_.kernels(), {repository_.Path("var/history")});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("part-0000000000000001.parquet"), std::string::npos)
      << opened.error().message;
  EXPECT_EQ(Rows().size(), 3u);
}

TEST_F(OfflineWriterTest, MoreThanItsMemoryIsCommittedByItself) {
  auto writer = Open(/*memory_bytes=*/1);
  Add(writer.get(), FirstRecords(), 1);
  EXPECT_EQ(writer->buffered_rows(), 0);
  Add(writer.get(), MoreRecords(), 4);
  EXPECT_EQ(writer->committed_sequence(), 5);
  EXPECT_EQ(Rows().size(), 5u);
}

}  // namespace
}  // namespace skewless
