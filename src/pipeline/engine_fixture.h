// What the engine's tests share: a repository with files to read, engines over it, and what its log
// and its online store hold.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "kernel/repository_fixture.h"
#include "online/embedded/embedded_store.h"
#include "pipeline/engine.h"
#include "training/history.h"

namespace skewless {

// `source`: further lines of the source; `view`: features and more of the view `totals`.
inline std::string EngineYaml(
    const std::string& source = "    arrival_timestamp: at\n",
    const std::string& features = "      visits: count(*)\n      total: sum(n)\n",
    const std::string& more = "") {
  return R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: "events*.csv"
    format: csv
    columns: {user: int64, n: int64, ts: "timestamp[us]", at: "timestamp[us]"}
    event_timestamp: ts
)" + source +
         more + R"(
entities:
  user: {keys: {user: int64}}
feature_views:
  totals:
    source: events
    entity: user
    features:
)" + features;
}

inline constexpr char kEventsHeader[] = "user,n,ts,at\n";

inline std::string EventLine(int64_t user, int64_t n, Timestamp event, Timestamp arrival) {
  return std::to_string(user) + "," + std::to_string(n) + "," + std::to_string(kTestStart + event) +
         "," + std::to_string(kTestStart + arrival) + "\n";
}

struct LoggedRecord {
  std::string source;
  std::vector<int64_t> ints;  // the int columns' values
  Timestamp event_us = 0, available_us = 0;
  Sequence sequence = 0;
  bool applied = true;
};

class EngineTest : public ::testing::Test {
 protected:
  explicit EngineTest(const std::string& yaml = EngineYaml()) : repository_(yaml) {}

  std::unique_ptr<Engine> Open(EngineOptions options = {}) {
    auto opened = Engine::Open(repository_.definition(), repository_.kernels(), SystemFiles(),
                               std::move(options));
    EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
    return opened.has_value() ? std::move(*opened) : nullptr;
  }
  // A whole run.
  void Run(EngineOptions options = {}) {
    auto engine = Open(std::move(options));
    ASSERT_NE(engine, nullptr);
    const std::atomic<bool> stop{false};
    const Status ran = engine->Run(stop);
    ASSERT_TRUE(ran.has_value()) << ran.error().ToString();
    const Status closed = engine->Close();
    ASSERT_TRUE(closed.has_value()) << closed.error().ToString();
  }

  std::vector<LoggedRecord> Log() {
    std::vector<LoggedRecord> records;
    auto reader = OpenLogReader(SystemFiles(), repository_.definition());
    EXPECT_TRUE(reader.has_value());
    Batch batch;
    while (reader.has_value()) {
      const auto more = (*reader)->Next(&batch);
      EXPECT_TRUE(more.has_value());
      if (!more || !*more) break;
      for (size_t row = 0; row < batch.rows(); ++row) {
        LoggedRecord record;
        record.source = repository_.definition().sources[batch.source].name;
        for (const Column& column : batch.columns) {
          if (column.physical() == Physical::kInt) record.ints.push_back(column.ints[row]);
        }
        record.event_us = batch.event_us[row];
        record.available_us = batch.available_us[row];
        record.sequence = batch.sequence[row];
        record.applied = batch.applied.empty() || batch.applied[row] != 0;
        records.push_back(std::move(record));
      }
    }
    return records;
  }
  // Column `n` of all records, in the log's order.
  std::vector<int64_t> LoggedNumbers() {
    std::vector<int64_t> numbers;
    for (const LoggedRecord& record : Log()) numbers.push_back(record.ints.at(1));
    return numbers;
  }

  struct Seen {
    Timestamp read_us = 0;
    std::string values;  // "1, 2" or "not found"
  };
  // What a reader of the view sees now.
  Seen Read(int64_t user, int view = 0) {
    if (!reader_) {
      auto opened =
          OpenEmbeddedReader(repository_.Path("var/online"), ViewNames(repository_.kernels()),
                             Fingerprints(repository_.kernels()));
      EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
      reader_ = std::move(*opened);
    }
    const RowKey key{view, {reinterpret_cast<const uint8_t*>(&user), sizeof user}};
    const auto read = reader_->Read(std::span(&key, 1));
    if (!read) return {0, read.error().message};
    FeatureVector vector;
    repository_.kernels()[static_cast<size_t>(view)]->Read(reader_->state(0), *read, &vector);
    if (vector.status == RowStatus::kNotFound) return {*read, "not found"};
    Seen seen{*read, ""};
    for (const ValueView& value : vector.values)
      seen.values += (seen.values.empty() ? "" : ", ") + FormatValue(value);
    return seen;
  }

  TestRepository repository_;
  std::unique_ptr<OnlineReader> reader_;
};

}  // namespace skewless
