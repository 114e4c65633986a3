// bench_redis_rows ADDRESS ROWS STATE_BYTES SECONDS WINDOW: rows a second through the versioned
// writer of Redis, with up to WINDOW of them in flight; 1 is a writer that waits for each. Each of
// ROWS rows is written again and again, newer each time. Prints a line of JSON.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/latency_histogram.h"
#include "kernel/state.h"
#include "online/redis/redis_store.h"
#include "online_vectors.h"

namespace skewless::bench {
namespace {

constexpr uint64_t kFingerprint = 0x62656E'6368'000001;
constexpr uint32_t kWriter = RowClaim(1, 0);
constexpr size_t kAtOnce = 256;  // handed over together, as a commit's rows are

class RowLoad {
 public:
  RowLoad(const RedisOptions& options, size_t rows, size_t state_bytes)
      : window_(options.window_rows),
        rows_(Must(OpenRedisRows(options))),
        keys_(rows),
        sent_nanos_(rows),
        state_(std::max(state_bytes, sizeof(StateHeader)), 0x5A) {
    for (size_t i = 0; i < rows; ++i) keys_[i] = i;
  }

  void Connect() {
    while (rows_->incarnation() == 0) static_cast<void>(rows_->Poll(1000, &done_));
    Must(rows_->Claim(kWriter));
  }

  void Run(double seconds) {
    const int64_t start = MonotonicNanos();
    const auto end = start + static_cast<int64_t>(seconds * 1e9);
    while (MonotonicNanos() < end) {
      SendSome();
      Take(1000);
    }
    while (in_flight_ > 0) Take(1000);
    const double took = static_cast<double>(MonotonicNanos() - start) / 1e9;
    std::printf(
        "{\"rows\": %lld, \"rows_per_second\": %.0f, \"seconds\": %.3f, \"cpu_seconds\": %.3f, "
        "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"state_bytes\": %zu}\n",
        static_cast<long long>(written_), static_cast<double>(written_) / took, took,
        static_cast<double>(ProcessCpuNanos()) / 1e9,
        static_cast<double>(latency_.QuantileNanos(0.5)) / 1e6,
        static_cast<double>(latency_.QuantileNanos(0.99)) / 1e6, state_.size());
  }

 private:
  void SendSome() {
    const size_t count = std::min({kAtOnce, window_ - in_flight_, rows_->room()});
    if (count == 0 || (count < kAtOnce && in_flight_ >= kAtOnce)) return;
    batch_.clear();
    ++sequence_;
    StoreLe(state_.data(), StateHeader{.magic = kStateMagic,
                                       .size = static_cast<uint32_t>(state_.size()),
                                       .fingerprint = kFingerprint,
                                       .sequence = sequence_,
                                       .available_us = 0,
                                       .newest_event_us = 0,
                                       .records = 1});
    const int64_t now = MonotonicNanos();
    for (size_t i = 0; i < count; ++i) {
      const size_t row = next_++ % keys_.size();
      sent_nanos_[row] = now;
      batch_.push_back({0,
                        {reinterpret_cast<const uint8_t*>(&keys_[row]), 8},
                        sequence_,
                        state_,
                        {},
                        row,
                        kWriter});
    }
    Must(rows_->Send(batch_));
    in_flight_ += count;
  }

  void Take(DurationUs wait_us) {
    done_.clear();
    Must(rows_->Poll(wait_us, &done_));
    const int64_t now = MonotonicNanos();
    for (const RowWritten& one : done_) {
      if (one.outcome != RowWritten::Outcome::kWritten)
        EndWith({ErrorCode::kInternal, "a row was not written: " + one.error.ToString(), ""});
      latency_.Record(now - sent_nanos_[one.ticket]);
    }
    in_flight_ -= done_.size();
    written_ += static_cast<int64_t>(done_.size());
  }

  const size_t window_;
  std::unique_ptr<RemoteRows> rows_;
  std::vector<uint64_t> keys_;
  std::vector<int64_t> sent_nanos_;
  Bytes state_;
  std::vector<RowWrite> batch_;
  std::vector<RowWritten> done_;
  LatencyHistogram latency_;
  Sequence sequence_ = NewWallClock()->Now();  // above those of an earlier run
  size_t next_ = 0;
  size_t in_flight_ = 0;
  int64_t written_ = 0;
};

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  using namespace skewless;
  if (argc != 6) {
    std::fputs("usage: bench_redis_rows ADDRESS ROWS STATE_BYTES SECONDS WINDOW\n", stderr);
    return 2;
  }
  RedisOptions options;
  options.address = argv[1];
  options.project = "bench";
  options.views = {"rows"};
  options.fingerprints = {bench::kFingerprint};
  options.log_identity = 1;
  options.window_rows = std::strtoull(argv[5], nullptr, 10);
  const size_t rows = std::strtoull(argv[2], nullptr, 10);
  SKEWLESS_CHECK(options.window_rows > 0 && options.window_rows <= rows);
  bench::RowLoad load(options, rows, std::strtoull(argv[3], nullptr, 10));
  load.Connect();
  load.Run(std::strtod(argv[4], nullptr));
  return 0;
}
