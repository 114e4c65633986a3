#include "training/label_coverage.h"

#include "log/stamp_log.h"
#include "training/record_availability.h"
#include "training/training_fixture.h"
#include "training/training_set.h"

namespace skewless {
namespace {

class LabelCoverageTest : public ::testing::Test {
 protected:
  explicit LabelCoverageTest(const std::string& yaml = kTrainingYaml) : clicks_(yaml) {
    clicks_.Append({{1, "a", "2.0", 10 * kSecondUs, kHourUs},
                    {2, "b", "3.0", 20 * kSecondUs, kHourUs},
                    {1, "b", "4.5", 30 * kSecondUs, 2 * kHourUs}});
  }
  // Labels of users, so many seconds after the start.
  TrainingSetResult Make(const std::vector<std::pair<int64_t, Timestamp>>& labels,
                         const JoinOptions& join = {}) {
    std::string text = "user,event_timestamp\n";
    for (const auto& [user, time] : labels)
      text += std::to_string(user) + "," + FormatTimestamp(kTestStart + time) + "\n";
    clicks_.repository().Write("labels.csv", text);
    TrainingSetRequest request;
    request.labels_path = clicks_.Path("labels.csv");
    request.output_path = clicks_.Path("set.csv");
    request.features = {"activity"};
    request.join = join;
    request.join.threads = 1;
    auto made = MakeTrainingSet(SystemFiles(), clicks_.definition(), request);
    EXPECT_TRUE(made.has_value()) << made.error().ToString();
    return made.has_value() ? *made : TrainingSetResult();
  }
  static std::string WarningOf(const TrainingSetResult& made) {
    EXPECT_LE(made.warnings.size(), 1U);
    return made.warnings.empty() ? "" : made.warnings[0].ToString();
  }
  static void ExpectSays(const TrainingSetResult& made, const std::string& part) {
    EXPECT_NE(WarningOf(made).find(part), std::string::npos) << WarningOf(made);
  }

  LoggedClicks clicks_;
};

TEST_F(LabelCoverageTest, CountsWhatFoundNothingAndIsSilentWhereMostFoundSomething) {
  const auto made = Make({{1, kHourUs}, {2, kHourUs}, {1, kHourUs - 1}});
  ASSERT_EQ(made.coverage.size(), 1U);
  EXPECT_EQ(made.coverage[0].counts.labels, 3);
  EXPECT_EQ(made.coverage[0].counts.not_found, 1);
  EXPECT_EQ(made.coverage[0].counts.records, 3);
  EXPECT_EQ(made.coverage[0].counts.first_available_us, kTestStart + kHourUs);
  EXPECT_EQ(made.coverage[0].counts.last_available_us, kTestStart + 2 * kHourUs);
  EXPECT_EQ(WarningOf(made), "");
}

TEST_F(LabelCoverageTest, TheSameInSeveralPassesOverTheHistory) {
  JoinOptions small;
  small.memory_bytes = 1;
  small.spill_directory = clicks_.Path("spill");
  const auto made = Make({{1, kHourUs}, {2, kHourUs}, {1, kHourUs - 1}}, small);
  ASSERT_EQ(made.coverage.size(), 1U);
  EXPECT_EQ(made.coverage[0].counts.labels, 3);
  EXPECT_EQ(made.coverage[0].counts.not_found, 1);
  EXPECT_EQ(made.coverage[0].counts.records, 3);
}

TEST_F(LabelCoverageTest, LabelsBeforeTheFirstRecordWasAvailable) {
  const auto made = Make({{1, 40 * kSecondUs}, {2, 50 * kSecondUs}});
  ExpectSays(made, "2 of 2 label rows found no record of 'activity'");
  ExpectSays(made, "the labels' times are 2020-01-01T00:00:40Z to 2020-01-01T00:00:50Z");
  ExpectSays(made, "became available 2020-01-01T01:00:00Z to 2020-01-01T02:00:00Z");
  // This source says when its records arrived: nothing to change there.
  EXPECT_EQ(WarningOf(made).find("--delay"), std::string::npos) << WarningOf(made);
  // The event times are before the labels.
  JoinOptions hindsight;
  hindsight.as_of = AsOf::kEvent;
  EXPECT_EQ(WarningOf(Make({{1, 40 * kSecondUs}, {2, 25 * kSecondUs}}, hindsight)), "");
  ExpectSays(Make({{1, 5 * kSecondUs}}, hindsight), "became available 2020-01-01T00:00:10Z to");
}

TEST_F(LabelCoverageTest, KeysThatNoRecordHas) {
  ExpectSays(Make({{7, 3 * kHourUs}, {8, 3 * kHourUs}}), "Are the labels' keys (user) those");
}

TEST_F(LabelCoverageTest, LabelsAllBehindTheLastRecord) {
  ExpectSays(Make({{1, 2 * kHourUs + 1}, {2, 3 * kHourUs}}), "after the last record of 'activity'");
  EXPECT_EQ(WarningOf(Make({{1, 2 * kHourUs}, {2, 3 * kHourUs}})), "");
}

// Labels of finished values are moved to the times that what they saw was computed for: to none
// where they saw nothing. It is their own times that are told, and that are looked at.
TEST_F(LabelCoverageTest, KeysThatNoRecordHasWhereRowsAreFinishedValues) {
  {
    StampedView view = StampedViewOf(clicks_.definition(), *clicks_.kernels()[0]);
    view.values = true;
    auto stamps = clicks_.OpenStamps(/*epoch=*/1, view);
    ASSERT_TRUE(stamps.has_value()) << stamps.error().ToString();
    const Timestamp seen = kTestStart + 2 * kHourUs;
    for (const int64_t user : {1, 2}) {
      (*stamps)->Add({0,
                      ByteView(reinterpret_cast<const uint8_t*>(&user), sizeof user),
                      {clicks_.last_sequence(), seen, seen}});
    }
    StampKnowledge known;
    known.opened_us = kTestStart;
    known.closed = true;
    ASSERT_TRUE((*stamps)->Write(known).has_value());
  }
  EXPECT_EQ(WarningOf(Make({{1, 2 * kHourUs}, {2, 2 * kHourUs}})), "");
  ExpectSays(Make({{7, 3 * kHourUs}, {8, 3 * kHourUs}}), "Are the labels' keys (user) those");
  ExpectSays(Make({{1, kHourUs}, {2, kHourUs + kSecondUs}}),
             "the labels' times are 2020-01-01T01:00:00Z to 2020-01-01T01:00:01Z");
  ExpectSays(Make({{1, 3 * kHourUs}}), "after the last record of 'activity'");
}

// What is available when the engine reads it: labels from before then see nothing.
class UntoldArrivals : public LabelCoverageTest {
 protected:
  UntoldArrivals() : LabelCoverageTest(Without("    arrival_timestamp: at\n")) {}
  static std::string Without(const std::string& line) {
    std::string yaml = kTrainingYaml;
    return yaml.erase(yaml.find(line), line.size());
  }
};

TEST_F(UntoldArrivals, AreSaidWithTheWaysOut) {
  const auto made = Make({{1, 40 * kSecondUs}});
  ExpectSays(made, "give 'clicks' an arrival_timestamp or a delay");
  ExpectSays(made, "--delay");
  ExpectSays(made, "--as-of event");
}

}  // namespace
}  // namespace skewless
