#include "training/read_ahead.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

// `count` batches of one row each, numbered from 0; then the end, or an error.
HistoryStream Numbered(int64_t count, bool fails = false) {
  return [count, fails, next = int64_t{0}](Batch* batch) mutable -> Result<bool> {
    if (next == count) {
      if (fails) return Fail(ErrorCode::kIo, "the disk is gone");
      return false;
    }
    batch->event_us = {next++};
    return true;
  };
}

TEST(ReadAhead, GivesEveryBatchOnceAndInOrder) {
  const HistoryStream history = Numbered(1000);
  ReadAhead ahead(history);
  for (int64_t i = 0; i < 1000; ++i) {
    const auto batch = ahead.Next();
    ASSERT_TRUE(batch.has_value() && *batch != nullptr);
    ASSERT_EQ((*batch)->event_us, (std::vector<Timestamp>{i}));
  }
  EXPECT_EQ(ahead.Next().value(), nullptr);
  EXPECT_EQ(ahead.Next().value(), nullptr);
}

TEST(ReadAhead, AnErrorComesAfterTheBatchesBeforeIt) {
  const HistoryStream history = Numbered(3, /*fails=*/true);
  ReadAhead ahead(history);
  for (int i = 0; i < 3; ++i) ASSERT_NE(ahead.Next().value(), nullptr);
  const auto failed = ahead.Next();
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "the disk is gone");
}

// Whoever stops early leaves no thread behind, at whatever point.
TEST(ReadAhead, CanBeLeftAtAnyPoint) {
  for (int taken = 0; taken < 12; ++taken) {
    const HistoryStream history = Numbered(8);
    ReadAhead ahead(history);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(ahead.Next().has_value());
  }
}

}  // namespace
}  // namespace skewless
