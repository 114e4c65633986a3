// Batches of clicks, for the tests and benchmarks of the log.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "log/log.h"

namespace skewless {

inline LoggedSource ClicksSource() {
  LoggedSource source;
  source.name = "clicks";
  source.schema.columns = {
      {"user_id", {TypeKind::kInt64, false}},
      {"item_id", {TypeKind::kInt64, false}},
      {"kind", {TypeKind::kString, false}},
      {"price", {TypeKind::kFloat64, false}},
      {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis},
  };
  return source;
}

// `rows` clicks as they come in within a second or so; item_id counts up from `first_item`, so that
// a reader can tell which ones it sees. Stamped as an engine does it under the wall clock.
inline void MakeClicks(const Schema& schema, int64_t first_item, size_t rows, uint64_t seed,
                       Batch* batch) {
  static constexpr std::array<std::string_view, 4> kKinds = {"view", "click", "cart", "buy"};
  constexpr Timestamp kStart = 1'700'000'000'000'000;
  std::mt19937_64 random(seed);
  batch->Reset(&schema, 0);
  const Timestamp now = kStart + first_item * 100;
  for (size_t i = 0; i < rows; ++i) {
    const Timestamp event = now - static_cast<Timestamp>(random() % 1000) * 1000;
    batch->columns[0].AppendInt(static_cast<int64_t>(random() % 1'000'000));
    batch->columns[1].AppendInt(first_item + static_cast<int64_t>(i));
    batch->columns[2].AppendString(kKinds[random() % kKinds.size()]);
    batch->columns[3].AppendDouble(static_cast<double>(random() % 100'000) / 100);
    batch->columns[4].AppendInt(event);
    batch->event_us.push_back(event);
    batch->applied.push_back(1);
  }
  batch->processing_us.assign(rows, now);
  batch->available_us.assign(rows, now);
  batch->positions = {{"clicks/0", first_item + static_cast<int64_t>(rows)}};
}

}  // namespace skewless
