// A table of many small commits, with and without compaction: its files, the manifest's bytes, what
// a commit takes in the end, how often a row is written again and at what rate.
#include <benchmark/benchmark.h>

#include <deque>

#include "base/clock.h"
#include "kernel/repository_fixture.h"
#include "offline/manifest.h"
#include "offline/offline_writer.h"
#include "offline/totals_fixture.h"

namespace skewless {
namespace {

constexpr const char* kFeatures = R"(      visits: count(*)
      total: sum(amount)
      kinds: last(kind, 3)
      average_1h: avg(amount) over 1h
)";

void FillCommit(const TestRepository& repository, int64_t commit, int64_t rows, Batch* batch) {
  std::vector<TestRecord> records;
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t n = commit * rows + i;
    const Timestamp at = kTestStart + commit * 60 * kSecondUs;  // a minute each: days go by
    records.push_back({{std::to_string(n * 7919 % 1000), std::to_string(n % 977) + ".25",
                        n % 3 == 0 ? "buy" : "click", std::to_string(at)},
                       at + kSecondUs});
  }
  FillBatch(repository.definition(), 0, records, commit * rows + 1, batch);
}

void Commits(benchmark::State& state, size_t files) {
  const int64_t commits = state.range(0);
  const int64_t rows = state.range(1);
  for (auto _ : state) {
    const TestRepository repository(TotalsYaml(kFeatures));
    const std::string directory = repository.Path("var/history");
    auto writer = *OfflineWriter::Open(
        SystemFiles(), repository.definition(), repository.kernels(),
        {.directory = directory, .compaction = {.files = files, .quiet_files = files}});
    int64_t merge_nanos = 0;
    std::deque<int64_t> last_nanos;
    for (int64_t commit = 0; commit < commits; ++commit) {
      Batch batch;
      FillCommit(repository, commit, rows, &batch);
      SKEWLESS_CHECK(writer->Add(batch).has_value());
      const int64_t begun = MonotonicNanos();
      SKEWLESS_CHECK(writer->Commit().has_value());
      const int64_t committed = MonotonicNanos();
      while (*writer->Compact()) {
      }
      merge_nanos += MonotonicNanos() - committed;
      last_nanos.push_back(committed - begun);
      if (last_nanos.size() > 100) last_nanos.pop_front();
    }
    int64_t nanos = 0;
    for (const int64_t one : last_nanos) nanos += one;
    const auto merged = static_cast<double>(writer->merged_rows());
    state.counters["files"] = static_cast<double>(writer->files());
    state.counters["manifest_bytes"] =
        static_cast<double>(std::filesystem::file_size(ManifestPath(directory)));
    state.counters["last_commit_ms"] =
        static_cast<double>(nanos) / 1e6 / static_cast<double>(last_nanos.size());
    state.counters["rewrites_per_row"] = merged / static_cast<double>(commits * rows);
    if (merged > 0)
      state.counters["merged_rows_per_s"] = merged / (static_cast<double>(merge_nanos) / 1e9);
  }
}

void BM_CommitsAlone(benchmark::State& state) { Commits(state, 0); }
void BM_CommitsAndMerges(benchmark::State& state) { Commits(state, 16); }

BENCHMARK(BM_CommitsAlone)->Args({2000, 200})->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CommitsAndMerges)
    ->Args({2000, 200})
    ->Args({20000, 200})
    ->Args({500, 20000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skewless
