#include "training/history.h"

#include <filesystem>

#include "base/memory_files_fixture.h"
#include "source/source.h"
#include "training/point_in_time.h"
#include "training/record_availability.h"
#include "training/training_fixture.h"
#include "training/training_set.h"

namespace skewless {
namespace {

TEST(History, NoLogSaysWhatToDo) {
  LoggedClicks clicks;
  const auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kLog, {0});
  ASSERT_FALSE(history.has_value());
  EXPECT_EQ(history.error().code, ErrorCode::kNotFound);
  EXPECT_NE(history.error().remedy.find("skewless run"), std::string::npos);
}

TEST(History, OfTheLogKnowsItsLength) {
  LoggedClicks clicks;
  clicks.Append({{1, "a", "1", 1, 1}, {1, "a", "1", 2, 2, false}});
  clicks.Append({{1, "a", "1", 3, 3}});
  auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kLog, {0});
  ASSERT_TRUE(history.has_value());
  EXPECT_EQ(history->expected_records, 3);
  Batch batch;
  int64_t records = 0, refused = 0;
  while (*history->next(&batch)) {
    records += static_cast<int64_t>(batch.rows());
    refused += std::count(batch.applied.begin(), batch.applied.end(), uint8_t{0});
  }
  EXPECT_EQ(records, 3);
  EXPECT_EQ(refused, 1);
}

TEST(History, OfSourcesIsInOrderOfArrivalWithLatenessDecided) {
  std::string yaml = kTrainingYaml;
  yaml.replace(
      yaml.find("    arrival_timestamp: at\n"), 26,
      "    arrival_timestamp: at\n    out_of_orderness: 10us\n    allowed_lateness: 5us\n");
  LoggedClicks clicks(yaml);
  const auto line = [](int64_t event, int64_t at) {
    return "1,a,1.0," + std::to_string(kTestStart + event) + "," + std::to_string(kTestStart + at) +
           "\n";
  };
  clicks.repository().Write(
      "clicks.csv", "user,item,price,ts,at\n" + line(84, 102) + line(100, 100) + line(85, 103));
  auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kSources, {0});
  ASSERT_TRUE(history.has_value()) << history.error().ToString();
  Batch batch;
  std::vector<int64_t> events, available, sequences, applied;
  while (*history->next(&batch)) {
    for (size_t row = 0; row < batch.rows(); ++row) {
      events.push_back(batch.event_us[row] - kTestStart);
      available.push_back(batch.available_us[row] - kTestStart);
      sequences.push_back(batch.sequence[row]);
      applied.push_back(batch.applied[row]);
    }
  }
  EXPECT_EQ(events, (std::vector<int64_t>{100, 84, 85}));
  EXPECT_EQ(available, (std::vector<int64_t>{100, 102, 103}));
  EXPECT_EQ(sequences, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(applied, (std::vector<int64_t>{1, 0, 1}));
}

TEST(History, OfSourcesRefusesWhatIsTooFarAheadAsTheEngineDoes) {
  std::string yaml = kTrainingYaml;
  yaml.replace(yaml.find("    arrival_timestamp: at\n"), 26,
               "    arrival_timestamp: at\n    allowed_lateness: 5us\n    max_ahead: 3us\n");
  LoggedClicks clicks(yaml);
  std::string lines = "user,item,price,ts,at\n";
  for (const auto& [event, at] : {std::pair(100, 100), {104, 101}, {105, 102}, {99, 103}}) {
    lines += "1,a,1.0," + std::to_string(kTestStart + event) + "," +
             std::to_string(kTestStart + at) + "\n";
  }
  clicks.repository().Write("clicks.csv", lines);
  auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kSources, {0});
  ASSERT_TRUE(history.has_value()) << history.error().ToString();
  Batch batch;
  std::vector<uint8_t> applied;
  while (*history->next(&batch))
    applied.insert(applied.end(), batch.applied.begin(), batch.applied.end());
  EXPECT_EQ(applied, (std::vector<uint8_t>{1, 1, 1, 0}));
  clicks.repository().Write("clicks.csv", lines + "1,a,1.0," + std::to_string(kTestStart + 108) +
                                              "," + std::to_string(kTestStart + 104) + "\n");
  history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kSources, {0});
  ASSERT_TRUE(history.has_value()) << history.error().ToString();
  applied.clear();
  while (*history->next(&batch))
    applied.insert(applied.end(), batch.applied.begin(), batch.applied.end());
  EXPECT_EQ(applied, (std::vector<uint8_t>{1, 1, 1, 0, 0}));
}

