// What the tests of file formats share: a folder that goes away, and everything that a reader
// reads.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "decode/record_reader.h"
#include "model/value.h"

namespace skewless {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> made{0};
    path_ = std::filesystem::temp_directory_path() /
            ("skewless-test-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_; }
  std::string File(const std::string& name) const { return path_ / name; }
  // Returns the file's path.
  std::string Write(const std::string& name, const std::string& contents) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << contents;
    return File(name);
  }

 private:
  std::filesystem::path path_;
};

using Rows = std::vector<std::string>;

inline ::testing::AssertionResult Has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << text << "\" lacks \"" << part << '"';
}
inline ::testing::AssertionResult Begins(const std::string& text, const std::string& part) {
  if (text.starts_with(part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << text << "\" does not begin \"" << part << '"';
}

// The values of one row: "1, 'text', null".
inline std::string RowText(const Batch& batch, size_t row) {
  std::string text;
  for (const Column& column : batch.columns) {
    if (!text.empty()) text += ", ";
    text += FormatValue(ValueAt(column, row));
  }
  return text;
}

struct ReadRecords {
  std::vector<std::string> rows;
  std::vector<BadRecord> bad;
  std::string error;   // that ended it, or empty
  std::string remedy;  // its
};

// Reads a file to its end, `max_records` at a time.
inline ReadRecords ReadAll(Result<std::unique_ptr<RecordReader>> reader, const Schema& schema,
                           size_t max_records = 1000, int64_t skip = 0) {
  ReadRecords read;
  Status skipped;
  if (reader && skip > 0) skipped = (*reader)->Skip(skip);
  if (!reader || !skipped) {
    const Error& error = reader ? skipped.error() : reader.error();
    read.error = error.message;
    read.remedy = error.remedy;
    return read;
  }
  Batch batch;
  while (true) {
    batch.Reset(&schema, 0);
    const int64_t before = (*reader)->next_record();
    const size_t bad_before = read.bad.size();
    const Result<bool> more = (*reader)->Read(max_records, &batch, &read.bad);
    if (!more) {
      read.error = more.error().message;
      return read;
    }
    const size_t rows = batch.columns[0].size();
    for (const Column& column : batch.columns) EXPECT_EQ(column.size(), rows);
    EXPECT_EQ((*reader)->next_record() - before,
              static_cast<int64_t>(rows + read.bad.size() - bad_before));
    EXPECT_LE((*reader)->next_record() - before, static_cast<int64_t>(max_records));
    for (size_t i = 0; i < rows; ++i) read.rows.push_back(RowText(batch, i));
    if (!*more) return read;
  }
}

inline ColumnSpec Spec(std::string name, TypeKind kind, bool is_list = false,
                       TimestampUnit unit = TimestampUnit::kText) {
  return {std::move(name), {kind, is_list}, unit};
}
// A column that lies elsewhere than in the field of its name.
inline ColumnSpec At(ColumnSpec spec, std::vector<std::string> field) {
  spec.field = std::move(field);
  return spec;
}

}  // namespace skewless
