// bench_freshness REPOSITORY FILE RATE SECONDS: how long after it was written an event is readable.
//
// One process appends clicks to FILE, which an engine follows, at RATE events a second: a write a
// millisecond. The last click of each write is a probe that carries the write's number. This
// process reads the probe's vector from the embedded store again and again, and so sees when each
// write became readable. Prints a line of JSON; the first second is left out.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "online_vectors.h"

namespace skewless::bench {
namespace {

constexpr int64_t kWritesPerSecond = 1000;
constexpr int64_t kProbeUser = -1;
constexpr int64_t kUsers = 100'000;
constexpr auto kBetweenReads = std::chrono::microseconds(100);

// When each write began (CLOCK_MONOTONIC ns), in memory that both processes see.
struct Writes {
  std::atomic<int64_t> done;
  int64_t began_nanos[];
};

Writes* SharedWrites(int64_t count) {
  void* const memory =
      ::mmap(nullptr, sizeof(Writes) + static_cast<size_t>(count) * sizeof(int64_t),
             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) EndWith({ErrorCode::kIo, "no shared memory", ""});
  return static_cast<Writes*>(memory);
}

void AppendClick(int64_t user, int64_t item, double price, int64_t ts_ms, std::string* out) {
  char line[256];
  const int size = std::snprintf(
      line, sizeof line,
      "{\"user_id\":%lld,\"item_id\":%lld,\"price\":%.2f,\"kind\":\"view\",\"ts\":%lld,"
      "\"session\":\"%016llx\",\"page\":\"/catalog/item/%05lld\","
      "\"ua\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko\"}\n",
      static_cast<long long>(user), static_cast<long long>(item), price,
      static_cast<long long>(ts_ms), static_cast<unsigned long long>(user) * 2'654'435'761U,
      static_cast<long long>(item % 50'000));
  out->append(line, static_cast<size_t>(size));
}

int Produce(const std::string& path, int64_t per_write, int64_t first, int64_t count,
            Writes* writes) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND);
  if (file < 0) return 1;
  std::minstd_rand random(1);
  const auto clock = NewWallClock();
  std::string text;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t write = 0; write < count; ++write) {
    std::this_thread::sleep_until(start + write * std::chrono::microseconds(1000));
    text.clear();
    const int64_t now_ms = clock->Now() / 1000;
    for (int64_t i = 1; i < per_write; ++i) {
      AppendClick(static_cast<int64_t>(random()) % kUsers, static_cast<int64_t>(random()) % 50'000,
                  static_cast<double>(random() % 50'000) / 100, now_ms, &text);
    }
    AppendClick(kProbeUser, first + write, 1, now_ms, &text);
    writes->began_nanos[write] = MonotonicNanos();
    if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return 1;
    writes->done.store(write + 1, std::memory_order_release);
  }
  return ::close(file);
}

struct Seen {
  LatencyHistogram latency;
  int64_t last = -1;  // write
  int64_t most_nanos = 0;
};

// The number of the newest write that can be read, of all that were ever made; -1: none.
int64_t NewestReadable(OnlineVectors* vectors) {
  const ReadRow& row = vectors->Read(kProbeUser);
  return row.values[0].valid ? row.values[0].int_value : -1;
}

// True once the last write was seen.
bool Look(OnlineVectors* vectors, const Writes& writes, int64_t first, int64_t count, Seen* seen) {
  const int64_t newest = NewestReadable(vectors) - first;
  const int64_t now = MonotonicNanos();
  for (int64_t write = seen->last + 1; write <= newest; ++write) {
    if (write < kWritesPerSecond) continue;
    const int64_t nanos = now - writes.began_nanos[write];
    seen->latency.Record(nanos);
    seen->most_nanos = std::max(seen->most_nanos, nanos);
  }
  seen->last = std::max(seen->last, newest);
  return newest + 1 == count;
}

int Measure(const std::string& repository, const std::string& path, int64_t rate, int64_t seconds) {
  const int64_t count = (seconds + 1) * kWritesPerSecond;
  Writes* const writes = SharedWrites(count);
  OnlineVectors vectors(repository, "probe");
  vectors.AwaitOpen();
  const int64_t first = NewestReadable(&vectors) + 1;  // the file may have been written to before
  const pid_t producer = ::fork();
  if (producer == 0) ::_exit(Produce(path, rate / kWritesPerSecond, first, count, writes));
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  Seen seen;
  const int64_t give_up = MonotonicNanos() + (2 * seconds + 30) * 1'000'000'000;
  while (!Look(&vectors, *writes, first, count, &seen) && MonotonicNanos() < give_up)
    std::this_thread::sleep_for(kBetweenReads);
  int status = 0;
  ::waitpid(producer, &status, 0);
  if (status != 0) EndWith({ErrorCode::kIo, "could not append to " + path, ""});
  if (seen.last + 1 != count)
    EndWith({ErrorCode::kInternal, "the last write never became readable", ""});
  const double took = static_cast<double>(writes->began_nanos[count - 1] - writes->began_nanos[0]);
  std::printf(
      "{\"events_per_second\": %.0f, \"writes\": %lld, \"p50_ms\": %.3f, \"p90_ms\": %.3f, "
      "\"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
      static_cast<double>((count - 1) * (rate / kWritesPerSecond)) / took * 1e9,
      static_cast<long long>(seen.latency.count()),
      static_cast<double>(seen.latency.QuantileNanos(0.5)) / 1e6,
      static_cast<double>(seen.latency.QuantileNanos(0.9)) / 1e6,
      static_cast<double>(seen.latency.QuantileNanos(0.99)) / 1e6,
      static_cast<double>(seen.most_nanos) / 1e6);
  return 0;
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: bench_freshness REPOSITORY FILE RATE SECONDS\n", stderr);
    return 2;
  }
  return skewless::bench::Measure(argv[1], argv[2], std::strtoll(argv[3], nullptr, 10),
                                  std::strtoll(argv[4], nullptr, 10));
}
