// The same rows written whole and by increments, one event of each between two writes: bytes and
// CPU of the server a row, memory, and how long a vector takes to read. Of entities whose windows
// are full, and of entities with an event every two hours, whose tiles come and go.
#include <benchmark/benchmark.h>

#include <deque>
#include <numeric>

#include "base/latency_histogram.h"
#include "online/redis/increment_fixture.h"

namespace skewless::redis {
namespace {

constexpr size_t kUsers = 1000;
constexpr size_t kWindow = 512;
constexpr int kRounds = 20;  // of warming up: every base is known then

// Twelve features over three windows, as the job of docs/performance.md has them, in integers.
const TestView& View() {
  static const TestView view({{"clicks_5m", "count(*) over 5m"},
                              {"spend_5m", "sum(n) over 5m"},
                              {"mean_5m", "avg(n) over 5m"},
                              {"most_5m", "max(n) over 5m"},
                              {"clicks_1h", "count(*) over 1h"},
                              {"spend_1h", "sum(n) over 1h"},
                              {"mean_1h", "avg(n) over 1h"},
                              {"most_1h", "max(n) over 1h"},
                              {"clicks_24h", "count(*) over 24h"},
                              {"spend_24h", "sum(n) over 24h"},
                              {"mean_24h", "avg(n) over 24h"},
                              {"most_24h", "max(n) over 24h"}});
  return view;
}

class Rows {
 public:
  Rows(bool increments, bool dense)
      : directory_("increment_benchmark"),
        server_(directory_.path()),
        options_(IncrementOptions(server_.address(), View().kernel())),
        step_us_(dense ? kSecondUs : 2 * kHourUs) {
    options_.window_rows = kWindow;
    if (!increments) options_.increments.clear();
    auto opened = OpenRedisRows(options_);
    SKEWLESS_CHECK(opened.has_value());
    writer_ = std::move(*opened);
    std::vector<RowWritten> none;
    while (writer_->incarnation() == 0) static_cast<void>(writer_->Poll(1000, &none));
    SKEWLESS_CHECK(writer_->Claim(1).has_value());
    const int64_t before = Info("used_memory:");
    for (size_t user = 0; user < kUsers; ++user) {
      entities_.emplace_back(View());
      Fill(entities_.back(), dense);
    }
    states_.resize(kUsers);
    for (int round = 0; round < kRounds; ++round) WriteAll();
    bytes_a_row_ = (Info("used_memory:") - before) / static_cast<int64_t>(kUsers);
    SKEWLESS_CHECK(writer_->OpenForReaders(writer_->incarnation()).has_value());
  }

  // An event of each entity, then all of their rows; what the events cost is not counted.
  int64_t WriteAll() {
    now_us_ += step_us_;
    std::vector<RowWrite> rows;
    for (size_t user = 0; user < kUsers; ++user) {
      entities_[user].Apply(EventAt(now_us_), now_us_);
      View().kernel().Compact(entities_[user].state(), &states_[user]);
      users_[user] = static_cast<int64_t>(user);
      rows.push_back({0,
                      KeyBytes(users_[user]),
                      LoadStateHeader(states_[user].data()).sequence,
                      states_[user],
                      {},
                      user,
                      1});
    }
    const int64_t begin = ProcessCpuNanos();
    std::vector<RowWritten> done;
    size_t sent = 0;
    while (done.size() < kUsers) {
      const size_t room = std::min(writer_->room(), kUsers - sent);
      if (room > 0) SKEWLESS_CHECK(writer_->Send(std::span(rows).subspan(sent, room)).has_value());
      sent += room;
      SKEWLESS_CHECK(writer_->Poll(kSecondUs, &done).has_value());
    }
    for (const RowWritten& row : done) SKEWLESS_CHECK(row.outcome == Outcome::kWritten);
    return ProcessCpuNanos() - begin;
  }

