#include "training/data_age.h"

#include "base/latency_histogram.h"
#include "training/training_fixture.h"

namespace skewless {
namespace {

// Of the upper end of a bucket of at most 6.25 %.
void ExpectAbout(DurationUs found, DurationUs expected) {
  EXPECT_GE(found, expected);
  EXPECT_LE(found, expected + expected / 16 + 1);
}

TEST(DataAge, WorkedByHand) {
  LoggedClicks clicks;
  // An event an hour old, one a minute old, both on the first day; one of the second day.
  clicks.Append({{1, "a", "1", 9 * kHourUs, 10 * kHourUs},
                 {1, "a", "1", 11 * kHourUs, 11 * kHourUs + kMinuteUs},
                 {1, "a", "1", 34 * kHourUs, 34 * kHourUs}});
  AgeRequest request;
  request.points = 5;  // at 10 h, 16 h, 22 h, 28 h, 34 h
  const auto ages = MeasureDataAge(SystemFiles(), clicks.definition(), clicks.kernels(), request);
  ASSERT_TRUE(ages.has_value()) << ages.error().ToString();
  ASSERT_EQ(ages->size(), 3u);
  const ViewAge& age = (*ages)[0];
  EXPECT_EQ(age.view, "activity");
  EXPECT_EQ(age.records, 3);
  ASSERT_EQ(age.points.size(), 5u);
  const DurationUs streaming[] = {1, 5, 11, 17, 0};
  const DurationUs batch[] = {-1, -1, -1, 17, 23};  // hours; midnight loaded the event of 11 h
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(age.points[i].time_us, kTestStart + (10 + 6 * static_cast<DurationUs>(i)) * kHourUs);
    EXPECT_EQ(age.points[i].streaming_us, streaming[i] * kHourUs) << i;
    EXPECT_EQ(age.points[i].batch_us, batch[i] < 0 ? -1 : batch[i] * kHourUs) << i;
  }
  // Waits: 0, a minute, an hour; until the next midnight 14 h, 13 h and 15 h after the event.
  ExpectAbout(age.streaming_p50_us, kMinuteUs);
  ExpectAbout(age.streaming_p99_us, kMinuteUs);
  ExpectAbout(age.batch_p50_us, 14 * kHourUs);
}

TEST(DataAge, OfTheTimeAskedForAndOfAppliedRecordsOnly) {
  LoggedClicks clicks;
  clicks.Append({{1, "a", "1", 0, 0},
                 {1, "a", "1", kHourUs, kHourUs, false},
                 {1, "a", "1", 2 * kHourUs, 2 * kHourUs}});
  AgeRequest request;
  request.last_us = kHourUs;
  request.points = 2;
  const auto ages = MeasureDataAge(SystemFiles(), clicks.definition(), clicks.kernels(), request);
  ASSERT_TRUE(ages.has_value());
  EXPECT_EQ((*ages)[0].records, 2);
  ASSERT_EQ((*ages)[0].points.size(), 2u);
  EXPECT_EQ((*ages)[0].points[0].time_us, kTestStart + kHourUs);
  EXPECT_EQ((*ages)[0].points[0].streaming_us, kHourUs);
  EXPECT_EQ((*ages)[0].points[1].streaming_us, 0);
}

// Also where the time doesn't divide into so many steps.
TEST(DataAge, TheLastPointSeesTheLastRecord) {
  LoggedClicks clicks;
  clicks.Append({{1, "a", "1", 0, 0}, {1, "a", "1", 7, 10}});
  AgeRequest request;
  request.points = 5;
  const auto ages = MeasureDataAge(SystemFiles(), clicks.definition(), clicks.kernels(), request);
  ASSERT_TRUE(ages.has_value());
  std::vector<DurationUs> at;
  for (const AgePoint& point : (*ages)[0].points) at.push_back(point.time_us - kTestStart);
  EXPECT_EQ(at, (std::vector<DurationUs>{0, 3, 5, 8, 10}));
  EXPECT_EQ((*ages)[0].points.back().streaming_us, 3);
}

TEST(DataAge, AnEmptyLogSaysWhatToDo) {
  LoggedClicks clicks;
  clicks.Append({});
  const auto ages = MeasureDataAge(SystemFiles(), clicks.definition(), clicks.kernels(), {});
  ASSERT_FALSE(ages.has_value());
  EXPECT_EQ(ages.error().code, ErrorCode::kNotFound);
}

// Their ages are the longest that there are, and none turns into no age at all.
TEST(DataAge, OfEventsNearTheEndsOfTime) {
  LoggedClicks clicks;
  const Timestamp last = kMaxTimestamp - kTestStart - 1;  // no midnight comes after it
  clicks.Append(
      {{1, "a", "1", kMinTimestamp, last - 2 * kDayUs}, {1, "a", "1", kMinTimestamp, last}});
  AgeRequest request;
  request.points = 2;
  const auto ages = MeasureDataAge(SystemFiles(), clicks.definition(), clicks.kernels(), request);
  ASSERT_TRUE(ages.has_value()) << ages.error().ToString();
  const ViewAge& age = (*ages)[0];
  EXPECT_EQ(age.records, 2);
  const int64_t longest = latency::UpperEdge(latency::kBuckets - 1);
  EXPECT_EQ(age.streaming_p50_us, longest);
  EXPECT_EQ(age.batch_p50_us, longest);
  EXPECT_EQ(age.batch_p99_us, longest);
  ASSERT_EQ(age.points.size(), 2u);
  EXPECT_EQ(age.points[0].streaming_us, kMaxTimestamp);
  EXPECT_EQ(age.points[0].batch_us, -1);
  EXPECT_EQ(age.points[1].streaming_us, kMaxTimestamp);
  EXPECT_EQ(age.points[1].batch_us, kMaxTimestamp);
}

}  // namespace
}  // namespace skewless
