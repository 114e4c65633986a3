// bench_freshness REPOSITORY WHERE RATE SECONDS: how long after it was due to be written an event
// is readable.
//
// One process writes clicks to WHERE, a file that an engine follows or kafka://HOST:PORT/TOPIC, at
// RATE events a second over USERS (100,000): a write a millisecond. The last click of each write is
// a probe that carries the write's number. This process reads the probe's vector from the online
// store again and again, and so sees when each write became readable. A write's time runs from the
// schedule: what a producer that is behind lets its events wait counts too. Prints a line of JSON;
// the first second is left out of the times.
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
#include <vector>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "click_sink.h"
#include "online_vectors.h"

namespace skewless::bench {
namespace {

constexpr int64_t kWritesPerSecond = 1000;
constexpr int64_t kBetweenWritesNanos = 1'000'000'000 / kWritesPerSecond;
constexpr int64_t kProbeUser = -1;
constexpr auto kBetweenReads = std::chrono::microseconds(100);

// When the writes begin and when the last of them has arrived (CLOCK_MONOTONIC ns), in memory that
// both processes see.
struct Schedule {
  std::atomic<int64_t> start_nanos;
  std::atomic<int64_t> arrived_nanos;

  int64_t DueNanos(int64_t write) const { return start_nanos + write * kBetweenWritesNanos; }
};

Schedule* SharedSchedule() {
  void* const memory =
      ::mmap(nullptr, sizeof(Schedule), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) EndWith({ErrorCode::kIo, "no shared memory", ""});
  return new (memory) Schedule{};
}

void SleepUntil(int64_t nanos) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(nanos - MonotonicNanos()));
}

std::string ClickJson(int64_t user, int64_t item, double price, int64_t ts_ms) {
  char json[256];
  const int size = std::snprintf(
      json, sizeof json,
      "{\"user_id\":%lld,\"item_id\":%lld,\"price\":%.2f,\"kind\":\"view\",\"ts\":%lld,"
      "\"session\":\"%016llx\",\"page\":\"/catalog/item/%05lld\","
      "\"ua\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko\"}",
      static_cast<long long>(user), static_cast<long long>(item), price,
      static_cast<long long>(ts_ms), static_cast<unsigned long long>(user) * 2'654'435'761U,
      static_cast<long long>(item % 50'000));
  return {json, static_cast<size_t>(size)};
}

int Produce(const std::string& where, int64_t per_write, int64_t users, int64_t first,
            int64_t count, Schedule* schedule) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const std::unique_ptr<ClickSink> sink = OpenClickSink(where);
  if (sink == nullptr) return 1;
  // A first one, of nobody who is looked at, makes the connections.
  sink->Add(0, ClickJson(0, 0, 1, NewWallClock()->Now() / 1000));
  if (!sink->Write() || !sink->Finish()) return 1;
  std::minstd_rand random(1);
  const auto clock = NewWallClock();
  std::vector<std::pair<int64_t, std::string>> clicks(static_cast<size_t>(per_write));
  schedule->start_nanos = MonotonicNanos();
  for (int64_t write = 0; write < count; ++write) {
    SleepUntil(schedule->DueNanos(write));
    const int64_t now_ms = clock->Now() / 1000;
    for (auto& [user, json] : clicks) {
      user = static_cast<int64_t>(random()) % users;
      json = ClickJson(user, static_cast<int64_t>(random()) % 50'000,
                       static_cast<double>(random() % 50'000) / 100, now_ms);
    }
    clicks.back() = {kProbeUser, ClickJson(kProbeUser, first + write, 1, now_ms)};
    for (const auto& [user, json] : clicks) sink->Add(user, json);
    if (!sink->Write()) return 1;
  }
  if (!sink->Finish()) return 1;
  schedule->arrived_nanos = MonotonicNanos();
  return 0;
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
bool Look(OnlineVectors* vectors, const Schedule& schedule, int64_t first, int64_t count,
          Seen* seen) {
  const int64_t newest = NewestReadable(vectors) - first;
  const int64_t now = MonotonicNanos();
  for (int64_t write = seen->last + 1; write <= newest; ++write) {
    if (write < kWritesPerSecond) continue;
    const int64_t nanos = now - schedule.DueNanos(write);
    seen->latency.Record(nanos);
    seen->most_nanos = std::max(seen->most_nanos, nanos);
  }
  seen->last = std::max(seen->last, newest);
  return newest + 1 == count;
}

// What became of `count` writes of `per_write` events each.
void Print(const Schedule& schedule, int64_t count, int64_t per_write, const Seen& seen) {
  const auto took = static_cast<double>(schedule.arrived_nanos - schedule.start_nanos);
  const auto quantile_ms = [&seen](double quantile) {
    return static_cast<double>(seen.latency.QuantileNanos(quantile)) / 1e6;
  };
  std::printf(
      "{\"events_per_second\": %.0f, \"writes\": %lld, \"p50_ms\": %.3f, \"p90_ms\": %.3f, "
      "\"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
      static_cast<double>(count * per_write) / took * 1e9,
      static_cast<long long>(seen.latency.count()), quantile_ms(0.5), quantile_ms(0.9),
      quantile_ms(0.99), static_cast<double>(seen.most_nanos) / 1e6);
}

int Measure(const std::string& repository, const std::string& where, int64_t rate, int64_t seconds,
            int64_t users) {
  const int64_t count = (seconds + 1) * kWritesPerSecond;
  const int64_t per_write = rate / kWritesPerSecond;
  Schedule* const schedule = SharedSchedule();
  OnlineVectors vectors(repository, "probe");
  vectors.AwaitOpen();
  const int64_t first = NewestReadable(&vectors) + 1;  // the file may have been written to before
  const pid_t producer = ::fork();
  if (producer == 0) ::_exit(Produce(where, per_write, users, first, count, schedule));
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  Seen seen;
  const int64_t give_up = MonotonicNanos() + (2 * seconds + 30) * 1'000'000'000;
  while (!Look(&vectors, *schedule, first, count, &seen) && MonotonicNanos() < give_up)
    std::this_thread::sleep_for(kBetweenReads);
  int status = 0;
  ::waitpid(producer, &status, 0);
  if (status != 0) EndWith({ErrorCode::kIo, "could not write to " + where, ""});
  if (seen.last + 1 != count)
    EndWith({ErrorCode::kInternal, "the last write never became readable", ""});
  Print(*schedule, count, per_write, seen);
  return 0;
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fputs("usage: bench_freshness REPOSITORY WHERE RATE SECONDS [USERS]\n", stderr);
    return 2;
  }
  return skewless::bench::Measure(argv[1], argv[2], std::strtoll(argv[3], nullptr, 10),
                                  std::strtoll(argv[4], nullptr, 10),
                                  argc > 5 ? std::strtoll(argv[5], nullptr, 10) : 100'000);
}