TEST(History, OfFilesThatAreTakenToBeSortedTellsWhenTheyAreNot) {
  LoggedClicks clicks;
  const auto line = [](int64_t at) {
    return "1,a,1.0," + std::to_string(kTestStart) + "," + std::to_string(kTestStart + at) + "\n";
  };
  for (const bool sorted : {true, false}) {
    clicks.repository().Write("clicks.csv",
                              "user,item,price,ts,at\n" + line(1) + line(3) + line(sorted ? 4 : 2));
    auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kSources, {0},
                               {.order = FileOrder::kAsTheyLie});
    ASSERT_TRUE(history.has_value()) << history.error().ToString();
    Batch batch;
    const Result<bool> more = history->next(&batch);
    EXPECT_EQ(more.has_value(), sorted);
    EXPECT_EQ(*history->out_of_order, !sorted);
    if (sorted) {
      EXPECT_EQ(batch.sequence, (std::vector<Sequence>{1, 2, 3}));
    }
  }
}

// They are read one after the other, and so the second begins before the first one's end. In files
// that lie sorted, and in such that must be sorted first.
TEST(History, OfSourcesWhoseTimesOverlapIsJoined) {
  std::string yaml = kTrainingYaml;
  const auto insert_before = [&](const std::string& place, const std::string& what) {
    yaml.insert(yaml.find(place), what);
  };
  insert_before("entities:",
                "  orders:\n    type: file\n    path: orders.csv\n    format: csv\n"
                "    columns: {user: int64, ts: \"timestamp[us]\", at: \"timestamp[us]\"}\n"
                "    event_timestamp: ts\n    arrival_timestamp: at\n");
  insert_before("feature_services:",
                "  bought:\n    source: orders\n    entity: user\n"
                "    features: {orders: count(*) over 1h}\n");
  LoggedClicks clicks(yaml);
  const auto time = [](int64_t seconds) {
    return std::to_string(kTestStart + seconds * kSecondUs);
  };
  for (const bool sorted : {true, false}) {
    std::string texts[] = {"user,item,price,ts,at\n", "user,ts,at\n"};
    for (const int at : {1, sorted ? 5 : 9, sorted ? 9 : 5}) {
      texts[0] += "1,a,1.0," + time(at) + "," + time(at) + "\n";
      texts[1] += "1," + time(at + 1) + "," + time(at + 1) + "\n";
    }
    clicks.repository().Write("clicks.csv", texts[0]);
    clicks.repository().Write("orders.csv", texts[1]);
    clicks.repository().Write("labels.csv", "user,event_timestamp\n1," + time(1) + "\n1," +
                                                time(6) + "\n1," + time(9) + "\n");
    TrainingSetRequest request;
    request.labels_path = clicks.Path("labels.csv");
    request.output_path = clicks.Path("set.csv");
    request.features = {"activity:recent", "bought"};
    request.history = HistoryKind::kSources;
    const auto made = MakeTrainingSet(SystemFiles(), clicks.definition(), request);
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    std::string text = *ReadWholeFile(SystemFiles(), request.output_path);
    text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
    EXPECT_EQ(text, "user,event_timestamp,recent,orders\n1," + time(1) + ",1,\n1," + time(6) +
                        ",2,2\n1," + time(9) + ",3,2\n");
  }
}

TEST(History, OfSourcesNeedsTheirArrivals) {
  std::string yaml = kTrainingYaml;
  yaml.replace(yaml.find("    arrival_timestamp: at\n"), 26, "");
  LoggedClicks clicks(yaml);
  const auto history = OpenHistory(SystemFiles(), clicks.definition(), HistoryKind::kSources, {0});
  ASSERT_FALSE(history.has_value());
  EXPECT_NE(history.error().message.find("'clicks'"), std::string::npos);
}

TEST(StatesAt, FoldsOneEntityUpToTheTime) {
  LoggedClicks clicks;
  clicks.Append({{1, "a", "1", 10, 10}, {2, "a", "1", 11, 11}, {1, "b", "1", 12, 12}});
  clicks.Append({{1, "c", "1", 13, 12}, {1, "d", "1", 14, 20, false}, {1, "e", "1", 15, 21}});
  const auto visits = [&](Timestamp t) {
    const auto states = StatesAt(SystemFiles(), clicks.definition(), clicks.kernels(), {0},
                                 {{"user", Value::Int(1)}}, kTestStart + t);
    EXPECT_TRUE(states.has_value());
    FeatureVector vector;
    clicks.kernels()[0]->Read((*states)[0].state, (*states)[0].read_us, &vector);
    return FormatValue(vector.values[0]);
  };
  EXPECT_EQ(visits(9), "null");
  EXPECT_EQ(visits(10), "1");
  EXPECT_EQ(visits(12), "3");
  EXPECT_EQ(visits(20), "3");
  EXPECT_EQ(visits(100), "4");
  EXPECT_FALSE(StatesAt(SystemFiles(), clicks.definition(), clicks.kernels(), {0}, {}, kTestStart)
                   .has_value());
}

