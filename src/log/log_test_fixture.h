// A log in a temporary folder, for the tests of this room.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "log/log.h"
#include "log/test_clicks.h"
#include "log/test_unsynced_files.h"

namespace skewless {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> number = 0;
    directory_ =
        std::filesystem::temp_directory_path() /
        ("skewless-log-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    options_.directory = directory_ / "log";
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<LogWriter> Open() {
    auto writer = LogWriter::Open(files_, options_, sources_);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return writer ? std::move(*writer) : nullptr;
  }
  Error OpenError() {
    auto writer = LogWriter::Open(files_, options_, sources_);
    EXPECT_FALSE(writer.has_value());
    return writer ? Error{} : writer.error();
  }
  std::unique_ptr<LogReader> Read() {
    auto reader = LogReader::Open(files_, options_.directory, sources_);
    EXPECT_TRUE(reader.has_value()) << reader.error().ToString();
    return reader ? std::move(*reader) : nullptr;
  }
  void Append(LogWriter* writer, size_t rows) {
    MakeClicks(sources_[0].schema, next_item_, rows, 7, &batch_);
    next_item_ += static_cast<int64_t>(rows);
    const Status appended = writer->Append(&batch_);
    ASSERT_TRUE(appended) << appended.error().ToString();
    const Status synced = writer->Sync();
    ASSERT_TRUE(synced) << synced.error().ToString();
  }
  // All items from where the reader stands; an error ends them and is kept in error_.
  std::vector<int64_t> Items(LogReader* reader) {
    std::vector<int64_t> items;
    error_ = {};
    for (;;) {
      const Result<bool> more = reader->Next(&batch_);
      if (!more) error_ = more.error();
      if (!more || !*more) return items;
      for (const int64_t item : batch_.columns[1].ints) items.push_back(item);
    }
  }
  static std::vector<int64_t> Range(int64_t begin, int64_t end) {
    std::vector<int64_t> items;
    for (int64_t i = begin; i < end; ++i) items.push_back(i);
    return items;
  }
  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      if (entry.path().extension() == ".sklog") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  static std::string Load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Store(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void Flip(const std::string& path, size_t offset) {
    std::string bytes = Load(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
    Store(path, bytes);
  }

  UnsyncedFiles files_;
  std::filesystem::path directory_;
  LogOptions options_;
  std::vector<LoggedSource> sources_ = {ClicksSource()};
  int64_t next_item_ = 1;
  Batch batch_;
  Error error_;
};

}  // namespace skewless
