// Readers beside a writer of random histories, on one server and on a cluster, of a view that is
// written by increments and one that is written whole: every read is noted with its T and checked
// at the end, when all stamps are known. It must hold, of each row, to the bit what the newest
// state reads at T that was stamped at or before it. Writers come and go meanwhile.
#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "online/redis/increment_fixture.h"

namespace skewless::redis {
namespace {

constexpr size_t kUsers = 5;
constexpr size_t kRows = kUsers * 2;  // of user * 2 + view
constexpr int kReaders = 2;
constexpr size_t kRowsOfARead = 4;

struct NotedRead {
  Timestamp t = 0;
  size_t rows[kRowsOfARead] = {};
  Sequence sequences[kRowsOfARead] = {};
  std::string vectors[kRowsOfARead];
};

class IncrementExactness {
 public:
  IncrementExactness(const std::string& address, bool cluster, size_t base_bytes)
      : view_({{"visits", "count(*)"},
               {"large", "count(*) filter (where n > 500) over 500ms hop 20ms"},
               {"total", "sum(n) over 300ms hop 10ms"},
               {"mean", "avg(n) over 2s hop 100ms"},
               {"least", "min(n) over 300ms hop 10ms"},
               {"most", "max(n) over 2s hop 100ms"},
               {"some", "bool_or(b) over 500ms hop 20ms"},
               {"since", "time_since_last()"}}),
        random_(base_bytes) {
    options_ = IncrementOptions(address, view_.kernel(), cluster);
    options_.views = {"numbers", "states"};
    options_.fingerprints = {view_.kernel().fingerprint(), view_.kernel().fingerprint()};
    options_.increments = {&view_.kernel(), nullptr};
    options_.base_bytes = base_bytes;
    for (size_t row = 0; row < kRows; ++row) entities_.emplace_back(view_);
    for (size_t user = 0; user < kUsers; ++user) users_[user] = static_cast<int64_t>(user);
  }

  void Run(int rounds) {
    NewWriter();
    std::vector<std::vector<NotedRead>> noted(kReaders);
    std::vector<std::thread> threads;
    for (auto& reads : noted) threads.emplace_back([&] { ReadUntilDone(&reads); });
    for (int round = 0; round < rounds; ++round) {
      if (random_() % 200 == 0) NewWriter();
      WriteSome();
    }
    done_ = true;
    for (std::thread& thread : threads) thread.join();
    size_t found = 0;
    for (const auto& reads : noted) {
      for (const NotedRead& read : reads) {
        for (size_t i = 0; i < kRowsOfARead; ++i) {
          found += read.sequences[i] > 0 ? 1 : 0;
          ASSERT_EQ(read.sequences[i], NewestAt(read.rows[i], read.t)) << "T = " << read.t;
          ASSERT_EQ(read.vectors[i], VectorAt(read.rows[i], read.sequences[i], read.t))
              << "row " << read.rows[i] << ", T = " << read.t;
        }
      }
    }
    EXPECT_GT(found, 1000u);
  }

 private:
  // The next engine: it knows of nothing that it has not written itself.
  void NewWriter() {
    writer_.reset();
    auto opened = OpenRedisRows(options_);
    SKEWLESS_CHECK(opened.has_value());
    writer_ = std::move(*opened);
    std::vector<RowWritten> none;
    while (writer_->incarnation() == 0) static_cast<void>(writer_->Poll(1000, &none));
    SKEWLESS_CHECK(writer_->Claim(++epoch_).has_value());
    SKEWLESS_CHECK(writer_->OpenForReaders(writer_->incarnation()).has_value());
  }

  TestEvent RandomEvent() {
    const Timestamp now = clock_->Now();
    TestEvent event{.event_us = now - static_cast<DurationUs>(random_() % (400 * 1000)),
                    .n = {},
                    .x = {},
                    .s = {},
                    .b = random_() % 5 == 0};
    if (random_() % 4 != 0) event.n = static_cast<int64_t>(random_() % 2000) - 1000;
    if (random_() % 50 == 0) event.n = std::numeric_limits<int64_t>::max();
    return event;
  }

