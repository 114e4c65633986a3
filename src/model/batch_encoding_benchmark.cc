#include <benchmark/benchmark.h>

#include <random>

#include "model/batch_encoding.h"
#include "model/key.h"

namespace skewless {
namespace {

constexpr size_t kRows = 4096;

// A click: four integers of different ranges, one with nulls, a price and a short string.
const Schema& Clicks() {
  static const Schema kSchema{{{"user_id", {TypeKind::kInt64, false}, {}},
                               {"item_id", {TypeKind::kInt64, false}, {}},
                               {"count", {TypeKind::kInt32, false}, {}},
                               {"seen", {TypeKind::kTimestamp, false}, {}},
                               {"price", {TypeKind::kFloat64, false}, {}},
                               {"kind", {TypeKind::kString, false}, {}}}};
  return kSchema;
}

const Schema& Integers() {
  static const Schema kSchema{{Clicks().columns.begin(), Clicks().columns.begin() + 4}};
  return kSchema;
}

Batch MakeBatch(const Schema& schema) {
  std::mt19937_64 random(1);
  Batch batch;
  batch.Reset(&schema, 0);
  for (size_t i = 0; i < kRows; ++i) {
    const auto number = static_cast<int64_t>(i);
    batch.columns[0].AppendInt(static_cast<int64_t>(random() % 1'000'000));
    batch.columns[1].AppendInt(static_cast<int64_t>(random() % 50'000));
    batch.columns[2].AppendInt(static_cast<int64_t>(random() % 100));
    if (random() % 10 == 0) {
      batch.columns[3].AppendNull();
    } else {
      batch.columns[3].AppendInt(1'700'000'000'000'000 +
                                 static_cast<int64_t>(random() % 1'000'000));
    }
    if (batch.columns.size() > 4) {
      batch.columns[4].AppendDouble(static_cast<double>(random() % 10'000) / 100);
      batch.columns[5].AppendString(random() % 2 == 0 ? "click" : "purchase");
    }
    batch.event_us.push_back(1'700'000'000'000'000 + number * 100);
    batch.sequence.push_back(1 + number);
    batch.processing_us.push_back(1'700'000'001'000'000);
    batch.available_us.push_back(1'700'000'001'000'000);
    batch.applied.push_back(1);
  }
  return batch;
}

void CountRows(benchmark::State& state, size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
  state.counters["bytes/row"] = static_cast<double>(bytes) / static_cast<double>(kRows);
}

void Encode(benchmark::State& state, const Schema& schema) {
  const Batch batch = MakeBatch(schema);
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeBatch(batch, 0, kRows, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  CountRows(state, bytes.size());
}

void Decode(benchmark::State& state, const Schema& schema) {
  const Batch batch = MakeBatch(schema);
  Bytes bytes;
  EncodeBatch(batch, 0, kRows, &bytes);
  Batch decoded;
  for (auto _ : state) {
    if (!DecodeBatch(bytes, schema, schema, &decoded).has_value()) state.SkipWithError("malformed");
    benchmark::DoNotOptimize(decoded.event_us.data());
  }
  CountRows(state, bytes.size());
}

void Keys(benchmark::State& state, size_t columns) {
  const Batch batch = MakeBatch(Integers());
  std::vector<const Column*> key;
  for (size_t i = 0; i < columns; ++i) key.push_back(&batch.columns[i]);
  KeyColumn keys;
  for (auto _ : state) {
    EncodeKeys(key, kRows, &keys);
    benchmark::DoNotOptimize(keys.hash.data());
  }
  CountRows(state, keys.bytes.size());
}

BENCHMARK_CAPTURE(Encode, integers, Integers());
BENCHMARK_CAPTURE(Encode, clicks, Clicks());
BENCHMARK_CAPTURE(Decode, integers, Integers());
BENCHMARK_CAPTURE(Decode, clicks, Clicks());
BENCHMARK_CAPTURE(Keys, one_integer, 1);
BENCHMARK_CAPTURE(Keys, two_integers, 2);

}  // namespace
}  // namespace skewless
