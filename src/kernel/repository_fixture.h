// What the tests of the rooms from here on share: a feature repository in a folder that goes away,
// and batches from rows of text.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "kernel/kernel_set.h"
#include "model/batch.h"
#include "model/value_text.h"

namespace skewless {

inline constexpr Timestamp kTestStart = 1'577'836'800'000'000;  // 2020-01-01T00:00:00Z

class TestRepository {
 public:
  explicit TestRepository(const std::string& yaml) {
    static std::atomic<int> made{0};
    root_ = std::filesystem::temp_directory_path() /
            ("skewless-repository-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::filesystem::create_directories(root_);
    Define(yaml);
  }
  ~TestRepository() { std::filesystem::remove_all(root_); }
  TestRepository(const TestRepository&) = delete;
  TestRepository& operator=(const TestRepository&) = delete;

  // Another definition over the same folder, as a user edits it between two runs.
  void Define(const std::string& yaml) {
    auto parsed = ParseDefinition(yaml, "skewless.yaml", root_);
    if (!parsed) Abort(parsed.error());
    kernels_.clear();
    definition_ = std::move(*parsed);
    auto compiled = CompileKernels(*definition_);
    if (!compiled) Abort(compiled.error());
    kernels_ = std::move(*compiled);
  }

  const Definition& definition() const { return *definition_; }
  const KernelSet& kernels() const { return kernels_; }
  std::string Path(const std::string& name) const { return root_ / name; }
  void Write(const std::string& name, const std::string& contents) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << contents;
  }
  void Append(const std::string& name, const std::string& contents) const {
    std::ofstream(root_ / name, std::ios::binary | std::ios::app) << contents;
  }

 private:
  [[noreturn]] static void Abort(const Error& error) {
    fprintf(stderr, "%s\n", error.ToString().c_str());
    abort();
  }
  std::filesystem::path root_;
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
};

// A record: its columns' texts in the source's order ("" is null), and when it became available.
struct TestRecord {
  std::vector<std::string> fields;
  Timestamp available_us = 0;
  bool applied = true;
};

// Stamped with sequences from `first` on; a log's Append stamps them anew.
inline void FillBatch(const Definition& definition, int source,
                      const std::vector<TestRecord>& records, Sequence first, Batch* batch) {
  const SourceDefinition& from = definition.sources[static_cast<size_t>(source)];
  batch->Reset(&from.schema, static_cast<uint32_t>(source));
  batch->sequence.clear();
  batch->processing_us.clear();
  batch->available_us.clear();
  batch->applied.clear();
  for (const TestRecord& record : records) {
    SKEWLESS_CHECK(record.fields.size() == from.schema.columns.size());
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const ColumnSpec& column = from.schema.columns[i];
      if (record.fields[i].empty()) {
        batch->columns[i].AppendNull();
        continue;
      }
      auto value = column.type.kind == TypeKind::kTimestamp && column.unit != TimestampUnit::kText
                       ? TimestampFromNumber(std::stoll(record.fields[i]), column.unit)
                             .map([&](Timestamp time) { return Value::Int(time, column.type); })
                       : ParseValue(record.fields[i], column.type);
      SKEWLESS_CHECK(value.has_value());
      ValueView view = value->view();
      view.bytes = batch->strings.Add(view.bytes);
      AppendValue(batch->columns[i], view);
    }
    batch->event_us.push_back(
        batch->columns[static_cast<size_t>(from.event_timestamp)].ints.back());
    batch->sequence.push_back(first + static_cast<Sequence>(batch->sequence.size()));
    batch->available_us.push_back(record.available_us);
    batch->applied.push_back(record.applied ? 1 : 0);
  }
  batch->processing_us = batch->available_us;
}

}  // namespace skewless
