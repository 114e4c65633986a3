#include "source/source.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <random>

#include "decode/record_fixture.h"

namespace skewless {
namespace {

// What a run of a source gave: rows, letters, and the positions after each batch.
struct SourceRun {
  std::vector<std::string> rows;
  std::vector<Timestamp> arrivals;
  std::vector<std::string> letters;  // "stream:offset:line: reason"
  std::map<std::string, int64_t> positions;
  SourceProgress progress;
  std::string error;
};

class SourceTest : public ::testing::Test {
 protected:
  SourceTest() {
    definition_.root = folder_.path();
    SourceDefinition source;
    source.name = "clicks";
    source.place = {"skewless.yaml", 4, 3};
    source.paths = {"*.csv"};
    source.format = SourceFormat::kCsv;
    source.schema = {{Spec("id", TypeKind::kInt64), Spec("name", TypeKind::kString),
                      Spec("ts", TypeKind::kTimestamp, false, TimestampUnit::kMicros),
                      Spec("seen", TypeKind::kTimestamp, false, TimestampUnit::kMicros)}};
    source.event_timestamp = 2;
    source.arrival_timestamp = 3;
    definition_.sources.push_back(std::move(source));
    options_.spill_directory = folder_.File("spill");
  }

  SourceDefinition& source() { return definition_.sources[0]; }

  // Reads until the end, or until `max_batches` batches with rows.
  SourceRun Run(size_t max_rows = 100, size_t max_batches = 1'000'000) {
    SourceRun run;
    const DeadLetterSink sink = [&](const DeadLetter& letter) -> Status {
      EXPECT_EQ(letter.source, "clicks");
      run.letters.push_back(letter.stream + ":" + std::to_string(letter.offset) + ":" +
                            std::to_string(letter.line) + ": " + letter.reason);
      if (strict_) return Fail(ErrorCode::kInvalid, "strict");
      return {};
    };
    auto opened = OpenSource(definition_, 0, options_, sink);
    if (!opened) {
      run.error = opened.error().ToString();
      return run;
    }
    for (const SourcePosition& position : options_.resume)
      run.positions[position.stream] = position.offset;
    Batch batch;
    while (max_batches > 0) {
      const Result<bool> more = (*opened)->Next(max_rows, 0, &batch);
      if (!more) run.error = more.error().ToString();
      if (!more || !*more) break;
      Take(batch, max_rows, &run);
      if (batch.rows() > 0) --max_batches;
    }
    run.progress = (*opened)->progress();
    return run;
  }

  void Take(const Batch& batch, size_t max_rows, SourceRun* run) {
    EXPECT_LE(batch.rows(), max_rows);
    EXPECT_EQ(batch.arrival_us.size(), options_.replay ? batch.rows() : 0);
    for (size_t i = 0; i < batch.rows(); ++i) {
      EXPECT_EQ(batch.event_us[i], batch.columns[2].ints[i]);
      run->rows.push_back(batch.columns[1].valid[i] != 0 ? std::string(batch.columns[1].strings[i])
                                                         : "null");
    }
    run->arrivals.insert(run->arrivals.end(), batch.arrival_us.begin(), batch.arrival_us.end());
    for (const SourcePosition& position : batch.positions) {
      run->positions[position.stream] = position.offset;
    }
  }

  void Resume(const std::map<std::string, int64_t>& positions) {
    options_.resume.clear();
    for (const auto& [stream, offset] : positions) options_.resume.push_back({stream, offset});
  }

  // A file of rows named "<prefix><record>", with the given arrivals; -1 makes a bad record.
  void WriteCsv(const std::string& name, const std::string& prefix,
                const std::vector<int64_t>& arrivals) {
    std::string text = "id,name,ts,seen\n";
    for (size_t i = 0; i < arrivals.size(); ++i) {
      const std::string arrival = arrivals[i] < 0 ? "bad" : std::to_string(arrivals[i]);
      const std::string number = std::to_string(i);
      text.append(number).append(",").append(prefix).append(number).append(",").append(number);
      text.append(",").append(arrival).append("\n");
    }
    folder_.Write(name, text);
  }

