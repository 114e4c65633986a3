#include "kernel/view_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

TestEvent N(Timestamp t, std::optional<int64_t> n) {
  return {.event_us = t, .n = n, .x = {}, .s = {}, .b = {}};
}
TestEvent X(Timestamp t, std::optional<double> x) {
  return {.event_us = t, .n = {}, .x = x, .s = {}, .b = {}};
}
TestEvent S(Timestamp t, std::optional<std::string> s) {
  return {.event_us = t, .n = {}, .x = {}, .s = std::move(s), .b = {}};
}
TestEvent B(Timestamp t, std::optional<bool> b) {
  return {.event_us = t, .n = {}, .x = {}, .s = {}, .b = b};
}

TEST(ViewKernel, NothingKnownIsNotFound) {
  TestView view({{"c", "count(*)"}, {"l", "last(s)"}});
  FeatureVector vector;
  view.kernel().Read({}, 5, &vector);
  EXPECT_EQ(vector.status, RowStatus::kNotFound);
  EXPECT_EQ(vector.sequence, 0);
  ASSERT_EQ(vector.values.size(), 2u);
  EXPECT_FALSE(vector.values[0].valid);
  TestEntity empty(view);
  EXPECT_EQ(empty.Show(5), "null, null");
  EXPECT_EQ(empty.Read(5).status, RowStatus::kNotFound);
}

TEST(ViewKernel, AVectorThatIsUsedAgainKeepsNoTextOfTheStateBefore) {
  TestView view({{"l", "last(s)"}, {"c", "count(*)"}});
  TestEntity entity(view);
  entity.Apply({S(1, "text")});
  FeatureVector& vector = entity.Read(5);
  ASSERT_EQ(vector.values[0].bytes, "text");
  view.kernel().Read({}, 5, &vector);
  for (const ValueView& value : vector.values) EXPECT_TRUE(value.bytes.empty());
}

