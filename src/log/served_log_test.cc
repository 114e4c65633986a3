#include "log/served_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/standing_machine_fixture.h"
#include "log/served_format.h"
#include "log/test_unsynced_files.h"

namespace skewless {
namespace {

class ServedLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> number = 0;
    directory_ =
        std::filesystem::temp_directory_path() /
        ("skewless-served-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<ServedLogWriter> Open() {
    auto writer = ServedLogWriter::Open(files_, directory_);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return std::move(*writer);
  }
  // All rows; an error ends them and is kept in error_.
  std::vector<ServedRow> Rows() {
    auto reader = ServedLogReader::Open(files_, directory_);
    EXPECT_TRUE(reader.has_value()) << reader.error().ToString();
    std::vector<ServedRow> rows;
    ServedRow row;
    error_ = {};
    for (;;) {
      const Result<bool> more = (*reader)->Next(&row);
      torn_bytes_ = (*reader)->torn_bytes();
      if (!more) error_ = more.error();
      if (!more || !*more) return rows;
      rows.push_back(row);
    }
  }
  std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      paths.push_back(entry.path());
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

  UnsyncedFiles files_;
  std::filesystem::path directory_;
  Error error_;
  int64_t torn_bytes_ = 0;
};

ServedRow Row(int64_t i) {
  ServedRow row;
  row.read_us = 1'700'000'000'000'000 + i;
  row.service = i % 3 == 0 ? "ranking" : "";
  row.outputs = {"user:spend", "user:visits", "ranking:share", "user:last"};
  row.inputs = {{"user_id", Value::Int(i)},
                {"cart_total", Value::Double(0.1 * static_cast<double>(i))}};
  row.views = {{"user", MakeSequence(2, i), 1}, {"item", 0, 2}};
  row.values = {Value::Double(-0.0), Value::Int(-i), Value::Null({TypeKind::kFloat64, false}),
                Value::String("text " + std::to_string(i))};
  return row;
}

void ExpectSame(const ServedRow& a, const ServedRow& b) {
  EXPECT_EQ(a.read_us, b.read_us);
  EXPECT_EQ(a.service, b.service);
  EXPECT_EQ(a.outputs, b.outputs);
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    EXPECT_EQ(a.inputs[i].first, b.inputs[i].first);
    EXPECT_TRUE(SameBits(a.inputs[i].second.view(), b.inputs[i].second.view()));
  }
  ASSERT_EQ(a.views.size(), b.views.size());
  for (size_t i = 0; i < a.views.size(); ++i) {
    EXPECT_EQ(a.views[i].view, b.views[i].view);
    EXPECT_EQ(a.views[i].sequence, b.views[i].sequence);
    EXPECT_EQ(a.views[i].status, b.views[i].status);
  }
  ASSERT_EQ(a.values.size(), b.values.size());
  for (size_t i = 0; i < a.values.size(); ++i) {
    EXPECT_TRUE(SameBits(a.values[i].view(), b.values[i].view()));
  }
}

TEST_F(ServedLogTest, WhatWasServedIsReadBack) {
  {
    auto writer = Open();
    for (int64_t i = 0; i < 5000; ++i) ASSERT_TRUE(writer->Append(Row(i)));
  }
  const std::vector<ServedRow> rows = Rows();
  EXPECT_EQ(error_.message, "");
  ASSERT_EQ(rows.size(), 5000u);
  for (int64_t i = 0; i < 5000; ++i) ExpectSame(rows[static_cast<size_t>(i)], Row(i));
  // Names stand in the file once, not in each row.
  EXPECT_LT(std::filesystem::file_size(Files()[0]), 5000u * 110);
}

TEST_F(ServedLogTest, EachWriterHasAFileAndAllAreRead) {
  for (int64_t i = 0; i < 4; ++i) ASSERT_TRUE(Open()->Append(Row(i)));
  EXPECT_EQ(Files().size(), 4u);
  const std::vector<ServedRow> rows = Rows();
  ASSERT_EQ(rows.size(), 4u);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(rows[static_cast<size_t>(i)].read_us, Row(i).read_us);
}