  // Whatever the batches and wherever a run stops, a run after it gives exactly the rest.
  void ExpectResumable(const SourceRun& whole, size_t max_rows) {
    for (size_t batches = 1;; ++batches) {
      Resume({});
      const SourceRun first = Run(max_rows, batches);
      ASSERT_EQ(first.error, "");
      Resume(first.positions);
      const SourceRun rest = Run(max_rows + 1);
      ASSERT_EQ(rest.error, "");
      Rows rows = first.rows;
      rows.insert(rows.end(), rest.rows.begin(), rest.rows.end());
      ASSERT_EQ(rows, whole.rows) << "after " << first.rows.size();
      Rows letters = first.letters;
      letters.insert(letters.end(), rest.letters.begin(), rest.letters.end());
      ASSERT_EQ(letters, whole.letters) << "after " << first.rows.size();
      ASSERT_EQ(rest.positions, whole.positions);
      if (first.rows.size() == whole.rows.size()) break;
    }
    Resume({});
  }

  TemporaryFolder folder_;
  Definition definition_;
  SourceOptions options_;
  bool strict_ = false;
};

TEST_F(SourceTest, ReadsFilesInOrderAndResumesAnywhere) {
  WriteCsv("b.csv", "b", {5, -1, 3});
  WriteCsv("a.csv", "a", {9, 8, 7, -1, 6, -1});
  WriteCsv("c.csv", "c", {});
  WriteCsv("d.csv", "d", {-1, 1});
  const SourceRun run = Run();
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.rows, (Rows{"a0", "a1", "a2", "a4", "b0", "b2", "d1"}));
  EXPECT_EQ(run.letters.size(), 4u);
  EXPECT_EQ(run.letters.at(0), "a.csv:3:5: column 'seen': expected timestamp[us], found \"bad\"");
  EXPECT_EQ(run.positions,
            (std::map<std::string, int64_t>{{"a.csv", 6}, {"b.csv", 3}, {"d.csv", 2}}));
  EXPECT_EQ(run.progress.records, 11);
  EXPECT_EQ(run.progress.dead_letters, 4);
  EXPECT_EQ(run.progress.fraction, 1);
  for (const size_t max_rows : {1, 2, 4}) ExpectResumable(run, max_rows);
}

TEST_F(SourceTest, ReplaysInOrderOfArrival) {
  options_.replay = true;
  WriteCsv("a.csv", "a", {5, 3, -1, 3, 9});
  WriteCsv("b.csv", "b", {3, 5, 1, -1});
  const SourceRun run = Run();
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.rows, (Rows{"b2", "a1", "a3", "b0", "a0", "b1", "a4"}));
  EXPECT_EQ(run.arrivals, (std::vector<Timestamp>{1, 3, 3, 3, 5, 5, 9}));
  EXPECT_EQ(run.letters.size(), 2u);
  EXPECT_EQ(run.positions,
            (std::map<std::string, int64_t>{
                {"sorted:clicks", 7}, {"good:clicks", 7}, {"dead:a.csv", 5}, {"dead:b.csv", 4}}));
  EXPECT_EQ(run.progress.fraction, 1);
  for (const size_t max_rows : {1, 2, 3}) ExpectResumable(run, max_rows);
}

// The same order whether it is sorted in memory or through runs on disk.
TEST_F(SourceTest, SpillsWithoutChangingTheOrder) {
  options_.replay = true;
  std::mt19937 random(3);
  Rows expected;
  std::vector<std::pair<int64_t, std::string>> all;
  for (const std::string prefix : {"a", "b", "c"}) {
    std::vector<int64_t> arrivals;
    for (int i = 0; i < 700; ++i) {
      arrivals.push_back(random() % 50 == 0 ? -1 : static_cast<int64_t>(random() % 300));
      if (arrivals.back() >= 0) all.emplace_back(arrivals.back(), prefix + std::to_string(i));
    }
    WriteCsv(prefix + ".csv", prefix, arrivals);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& x, const auto& y) { return x.first < y.first; });
  for (const auto& [arrival, name] : all) expected.push_back(name);
  const SourceRun in_memory = Run();
  EXPECT_EQ(in_memory.rows, expected);
  options_.sort_memory_bytes = 10'000;
  const SourceRun spilled = Run(37);
  EXPECT_EQ(spilled.error, "");
  EXPECT_TRUE(std::filesystem::exists(options_.spill_directory));
  EXPECT_TRUE(std::filesystem::is_empty(options_.spill_directory));
  EXPECT_EQ(spilled.rows, expected);
  EXPECT_EQ(spilled.arrivals, in_memory.arrivals);
  EXPECT_EQ(spilled.letters, in_memory.letters);
  ExpectResumable(in_memory, 400);
}

