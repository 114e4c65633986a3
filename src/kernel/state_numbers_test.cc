// A state taken apart into numbers and made again reads the same; numbers that are none of a view's
// are refused.
#include "kernel/state_numbers.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
using Part = StateNumber::Part;

TestView Numbers() {
  return TestView({{"visits", "count(*)"},
                   {"texts", "count(s) filter (where n > 0) over 1m hop 1s"},
                   {"total", "sum(n) over 1m hop 1s"},
                   {"mean", "avg(n) over 30s hop 1s"},
                   {"least", "min(n) over 5m hop 10s"},
                   {"most", "max(n) over 5m hop 10s"},
                   {"any", "bool_or(b) over 1m hop 10s"},
                   {"since", "time_since_last()"},
                   {"exact", "sum(n) filter (where n < 0) over 20s exact"}},
                  {"ttl: 10m"});
}

// Every third value is null, and some sums leave int64.
TestEvent RandomEvent(std::mt19937_64& random, Timestamp now) {
  const auto late = static_cast<Timestamp>(random() % (70 * kSecondUs));
  TestEvent event{.event_us = now - late, .n = {}, .x = {}, .s = {}, .b = {}};
  const auto choice = random() % 6;
  if (choice < 2) event.n = static_cast<int64_t>(random() % 2000) - 1000;
  if (choice == 2) event.n = kMost - static_cast<int64_t>(random() % 3);
  if (choice == 3) event.n = -kMost;
  if (random() % 3 != 0) event.s = "text";
  if (random() % 3 != 0) event.b = random() % 2 == 0;
  return event;
}

Bytes Remade(const ViewKernel& kernel, ByteView state) {
  std::vector<StateNumber> numbers;
  ListNumbers(kernel, state, &numbers);
  Bytes remade;
  const Status made = StateOfNumbers(kernel, LoadStateHeader(state.data()), numbers, &remade);
  SKEWLESS_CHECK(made.has_value());
  SKEWLESS_CHECK(kernel.Validate(remade).has_value());
  std::vector<StateNumber> again;
  ListNumbers(kernel, remade, &again);
  SKEWLESS_CHECK(again == numbers);
  return remade;
}

TEST(StateNumbers, OfAStateMakeOneThatReadsTheSame) {
  const TestView view = Numbers();
  ASSERT_TRUE(HoldsNumbersOnly(view.kernel()));
  for (const FeatureDefinition& feature : view.kernel().view().features)
    EXPECT_TRUE(CanIncrement(feature)) << feature.text;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    TestEntity entity(view), remade(view);
    Timestamp now = 1000 * kSecondUs;
    int64_t overflows = 0;
    for (int i = 0; i < 300; ++i) {
      now += static_cast<Timestamp>(random() % kSecondUs);
      entity.Apply(RandomEvent(random, now), now);
      Bytes compact;
      view.kernel().Compact(entity.state(), &compact);
      remade.set_state(Remade(view.kernel(), compact));
      const Timestamp t = now + static_cast<Timestamp>(random() % (40 * kSecondUs));
      ASSERT_EQ(remade.Show(t), entity.Show(t)) << "seed " << seed << ", event " << i;
      FeatureVector& vector = remade.Read(t);
      EXPECT_EQ(vector.sequence, entity.Read(t).sequence);
      EXPECT_EQ(vector.newest_event_us, entity.Read(t).newest_event_us);
      overflows = vector.evaluation.counts.overflow;
    }
    EXPECT_GT(overflows, 0) << "no sum left int64: the test is too tame";
  }
}

TEST(StateNumbers, OfAnEntityWithoutEventsAreNone) {
  const TestView view = Numbers();
  std::vector<StateNumber> numbers(3);
  TestEntity entity(view);
  ListNumbers(view.kernel(), entity.state(), &numbers);
  EXPECT_TRUE(numbers.empty());
  EXPECT_EQ(Remade(view.kernel(), entity.state()), entity.state());
}

TEST(StateNumbers, AreAllOfAViewOrItHasNone) {
  for (const char* const feature :
       {"sum(x)", "avg(x) over 1m", "min(x)", "max(s)", "last(n)", "first(n)", "last(n, 3)",
        "stddev_pop(n)", "var_samp(n) over 1m", "min_by(n, n)", "count_by(s)",
        "sum_decayed(x, 1h)"}) {
    const TestView view({{"visits", "count(*)"}, {"other", feature}});
    EXPECT_FALSE(HoldsNumbersOnly(view.kernel())) << feature;
    // So `check` refuses them.
    EXPECT_TRUE(CanIncrement(view.kernel().view().features[0]));
    EXPECT_FALSE(CanIncrement(view.kernel().view().features[1])) << feature;
  }
}

TEST(StateNumbers, ThatAreNoneOfTheViewAreRefused) {
  // Accumulators: 0 count(*) of all time, 1 count, sum and greatest of n in tiles.
  const TestView view(
      {{"visits", "count(*)"}, {"total", "sum(n) over 1m"}, {"most", "max(n) over 1m"}});
  const auto refused = [&](std::vector<StateNumber> numbers) {
    Bytes state;
    const Status made = StateOfNumbers(view.kernel(), StateHeader{}, numbers, &state);
    return made.has_value() ? std::string() : made.error().message;
  };
  const auto says = [](const std::string& message, const char* what) {
    return message.find(what) != std::string::npos;
  };
  Bytes none;
  StateHeader head{};
  head.records = -1;
  EXPECT_FALSE(StateOfNumbers(view.kernel(), head, {}, &none).has_value());
  EXPECT_EQ(refused({{0, Part::kCount, 0, 1}, {1, Part::kSum, -5, Int128{kMost} * 4}}), "");
  EXPECT_TRUE(says(refused({{1, Part::kSum, 1, 1}, {0, Part::kCount, 0, 1}}), "out of order"));
  EXPECT_TRUE(says(refused({{1, Part::kSum, 1, 1}, {1, Part::kSum, 1, 1}}), "out of order"));
  EXPECT_TRUE(says(refused({{2, Part::kCount, 1, 1}}), "no such accumulator"));
  EXPECT_TRUE(says(refused({{0, Part::kSum, 0, 1}}), "no such part"));
  EXPECT_TRUE(says(refused({{1, Part::kLeast, 0, 1}}), "no such part"));
  EXPECT_TRUE(says(refused({{0, Part::kCount, 1, 1}}), "no tiles"));
  EXPECT_TRUE(says(refused({{0, Part::kCount, 0, -1}}), "out of range"));
  EXPECT_TRUE(says(refused({{1, Part::kGreatest, 0, Int128{kMost} + 1}}), "out of range"));
}

}  // namespace
}  // namespace skewless