class ListedFiles : public MemoryFiles {
 public:
  int listings = 0;  // of the stamp log
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    if (directory.ends_with("stamps")) ++listings;
    return MemoryFiles::List(directory);
  }
};

TEST(StatesAt, ReadsTheStampLogOnceForAllViews) {
  const LoggedClicks clicks;
  const Definition& definition = clicks.definition();
  const std::string directory = definition.ResolvePath(definition.log_path);
  ListedFiles files;
  ASSERT_TRUE(files.CreateDirectories(directory).has_value());
  ASSERT_TRUE(LogWriter::Open(files, {.directory = directory}, LoggedSources(definition)));
  StampLogOptions options{.directory = StampDirectory(directory), .identity = 1, .epoch = 1};
  for (const auto& kernel : clicks.kernels()) {
    options.views.push_back(StampedViewOf(definition, *kernel));
    options.views.back().values = true;
  }
  ASSERT_TRUE(StampLogWriter::Open(files, options));
  const auto listings = [&](const std::vector<int>& views) {
    files.listings = 0;
    const auto states =
        StatesAt(files, definition, clicks.kernels(), views,
                 {{"user", Value::Int(1)}, {"item", Value::String("a")}}, kTestStart);
    EXPECT_TRUE(states.has_value()) << states.error().ToString();
    return files.listings;
  };
  EXPECT_GT(listings({0}), 0);
  EXPECT_EQ(listings({0, 1}), listings({0}));
}

// An engine sorts the same source through a file of the same name, and goes on merging from it.
TEST(History, OfSourcesIsSortedBesideAnEngineThatSortsThem) {
  LoggedClicks clicks;
  constexpr int64_t kRows = 20'000;
  std::string text = "user,item,price,ts,at\n";
  for (int64_t i = kRows; i > 0; --i) {
    const std::string time = std::to_string(kTestStart + i);
    text += std::to_string(i % 7) + ",a,1.0," + time + "," + time + "\n";
  }
  clicks.repository().Write("clicks.csv", text);
  SourceOptions options;
  options.replay = true;
  options.sort_memory_bytes = 1;
  options.spill_directory = clicks.definition().SpillDirectory();
  auto engine = OpenSource(clicks.definition(), 0, options, {});
  ASSERT_TRUE(engine.has_value()) << engine.error().ToString();
  std::vector<Timestamp> arrivals;
  Batch batch;
  const auto take = [&] {
    const auto more = (*engine)->Next(1000, 0, &batch);
    EXPECT_TRUE(more.has_value()) << more.error().ToString();
    arrivals.insert(arrivals.end(), batch.arrival_us.begin(), batch.arrival_us.end());
    return more.has_value() && *more;
  };
  ASSERT_TRUE(take());
  const std::string file = options.spill_directory + "/clicks.sort";
  ASSERT_TRUE(std::filesystem::exists(file));

  clicks.repository().Write("labels.csv",
                            "user,event_timestamp\n1," + std::to_string(kTestStart + kRows) + "\n");
  TrainingSetRequest request;
  request.labels_path = clicks.Path("labels.csv");
  request.output_path = clicks.Path("set.csv");
  request.features = {"activity:visits"};
  request.history = HistoryKind::kSources;
  request.sort_memory_bytes = 1;
  request.join.spill_directory = clicks.Path("spill");
  const auto made = MakeTrainingSet(SystemFiles(), clicks.definition(), request);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(made->counts.history_records, kRows);
  ASSERT_TRUE(std::filesystem::exists(file));
  ASSERT_TRUE(std::filesystem::exists(clicks.Path("spill")));
  EXPECT_TRUE(std::filesystem::is_empty(clicks.Path("spill")));

  while (take()) {
  }
  ASSERT_EQ(arrivals.size(), static_cast<size_t>(kRows));
  EXPECT_EQ(arrivals.front(), kTestStart + 1);
  EXPECT_TRUE(std::is_sorted(arrivals.begin(), arrivals.end()));
}

}  // namespace
}  // namespace skewless
