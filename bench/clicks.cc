// bench_clicks EVENTS RATE END_MS [USERS [zipf|even]]: JSON clicks, one a line, on standard output.
//
// 100,000 users unless given, after Zipf (exponent 1) and spread over the ids; `even` gives each
// user as many, one after the other. RATE events a second of event time, the last at END_MS, each
// up to five seconds earlier than its turn; 180 to 200 bytes. The same arguments give the same
// bytes.
#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr uint64_t kSeed = 88'172'645'463'325'252U;
constexpr uint64_t kItems = 50'000;
constexpr double kDisorderMs = 5000;
const char* const kKinds[] = {"view", "view",  "view",  "view",  "view",
                              "view", "click", "click", "click", "buy"};

// xorshift64: small, fast, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

struct Load {
  int64_t events = 0;
  double rate = 1;
  int64_t end_ms = 0;
  uint64_t users = 100'000;
  bool even = false;
};

// Draws the users of events.
class Users {
 public:
  explicit Users(const Load& load) : count_(load.users) {
    if (load.even) return;
    cumulative_.resize(count_);
    double sum = 0;
    for (uint64_t rank = 0; rank < count_; ++rank) {
      sum += 1.0 / static_cast<double>(rank + 1);
      cumulative_[rank] = sum;
    }
  }
  uint64_t Next(Random* random) {
    if (cumulative_.empty()) return next_++ % count_;
    const double draw = random->Uniform() * cumulative_.back();
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), draw);
    // A step coprime to any number of users that is no multiple of it scatters the hot ones.
    return static_cast<uint64_t>(found - cumulative_.begin()) * 2'654'435'761U % count_;
  }

 private:
  const uint64_t count_;
  std::vector<double> cumulative_;
  uint64_t next_ = 0;
};

bool WriteClicks(const Load& load) {
  Users users(load);
  Random random(kSeed);
  for (int64_t i = 0; i < load.events; ++i) {
    const uint64_t user = users.Next(&random);
    const auto before_end =
        static_cast<int64_t>(static_cast<double>(load.events - 1 - i) * 1000 / load.rate);
    const auto disorder = static_cast<int64_t>(random.Uniform() * kDisorderMs);
    const uint64_t item = random.Next() % kItems;
    const double price = 1 + random.Uniform() * 499;
    const char* kind = kKinds[random.Next() % 10];
    const uint64_t session = random.Next();
    const uint64_t page = random.Next() % kItems;
    const int written =
        std::printf("{\"user_id\":%" PRIu64 ",\"item_id\":%" PRIu64
                    ",\"price\":%.2f,\"kind\":\"%s\",\"ts\":%" PRId64 ",\"session\":\"%016" PRIx64
                    "\",\"page\":\"/catalog/item/%05" PRIu64
                    "\",\"ua\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko\"}\n",
                    user, item, price, kind, load.end_ms - before_end - disorder, session, page);
    if (written < 0) return false;
  }
  return std::fflush(stdout) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: bench_clicks EVENTS RATE END_MS [USERS [zipf|even]]\n", stderr);
    return 2;
  }
  Load load;
  load.events = std::strtoll(argv[1], nullptr, 10);
  load.rate = std::strtod(argv[2], nullptr);
  load.end_ms = std::strtoll(argv[3], nullptr, 10);
  if (argc > 4) load.users = std::strtoull(argv[4], nullptr, 10);
  load.even = argc > 5 && std::strcmp(argv[5], "even") == 0;
  if (!WriteClicks(load)) {
    std::perror("bench_clicks");
    return 1;
  }
  return 0;
}