  void WriteSome() {
    std::vector<size_t> rows(kRows);
    for (size_t i = 0; i < kRows; ++i) rows[i] = i;
    std::shuffle(rows.begin(), rows.end(), random_);
    rows.resize(1 + random_() % kRows);
    std::vector<RowWrite> writes;
    for (const size_t row : rows) {
      for (auto events = 1 + random_() % 3; events > 0; --events)
        entities_[row].Apply(RandomEvent(), writer_->least_stamp());
      const Sequence sequence = LoadStateHeader(entities_[row].state().data()).sequence;
      Bytes& state = states_[row][sequence];
      view_.kernel().Compact(entities_[row].state(), &state);
      writes.push_back(
          {static_cast<int>(row % 2), KeyBytes(users_[row / 2]), sequence, state, {}, row, epoch_});
    }
    SKEWLESS_CHECK(writer_->Send(writes).has_value());
    std::vector<RowWritten> done;
    while (done.size() < writes.size()) static_cast<void>(writer_->Poll(10'000, &done));
    for (const RowWritten& one : done) {
      SKEWLESS_CHECK(one.outcome == Outcome::kWritten);
      stamps_[one.ticket].push_back({one.stored_sequence, one.available_us});
    }
  }

  void ReadUntilDone(std::vector<NotedRead>* noted) {
    auto reader = OpenRedisReader(options_);
    SKEWLESS_CHECK(reader.has_value());
    std::mt19937_64 random(reinterpret_cast<uintptr_t>(noted));
    while (!done_) {
      NotedRead read;
      RowKey keys[kRowsOfARead];
      for (size_t i = 0; i < kRowsOfARead; ++i) {
        read.rows[i] = random() % kRows;
        keys[i] = {static_cast<int>(read.rows[i] % 2), KeyBytes(users_[read.rows[i] / 2])};
      }
      const auto t = (*reader)->Read(keys);
      if (!t) throw std::runtime_error(t.error().ToString());
      read.t = *t;
      for (size_t i = 0; i < kRowsOfARead; ++i) {
        read.sequences[i] = SequenceIn((*reader)->state(i));
        read.vectors[i] = Show((*reader)->state(i), *t);
      }
      noted->push_back(std::move(read));
    }
  }

  std::string Show(ByteView state, Timestamp t) const {
    FeatureVector vector;
    view_.kernel().Read(state, t, &vector);
    std::string out = std::to_string(vector.newest_event_us);
    for (const ValueView& value : vector.values) out += ", " + FormatValue(value);
    return out;
  }
  std::string VectorAt(size_t row, Sequence sequence, Timestamp t) const {
    return Show(sequence == 0 ? ByteView() : ByteView(states_[row].at(sequence)), t);
  }
  Sequence NewestAt(size_t row, Timestamp t) const {
    Sequence newest = 0;
    for (const Stamp& stamp : stamps_[row]) {
      if (stamp.available_us <= t) newest = stamp.sequence;
    }
    return newest;
  }

  const TestView view_;
  RedisOptions options_;
  std::mt19937_64 random_;
  std::unique_ptr<Clock> clock_ = NewWallClock();
  std::unique_ptr<RemoteRows> writer_;
  uint32_t epoch_ = 0;
  int64_t users_[kUsers] = {};
  std::deque<TestEntity> entities_;          // by row
  std::map<Sequence, Bytes> states_[kRows];  // that were sent
  std::vector<Stamp> stamps_[kRows];
  std::atomic<bool> done_{false};
};

TEST(IncrementExactnessTest, OnOneServer) {
  TestDirectory directory("increment_exactness_test");
  RedisServer server(directory.path());
  IncrementExactness(server.address(), false, size_t{64} << 20).Run(2000);
}

// Where the writer forgets most of what it wrote, steps and whole rows follow one another.
TEST(IncrementExactnessTest, WithLittleMemory) {
  TestDirectory directory("increment_exactness_memory_test");
  RedisServer server(directory.path());
  IncrementExactness(server.address(), false, 4000).Run(2000);
}

TEST(IncrementExactnessTest, OnACluster) {
  TestDirectory directory("increment_exactness_cluster_test");
  RedisCluster cluster(directory.path());
  IncrementExactness(cluster.address(), true, size_t{64} << 20).Run(1000);
}

}  // namespace
}  // namespace skewless::redis