TEST_F(SourceTest, DelayStandsForArrivals) {
  options_.replay = true;
  source().arrival_timestamp = -1;
  source().delay = 1000;
  folder_.Write("a.csv", "id,name,ts,seen\n1,late,50,\n2,early,10,\n3,last,9223372036854775807,\n");
  const SourceRun run = Run();
  EXPECT_EQ(run.rows, (Rows{"early", "late", "last"}));
  EXPECT_EQ(run.arrivals, (std::vector<Timestamp>{1010, 1050, kMaxTimestamp}));
}

TEST_F(SourceTest, RecordsWithoutTimes) {
  folder_.Write("a.csv", "id,name,ts,seen\n1,x,,5\n2,y,5,\n");
  SourceRun run = Run();
  EXPECT_EQ(run.rows, (Rows{"y"}));
  EXPECT_EQ(run.letters, (Rows{"a.csv:0:2: no event_timestamp (column 'ts' is null)"}));
  options_.replay = true;
  run = Run();
  EXPECT_TRUE(run.rows.empty());
  EXPECT_EQ(run.letters, (Rows{"a.csv:0:2: no event_timestamp (column 'ts' is null)",
                               "a.csv:1:3: no arrival_timestamp (column 'seen' is null)"}));
  // Nothing but bad records: their positions come all the same, so a restart reports none of them.
  EXPECT_EQ(run.positions, (std::map<std::string, int64_t>{{"dead:a.csv", 2}, {"good:clicks", 0}}));
  Resume(run.positions);
  EXPECT_TRUE(Run().letters.empty());
}

