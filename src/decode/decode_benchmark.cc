// How fast bytes become rows, on one core, from a file in the page cache.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <benchmark/benchmark.h>
#include <google/protobuf/dynamic_message.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "decode/avro_messages.h"
#include "decode/csv_reader.h"
#include "decode/json_lines.h"
#include "decode/parquet_reader.h"
#include "decode/protobuf_messages.h"

namespace skewless {
namespace {

namespace fs = std::filesystem;

constexpr int kTextRecords = 200'000;
constexpr int kParquetRecords = 4'000'000;
constexpr size_t kBatchRecords = 8192;

// A file that is written once and removed at exit.
class BenchmarkFile {
 public:
  explicit BenchmarkFile(const std::string& name)
      : path_(fs::temp_directory_path() / ("skewless-" + std::to_string(::getpid()) + name)) {}
  ~BenchmarkFile() { fs::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Schema EventSchema() {
  return {{{"user_id", {TypeKind::kInt64, false}},
           {"item_id", {TypeKind::kInt64, false}},
           {"kind", {TypeKind::kString, false}},
           {"price", {TypeKind::kFloat64, false}},
           {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis}}};
}

// 190 bytes with the line end, 8 fields.
const std::string& JsonFile() {
  static const BenchmarkFile file(".jsonl");
  static const bool written = [] {
    std::ofstream out(file.path());
    char line[256];
    for (int i = 0; i < kTextRecords; ++i) {
      std::snprintf(line, sizeof line,
                    "{\"event_id\":\"%08x-7a1b-4c33-9d20-%012d\",\"user_id\":%d,\"item_id\":%d,"
                    "\"kind\":\"%s\",\"price\":%.2f,\"ts\":%lld,\"session\":\"s-%08d\","
                    "\"page\":\"/product/%06d/detail\"}",
                    static_cast<unsigned>(i) * 2654435761u, i, 100'000 + i % 50'000,
                    1'000'000 + i % 9'000, i % 5 == 0 ? "purchase" : "click",
                    5 + (i % 9000) / 100.0, 1'700'000'000'000LL + i, i, i % 999'983);
      out << line << '\n';
    }
    return true;
  }();
  static_cast<void>(written);
  return file.path();
}

const std::string& CsvFile() {
  static const BenchmarkFile file(".csv");
  static const bool written = [] {
    std::ofstream out(file.path());
    out << "event_id,user_id,item_id,kind,price,ts,session,page\n";
    char line[256];
    for (int i = 0; i < kTextRecords; ++i) {
      std::snprintf(line, sizeof line, "%08x-7a1b,%d,%d,%s,%.2f,%lld,s-%08d,\"/product/%06d\"\n",
                    static_cast<unsigned>(i) * 2654435761u, 100'000 + i % 50'000,
                    1'000'000 + i % 9'000, i % 5 == 0 ? "purchase" : "click",
                    5 + (i % 9000) / 100.0, 1'700'000'000'000LL + i, i, i % 999'983);
      out << line;
    }
    return true;
  }();
  static_cast<void>(written);
  return file.path();
}

// Two int64, two float64, one timestamp[us].
const std::string& ParquetFile() {
  static const BenchmarkFile file(".parquet");
  static const bool written = [] {
    arrow::Int64Builder user, item;
    arrow::DoubleBuilder price, score;
    arrow::TimestampBuilder ts(arrow::timestamp(arrow::TimeUnit::MICRO),
                               arrow::default_memory_pool());
    for (int64_t i = 0; i < kParquetRecords; ++i) {
      static_cast<void>(user.Append(i * 7919 % 50'000));
      static_cast<void>(item.Append(i * 104'729 % 9'000));
      static_cast<void>(price.Append(static_cast<double>(i % 9'000) / 100.0));
      static_cast<void>(score.Append(static_cast<double>(i % 1'000) * 0.5));
      static_cast<void>(ts.Append(1'700'000'000'000'000 + i * 1'000));
    }
    const auto table = arrow::Table::Make(
        arrow::schema(
            {arrow::field("user_id", arrow::int64()), arrow::field("item_id", arrow::int64()),
             arrow::field("price", arrow::float64()), arrow::field("score", arrow::float64()),
             arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO))}),
        {*user.Finish(), *item.Finish(), *price.Finish(), *score.Finish(), *ts.Finish()});
    const auto out = *arrow::io::FileOutputStream::Open(file.path());
    return parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out).ok();
  }();
  static_cast<void>(written);
  return file.path();
}

// Reads a whole file once an iteration.
template <typename Open>
void ReadAll(benchmark::State& state, const Schema& schema, const std::string& path, Open open) {
  DecodeOptions options;
  options.schema = &schema;
  options.required.push_back({schema.Find("ts"), "event_timestamp"});
  Batch batch;
  std::vector<BadRecord> bad;
  int64_t records = 0;
  for (auto _ : state) {
    const Result<std::unique_ptr<RecordReader>> reader = open(options);
    if (!reader) return state.SkipWithError(reader.error().message.c_str());
    while (true) {
      batch.Reset(&schema, 0);
      const Result<bool> more = (*reader)->Read(kBatchRecords, &batch, &bad);
      if (!more || !bad.empty()) return state.SkipWithError("a record is bad");
      if (!*more) break;
      benchmark::DoNotOptimize(batch.columns.data());
    }
    records += (*reader)->next_record();
  }
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * fs::file_size(path)));
}

void BM_JsonLines(benchmark::State& state) {
  const Schema schema = EventSchema();
  ReadAll(state, schema, JsonFile(), [](const DecodeOptions& options) {
    return OpenJsonLines(SystemFiles(), JsonFile(), options);
  });
}
BENCHMARK(BM_JsonLines)->Unit(benchmark::kMillisecond);

// A change envelope as Debezium writes it, about 400 bytes: columns lie in one object,
// and nobody wants the others.
const std::string& EnvelopeFile() {
  static const BenchmarkFile file(".envelopes.jsonl");
  static const bool written = [] {
    std::ofstream out(file.path());
    char line[512];
    for (int i = 0; i < kTextRecords; ++i) {
      std::snprintf(line, sizeof line,
                    "{\"before\":null,\"after\":{\"id\":%d,\"user_id\":%d,\"item_id\":%d,"
                    "\"kind\":\"%s\",\"price\":%.2f},\"source\":{\"version\":\"2.5.0.Final\","
                    "\"connector\":\"postgresql\",\"name\":\"shop\",\"ts_ms\":%lld,\"snapshot\":"
                    "\"false\",\"db\":\"shop\",\"sequence\":\"[\\\"%010d\\\",\\\"%010d\\\"]\","
                    "\"schema\":\"public\",\"table\":\"orders\",\"txId\":%d,\"lsn\":%d,\"xmin\":"
                    "null},\"op\":\"c\",\"ts_ms\":%lld,\"transaction\":null}",
                    i, 100'000 + i % 50'000, 1'000'000 + i % 9'000,
                    i % 5 == 0 ? "purchase" : "click", 5 + (i % 9000) / 100.0,
                    1'700'000'000'000LL + i, i, i + 48, 500'000 + i, i + 48,
                    1'700'000'000'100LL + i);
      out << line << '\n';
    }
    return true;
  }();
  static_cast<void>(written);
  return file.path();
}

void BM_JsonEnvelopes(benchmark::State& state) {
  Schema schema = EventSchema();
  for (ColumnSpec& column : schema.columns) column.field = {"after", column.name};
  schema.columns.back().field = {"ts_ms"};
  ReadAll(state, schema, EnvelopeFile(), [](const DecodeOptions& options) {
    return OpenJsonLines(SystemFiles(), EnvelopeFile(), options);
  });
}
BENCHMARK(BM_JsonEnvelopes)->Unit(benchmark::kMillisecond);

void BM_Csv(benchmark::State& state) {
  const Schema schema = EventSchema();
  ReadAll(state, schema, CsvFile(), [](const DecodeOptions& options) {
    return OpenCsv(SystemFiles(), CsvFile(), options, {});
  });
}
BENCHMARK(BM_Csv)->Unit(benchmark::kMillisecond);

void BM_Parquet(benchmark::State& state) {
  const Schema schema{{{"user_id", {TypeKind::kInt64, false}},
                       {"item_id", {TypeKind::kInt64, false}},
                       {"price", {TypeKind::kFloat64, false}},
                       {"score", {TypeKind::kFloat64, false}},
                       {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMicros}}};
  ReadAll(state, schema, ParquetFile(),
          [](const DecodeOptions& options) { return OpenParquet(ParquetFile(), options); });
}
BENCHMARK(BM_Parquet)->Unit(benchmark::kMillisecond);

// Messages with the fields of JsonFile(): 99 bytes as Avro, 107 as Protobuf.
struct Click {
  std::string event_id, session, page, kind;
  int64_t user_id, item_id, ts;
  double price;
};

Click ClickOf(int i) {
  char id[64], session[32], page[64];
  std::snprintf(id, sizeof id, "%08x-7a1b-4c33-9d20-%012d", static_cast<unsigned>(i) * 2654435761u,
                i);
  std::snprintf(session, sizeof session, "s-%08d", i);
  std::snprintf(page, sizeof page, "/product/%06d/detail", i % 999'983);
  return {id,
          session,
          page,
          i % 5 == 0 ? "purchase" : "click",
          100'000 + i % 50'000,
          1'000'000 + i % 9'000,
          1'700'000'000'000LL + i,
          5 + (i % 9000) / 100.0};
}

void PutLong(int64_t value, std::string* out) {
  auto bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; bits > 127; bits >>= 7) *out += static_cast<char>(bits | 128);
  *out += static_cast<char>(bits);
}

void PutText(const std::string& text, std::string* out) {
  PutLong(static_cast<int64_t>(text.size()), out);
  *out += text;
}

std::string AvroOf(const Click& click) {
  std::string out;
  PutText(click.event_id, &out);
  PutLong(click.user_id, &out);
  PutLong(click.item_id, &out);
  PutText(click.kind, &out);
  PutLong(1, &out);  // of null and double
  out.append(reinterpret_cast<const char*>(&click.price), sizeof click.price);
  PutLong(click.ts, &out);
  PutText(click.session, &out);
  PutText(click.page, &out);
  return out;
}

constexpr const char* kAvroClick = R"({"type": "record", "name": "Click", "fields": [
  {"name": "event_id", "type": "string"}, {"name": "user_id", "type": "long"},
  {"name": "item_id", "type": "long"}, {"name": "kind", "type": "string"},
  {"name": "price", "type": ["null", "double"]},
  {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-millis"}},
  {"name": "session", "type": "string"}, {"name": "page", "type": "string"}]})";

constexpr const char* kProtobufClick = R"(syntax = "proto3";
message Click {
  string event_id = 1; int64 user_id = 2; int64 item_id = 3; string kind = 4;
  optional double price = 5; int64 ts = 6; string session = 7; string page = 8;
})";

std::string ProtobufOf(const Click& click, google::protobuf::Message* message) {
  const auto& reflection = *message->GetReflection();
  const auto field = [&](const char* name) {
    return message->GetDescriptor()->FindFieldByName(name);
  };
  reflection.SetString(message, field("event_id"), click.event_id);
  reflection.SetInt64(message, field("user_id"), click.user_id);
  reflection.SetInt64(message, field("item_id"), click.item_id);
  reflection.SetString(message, field("kind"), click.kind);
  reflection.SetDouble(message, field("price"), click.price);
  reflection.SetInt64(message, field("ts"), click.ts);
  reflection.SetString(message, field("session"), click.session);
  reflection.SetString(message, field("page"), click.page);
  return message->SerializeAsString();
}

// Decodes all payloads once an iteration, in batches as a source takes them.
void DecodeAll(benchmark::State& state, const std::vector<std::string>& payloads,
               MessageDecoder& decoder, const Schema& schema) {
  std::vector<Message> messages;
  int64_t bytes = 0;
  for (const std::string& payload : payloads) {
    messages.push_back({payload, static_cast<int64_t>(messages.size())});
    bytes += static_cast<int64_t>(payload.size());
  }
  const std::span<const Message> all(messages);
  Batch batch;
  std::vector<BadRecord> bad;
  for (auto _ : state) {
    for (size_t at = 0; at < all.size(); at += kBatchRecords) {
      batch.Reset(&schema, 0);
      const auto some = all.subspan(at, std::min(kBatchRecords, all.size() - at));
      if (!decoder.Decode(some, &batch, &bad) || !bad.empty()) {
        return state.SkipWithError("a message is bad");
      }
      benchmark::DoNotOptimize(batch.columns.data());
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * payloads.size()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}

DecodeOptions EventOptions(const Schema& schema) {
  DecodeOptions options;
  options.schema = &schema;
  options.required.push_back({schema.Find("ts"), "event_timestamp"});
  return options;
}

void BM_AvroMessages(benchmark::State& state) {
  const Schema schema = EventSchema();
  const SchemaText text{"click.avsc", kAvroClick};
  const auto decoder =
      OpenAvroMessages(EventOptions(schema), *AvroSchema::Parse({&text, 1}), false);
  std::vector<std::string> payloads;
  for (int i = 0; i < kTextRecords; ++i) payloads.push_back(AvroOf(ClickOf(i)));
  DecodeAll(state, payloads, **decoder, schema);
}
BENCHMARK(BM_AvroMessages)->Unit(benchmark::kMillisecond);

void BM_ProtobufMessages(benchmark::State& state) {
  const Schema schema = EventSchema();
  const SchemaText text{"click.proto", kProtobufClick};
  const auto parsed = *ProtobufSchema::Parse({&text, 1});
  const auto decoder = OpenProtobufMessages(EventOptions(schema), parsed, "Click", false);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(*parsed->Message("Click"))->New());
  std::vector<std::string> payloads;
  for (int i = 0; i < kTextRecords; ++i) {
    payloads.push_back(ProtobufOf(ClickOf(i), message.get()));
  }
  DecodeAll(state, payloads, **decoder, schema);
}
BENCHMARK(BM_ProtobufMessages)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skewless