// By themselves they are once a second has passed.
TEST_F(ServedLogTest, FlushedRowsAreThereBeforeTheEnd) {
  const StandingMachine machine;
  auto writer = Open();
  ASSERT_TRUE(writer->Append(Row(1)));
  EXPECT_TRUE(Rows().empty());
  ASSERT_TRUE(writer->Flush());
  EXPECT_EQ(Rows().size(), 1u);
}

TEST_F(ServedLogTest, ManyThreadsAppend) {
  {
    auto writer = Open();
    std::vector<std::thread> threads;
    for (int64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int64_t i = 0; i < 500; ++i) ASSERT_TRUE(writer->Append(Row(t * 1000 + i)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<ServedRow> rows = Rows();
  EXPECT_EQ(error_.message, "");
  ASSERT_EQ(rows.size(), 2000u);
  for (const ServedRow& row : rows) ExpectSame(row, Row(row.inputs[0].second.int_value));
}

TEST_F(ServedLogTest, ATornLastRecordEndsItsFile) {
  {
    auto writer = Open();
    for (int64_t i = 0; i < 3; ++i) ASSERT_TRUE(writer->Append(Row(3 * i)));
  }
  const std::string path = Files()[0];
  const std::string whole = Load(path);
  Bytes last;
  BeginServedRecord(ServedRecordKind::kRow, &last);
  PutServedRow(Row(6), 0, &last);
  ASSERT_TRUE(Open()->Append(Row(9)));  // a file after it, which must be read all the same
  for (size_t cut = 1; cut < last.size(); ++cut) {
    Store(path, whole.substr(0, whole.size() - cut));
    ASSERT_EQ(Rows().size(), 3u) << "cut " << cut;
    ASSERT_EQ(error_.message, "");
    ASSERT_EQ(torn_bytes_, static_cast<int64_t>(last.size() - cut));
  }
  // A power cut can leave the length and not the bytes.
  for (size_t zeros = 2; zeros <= last.size() - kServedRecordHeadBytes; ++zeros) {
    Store(path, whole.substr(0, whole.size() - zeros) + std::string(zeros, '\0'));
    ASSERT_EQ(Rows().size(), 3u) << "zeros " << zeros;
    ASSERT_EQ(error_.message, "");
    ASSERT_EQ(torn_bytes_, static_cast<int64_t>(last.size()));
  }
  Store(path, whole + std::string(5000, '\0'));
  EXPECT_EQ(Rows().size(), 4u);
  EXPECT_EQ(error_.message, "");
  EXPECT_EQ(torn_bytes_, 5000);
  Store(path, whole.substr(0, 10));
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_EQ(error_.message, "");
}

TEST_F(ServedLogTest, DamageInTheMiddleIsAnError) {
  {
    auto writer = Open();
    for (int64_t i = 0; i < 3; ++i) ASSERT_TRUE(writer->Append(Row(3 * i)));
  }
  const std::string path = Files()[0];
  const std::string whole = Load(path);
  Bytes last;
  BeginServedRecord(ServedRecordKind::kRow, &last);
  PutServedRow(Row(6), 0, &last);
  for (size_t at = 0; at < whole.size() - last.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    Store(path, bytes);
    Rows();
    ASSERT_TRUE(error_.code == ErrorCode::kCorrupt || error_.code == ErrorCode::kVersion)
        << "damaged at " << at << ": " << error_.message;
    EXPECT_NE(error_.message.find(path), std::string::npos);
  }
}

TEST_F(ServedLogTest, ANewerFormatIsRefused) {
  ASSERT_TRUE(Open()->Append(Row(1)));
  std::string bytes = Load(Files()[0]);
  bytes[8] = 9;
  Store(Files()[0], bytes);
  Rows();
  EXPECT_EQ(error_.code, ErrorCode::kVersion);
}

}  // namespace
}  // namespace skewless