TEST_F(SourceTest, FilesThatGrowBetweenReplays) {
  options_.replay = true;
  for (const int64_t memory : {int64_t{10'000}, int64_t{1} << 30}) {
    options_.sort_memory_bytes = memory;
    Resume({});
    WriteCsv("a.csv", "a", {1, 5, -1});
    const SourceRun first = Run();
    EXPECT_EQ(first.rows, (Rows{"a0", "a1"}));
    Resume(first.positions);
    WriteCsv("a.csv", "a", {1, 5, -1, 7, -1, 6});
    SourceRun next = Run();
    EXPECT_EQ(next.error, "");
    EXPECT_EQ(next.rows, (Rows{"a5", "a3"}));
    EXPECT_EQ(next.letters.size(), 1u);
    EXPECT_EQ(next.progress.dead_letters, 1);  // the first run's aren't counted again
    WriteCsv("a.csv", "a", {1, 5, -1, 4});
    WriteCsv("b.csv", "b", {9});
    next = Run();
    EXPECT_TRUE(Has(next.error, "a record that was added arrived at 1970-01-01T00:00:00.000004Z"));
    EXPECT_TRUE(Has(next.error, "added are: 'a.csv' from record 3 on, 'b.csv'")) << next.error;
    std::filesystem::remove(folder_.File("b.csv"));
    WriteCsv("a.csv", "a", {1, 5});
    EXPECT_TRUE(Has(Run().error, "'a.csv' had 3 records and now has only 2"));
  }
  std::filesystem::remove(folder_.File("a.csv"));
  WriteCsv("b.csv", "b", {8});
  EXPECT_TRUE(Has(Run().error, "'a.csv' had 3 records and now is gone"));
}

// Whether a record is good depends on the declared columns: those that change it must not make
// records that were replayed come again, or others be passed over.
TEST_F(SourceTest, ColumnsThatMakeOtherRecordsGoodBetweenReplays) {
  options_.replay = true;
  const Schema narrow = source().schema;
  Schema wide = narrow;
  wide.columns.push_back(Spec("price", TypeKind::kInt64));
  const std::string header = "id,name,ts,seen,price\n";
  folder_.Write("a.csv", header + "1,a0,1,1,1\n2,a1,2,2,dear\n3,a2,3,3,3\n");
  source().schema = wide;
  const SourceRun first = Run();
  EXPECT_EQ(first.rows, (Rows{"a0", "a2"}));
  const SourceRun part = Run(1, 1);

  source().schema = narrow;
  Resume(first.positions);
  EXPECT_EQ(Run().rows, Rows{});
  folder_.Write("b.csv", header + "4,b0,4,4,cheap\n5,b1,5,5,5\n");
  const SourceRun next = Run();
  EXPECT_EQ(next.error, "");
  EXPECT_EQ(next.rows, (Rows{"b0", "b1"}));
  EXPECT_EQ(next.positions.at("sorted:clicks"), 5);

  source().schema = wide;
  Resume(next.positions);
  folder_.Write("c.csv", header + "6,c0,6,6,6\n");
  EXPECT_EQ(Run().rows, (Rows{"c0"}));

  source().schema = narrow;
  Resume(part.positions);
  EXPECT_TRUE(Has(Run().error,
                  "of the records that were there before, 2 could be read then and 3 can now, and "
                  "only 1 were replayed"));
}

TEST_F(SourceTest, AFileThatWasCutIsAnError) {
  WriteCsv("a.csv", "a", {1, 2, 3});
  Resume({{"a.csv", 4}});
  EXPECT_TRUE(Has(Run().error, "a.csv: has 3 records, but 4 were read from it before"));
}

TEST_F(SourceTest, ALogKeepsToItsClock) {
  WriteCsv("a.csv", "a", {1});
  Resume({{"sorted:clicks", 1}});
  EXPECT_TRUE(Has(Run().error, "the log was begun under the replay clock"));
  options_.replay = true;
  Resume({{"a.csv", 1}});
  EXPECT_TRUE(Has(Run().error, "the log was begun without a replay clock"));
}

TEST_F(SourceTest, WhichFiles) {
  WriteCsv("in/one.csv", "one", {1});
  WriteCsv("in/two.csv", "two", {1});
  WriteCsv("in/odd[1].csv", "odd", {1});
  source().paths = {"in/{two,one}.csv"};
  EXPECT_EQ(Run().positions,
            (std::map<std::string, int64_t>{{"in/one.csv", 1}, {"in/two.csv", 1}}));
  source().paths = {"in/two.csv", "in/one.csv", "in/*.csv"};
  EXPECT_EQ(Run().rows, (Rows{"two0", "one0", "odd0"}));
  source().paths = {"in/odd[1].csv"};
  EXPECT_EQ(Run().rows, (Rows{"odd0"}));
  WriteCsv("ro{o}t [2]/in/odd.csv", "odd", {1});
  definition_.root = folder_.File("ro{o}t [2]");
  source().paths = {"in/*.csv"};
  EXPECT_EQ(Run().positions, (std::map<std::string, int64_t>{{"in/odd.csv", 1}}));
  definition_.root = folder_.path();
  source().paths = {"in/odd[1].csv"};
  EXPECT_EQ(Run().rows, (Rows{"odd0"}));
  source().paths = {folder_.File("in/one.csv")};
  EXPECT_EQ(Run().positions, (std::map<std::string, int64_t>{{folder_.File("in/one.csv"), 1}}));
}

TEST_F(SourceTest, ErrorsNameThePlace) {
  const std::string place = "skewless.yaml:4:3: source 'clicks': ";
  source().paths = {"absent.csv"};
  EXPECT_TRUE(Begins(Run().error, place + "there is no file '" + folder_.File("absent.csv") + "'"));
  source().paths = {"*.none"};
  EXPECT_TRUE(Begins(Run().error, place + "no file matches"));
  source().paths = {"."};
  EXPECT_TRUE(Begins(Run().error, place + "'.' is a folder"));
  source().paths = {};
  EXPECT_TRUE(Begins(Run().error, place + "it has no path"));
  WriteCsv("a.csv", "a", {1});
  source().paths = {"a.csv"};
  source().options["delimiter"] = "ab";
  EXPECT_TRUE(Begins(Run().error, place + "delimiter 'ab'"));
  source().options = {{"compression", "lzma"}};
  EXPECT_TRUE(Begins(Run().error, place + "compression 'lzma'"));
  source().options = {{"compression", "gzip"}};
  EXPECT_TRUE(Has(Run().error, "a.csv: its contents are not gzip"));
  source().paths = {"s3://bucket/a.csv"};
  EXPECT_TRUE(Begins(Run().error, place + "'s3://bucket/a.csv' is not on a local disk"));
  source().options.clear();
  source().arrival_timestamp = -1;
  options_.replay = true;
  EXPECT_TRUE(Begins(Run().error, place + "a replay needs to know when records arrived"));
  source().format = SourceFormat::kProtobuf;
  EXPECT_TRUE(
      Begins(Run().error, place + "files of format protobuf are not available in this ver"));
}

TEST_F(SourceTest, TheSinkStopsTheSource) {
  WriteCsv("a.csv", "a", {1, -1, 2});
  strict_ = true;
  EXPECT_EQ(Run().error, "strict");
  options_.replay = true;
  EXPECT_EQ(Run().error, "strict");
}

TEST_F(SourceTest, CsvOptions) {
  source().options = {{"delimiter", "\t"}, {"null_text", "NA"}, {"header", "false"}};
  folder_.Write("a.csv", "1\tNA\t3\t4\n");
  EXPECT_EQ(Run().rows, (Rows{"null"}));
}

TEST_F(SourceTest, EveryFormatAndCompression) {
  const std::string json = "{\"id\":1,\"name\":\"j\",\"ts\":1,\"seen\":1}\n";
  source().paths = {"in"};
  source().format = SourceFormat::kJson;
  folder_.Write("in", json);
  EXPECT_EQ(Run().rows, (Rows{"j"}));

  gzFile gz = gzopen(folder_.File("in.gz").c_str(), "wb");
  gzwrite(gz, json.data(), static_cast<unsigned>(json.size()));
  gzclose(gz);
  source().paths = {"in.gz"};
  EXPECT_EQ(Run().rows, (Rows{"j"}));

  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO),
                                arrow::default_memory_pool());
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(ids.Append(i).ok() && names.Append("p" + std::to_string(i)).ok());
    ASSERT_TRUE((i == 1 ? times.AppendNull() : times.Append(9 - i)).ok());
  }
  const auto times_array = times.Finish().ValueOrDie();
  const auto type = times_array->type();
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()),
                     arrow::field("ts", type), arrow::field("seen", type)}),
      {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie(), times_array, times_array});
  const auto out = arrow::io::FileOutputStream::Open(folder_.File("in.parquet")).ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out).ok());
  ASSERT_TRUE(out->Close().ok());
  source().paths = {"in.parquet"};
  source().format = SourceFormat::kParquet;
  options_.replay = true;
  const SourceRun run = Run();
  EXPECT_EQ(run.rows, (Rows{"p2", "p0"}));
  EXPECT_EQ(run.letters, (Rows{"in.parquet:1:0: no event_timestamp (column 'ts' is null)"}));
}