  // Of the server, by its own account: "used_cpu_user:1.5" in seconds, others whole.
  int64_t Info(const std::string& field) { return static_cast<int64_t>(InfoSeconds(field)); }
  double InfoSeconds(const std::string& field) {
    const std::string info = server_.AskText({"INFO", "everything"});
    const size_t at = info.find("\n" + field);
    SKEWLESS_CHECK(at != std::string::npos);
    return std::stod(info.substr(at + 1 + field.size()));
  }
  double CpuSeconds() {
    return InfoSeconds("used_cpu_user_main_thread:") + InfoSeconds("used_cpu_sys_main_thread:");
  }
  int64_t bytes_a_row() const { return bytes_a_row_; }
  size_t state_bytes() const { return states_[0].size(); }
  const RedisOptions& options() const { return options_; }

 private:
  static TestEvent EventAt(Timestamp at) {
    return {.event_us = at, .n = at / 1000 % 1000, .x = {}, .s = {}, .b = {}};
  }
  void Fill(TestEntity& entity, bool dense) {
    const auto fill = [&](DurationUs from, DurationUs to, DurationUs step) {
      for (DurationUs back = from; back > to; back -= step)
        entity.Apply(EventAt(now_us_ - back), now_us_ - back);
    };
    if (!dense) return fill(24 * kHourUs, 0, step_us_);
    fill(24 * kHourUs, kHourUs, 15 * kMinuteUs);
    fill(kHourUs, 5 * kMinuteUs, 30 * kSecondUs);
    fill(5 * kMinuteUs, 0, kSecondUs);
  }

  TestDirectory directory_;
  RedisServer server_;
  RedisOptions options_;
  const DurationUs step_us_;
  Timestamp now_us_ = 1'700'000'000 * kSecondUs;
  std::deque<TestEntity> entities_;
  std::vector<Bytes> states_;
  int64_t users_[kUsers] = {};
  std::unique_ptr<RemoteRows> writer_;
  int64_t bytes_a_row_ = 0;
};

void Write(benchmark::State& state) {
  Rows rows(state.range(0) != 0, state.range(1) != 0);
  const double cpu_before = rows.CpuSeconds();
  const int64_t bytes_before = rows.Info("total_net_input_bytes:");
  int64_t client_nanos = 0;
  for (auto _ : state) client_nanos += rows.WriteAll();
  const auto written = static_cast<double>(static_cast<int64_t>(state.iterations()) * kUsers);
  state.counters["server_us_a_row"] = (rows.CpuSeconds() - cpu_before) * 1e6 / written;
  state.counters["client_us_a_row"] = static_cast<double>(client_nanos) / 1e3 / written;
  state.counters["sent_bytes_a_row"] =
      static_cast<double>(rows.Info("total_net_input_bytes:") - bytes_before) / written;
  state.counters["memory_bytes_a_row"] = static_cast<double>(rows.bytes_a_row());
  state.counters["state_bytes"] = static_cast<double>(rows.state_bytes());
}

void Read(benchmark::State& state) {
  Rows rows(state.range(0) != 0, state.range(1) != 0);
  auto reader = OpenRedisReader(rows.options());
  SKEWLESS_CHECK(reader.has_value());
  LatencyHistogram latency;
  int64_t user = 0;
  for (auto _ : state) {
    user = (user + 7) % static_cast<int64_t>(kUsers);
    const RowKey key{0, KeyBytes(user)};
    const int64_t start = MonotonicNanos();
    SKEWLESS_CHECK((*reader)->Read(std::span(&key, 1)).has_value());
    latency.Record(MonotonicNanos() - start);
  }
  state.counters["p50_us"] = static_cast<double>(latency.QuantileNanos(0.5)) / 1e3;
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"increment", "dense"})->ArgsProduct({{0, 1}, {0, 1}})->UseRealTime();
}
BENCHMARK(Write)->Name("WriteBy")->Apply(Shapes)->Unit(benchmark::kMillisecond);
BENCHMARK(Read)->Name("ReadOf")->Apply(Shapes)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skewless::redis
