// Tests of one row: a server of their own, writers, and what the server then holds.
#pragma once

#include <gtest/gtest.h>

#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {

inline constexpr Sequence kEpoch = Sequence{1} << 48;

class RedisRowsTest : public testing::Test {
 protected:
  RedisRowsTest() : directory_("redis_rows_test"), server_(directory_.path()) {}
  RedisOptions options() const { return TestOptions(server_.address()); }
  StoredRow Stored(TestWriter& writer, int view, ByteView key) {
    const RowKey row{view, key};
    std::vector<StoredRow> rows;
    const Status read = writer.rows().ReadVersions(std::span(&row, 1), &rows);
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    return rows.at(0);
  }

  TestDirectory directory_;
  RedisServer server_;
  const int64_t user_ = 42;
  const ByteView key_ = KeyBytes(user_);
};

}  // namespace skewless::redis
