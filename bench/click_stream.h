// Clicks of users as JSON, drawn at random and the same again for the same seed: what bench_clicks
// prints and bench_produce sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skewless::bench {

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

struct ClickStreamOptions {
  uint64_t users = 100'000;
  bool even = false;  // each user as often, one after the other; else after Zipf (exponent 1)
  uint64_t seed = 88'172'645'463'325'252U;
  double disorder_ms = 5000;  // each up to so much earlier than its turn
};

struct Click {
  uint64_t user = 0;
  std::string json;  // without a line's end; 180 to 210 bytes
};

class ClickStream {
 public:
  explicit ClickStream(const ClickStreamOptions& options);
  // The next click, whose turn is at `turn_ms`. With `number`, it carries it as "n".
  void Next(int64_t turn_ms, std::optional<int64_t> number, Click* click);

 private:
  uint64_t NextUser();

  const ClickStreamOptions options_;
  Random random_;
  std::vector<double> cumulative_;  // of Zipf's law, by rank
  uint64_t next_user_ = 0;          // where they come one after the other
};

}  // namespace skewless::bench