TEST(ViewKernel, NullsAreSkippedAndEmptyWindowsCountZero) {
  TestView view({{"rows", "count(*)"},
                 {"c", "count(n)"},
                 {"sum", "sum(n)"},
                 {"avg", "avg(n)"},
                 {"recent", "count(*) over 10s hop 1s"},
                 {"recent_sum", "sum(n) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply({N(1, 4), N(2, std::nullopt), N(3, 5)});
  EXPECT_EQ(entity.Show(10), "3, 2, 9, 4.5, 3, 9");
  EXPECT_EQ(entity.Show(60 * kSecondUs), "3, 2, 9, 4.5, 0, null");
  EXPECT_EQ(entity.Read(10).sequence, 3);
  EXPECT_EQ(entity.Read(10).newest_event_us, 3);
}

TEST(ViewKernel, IntegerSumsAreExactAndOverflowIsNullAndCounted) {
  TestView view({{"sum", "sum(n)"}, {"avg", "avg(n)"}, {"min", "min(n)"}, {"max", "max(n)"}});
  TestEntity entity(view);
  entity.Apply({N(1, kGreatest), N(2, kGreatest)});
  EXPECT_EQ(entity.Read(3).evaluation.counts.overflow, 1);
  EXPECT_FALSE(entity.Read(3).values[0].valid);
  EXPECT_EQ(entity.Read(3).values[1].double_value, 9223372036854775807.0);
  entity.Apply({N(3, kLeast), N(4, kLeast)});
  EXPECT_EQ(entity.Show(5), "-2, -0.5, -9223372036854775808, 9223372036854775807");
}

TEST(ViewKernel, FloatSumsKeepTheOrderOfTheirTiles) {
  TestView view({{"all", "sum(x)"}, {"windowed", "sum(x) over 10s hop 1s"}});
  TestEntity entity(view);
  // Within a tile in sequence order, then tile by tile: (1e16 + 1) + 1 differs from 1e16 + (1 + 1).
  entity.Apply({X(0, 1e16), X(kSecondUs, 1.0), X(kSecondUs + 1, 1.0)});
  EXPECT_EQ(entity.Read(2 * kSecondUs).values[0].double_value, 1e16);
  EXPECT_EQ(entity.Read(2 * kSecondUs).values[1].double_value, 1e16 + 2);
}

TEST(ViewKernel, NegativeZeroAloneStaysNegative) {
  TestView view({{"sum", "sum(x)"},
                 {"windowed", "sum(x) over 10s hop 1s"},
                 {"min", "min(x)"},
                 {"max", "max(x) over 10s hop 1s"},
                 {"avg", "avg(x)"}});
  TestEntity entity(view);
  entity.Apply({X(0, -0.0), X(3 * kSecondUs, std::nullopt), X(4 * kSecondUs, -0.0)});
  for (const ValueView& value : entity.Read(5 * kSecondUs).values) {
    EXPECT_EQ(value.double_value, 0);
    EXPECT_TRUE(std::signbit(value.double_value));
  }
}

TEST(ViewKernel, MinAndMaxOfEqualZerosKeepTheFirst) {
  TestView view({{"min", "min(x)"}, {"max", "max(x)"}, {"w", "min(x) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply({X(5 * kSecondUs, 0.0), X(6 * kSecondUs, -0.0)});
  EXPECT_EQ(entity.Show(6 * kSecondUs), "0.0, 0.0, 0.0");
  TestEntity other(view);
  other.Apply({X(5 * kSecondUs, -0.0), X(6 * kSecondUs, 0.0)});
  EXPECT_TRUE(std::signbit(other.Read(6 * kSecondUs).values[0].double_value));
  EXPECT_TRUE(std::signbit(other.Read(6 * kSecondUs).values[1].double_value));
}

TEST(ViewKernel, NaNIsGreaterThanEveryNumber) {
  TestView view({{"min", "min(x)"},
                 {"max", "max(x)"},
                 {"wmin", "min(x) over 10s hop 1s"},
                 {"wmax", "max(x) over 10s hop 1s"},
                 {"sum", "sum(x)"}});
  TestEntity entity(view);
  entity.Apply(X(0, kNaN));
  EXPECT_TRUE(std::isnan(entity.Read(0).values[0].double_value));
  EXPECT_TRUE(std::isnan(entity.Read(0).values[2].double_value));
  entity.Apply({X(kSecondUs, kInf), X(2 * kSecondUs, 3.0), X(3 * kSecondUs, -kInf)});
  const FeatureVector& vector = entity.Read(4 * kSecondUs);
  EXPECT_EQ(vector.values[0].double_value, -kInf);
  EXPECT_TRUE(std::isnan(vector.values[1].double_value));
  EXPECT_EQ(vector.values[2].double_value, -kInf);
  EXPECT_TRUE(std::isnan(vector.values[3].double_value));
  EXPECT_TRUE(std::isnan(vector.values[4].double_value));
  // The NaN leaves its window; all time keeps it.
  EXPECT_EQ(entity.Read(10 * kSecondUs).values[3].double_value, kInf);
}

TEST(ViewKernel, InfinitiesAreValues) {
  TestView view({{"min", "min(x)"}, {"max", "max(x)"}});
  TestEntity low(view), high(view);
  low.Apply(X(0, -kInf));
  high.Apply(X(0, kInf));
  EXPECT_EQ(low.Read(0).values[1].double_value, -kInf);
  EXPECT_EQ(high.Read(0).values[0].double_value, kInf);
}

TEST(ViewKernel, VarianceIsWelfordsMergedByChans) {
  TestView view({{"vp", "var_pop(x)"},
                 {"vs", "var_samp(x)"},
                 {"sp", "stddev_pop(x)"},
                 {"ss", "stddev_samp(x)"},
                 {"w", "var_samp(x) over 10s hop 1s"},
                 {"i", "var_pop(n) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply(TestEvent{.event_us = 0, .n = 2, .x = 2.0, .s = {}, .b = {}});
  EXPECT_EQ(entity.Show(0), "0.0, null, 0.0, null, null, 0.0");
  for (const double x : {4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) {
    entity.Apply(TestEvent{.event_us = static_cast<Timestamp>(x) * kSecondUs,
                           .n = static_cast<int64_t>(x),
                           .x = x,
                           .s = {},
                           .b = {}});
  }
  const FeatureVector& vector = entity.Read(9 * kSecondUs);
  EXPECT_DOUBLE_EQ(vector.values[0].double_value, 4.0);
  EXPECT_DOUBLE_EQ(vector.values[1].double_value, 32.0 / 7);
  EXPECT_DOUBLE_EQ(vector.values[2].double_value, 2.0);
  EXPECT_DOUBLE_EQ(vector.values[4].double_value, 32.0 / 7);
  EXPECT_DOUBLE_EQ(vector.values[5].double_value, 4.0);
}

TEST(ViewKernel, FirstAndLastGoByEventTimeThenSequence) {
  TestView view({{"first", "first(n)"},
                 {"last", "last(n)"},
                 {"wf", "first(n) over 10s hop 1s"},
                 {"wl", "last(n) over 10s hop 1s"},
                 {"nulls", "last(n) respect nulls"}});
  TestEntity entity(view);
  entity.Apply({N(100, 1), N(100, 2)});
  EXPECT_EQ(entity.Show(200), "1, 2, 1, 2, 2");
  entity.Apply(N(50, 3));  // late
  entity.Apply(N(150, std::nullopt));
  EXPECT_EQ(entity.Show(200), "3, 2, 3, 2, null");
  entity.Apply(N(50, 4));
  EXPECT_EQ(entity.Show(200), "3, 2, 3, 2, null");
}

TEST(ViewKernel, FirstAndLastAtTheEndsOfTime) {
  TestView view({{"first", "first(n)"}, {"last", "last(n)"}});
  TestEntity least(view), greatest(view);
  least.Apply(N(kLeast, 1));
  EXPECT_EQ(least.Show(0), "1, 1");
  greatest.Apply(N(kGreatest, 2));
  EXPECT_EQ(greatest.Show(kGreatest), "2, 2");
}

TEST(ViewKernel, TextIsKeptWhateverItsLength) {
  TestView view({{"last", "last(s)"},
                 {"first", "first(s)"},
                 {"min", "min(s)"},
                 {"max", "max(s)"},
                 {"w", "max(s) over 10s hop 1s"},
                 {"c", "count(s)"}});
  TestEntity entity(view);
  const std::string longest(100, 'z');
  entity.Apply({S(1, "b"), S(2, longest), S(3, ""), S(4, std::nullopt), S(5, "abc")});
  EXPECT_EQ(entity.Show(6), "'abc', 'b', '', '" + longest + "', '" + longest + "', 4");
  for (int i = 0; i < 500; ++i) {
    entity.Apply(
        S(10 + i, std::string(static_cast<size_t>(i * 7 % 40), static_cast<char>('a' + i % 20))));
  }
  EXPECT_TRUE(view.kernel().Validate(entity.state()).has_value());
  EXPECT_EQ(entity.Read(600).values[0].bytes,
            std::string(499 * 7 % 40, static_cast<char>('a' + 499 % 20)));
  EXPECT_EQ(entity.Read(600).values[2].bytes, "");
  EXPECT_LT(entity.state().size(), 2000u);  // garbage does not pile up
}

TEST(ViewKernel, TextComparesBytewise) {
  TestView view({{"min", "min(s)"}, {"max", "max(s)"}});
  TestEntity entity(view);
  entity.Apply({S(1, "z"), S(2, "\xc3\xa4"), S(3, "Z")});
  EXPECT_EQ(entity.Read(3).values[0].bytes, "Z");
  EXPECT_EQ(entity.Read(3).values[1].bytes, "\xc3\xa4");
}

TEST(ViewKernel, BoolAggregatesSkipNulls) {
  TestView view(
      {{"every", "bool_and(b)"}, {"any", "bool_or(b)"}, {"w", "bool_or(b) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply(B(0, std::nullopt));
  EXPECT_EQ(entity.Show(0), "null, null, null");
  entity.Apply(B(1, false));
  EXPECT_EQ(entity.Show(1), "false, false, false");
  entity.Apply(B(2, true));
  EXPECT_EQ(entity.Show(2), "false, true, true");
}

TEST(ViewKernel, MinByAndMaxByKeepTheEarlierOfEqualOnes) {
  TestView view({{"least", "min_by(s, x)"},
                 {"greatest", "max_by(s, x)"},
                 {"n", "max_by(n, s)"},
                 {"w", "max_by(n, x) over 10s hop 1s"}});
  TestEntity entity(view);
  const auto apply = [&](Timestamp t, int64_t n, std::optional<double> x,
                         std::optional<std::string> s) {
    entity.Apply(TestEvent{.event_us = t, .n = n, .x = x, .s = std::move(s), .b = {}});
  };
  apply(5 * kSecondUs, 1, 2.0, "five");
  apply(6 * kSecondUs, 2, 2.0, "six");   // ties with an earlier one: stays out
  apply(4 * kSecondUs, 3, 2.0, "four");  // ties, and is earlier: comes in, in its own tile
  apply(4 * kSecondUs, 4, 2.0, "four again");
  EXPECT_EQ(entity.Show(6 * kSecondUs), "'four', 'four', 2, 3");
  apply(7 * kSecondUs, 5, std::nullopt, "none");
  EXPECT_EQ(entity.Show(7 * kSecondUs), "'four', 'four', 2, 3");
  apply(8 * kSecondUs, 6, kNaN, std::nullopt);  // NaN is the greatest; its text is null
  EXPECT_EQ(entity.Show(8 * kSecondUs), "'four', null, 2, 6");
  apply(9 * kSecondUs, 7, -0.0, "zero");
  apply(9 * kSecondUs, 8, 0.0, "other zero");
  EXPECT_EQ(entity.Show(9 * kSecondUs), "'zero', null, 7, 6");
}

TEST(ViewKernel, ListsAreSortedByEventTimeAndBounded) {
  TestView view({{"last", "last(n, 3)"},
                 {"first", "first(n, 3)"},
                 {"texts", "last(s, 2)"},
                 {"w", "last(n, 3) over 10s hop 1s"},
                 {"wf", "first(s, 2) over 10s hop 1s"}});
  TestEntity entity(view);
  EXPECT_EQ(entity.Show(0), "null, null, null, null, null");
  const auto apply = [&](Timestamp seconds, std::optional<int64_t> n, const std::string& s) {
    entity.Apply(TestEvent{.event_us = seconds * kSecondUs, .n = n, .x = {}, .s = s, .b = {}},
                 20 * kSecondUs);
  };
  apply(14, 4, "d");
  apply(12, 2, "b");
  apply(13, 3, "c");
  apply(20, std::nullopt, "last");
  EXPECT_EQ(entity.Show(20 * kSecondUs),
            "[2, 3, 4], [2, 3, 4], ['d', 'last'], [2, 3, 4], ['b', 'c']");
  apply(11, 1, "a");
  apply(15, 5, "a longer text than those before");
  EXPECT_EQ(
      entity.Show(20 * kSecondUs),
      "[3, 4, 5], [1, 2, 3], ['a longer text than those before', 'last'], [3, 4, 5], ['a', 'b']");
  EXPECT_EQ(entity.Show(23 * kSecondUs),
            "[3, 4, 5], [1, 2, 3], ['a longer text than those before', 'last'], [4, 5], "
            "['d', 'a longer text than those before']");
  EXPECT_TRUE(view.kernel().Validate(entity.state()).has_value());
}

TEST(ViewKernel, FiltersWhereAndNullKeysDecideWhatIsARecord) {
  TestView view({{"big", "count(*) filter (where n > 10)"},
                 {"all", "count(*)"},
                 {"w", "sum(n) filter (where n > 10) over 1h hop 1m"}},
                {"where: n >= 0"});
  TestEntity entity(view);
  entity.Apply({N(1, -5), N(2, std::nullopt)});
  EXPECT_EQ(entity.Read(3).status, RowStatus::kNotFound);
  entity.Apply({N(3, 5), N(4, 50)});
  EXPECT_EQ(entity.Show(5), "1, 2, 50");

  Batch batch;
  view.FillBatch({N(1, 1), N(2, 1), N(3, 1)}, {1, 2, 3}, 1, &batch);
  batch.columns[0].valid[1] = 0;
  batch.applied[2] = 0;
  EvaluationScratch scratch;
  ViewInput input;
  view.kernel().Prepare(batch, scratch, &input);
  EXPECT_EQ(input.selected, (std::vector<uint8_t>{1, 0, 0}));
  batch.applied.clear();  // no log has decided: all are applied
  view.kernel().Prepare(batch, scratch, &input);
  EXPECT_EQ(input.selected, (std::vector<uint8_t>{1, 0, 1}));
}

TEST(ViewKernel, ARecordOutsideEveryFilterStillMakesTheEntityKnown) {
  TestView view({{"w", "sum(n) filter (where n > 10) over 1h hop 1m"}});
  TestEntity entity(view);
  entity.Apply(N(3, 5));
  EXPECT_EQ(entity.Read(4).status, RowStatus::kPresent);
  EXPECT_EQ(entity.Read(4).newest_event_us, 3);
  EXPECT_EQ(entity.Show(4), "null");
  EXPECT_EQ(LoadStateHeader(entity.state().data()).records, 1);
}

TEST(ViewKernel, TilesOnTheEdgesOfAWindow) {
  TestView view({{"c", "count(*) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply(N(0, 1));
  EXPECT_EQ(entity.Show(0), "1");
  EXPECT_EQ(entity.Show(10 * kSecondUs - 1), "1");
  EXPECT_EQ(entity.Show(10 * kSecondUs), "0");  // tile 0 is not above floor((T - w) / h) = 0
  entity.Apply(N(10 * kSecondUs, 1));
  EXPECT_EQ(entity.Show(10 * kSecondUs), "1");
}

TEST(ViewKernel, TilesBeforeTheEpoch) {
  TestView view({{"c", "count(*) over 10s hop 1s"}, {"s", "sum(n) over 3s hop 1s"}});
  TestEntity entity(view);
  entity.Apply({N(-2 * kSecondUs, 1), N(-1, 10), N(0, 100)});
  EXPECT_EQ(entity.Show(0), "3, 111");
  EXPECT_EQ(entity.Show(kSecondUs), "3, 110");
  EXPECT_EQ(entity.Show(8 * kSecondUs - 1), "3, null");
  EXPECT_EQ(entity.Show(8 * kSecondUs), "2, null");
}

TEST(ViewKernel, FutureEventsWaitForTheirTime) {
  TestView view({{"c", "count(*) over 10s hop 1s"}, {"l", "last(n) over 10s hop 1s"}});
  TestEntity entity(view);
  entity.Apply(N(5 * kSecondUs, 1), 0);
  entity.Apply(N(100 * kSecondUs, 2), 5 * kSecondUs);
  entity.Apply(N(6 * kSecondUs, 3), 6 * kSecondUs);
  EXPECT_EQ(entity.Show(6 * kSecondUs), "2, 3");
  EXPECT_EQ(entity.Show(100 * kSecondUs), "1, 2");
}

TEST(ViewKernel, LateEventsGoToTheirOwnTileWhileItIsInAWindow) {
  TestView view(
      {{"c", "count(*) over 10s hop 1s"}, {"sum", "sum(n) over 5s hop 1s"}, {"all", "sum(n)"}});
  TestEntity entity(view);
  entity.Apply(N(20 * kSecondUs, 1));
  entity.Apply(N(17 * kSecondUs, 10));
  entity.Apply(N(12 * kSecondUs, 100));
  entity.Apply(N(10 * kSecondUs, 1000));  // tile 10 is out of the window at 20s
  EXPECT_EQ(entity.Show(20 * kSecondUs), "3, 11, 1111");
  EXPECT_EQ(entity.Show(21 * kSecondUs), "3, 11, 1111");
  EXPECT_EQ(entity.Show(22 * kSecondUs), "2, 1, 1111");
}

TEST(ViewKernel, ExactWindowsHoldEveryMicrosecond) {
  TestView view({{"c", "count(*) over 10s exact"}, {"sum", "sum(n) over 10s exact"}});
  TestEntity entity(view);
  entity.Apply({N(1, 1), N(1, 2), N(2, 4)});
  EXPECT_EQ(entity.Show(10 * kSecondUs), "3, 7");
  EXPECT_EQ(entity.Show(10 * kSecondUs + 1), "1, 4");
  EXPECT_EQ(entity.Show(10 * kSecondUs + 2), "0, null");
  for (int i = 0; i < 5000; ++i) entity.Apply(N(100 * kSecondUs + Timestamp{i} * 1000, 1));
  EXPECT_EQ(entity.Show(105 * kSecondUs), "5000, 5000");
  EXPECT_EQ(entity.Show(111 * kSecondUs), "3999, 3999");
  EXPECT_LT(entity.growths(), 40);
}

TEST(ViewKernel, TimeToLiveEndsRightAfterIt) {
  TestView view({{"c", "count(*)"}}, {"ttl: 10s", "derived: {twice: coalesce(c, 7) * 2}"});
  TestEntity entity(view);
  entity.Apply(N(5, 1));
  EXPECT_EQ(entity.Read(10 * kSecondUs + 5).status, RowStatus::kPresent);
  EXPECT_EQ(entity.Show(10 * kSecondUs + 5), "1, 2");
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).status, RowStatus::kOutsideMaxAge);
  EXPECT_EQ(entity.Show(10 * kSecondUs + 6), "null, null");
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).newest_event_us, 5);
}

// As a store that drops the row: as if the entity had never been seen.
TEST(ViewKernel, ExpiryEndsRightAfterTheLongestWindow) {
  TestView view({{"c", "count(*) over 5s"}, {"d", "count(*) over 10s"}}, {}, TestView::kExpiring);
  TestEntity entity(view);
  entity.Apply(N(5, 1));
  EXPECT_EQ(entity.Read(10 * kSecondUs + 5).status, RowStatus::kPresent);
  EXPECT_EQ(entity.Show(9 * kSecondUs), "0, 1");
  EXPECT_EQ(entity.Show(10 * kSecondUs + 5), "0, 0");
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).status, RowStatus::kNotFound);
  EXPECT_EQ(entity.Show(10 * kSecondUs + 6), "null, null");
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).sequence, 0);
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).newest_event_us, 0);
  // What it was before counts again when it comes back.
  entity.Apply(N(15 * kSecondUs, 1));
  EXPECT_EQ(entity.Show(15 * kSecondUs), "1, 1");
}

TEST(ViewKernel, ExpiryComesInPlaceOfTheTimeToLiveAndNotWithoutAWindow) {
  TestView old({{"c", "count(*)"}}, {"ttl: 10s"}, TestView::kExpiring);
  TestEntity entity(old);
  entity.Apply(N(5, 1));
  EXPECT_EQ(entity.Read(10 * kSecondUs + 5).status, RowStatus::kPresent);
  EXPECT_EQ(entity.Read(10 * kSecondUs + 6).status, RowStatus::kNotFound);
  TestView for_ever({{"c", "count(*)"}, {"d", "count(*) over 10s"}}, {}, TestView::kExpiring);
  TestEntity other(for_ever);
  other.Apply(N(5, 1));
  EXPECT_EQ(other.Show(kDayUs), "1, 0");
}

TEST(ViewKernel, DerivedFeaturesSeeFeaturesAndEarlierDerivedOnes) {
  TestView view(
      {{"c", "count(*)"}, {"sum", "sum(n)"}, {"l", "last(s)"}},
      {"derived: {mean: sum / c, double_mean: mean * 2, loud: upper(l), none: sum / (c - c)}"});
  TestEntity entity(view);
  entity.Apply(TestEvent{.event_us = 1, .n = 3, .x = {}, .s = "a", .b = {}});
  entity.Apply(N(2, 4));
  EXPECT_EQ(entity.Show(3), "2, 7, 'a', 3.5, 7.0, 'A', null");
  EXPECT_EQ(entity.Read(3).evaluation.counts.division_by_zero, 2);
}

TEST(ViewKernel, FeaturesOfTheSameThingShareAccumulators) {
  TestView one({{"a", "sum(n) over 5m hop 5s"}});
  TestView many({{"a", "sum(n) over 5m hop 5s"},
                 {"b", "avg(n) over 5m hop 5s"},
                 {"c", "count(n) over 5m hop 5s"},
                 {"d", "sum( n ) over 1m hop 5s"}});
  EXPECT_EQ(one.kernel().empty_state_size(), many.kernel().empty_state_size());
  EXPECT_EQ(many.kernel().argument_types().size(), 1u);
  ASSERT_EQ(many.kernel().footprint().tiers.size(), 1u);
  EXPECT_EQ(many.kernel().footprint().tiers[0].tiles, 60);
}

TEST(ViewKernel, FingerprintIsOfWhatStatesMean) {
  TestView base({{"a", "sum(n) over 5m"}});
  TestView renamed({{"b", "sum(n) over 5m"}}, {"ttl: 1h"});
  TestView filtered({{"a", "sum(n) over 5m"}}, {"where: n > 0"});
  TestView longer({{"a", "sum(n) over 10m hop 5s"}});
  EXPECT_EQ(base.kernel().fingerprint(), renamed.kernel().fingerprint());
  EXPECT_NE(base.kernel().fingerprint(), filtered.kernel().fingerprint());
  EXPECT_NE(base.kernel().fingerprint(), longer.kernel().fingerprint());
}

TEST(ViewKernel, OnlyRoundingDependsOnOrder) {
  EXPECT_TRUE(TestView({{"a", "sum(x)"}}).kernel().depends_on_order());
  EXPECT_TRUE(TestView({{"a", "var_pop(n)"}}).kernel().depends_on_order());
  EXPECT_TRUE(TestView({{"a", "min(x)"}}).kernel().depends_on_order());  // 0.0 and -0.0
  EXPECT_FALSE(TestView({{"a", "sum(n)"}, {"b", "last(x)"}, {"c", "count(x)"}, {"d", "max(s)"}})
                   .kernel()
                   .depends_on_order());
}

}  // namespace
}  // namespace skewless
