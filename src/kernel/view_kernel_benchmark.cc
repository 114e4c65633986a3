// Folding and reading, for the views that the product is sized by. `Hot` keeps one state in the
// first cache; `Many` walks states at random, as an engine does: 10,000 of them stay in the last
// cache, 200,000 do not stay in any.
#include <benchmark/benchmark.h>

#include <random>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

constexpr size_t kRows = 4096;

TestView TwelveFeatures() {
  std::vector<TestFeature> features;
  for (const char* window : {"5m", "1h", "24h"}) {
    for (const char* aggregate : {"count(*)", "sum(x)", "max(x)", "avg(x)"}) {
      features.push_back(
          {"f" + std::to_string(features.size()), std::string(aggregate) + " over " + window});
    }
  }
  return TestView(std::span<const TestFeature>(features));
}

// A batch as an engine sees it, all in one short stretch of time.
struct Prepared {
  Prepared(const TestView& view, Timestamp start, Timestamp step) {
    std::vector<TestEvent> events;
    std::vector<Timestamp> available;
    for (size_t i = 0; i < kRows; ++i) {
      const Timestamp t = start + static_cast<Timestamp>(i) * step;
      events.push_back(
          {t, static_cast<int64_t>(i), static_cast<double>(i % 100) + 0.25, "text", true});
      available.push_back(t);
    }
    view.FillBatch(events, available, 1, &batch);
    view.kernel().Prepare(batch, scratch, &input);
  }
  Batch batch;
  EvaluationScratch scratch;
  ViewInput input;
};

void FoldRow(const ViewKernel& kernel, Bytes& state, const ViewInput& input, size_t row) {
  while (const size_t needed = kernel.Apply(state.data(), state.size(), input, row))
    state.resize(needed);
}

// A state whose windows are full: one event every five seconds for 25 hours up to `end`.
Bytes DenseState(const TestView& view, Timestamp end) {
  const ViewKernel& kernel = view.kernel();
  Bytes state(kernel.empty_state_size());
  kernel.InitState(state.data());
  for (Timestamp start = end - 25 * kHourUs; start < end;) {
    const Prepared rows(view, start, 5 * kSecondUs);
    for (size_t i = 0; i < kRows && start < end; ++i, start += 5 * kSecondUs) {
      FoldRow(kernel, state, rows.input, i);
    }
  }
  return state;
}

void FoldHot(benchmark::State& run, const TestView& view, Timestamp step) {
  const Timestamp now = 1'700'000'000 * kSecondUs;
  Bytes state = DenseState(view, now);
  const Prepared rows(view, now, step);
  for (auto _ : run) {
    for (size_t i = 0; i < kRows; ++i) FoldRow(view.kernel(), state, rows.input, i);
  }
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}

void BM_FoldTwelveFeaturesHot(benchmark::State& run) { FoldHot(run, TwelveFeatures(), 1); }
BENCHMARK(BM_FoldTwelveFeaturesHot);

// Every event opens a tile in the finest tier.
void BM_FoldTwelveFeaturesNewTiles(benchmark::State& run) {
  const TestView view = TwelveFeatures();
  const ViewKernel& kernel = view.kernel();
  const Timestamp now = 1'700'000'000 * kSecondUs;
  const Bytes dense = DenseState(view, now);
  const Prepared rows(view, now, 5 * kSecondUs);
  for (auto _ : run) {
    Bytes state = dense;
    for (size_t i = 0; i < kRows; ++i) FoldRow(kernel, state, rows.input, i);
  }
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}
BENCHMARK(BM_FoldTwelveFeaturesNewTiles);

