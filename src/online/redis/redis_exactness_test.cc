// Readers beside a writer, on one server and on a cluster: every read is noted with its T and
// checked at the end, when all stamps are known. It must hold, of each row, exactly the newest
// version that was stamped at or before T.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {
namespace {

constexpr int64_t kUsers = 6;
constexpr int kReaders = 3;

struct NotedRead {
  Timestamp t = 0;
  size_t rows[3] = {};  // of user * 2 + view
  Sequence sequences[3] = {};
};

class Exactness {
 public:
  Exactness(const RedisOptions& options, Sequence rounds) : options_(options), rounds_(rounds) {
    for (int64_t user = 0; user < kUsers; ++user) users_[user] = user;
    stamps_.resize(kUsers * 2);
  }

  void Run() {
    TestWriter writer(options_);
    writer.ConnectAndOpen();
    std::vector<std::vector<NotedRead>> noted(kReaders);
    std::vector<std::thread> threads;
    for (auto& reads : noted) threads.emplace_back([&] { ReadUntilDone(&reads); });
    WriteAll(writer);
    done_ = true;
    for (std::thread& thread : threads) thread.join();
    size_t checked = 0;
    std::vector<size_t> seen(static_cast<size_t>(rounds_) + 1);
    for (const auto& reads : noted) {
      for (const NotedRead& read : reads) {
        for (size_t i = 0; i < std::size(read.rows); ++i) {
          ASSERT_EQ(read.sequences[i], NewestAt(read.rows[i], read.t)) << "T = " << read.t;
          seen[static_cast<size_t>(read.sequences[i])] = 1;
          ++checked;
        }
      }
    }
    // The readers did not sleep through it.
    EXPECT_GT(std::count(seen.begin(), seen.end(), 1u), rounds_ / 20);
    EXPECT_GT(checked, 1000u);
  }

 private:
  // All rows, again and again, in calls of the script that mix them.
  void WriteAll(TestWriter& writer) {
    std::mt19937_64 random(11);
    std::vector<size_t> rows(kUsers * 2);
    for (Sequence sequence = 1; sequence <= rounds_; ++sequence) {
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
      std::shuffle(rows.begin(), rows.end(), random);
      rows.resize(1 + random() % rows.size());
      for (const size_t row : rows)
        writer.Send(static_cast<int>(row % 2), KeyBytes(users_[row / 2]), sequence, row);
      for (const RowWritten& done : writer.Finish()) {
        SKEWLESS_CHECK(done.outcome == Outcome::kWritten);
        stamps_[done.ticket].push_back({sequence, done.available_us});
      }
      rows.resize(kUsers * 2);
    }
  }

  void ReadUntilDone(std::vector<NotedRead>* noted) {
    auto reader = OpenRedisReader(options_);
    SKEWLESS_CHECK(reader.has_value());
    std::mt19937_64 random(reinterpret_cast<uintptr_t>(noted));
    while (!done_) {
      NotedRead read;
      RowKey keys[3];
      for (size_t i = 0; i < 3; ++i) {
        read.rows[i] = random() % (kUsers * 2);
        keys[i] = {static_cast<int>(read.rows[i] % 2), KeyBytes(users_[read.rows[i] / 2])};
      }
      const auto t = (*reader)->Read(keys);
      if (!t) throw std::runtime_error(t.error().ToString());
      read.t = *t;
      for (size_t i = 0; i < 3; ++i) read.sequences[i] = SequenceIn((*reader)->state(i));
      noted->push_back(read);
    }
  }

  Sequence NewestAt(size_t row, Timestamp t) const {
    const std::vector<Stamp>& stamps = stamps_[row];
    const auto after =
        std::upper_bound(stamps.begin(), stamps.end(), t,
                         [](Timestamp at, const Stamp& stamp) { return at < stamp.available_us; });
    return after == stamps.begin() ? 0 : std::prev(after)->sequence;
  }

  RedisOptions options_;
  Sequence rounds_;
  int64_t users_[kUsers] = {};
  std::vector<std::vector<Stamp>> stamps_;  // by row
  std::atomic<bool> done_{false};
};

TEST(RedisExactnessTest, OnOneServer) {
  TestDirectory directory("redis_exactness_test");
  RedisServer server(directory.path());
  Exactness(TestOptions(server.address()), 10'000).Run();
}

TEST(RedisExactnessTest, OnACluster) {
  TestDirectory directory("redis_exactness_cluster_test");
  RedisCluster cluster(directory.path());
  Exactness(TestOptions(cluster.address(), true), 4000).Run();
}

}  // namespace
}  // namespace skewless::redis
