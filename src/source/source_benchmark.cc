// A replay of an unsorted CSV file, from opening it to its last row: in memory, and through runs on
// disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "source/source.h"

namespace skewless {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRecords = 300'000;

class Fixture {
 public:
  Fixture() : root_(fs::temp_directory_path() / ("skewless-bench-" + std::to_string(::getpid()))) {
    fs::create_directories(root_);
    std::ofstream out(root_ / "events.csv");
    out << "user_id,kind,price,ts,seen\n";
    for (int64_t i = 0; i < kRecords; ++i) {
      const int64_t seen = 1'700'000'000'000 + i * 7919 % kRecords;
      out << i % 50'000 << ",click," << i % 9'000 << ".25," << seen - i % 60'000 << ',' << seen
          << '\n';
    }
    SourceDefinition source;
    source.name = "events";
    source.paths = {"events.csv"};
    source.format = SourceFormat::kCsv;
    source.schema = {{{"user_id", {TypeKind::kInt64, false}},
                      {"kind", {TypeKind::kString, false}},
                      {"price", {TypeKind::kFloat64, false}},
                      {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis},
                      {"seen", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis}}};
    source.event_timestamp = 3;
    source.arrival_timestamp = 4;
    definition_.root = root_;
    definition_.sources.push_back(std::move(source));
  }
  ~Fixture() { fs::remove_all(root_); }
  const Definition& definition() const { return definition_; }
  std::string spill_directory() const { return root_ / "spill"; }

 private:
  fs::path root_;
  Definition definition_;
};

void BM_Replay(benchmark::State& state) {
  static const Fixture fixture;
  SourceOptions options;
  options.replay = true;
  options.sort_memory_bytes = state.range(0) << 20;
  options.spill_directory = fixture.spill_directory();
  Batch batch;
  int64_t rows = 0;
  for (auto _ : state) {
    auto source = OpenSource(fixture.definition(), 0, options, nullptr);
    if (!source) return state.SkipWithError(source.error().message.c_str());
    while (true) {
      const Result<bool> more = (*source)->Next(8192, 0, &batch);
      if (!more) return state.SkipWithError(more.error().message.c_str());
      if (!*more) break;
      rows += static_cast<int64_t>(batch.rows());
    }
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(BM_Replay)->ArgName("sort_MiB")->Arg(512)->Arg(4)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skewless
