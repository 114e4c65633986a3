// Redis' rows beside Redis itself, in the same run and of the same size: rows through the versioned
// writer beside redis-benchmark's pipelined SET, and one vector through our reader beside a raw GET
// by hiredis, over 1 and 16 connections.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>

#include "base/latency_histogram.h"
#include "online/redis/redis_row.h"
#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {
namespace {

constexpr int64_t kUsers = 100'000;
constexpr size_t kStateBytes = 376;  // twelve features over three windows
constexpr size_t kWindow = 1024;

struct Store {
  TestDirectory directory{"redis_benchmark"};
  RedisServer server{directory.path()};
  RedisOptions options = TestOptions(server.address());
  Sequence sequence = 0;

  Store() {
    options.window_rows = kWindow;
    TestWriter writer(options);
    SKEWLESS_CHECK(writer.Claim().has_value());
    WriteAll(writer);
    writer.ConnectAndOpen();
  }
  // Each user's row once, in random order.
  void WriteAll(TestWriter& writer) {
    static std::mt19937_64 random(5);
    std::vector<int64_t> users(kUsers);
    for (size_t i = 0; i < users.size(); ++i) users[i] = static_cast<int64_t>(i);
    std::shuffle(users.begin(), users.end(), random);
    const Bytes state = StateOf(options.fingerprints[0], ++sequence, kStateBytes);
    std::vector<RowWrite> rows;
    std::vector<RowWritten> done;
    size_t next = 0;
    for (size_t finished = 0; finished < users.size(); finished += done.size()) {
      rows.clear();
      for (size_t room = writer.rows().room(); room > 0 && next < users.size(); --room, ++next)
        rows.push_back({0, KeyBytes(users[next]), sequence, state, {}, next, 1});
      if (!rows.empty()) SKEWLESS_CHECK(writer.rows().Send(rows).has_value());
      done.clear();
      SKEWLESS_CHECK(writer.rows().Poll(kSecondUs, &done).has_value());
      for (const RowWritten& row : done) SKEWLESS_CHECK(row.outcome == Outcome::kWritten);
    }
  }
};

Store& TheStore() {
  static Store store;
  return store;
}

void WriteVersioned(benchmark::State& state) {
  Store& store = TheStore();
  RedisOptions options = store.options;
  options.rows_per_call = static_cast<size_t>(state.range(0));
  TestWriter writer(options);
  writer.Connect();
  const int64_t cpu_before = ProcessCpuNanos();
  for (auto _ : state) store.WriteAll(writer);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kUsers);
  state.counters["client_ns_a_row"] =
      static_cast<double>(ProcessCpuNanos() - cpu_before) /
      static_cast<double>(static_cast<int64_t>(state.iterations()) * kUsers);
}
BENCHMARK(WriteVersioned)
    ->Arg(1)
    ->Arg(8)
    ->Arg(32)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// redis-benchmark's own figure: as many keys, as many bytes, as much in flight.
void SetByRedisBenchmark(benchmark::State& state) {
  Store& store = TheStore();
  const std::string command =
      "redis-benchmark -p " + std::to_string(store.server.port()) + " -t set -n 1000000 -r " +
      std::to_string(kUsers) + " -d " + std::to_string(kStateBytes + kRowHeadBytes) + " -P " +
      std::to_string(state.range(0)) + " -c " + std::to_string(state.range(1)) + " --csv";
  double rate = 0;
  for (auto _ : state) {
    FILE* const output = ::popen(command.c_str(), "r");
    SKEWLESS_CHECK(output != nullptr);
    char line[512];
    while (std::fgets(line, sizeof line, output) != nullptr) {
      double found = 0;
      if (std::sscanf(line, "\"SET\",\"%lf\"", &found) == 1) rate = found;
    }
    SKEWLESS_CHECK(::pclose(output) == 0);
    SKEWLESS_CHECK(rate > 0);
    state.SetIterationTime(1'000'000 / rate);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 1'000'000);
}
BENCHMARK(SetByRedisBenchmark)
    ->Args({32, 50})
    ->Args({1024, 1})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void Report(benchmark::State& state, const LatencyHistogram& latency) {
  using benchmark::Counter;
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["p50_ns"] =
      Counter(static_cast<double>(latency.QuantileNanos(0.5)), Counter::kAvgThreads);
  state.counters["p99_ns"] =
      Counter(static_cast<double>(latency.QuantileNanos(0.99)), Counter::kAvgThreads);
}

void ReadVector(benchmark::State& state) {
  auto reader = OpenRedisReader(TheStore().options);
  SKEWLESS_CHECK(reader.has_value());
  std::mt19937_64 random(static_cast<uint64_t>(state.thread_index()));
  LatencyHistogram latency;
  for (auto _ : state) {
    const auto user = static_cast<int64_t>(random() % kUsers);
    const RowKey key{0, KeyBytes(user)};
    const int64_t start = MonotonicNanos();
    const auto t = (*reader)->Read(std::span(&key, 1));
    latency.Record(MonotonicNanos() - start);
    SKEWLESS_CHECK(t.has_value() && (*reader)->state(0).size() == kStateBytes);
  }
  Report(state, latency);
}
BENCHMARK(ReadVector)->Threads(1)->Threads(16)->UseRealTime();

void RawGet(benchmark::State& state) {
  Store& store = TheStore();
  const Keys keys(store.options);
  redisContext* const context = redisConnect("127.0.0.1", store.server.port());
  SKEWLESS_CHECK(context != nullptr && context->err == 0);
  std::mt19937_64 random(static_cast<uint64_t>(state.thread_index()));
  LatencyHistogram latency;
  std::string name;
  for (auto _ : state) {
    const auto user = static_cast<int64_t>(random() % kUsers);
    name.clear();
    keys.AppendRowKey(0, BucketOf(KeyBytes(user)), KeyBytes(user), &name);
    const int64_t start = MonotonicNanos();
    const Reply reply(
        static_cast<redisReply*>(redisCommand(context, "GET %b", name.data(), name.size())));
    latency.Record(MonotonicNanos() - start);
    SKEWLESS_CHECK(reply != nullptr && reply->len == kStateBytes + kRowHeadBytes);
  }
  redisFree(context);
  Report(state, latency);
}
BENCHMARK(RawGet)->Threads(1)->Threads(16)->UseRealTime();

}  // namespace
}  // namespace skewless::redis
