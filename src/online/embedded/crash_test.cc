// A writer process that is killed (SIGKILL) at any instant, and started again, under a reader in
// another process. The log is an array in shared memory: a batch's stamp is in it before the batch
// is folded, as the engine does it.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

constexpr int64_t kMaxBatches = 200'000;
constexpr int64_t kUsers = 50;  // batch b adds 1 to user 0 and to user 1 + b % (kUsers - 1)
constexpr int kLives = 5;
constexpr int64_t kBatchesPerLife = 1500;
constexpr size_t kReadsPerLife = 250;  // at the least

struct SharedLog {
  std::atomic<int64_t> batches;
  std::atomic<int64_t> committed;
  std::atomic<Timestamp> stamps[kMaxBatches];
};

[[noreturn]] void WriterProcess(const std::string& directory, SharedLog* log) {
  TestViews views;
  auto writer = OpenEmbeddedWriter(views.Options(directory));
  SKEWLESS_CHECK(writer.has_value() && !(*writer)->usable());
  SKEWLESS_CHECK((*writer)->Reset().has_value());
  const auto fold = [&](int64_t batch) {
    const TestEvent events[] = {{0, 1, batch}, {1 + batch % (kUsers - 1), 1, batch}};
    SKEWLESS_CHECK(
        (*writer)
            ->Fold(kTotals, views.kernel(kTotals),
                   views.Input(kTotals, events, 1 + batch * 2, log->stamps[batch].load()))
            .has_value());
    SKEWLESS_CHECK((*writer)->Commit(2 + batch * 2).has_value());
  };
  const int64_t logged = log->batches;
  for (int64_t batch = 0; batch < logged; ++batch) fold(batch);
  SKEWLESS_CHECK((*writer)->OpenForReaders().has_value());
  for (int64_t batch = logged; batch < logged + kMaxBatches / kLives; ++batch) {
    log->stamps[batch] = (*writer)->Announce(kMinTimestamp);
    log->batches = batch + 1;
    fold(batch);
    log->committed = batch + 1;
  }
  for (;;) ::pause();  // until it is killed
}

struct NotedTotals {
  Timestamp t = 0;
  int64_t all = 0;
  int64_t user = 0;
  int64_t user_events = 0;
};

TEST(CrashTest, ReadersStayExactWhileTheWriterIsKilledAndRebuilds) {
  const TestDirectory directory("crash_test");
  void* memory =
      ::mmap(nullptr, sizeof(SharedLog), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* log = new (memory) SharedLog{};
  TestViews views;
  auto reader = OpenEmbeddedReader(directory.path(), views.names(), views.fingerprints());
  ASSERT_TRUE(reader.has_value());
  std::vector<NotedTotals> noted;

  bool seen = false;
  const auto read_once = [&] {
    NotedTotals read;
    read.user = 1 + static_cast<int64_t>(noted.size()) % (kUsers - 1);
    const int64_t everyone = 0;
    const RowKey keys[] = {{kTotals, KeyBytes(read.user)}, {kTotals, KeyBytes(everyone)}};
    const auto t = (*reader)->Read(keys);
    if (!t.has_value()) {
      ASSERT_EQ(t.error().code, ErrorCode::kUnavailable);
      ASSERT_FALSE(seen) << "once there is a store there always is one";
      return;
    }
    seen = true;
    read.t = *t;
    read.user_events = views.Decode(kTotals, (*reader)->state(0), *t).events;
    read.all = views.Decode(kTotals, (*reader)->state(1), *t).events;
    noted.push_back(read);
  };

  read_once();
  ASSERT_FALSE(seen);
  for (int life = 0; life < kLives; ++life) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriterProcess(directory.path(), log);
    const int64_t enough = log->committed + kBatchesPerLife + life * 137;
    const size_t reads = noted.size() + kReadsPerLife;
    while (log->committed < enough || noted.size() < reads) read_once();
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
    for (int i = 0; i < 100; ++i) read_once();
  }

  const int64_t batches = log->batches;
  std::vector<Timestamp> stamps;
  for (int64_t batch = 0; batch < batches; ++batch) stamps.push_back(log->stamps[batch]);
  ASSERT_TRUE(std::is_sorted(stamps.begin(), stamps.end()));
  ASSERT_GT(noted.size(), kLives * kReadsPerLife);
  Timestamp before = kMinTimestamp;
  for (const NotedTotals& read : noted) {
    ASSERT_GE(read.t, before) << "T ran backwards";
    before = read.t;
    const int64_t available =
        std::upper_bound(stamps.begin(), stamps.end(), read.t) - stamps.begin();
    ASSERT_EQ(read.all, available);
    const int64_t of_user = (available + (kUsers - 1) - read.user) / (kUsers - 1);
    ASSERT_EQ(read.user_events, of_user) << "user " << read.user << " of " << available;
  }
  ::munmap(memory, sizeof(SharedLog));
}

}  // namespace
}  // namespace skewless::embedded