void BM_FoldLastOfFourFloats(benchmark::State& run) {
  const TestView view(
      {{"a", "last(x)"}, {"b", "last(x + 1)"}, {"c", "last(x + 2)"}, {"d", "last(x + 3)"}});
  const ViewKernel& kernel = view.kernel();
  Bytes state(kernel.empty_state_size());
  kernel.InitState(state.data());
  const Prepared rows(view, 1'700'000'000 * kSecondUs, 1);
  for (auto _ : run) {
    for (size_t i = 0; i < kRows; ++i) FoldRow(kernel, state, rows.input, i);
  }
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}
BENCHMARK(BM_FoldLastOfFourFloats);

void BM_FoldText(benchmark::State& run) {
  const TestView view({{"a", "last(s)"}, {"b", "last(n, 10)"}});
  Bytes state(view.kernel().empty_state_size());
  view.kernel().InitState(state.data());
  const Prepared rows(view, 1'700'000'000 * kSecondUs, 1);
  for (auto _ : run) {
    for (size_t i = 0; i < kRows; ++i) FoldRow(view.kernel(), state, rows.input, i);
  }
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}
BENCHMARK(BM_FoldText);

// Arguments: entities, and rows between a state's Prefetch and its Apply (0: no Prefetch).
void BM_FoldTwelveFeaturesMany(benchmark::State& run) {
  const auto entities = static_cast<size_t>(run.range(0));
  const TestView view = TwelveFeatures();
  const ViewKernel& kernel = view.kernel();
  const auto ahead = static_cast<size_t>(run.range(1));
  const size_t stride = (kernel.empty_state_size() + 2048) / 64 * 64;  // room for some older tiles
  Bytes states(entities * stride);
  for (size_t i = 0; i < entities; ++i) kernel.InitState(states.data() + i * stride);
  const Prepared rows(view, 1'700'000'000 * kSecondUs, 1);
  std::mt19937 random(1);
  std::vector<uint32_t> picks(1 << 20);
  for (uint32_t& pick : picks) pick = random() % entities;
  size_t at = 0;
  for (auto _ : run) {
    for (size_t i = 0; i < kRows; ++i, ++at) {
      if (ahead > 0) kernel.Prefetch(states.data() + picks[(at + ahead) % picks.size()] * stride);
      kernel.Apply(states.data() + picks[at % picks.size()] * stride, stride, rows.input, i);
    }
  }
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}
BENCHMARK(BM_FoldTwelveFeaturesMany)
    ->ArgNames({"entities", "ahead"})
    ->Args({10'000, 0})
    ->Args({10'000, 8})
    ->Args({200'000, 0})
    ->Args({200'000, 8});

void BM_ReadTwelveFeatures(benchmark::State& run) {
  const TestView view = TwelveFeatures();
  const Timestamp now = 1'700'000'000 * kSecondUs;
  const Bytes state = DenseState(view, now);
  FeatureVector vector;
  Timestamp t = now;
  for (auto _ : run) {
    view.kernel().Read(state, ++t, &vector);
    benchmark::DoNotOptimize(vector.values.data());
  }
  run.counters["state_bytes"] = static_cast<double>(LoadStateHeader(state.data()).size);
}
BENCHMARK(BM_ReadTwelveFeatures);

void BM_ReadExactWindow(benchmark::State& run) {
  const TestView view({{"c", "count(*) over 5m exact"}, {"s", "sum(x) over 5m exact"}});
  const Timestamp now = 1'700'000'000 * kSecondUs;
  Bytes state(view.kernel().empty_state_size());
  view.kernel().InitState(state.data());
  const Prepared rows(view, now, kSecondUs);
  for (size_t i = 0; i < kRows; ++i) FoldRow(view.kernel(), state, rows.input, i);
  FeatureVector vector;
  for (auto _ : run) {
    view.kernel().Read(state, now + static_cast<Timestamp>(kRows) * kSecondUs, &vector);
    benchmark::DoNotOptimize(vector.values.data());
  }
}
BENCHMARK(BM_ReadExactWindow);

void BM_Prepare(benchmark::State& run) {
  const TestView view = TwelveFeatures();
  Prepared rows(view, 1'700'000'000 * kSecondUs, 1);
  for (auto _ : run) view.kernel().Prepare(rows.batch, rows.scratch, &rows.input);
  run.SetItemsProcessed(static_cast<int64_t>(run.iterations() * kRows));
}
BENCHMARK(BM_Prepare);

}  // namespace
}  // namespace skewless
