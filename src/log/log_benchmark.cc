// Appending (with and without a sync each batch) and reading clicks: events and bytes a second, and
// bytes an event.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/check.h"
#include "log/log.h"
#include "log/served_log.h"
#include "log/test_clicks.h"

namespace skewless {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(fs::temp_directory_path() /
              ("skewless-log-benchmark-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string path() const { return path_; }

 private:
  fs::path path_;
};

void Report(benchmark::State& state, int64_t events, int64_t bytes) {
  state.SetItemsProcessed(events);
  state.SetBytesProcessed(bytes);
  if (events > 0) {
    state.counters["bytes_per_event"] = static_cast<double>(bytes) / static_cast<double>(events);
  }
}

// range(0): rows a batch; range(1): whether each batch is synced.
void BM_Append(benchmark::State& state) {
  const TemporaryFolder folder;
  const std::vector<LoggedSource> sources = {ClicksSource()};
  auto writer = LogWriter::Open(SystemFiles(), {folder.path()}, sources);
  SKEWLESS_CHECK(writer.has_value());
  Batch batch;
  MakeClicks(sources[0].schema, 1, static_cast<size_t>(state.range(0)), 1, &batch);
  const int64_t before = (*writer)->bytes_written();
  for (auto _ : state) {
    SKEWLESS_CHECK((*writer)->Append(&batch).has_value());
    if (state.range(1) != 0) SKEWLESS_CHECK((*writer)->Sync().has_value());
  }
  Report(state, state.iterations() * state.range(0), (*writer)->bytes_written() - before);
}
BENCHMARK(BM_Append)
    ->Args({8192, 0})
    ->Args({100, 1})
    ->Args({1000, 1})
    ->Args({8192, 1})
    ->UseRealTime();  // a sync costs no CPU

// range(0): rows a batch.
void BM_Read(benchmark::State& state) {
  constexpr int64_t kEvents = 4'000'000;
  const TemporaryFolder folder;
  const std::vector<LoggedSource> sources = {ClicksSource()};
  {
    auto writer = LogWriter::Open(SystemFiles(), {folder.path()}, sources);
    SKEWLESS_CHECK(writer.has_value());
    Batch batch;
    MakeClicks(sources[0].schema, 1, static_cast<size_t>(state.range(0)), 1, &batch);
    for (int64_t i = 0; i < kEvents; i += state.range(0)) {
      SKEWLESS_CHECK((*writer)->Append(&batch).has_value());
    }
  }
  int64_t events = 0;
  int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    bytes += static_cast<int64_t>(entry.file_size());
  }
  Batch batch;
  for (auto _ : state) {
    auto reader = LogReader::Open(SystemFiles(), folder.path(), sources);
    SKEWLESS_CHECK(reader.has_value());
    for (;;) {
      const auto more = (*reader)->Next(&batch);
      SKEWLESS_CHECK(more.has_value());
      if (!*more) break;
      events += static_cast<int64_t>(batch.rows());
    }
  }
  Report(state, events, bytes * state.iterations());
}
BENCHMARK(BM_Read)->Arg(1000)->Arg(8192)->UseRealTime()->Unit(benchmark::kMillisecond);

// Opening a log whose last segment is nearly full.
void BM_Open(benchmark::State& state) {
  const TemporaryFolder folder;
  const std::vector<LoggedSource> sources = {ClicksSource()};
  Batch batch;
  MakeClicks(sources[0].schema, 1, 8192, 1, &batch);
  for (auto _ : state) {
    state.PauseTiming();
    fs::remove_all(folder.path());
    {
      auto writer = LogWriter::Open(SystemFiles(), {folder.path()}, sources);
      while ((*writer)->bytes_written() < 250 << 20) {
        SKEWLESS_CHECK((*writer)->Append(&batch).has_value());
      }
      SKEWLESS_CHECK((*writer)->Sync().has_value());
    }
    state.ResumeTiming();
    SKEWLESS_CHECK(LogWriter::Open(SystemFiles(), {folder.path()}, sources).has_value());
  }
}
BENCHMARK(BM_Open)->Unit(benchmark::kMillisecond)->Iterations(2);

// A served row of ten features.
void BM_AppendServed(benchmark::State& state) {
  const TemporaryFolder folder;
  auto writer = ServedLogWriter::Open(SystemFiles(), folder.path());
  SKEWLESS_CHECK(writer.has_value());
  ServedRow row;
  row.read_us = 1'700'000'000'000'000;
  row.service = "ranking";
  row.inputs = {{"user_id", Value::Int(42)}};
  row.views = {{"user_activity", MakeSequence(1, 1000), 0}};
  for (int i = 0; i < 10; ++i) {
    row.outputs.push_back("user_activity:feature_" + std::to_string(i));
    row.values.push_back(i % 2 == 0 ? Value::Int(i * 1000) : Value::Double(i * 0.1));
  }
  for (auto _ : state) SKEWLESS_CHECK((*writer)->Append(row).has_value());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AppendServed);

}  // namespace
}  // namespace skewless
