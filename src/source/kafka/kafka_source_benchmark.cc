// A topic from its first message to its last: the client alone, and with decoding. The broker is a
// process of its own: look at the CPU's time, which is this process's with all of its threads.
#include <benchmark/benchmark.h>

#include <cstdio>

#include "source/kafka/broker_fixture.h"
#include "source/source.h"

namespace skewless {
namespace {

constexpr int64_t kMessages = 1'000'000;
constexpr int kPartitions = 4;

// 190 bytes, 8 fields: those of the decoders' benchmark.
std::string JsonMessage(int64_t i) {
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"event_id\":\"%08x-7a1b-4c33-9d20-%012d\",\"user_id\":%d,\"item_id\":%d,"
                "\"kind\":\"%s\",\"price\":%.2f,\"ts\":%lld,\"session\":\"s-%08d\","
                "\"page\":\"/product/%06d/detail\"}",
                static_cast<unsigned>(i) * 2654435761u, static_cast<int>(i),
                static_cast<int>(100'000 + i % 50'000), static_cast<int>(1'000'000 + i % 9'000),
                i % 5 == 0 ? "purchase" : "click", static_cast<double>(5 + i % 9000) / 100.0,
                1'700'000'000'000LL + i, static_cast<int>(i), static_cast<int>(i % 999'983));
  return text;
}

const KafkaBroker& Broker() {
  static const KafkaBroker broker(kPartitions);
  static const bool produced = [] {
    broker.Produce("json", kPartitions, kMessages, JsonMessage);
    return true;
  }();
  static_cast<void>(produced);
  return broker;
}

SourceDefinition Clicks() {
  SourceDefinition source;
  source.name = "clicks";
  source.type = SourceType::kKafka;
  source.format = SourceFormat::kJson;
  source.kafka.emplace();
  source.kafka->brokers = Broker().address();
  source.kafka->topics = {"json"};
  source.schema = {{{"user_id", {TypeKind::kInt64, false}},
                    {"item_id", {TypeKind::kInt64, false}},
                    {"kind", {TypeKind::kString, false}},
                    {"price", {TypeKind::kFloat64, false}},
                    {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis}}};
  source.event_timestamp = 4;
  return source;
}

void BM_ConsumeAndDecode(benchmark::State& state) {
  Definition definition;
  definition.sources.push_back(Clicks());
  definition.sources[0].kafka->settings["queued.max.messages.kbytes"] =
      std::to_string(state.range(0) << 10);
  Batch batch;
  int64_t rows = 0;
  for (auto _ : state) {
    auto source = OpenSource(definition, 0, {}, nullptr);
    if (!source) return state.SkipWithError(source.error().message.c_str());
    while (true) {
      const Result<bool> more = (*source)->Next(8192, 50'000, &batch);
      if (!more) return state.SkipWithError(more.error().message.c_str());
      if (!*more) break;
      rows += static_cast<int64_t>(batch.rows());
    }
  }
  if (rows != kMessages * static_cast<int64_t>(state.iterations()))
    return state.SkipWithError("not all messages came");
  state.SetItemsProcessed(rows);
}
BENCHMARK(BM_ConsumeAndDecode)
    ->ArgName("ahead_MiB")
    ->Arg(4)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->Iterations(3);

}  // namespace
}  // namespace skewless
