#include "training/output_columns.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/time.h"
#include "model/list.h"
#include "model/value.h"

namespace skewless {
namespace {

constexpr int64_t kFewBytes = 24;

class OutputColumnsTest : public ::testing::Test {
 protected:
  // So many rows, each third one null; of no rows, too.
  Column Texts(int rows) {
    Column column;
    column.type = {TypeKind::kString, false};
    for (int i = 0; i < rows; ++i) {
      i % 3 == 1 ? column.AppendNull()
                 : column.AppendString(strings_.Add("text " + std::to_string(i)));
    }
    return column;
  }
  Column Lists(int rows) {
    Column column;
    column.type = {TypeKind::kInt64, true};
    ListBuilder builder(TypeKind::kInt64);
    for (int i = 0; i < rows; ++i) {
      builder.Clear();
      for (int item = 0; item < i % 4; ++item) builder.Add(Value::Int(i + item).view());
      i % 3 == 1 ? column.AppendNull() : column.AppendString(strings_.Add(builder.Finish()));
    }
    return column;
  }
  static void ExpectSameInPieces(const Column& column, bool as_text) {
    const auto whole = FeatureColumn(column, as_text);
    const auto pieces = FeatureColumn(column, as_text, kFewBytes);
    ASSERT_TRUE(whole.ok() && pieces.ok()) << whole.status() << pieces.status();
    EXPECT_LE((*whole)->num_chunks(), 1);
    EXPECT_TRUE(column.size() < 10 || (*pieces)->num_chunks() > 3);
    EXPECT_EQ((*pieces)->length(), static_cast<int64_t>(column.size()));
    EXPECT_TRUE((*pieces)->Equals(**whole)) << (*pieces)->ToString();
    EXPECT_TRUE((*pieces)->ValidateFull().ok());
  }

  StringArena strings_;
};

TEST_F(OutputColumnsTest, PiecesHoldWhatOneArrayHolds) {
  for (const int rows : {0, 1, 50}) {
    ExpectSameInPieces(Texts(rows), false);
    ExpectSameInPieces(Lists(rows), false);
    ExpectSameInPieces(Lists(rows), true);
  }
}

TEST_F(OutputColumnsTest, ListsAsTextKeepNaN) {
  Column column;
  column.type = {TypeKind::kFloat64, true};
  ListBuilder builder(TypeKind::kFloat64);
  for (const double number : {1.0, std::nan(""), HUGE_VAL})
    builder.Add(Value::Double(number).view());
  column.AppendString(strings_.Add(builder.Finish()));
  const auto text = FeatureColumn(column, /*as_text=*/true);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ((*(*text)->GetScalar(0))->ToString(), "[1.0,NaN,Infinity]");
}

TEST_F(OutputColumnsTest, TimesInPieces) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MILLI),
                                  arrow::default_memory_pool());
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE((i % 3 == 1 ? builder.AppendNull() : builder.Append(i * 1000)).ok());
  const arrow::ChunkedArray times(*builder.Finish());
  const auto whole = TimesAsText(times);
  const auto pieces = TimesAsText(times, kFewBytes);
  ASSERT_TRUE(whole.ok() && pieces.ok());
  EXPECT_GT((*pieces)->num_chunks(), 3);
  EXPECT_TRUE((*pieces)->Equals(**whole));
  EXPECT_EQ((*(*pieces)->GetScalar(2))->ToString(), "1970-01-01T00:00:02Z");
}

}  // namespace
}  // namespace skewless