// All files as they lie: what came, and whether they turned out to be out of order.
std::pair<std::vector<Timestamp>, bool> ReadSorted(const Definition& definition, size_t max_rows) {
  bool out_of_order = false;
  const DeadLetterSink sink = [](const DeadLetter&) -> Status { return {}; };
  auto opened = OpenSortedFiles(definition, 0, {}, sink, &out_of_order);
  std::vector<Timestamp> arrivals;
  Batch batch;
  for (;;) {
    const Result<bool> more = (*opened)->Next(max_rows, 0, &batch);
    EXPECT_EQ(more.has_value(), !out_of_order);
    if (!more || !*more) break;
    arrivals.insert(arrivals.end(), batch.arrival_us.begin(), batch.arrival_us.end());
  }
  return {arrivals, out_of_order};
}

TEST_F(SourceTest, SortedFilesComeAsTheyLie) {
  WriteCsv("a.csv", "a", {1, 1, 5, -1, 7});
  WriteCsv("b.csv", "b", {-1});
  WriteCsv("c.csv", "c", {7, 9});
  for (const size_t max_rows : {size_t{1}, size_t{2}, size_t{100}}) {
    const auto [arrivals, out_of_order] = ReadSorted(definition_, max_rows);
    EXPECT_EQ(arrivals, (std::vector<Timestamp>{1, 1, 5, 7, 7, 9}));
    EXPECT_FALSE(out_of_order);
  }
}

TEST_F(SourceTest, FilesThatAreNotSortedSaySo) {
  WriteCsv("a.csv", "a", {1, 5, 4, 6});
  for (const size_t max_rows : {size_t{1}, size_t{2}, size_t{100}}) {
    EXPECT_TRUE(ReadSorted(definition_, max_rows).second) << max_rows;
  }
  // Each in order, but not one after the other.
  WriteCsv("a.csv", "a", {1, 5});
  WriteCsv("b.csv", "b", {4, 6});
  EXPECT_TRUE(ReadSorted(definition_, 100).second);
}

}  // namespace
}  // namespace skewless
