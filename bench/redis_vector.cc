// bench_redis_vector REPOSITORY SERVICE ENTITIES READS ROUNDS ADDRESS CONNECTIONS: vectors of
// entities at random, read from Redis by our reader, beside GET of the same rows through hiredis.
// Each connection has a thread of its own; round by round, first the one, then the other. Prints a
// line of JSON with each round's figures.
#include <hiredis/hiredis.h>

#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "online_vectors.h"

namespace skewless::bench {
namespace {

using Reply = std::unique_ptr<redisReply, decltype([](redisReply* one) { freeReplyObject(one); })>;

// hiredis as its manual shows it.
class RawRedis {
 public:
  explicit RawRedis(const std::string& address) {
    const size_t colon = address.rfind(':');
    context_ =
        redisConnect(address.substr(0, colon).c_str(), std::atoi(address.c_str() + colon + 1));
    if (context_ == nullptr || context_->err != 0)
      EndWith({ErrorCode::kUnavailable, "no connection to " + address, ""});
  }
  ~RawRedis() { redisFree(context_); }
  RawRedis(const RawRedis&) = delete;
  RawRedis& operator=(const RawRedis&) = delete;

  template <typename... Arguments>
  Reply Ask(const char* format, Arguments... arguments) {
    Reply reply(static_cast<redisReply*>(redisCommand(context_, format, arguments...)));
    if (reply == nullptr || reply->type == REDIS_REPLY_ERROR)
      EndWith({ErrorCode::kUnavailable, reply == nullptr ? "no answer" : reply->str, ""});
    return reply;
  }
  // The keys of all rows: of the strings that are large enough to be one.
  std::vector<std::string> RowKeys() {
    constexpr long long kLeastRowBytes = 100;
    std::vector<std::string> keys;
    std::string cursor = "0";
    do {
      const Reply page = Ask("SCAN %s COUNT 10000", cursor.c_str());
      cursor = page->element[0]->str;
      for (size_t i = 0; i < page->element[1]->elements; ++i) {
        const redisReply& key = *page->element[1]->element[i];
        if (Ask("STRLEN %b", key.str, key.len)->integer >= kLeastRowBytes)
          keys.emplace_back(key.str, key.len);
      }
    } while (cursor != "0");
    return keys;
  }

 private:
  redisContext* context_ = nullptr;
};

// `read(thread, number)` on all threads at once, `reads` in all.
template <typename ReadOne>
void RunRound(const char* name, int connections, int64_t reads, uint64_t seed,
              const ReadOne& read) {
  LatencyHistogram latency;
  std::barrier begin(connections + 1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < connections; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(seed + static_cast<uint64_t>(thread));
      begin.arrive_and_wait();
      for (int64_t i = thread; i < reads; i += connections) {
        const uint64_t number = random();
        const int64_t start = MonotonicNanos();
        read(static_cast<size_t>(thread), number);
        latency.Record(MonotonicNanos() - start);
      }
    });
  }
  const int64_t start_cpu = ProcessCpuNanos();
  begin.arrive_and_wait();
  const int64_t start = MonotonicNanos();
  for (std::thread& one : threads) one.join();
  const auto count = static_cast<double>(reads);
  std::printf(
      "\"%s\": {\"p50_us\": %.1f, \"p99_us\": %.1f, \"per_second\": %.0f, \"cpu_us\": %.2f}", name,
      static_cast<double>(latency.QuantileNanos(0.5)) / 1e3,
      static_cast<double>(latency.QuantileNanos(0.99)) / 1e3,
      count * 1e9 / static_cast<double>(MonotonicNanos() - start),
      static_cast<double>(ProcessCpuNanos() - start_cpu) / count / 1e3);
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  using namespace skewless::bench;
  if (argc != 8) {
    std::fputs(
        "usage: bench_redis_vector REPOSITORY SERVICE ENTITIES READS ROUNDS ADDRESS CONNECTIONS\n",
        stderr);
    return 2;
  }
  const uint64_t entities = std::strtoull(argv[3], nullptr, 10);
  const int64_t reads = std::strtoll(argv[4], nullptr, 10);
  const uint64_t rounds = std::strtoull(argv[5], nullptr, 10);
  const int connections = std::atoi(argv[7]);
  std::vector<std::unique_ptr<OnlineVectors>> readers;
  std::vector<std::unique_ptr<RawRedis>> raw;
  for (int i = 0; i < connections; ++i) {
    readers.push_back(std::make_unique<OnlineVectors>(argv[1], argv[2]));
    readers.back()->AwaitOpen();
    raw.push_back(std::make_unique<RawRedis>(argv[6]));
  }
  const std::vector<std::string> keys = raw[0]->RowKeys();
  if (keys.size() != entities)
    EndWith(
        {skewless::ErrorCode::kNotFound, "Redis has " + std::to_string(keys.size()) + " rows", ""});
  std::printf("{\"rounds\": [");
  for (uint64_t round = 0; round < rounds; ++round) {
    std::printf(round == 0 ? "{" : ", {");
    RunRound("vector", connections, reads, 100 * round + 1, [&](size_t thread, uint64_t number) {
      readers[thread]->Read(static_cast<int64_t>(number % entities));
    });
    std::printf(", ");
    RunRound("get", connections, reads, 100 * round + 1, [&](size_t thread, uint64_t number) {
      const std::string& key = keys[number % entities];
      if (raw[thread]->Ask("GET %b", key.data(), key.size())->type != REDIS_REPLY_STRING)
        EndWith({skewless::ErrorCode::kNotFound, "a row is gone", ""});
    });
    std::printf("}");
  }
  std::printf("]}\n");
  return 0;
}
