// bench_clicks EVENTS RATE END_MS [SEED]: JSON clicks, one a line, on standard output.
//
// 100,000 users after Zipf (exponent 1), spread over the ids; RATE events a second of event time,
// the last at END_MS, each up to five seconds earlier than its turn; 180 to 200 bytes. The same
// arguments give the same bytes.
#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr uint64_t kUsers = 100'000;
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

std::vector<double> ZipfCumulative() {
  std::vector<double> cumulative(kUsers);
  double sum = 0;
  for (uint64_t rank = 0; rank < kUsers; ++rank) {
    sum += 1.0 / static_cast<double>(rank + 1);
    cumulative[rank] = sum;
  }
  return cumulative;
}

// Which user a rank is: a step coprime to the number of users, so that hot ones are scattered.
uint64_t UserOfRank(uint64_t rank) { return rank * 2'654'435'761U % kUsers; }

bool WriteClicks(int64_t events, double rate, int64_t end_ms, uint64_t seed) {
  const std::vector<double> cumulative = ZipfCumulative();
  Random random(seed);
  for (int64_t i = 0; i < events; ++i) {
    const double draw = random.Uniform() * cumulative.back();
    const auto rank = static_cast<uint64_t>(
        std::lower_bound(cumulative.begin(), cumulative.end(), draw) - cumulative.begin());
    const auto before_end = static_cast<int64_t>(static_cast<double>(events - 1 - i) * 1000 / rate);
    const auto disorder = static_cast<int64_t>(random.Uniform() * kDisorderMs);
    const uint64_t item = random.Next() % kItems;
    const double price = 1 + random.Uniform() * 499;
    const char* kind = kKinds[random.Next() % 10];
    const uint64_t session = random.Next();
    const uint64_t page = random.Next() % kItems;
    const int written = std::printf(
        "{\"user_id\":%" PRIu64 ",\"item_id\":%" PRIu64
        ",\"price\":%.2f,\"kind\":\"%s\",\"ts\":%" PRId64 ",\"session\":\"%016" PRIx64
        "\",\"page\":\"/catalog/item/%05" PRIu64
        "\",\"ua\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko\"}\n",
        UserOfRank(rank), item, price, kind, end_ms - before_end - disorder, session, page);
    if (written < 0) return false;
  }
  return std::fflush(stdout) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: bench_clicks EVENTS RATE END_MS [SEED]\n", stderr);
    return 2;
  }
  const uint64_t seed = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 88'172'645'463'325'252U;
  if (!WriteClicks(std::strtoll(argv[1], nullptr, 10), std::strtod(argv[2], nullptr),
                   std::strtoll(argv[3], nullptr, 10), seed)) {
    std::perror("bench_clicks");
    return 1;
  }
  return 0;
}
