#include "pipeline/view_freshness.h"

#include <gtest/gtest.h>

#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

// Within a bucket's width.
void ExpectNear(int64_t nanos, int64_t expected) {
  EXPECT_GE(nanos, expected);
  EXPECT_LE(nanos, expected + expected / 16);
}

ViewInput Input(const std::vector<Timestamp>& event_us, const std::vector<Timestamp>& available_us,
                std::vector<uint8_t> selected) {
  ViewInput input;
  input.rows = event_us.size();
  input.event_us = event_us.data();
  input.available_us = available_us.data();
  input.selected = std::move(selected);
  return input;
}

TEST(FoldedRecords, OnlyTheViewsOwnAreCountedAndOnlyOnce) {
  ViewFreshness freshness;
  FoldedRecords folded;
  const std::vector<Timestamp> event_us = {1'000'000, 2'000'000, 2'500'000}, available_us(3, 0);
  folded.Add(Input(event_us, available_us, {1, 0, 1}), 100);
  folded.Add(Input(event_us, available_us, {0, 0, 0}), 200);
  EXPECT_EQ(freshness.from_event.count(), 0);
  folded.Count(3'000'000, 5100, &freshness);
  folded.Count(9'000'000, 9000, &freshness);
  EXPECT_EQ(freshness.from_event.count(), 2);
  ExpectNear(freshness.from_event.QuantileNanos(0), 500'000'000);
  ExpectNear(freshness.from_event.QuantileNanos(1), 2'000'000'000);
  EXPECT_EQ(freshness.from_acceptance.count(), 2);
  ExpectNear(freshness.from_acceptance.QuantileNanos(1), 5000);
}

TEST(FoldedRecords, ReplayedOnesAreReadableWhenTheyWereAvailable) {
  ViewFreshness freshness;
  FoldedRecords folded;
  const std::vector<Timestamp> event_us = {0, 0, 0}, available_us = {1'000, 2'000, 4'000};
  folded.AddReplayed(Input(event_us, available_us, {1, 0, 1}), 100);
  folded.Count(kMaxTimestamp, 1100, &freshness);
  EXPECT_EQ(freshness.from_event.count(), 2);
  ExpectNear(freshness.from_event.QuantileNanos(0), 1'000'000);
  ExpectNear(freshness.from_event.QuantileNanos(1), 4'000'000);
  ExpectNear(freshness.from_acceptance.QuantileNanos(1), 1000);
}

TEST(FoldedRecords, AgesThatNoClockCanHaveAreHeldWithinTheHistogram) {
  EXPECT_EQ(AgeNanos(5, 9), 0);
  EXPECT_EQ(AgeNanos(kMaxTimestamp, kMinTimestamp), AgeNanos(kMaxTimestamp, 0));
  EXPECT_GT(AgeNanos(kMaxTimestamp, 0), int64_t{78} * 3600 * 1'000'000'000);
}

class TwoViews : public EngineTest {
 protected:
  explicit TwoViews(const std::string& source = "")
      : EngineTest(EngineYaml(source) +
                   "  odd:\n    source: events\n    entity: user\n    "
                   "where: n % 2 = 1\n    features: {visits: count(*)}\n") {}
};
class TwoReplayedViews : public TwoViews {
 protected:
  TwoReplayedViews() : TwoViews("    arrival_timestamp: at\n") {}
};

TEST_F(TwoReplayedViews, AnEngineCountsEachRecordInTheViewsThatFoldIt) {
  repository_.Write("events.csv", std::string(kEventsHeader) + EventLine(1, 1, 0, 5'000) +
                                      EventLine(1, 2, 0, 7'000) + EventLine(2, 3, 0, 9'000));
  auto engine = Open();
  ASSERT_NE(engine, nullptr);
  ASSERT_TRUE(engine->Run(false).has_value());
  const auto& views = engine->stats().views;
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].from_event.count(), 3);
  EXPECT_EQ(views[0].from_acceptance.count(), 3);
  EXPECT_EQ(views[1].from_event.count(), 2);
  EXPECT_EQ(views[1].from_acceptance.count(), 2);
  ExpectNear(views[0].from_event.QuantileNanos(0.5), 7'000'000);
  ExpectNear(views[1].from_event.QuantileNanos(0), 5'000'000);
}

TEST_F(TwoViews, OnAWallClockAnEventsAgeIsThatOfItsOwnTime) {
  repository_.Write("events.csv", std::string(kEventsHeader) + EventLine(1, 1, 0, 0));
  auto engine = Open();
  ASSERT_NE(engine, nullptr);
  ASSERT_TRUE(engine->Run(false).has_value());
  const ViewFreshness& view = engine->stats().views[0];
  // The event is years old; the engine took seconds at most.
  EXPECT_EQ(view.from_event.QuantileNanos(0.5), (int64_t{1} << latency::kBits) - 1);
  EXPECT_EQ(view.from_acceptance.count(), 1);
  EXPECT_LT(view.from_acceptance.QuantileNanos(0.5), view.from_event.QuantileNanos(0.5));
}

}  // namespace
}  // namespace skewless
