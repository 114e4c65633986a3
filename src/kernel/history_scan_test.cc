#include "kernel/history_scan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "kernel/growing_state.h"
#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

std::vector<int> AllOutputs(const ViewKernel& kernel) {
  std::vector<int> outputs(kernel.view().output_count());
  std::iota(outputs.begin(), outputs.end(), 0);
  return outputs;
}

TEST(HistoryScan, IsMadeOnlyOfWhatCanBeScanned) {
  const TestView both({{"a", "sum(x) over 1h exact"}, {"b", "var_pop(x) over 1h exact"}});
  EXPECT_EQ(HistoryScan::Make(both.kernel(), AllOutputs(both.kernel()), false), nullptr);
  const int first[] = {0};
  const auto scan = HistoryScan::Make(both.kernel(), first, false);
  ASSERT_NE(scan, nullptr);
  EXPECT_EQ(scan->reach(), 3600 * kSecondUs);
  const TestView list({{"a", "last(x, 3)"}});
  EXPECT_EQ(HistoryScan::Make(list.kernel(), first, false), nullptr);
}

TEST(HistoryScan, ReachIsThatOfTheLongestWindowAndOfAllTimeNone) {
  const TestView view(
      {{"a", "count(*) over 5m"}, {"b", "max(n) over 2h hop 10m"}, {"c", "last(x)"}});
  const int windows[] = {0, 1}, all[] = {0, 1, 2};
  EXPECT_EQ(HistoryScan::Make(view.kernel(), windows, false)->reach(), 7200 * kSecondUs);
  EXPECT_FALSE(HistoryScan::Make(view.kernel(), all, false)->reach().has_value());
  EXPECT_FALSE(HistoryScan::Make(view.kernel(), windows, true)->reach().has_value());
}

// Events in disorder, many of them in one microsecond, some ahead of their availability; every kind
// of number; read between any two of them, by a scan and off the state.
void ScanAndFold(const std::string& online) {
  const TestView view({{"c", "count(*) over 10s exact"},
                       {"cx", "count(x) over 10s hop 2s"},
                       {"s", "sum(x) over 10s exact"},
                       {"sh", "sum(x) over 10s hop 2s"},
                       {"sa", "sum(x)"},
                       {"si", "sum(n) over 20s hop 5s"},
                       {"av", "avg(x) over 20s exact"},
                       {"lo", "min(x) over 10s hop 2s"},
                       {"hi", "max(x) over 10s exact"},
                       {"hn", "max(n)"},
                       {"la", "last(x)"},
                       {"lr", "last(x) respect nulls"},
                       {"ls", "last(s) over 10s hop 2s"},
                       {"fi", "first(n)"},
                       {"fw", "first(x) over 10s hop 2s"},
                       {"bo", "bool_or(b) over 10s exact"},
                       {"f", "sum(x) filter (where n > 2) over 10s exact"},
                       {"t", "time_since_last()"}},
                      {"ttl: 1m"}, online);
  const ViewKernel& kernel = view.kernel();
  const auto scan = HistoryScan::Make(kernel, AllOutputs(kernel), true);
  ASSERT_NE(scan, nullptr);
  std::mt19937_64 random(11);
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  const double numbers[] = {0.1,
                            -0.0,
                            0.0,
                            1e300,
                            -1e300,
                            1e-300,
                            3.7,
                            -2.25,
                            std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()};
  for (int round = 0; round < 200; ++round) {
    std::vector<TestEvent> events;
    std::vector<Timestamp> available;
    Timestamp now = -50 * kSecondUs;
    const auto count = static_cast<size_t>(below(60));
    const auto different = static_cast<uint64_t>(round % 2 == 0 ? 8 : 10);
    for (size_t i = 0; i < count; ++i) {
      now += below(2) * below(5) * kSecondUs;
      TestEvent event{
          now - below(4) * below(15) * kSecondUs + below(3) * kSecondUs, {}, {}, {}, {}};
      if (below(5) > 0) event.n = below(6) - 1;
      if (below(5) > 0) event.x = numbers[below(different)];
      if (below(5) > 0) event.s = "s" + std::to_string(i);
      if (below(5) > 0) event.b = below(2) == 1;
      events.push_back(event);
      available.push_back(now);
    }
    Batch batch;
    view.FillBatch(events, available, 1, &batch);
    EvaluationScratch scratch;
    ViewInput input;
    kernel.Prepare(batch, scratch, &input);
    scan->SetRecords(input);
    Bytes state;
    InitState(kernel, &state);
    FeatureVector folded, scanned;
    size_t next = 0;
    std::vector<Timestamp> times;
    for (Timestamp t = -60 * kSecondUs; t < now + 90 * kSecondUs; t += below(4) * kSecondUs / 2)
      times.push_back(t);
    size_t looked = 0, looks = 0;
    for (size_t at = 0; at < times.size(); ++at) {
      const Timestamp t = times[at];
      for (; next < count && available[next] <= t; ++next) FoldRow(kernel, input, next, &state);
      kernel.Read(StateBytes(state), t, &folded);
      if (at == looked + looks) {
        looked = at;
        looks =
            std::min(times.size() - at, 1 + static_cast<size_t>(below(HistoryScan::kMostTimes)));
        scan->Look({&times[at], looks});
      }
      scan->Read(at - looked, &scanned);
      ASSERT_EQ(scanned.status, folded.status) << round << " at " << t;
      ASSERT_EQ(scanned.sequence, folded.sequence);
      ASSERT_EQ(scanned.newest_event_us, folded.newest_event_us);
      for (size_t i = 0; i < folded.values.size(); ++i) {
        ASSERT_TRUE(SameBits(scanned.values[i], folded.values[i]))
            << round << " at " << t << ", " << kernel.view().output_name(i) << ": "
            << FormatValue(scanned.values[i]) << ", " << FormatValue(folded.values[i]);
      }
    }
  }
}

TEST(HistoryScan, GivesWhatFoldingGives) { ScanAndFold(TestView::kEmbedded); }
TEST(HistoryScan, GivesWhatFoldingGivesWhereRowsExpire) { ScanAndFold(TestView::kExpiring); }

}  // namespace
}  // namespace skewless
