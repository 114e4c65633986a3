#include "offline/arrow_columns.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "model/list.h"
#include "model/value_text.h"

namespace skewless {
namespace {

// Values as text, "" for null.
Column ColumnOf(Type type, const std::vector<std::string>& texts, StringArena* arena) {
  Column column;
  column.type = type;
  for (const std::string& text : texts) {
    if (text.empty()) {
      column.AppendNull();
      continue;
    }
    auto value = ParseValue(text, type);
    EXPECT_TRUE(value.has_value()) << text;
    ValueView view = value->view();
    view.bytes = arena->Add(view.bytes);
    AppendValue(column, view);
  }
  return column;
}

struct Case {
  TypeKind kind;
  std::string arrow_type;
  std::vector<std::string> texts;
  std::vector<std::string> shown;
};

const Case kCases[] = {
    {TypeKind::kBool, "bool", {"true", "", "false"}, {"true", "null", "false"}},
    {TypeKind::kInt32, "int32", {"-2147483648", "", "7"}, {"-2147483648", "null", "7"}},
    {TypeKind::kInt64,
     "int64",
     {"9223372036854775807", "", "-1"},
     {"9223372036854775807", "null", "-1"}},
    {TypeKind::kFloat32, "float", {"0.5", "", "-2.25"}, {"0.5", "null", "-2.25"}},
    {TypeKind::kFloat64, "double", {"0.1", "", "1e300"}, {"0.1", "null", "1e+300"}},
    {TypeKind::kString, "string", {"a", "", "\xC3\xA9"}, {"a", "null", "\xC3\xA9"}},
    {TypeKind::kBytes, "binary", {"AAE=", "", "/w=="}, {"\\x00\\x01", "null", "\\xFF"}},
    {TypeKind::kTimestamp,
     "timestamp[us, tz=UTC]",
     {"2020-01-01T00:00:00.000001Z", "", "1969-12-31T23:59:59Z"},
     {"2020-01-01 00:00:00.000001Z", "null", "1969-12-31 23:59:59.000000Z"}},
};

TEST(ArrowColumns, EveryTypeWithNullsInTheOrderAskedFor) {
  for (const Case& one : kCases) {
    StringArena arena;
    const Column column = ColumnOf({one.kind, false}, one.texts, &arena);
    const std::vector<uint32_t> order{2, 0, 1, 2};
    const auto whole = ArrowArray(column);
    const auto ordered = ArrowArray(column, order);
    ASSERT_TRUE(whole.ok() && ordered.ok());
    const auto view = ArrowView(column);
    ASSERT_TRUE(view.ok() && (*view)->ValidateFull().ok());
    EXPECT_TRUE((*view)->Equals(**whole));
    EXPECT_EQ((*whole)->type()->ToString(), one.arrow_type);
    EXPECT_TRUE((*whole)->type()->Equals(ArrowType(column.type)));
    ASSERT_TRUE((*whole)->ValidateFull().ok());
    ASSERT_EQ((*whole)->length(), 3);
    ASSERT_EQ((*ordered)->length(), 4);
    EXPECT_EQ((*whole)->null_count(), 1);
    for (int64_t i = 0; i < 3; ++i) {
      const auto scalar = *(*whole)->GetScalar(i);
      if (one.kind == TypeKind::kBytes) {
        if (!scalar->is_valid) continue;
        EXPECT_EQ(static_cast<const arrow::BinaryScalar&>(*scalar).view(),
                  column.strings[static_cast<size_t>(i)]);
      } else {
        EXPECT_EQ(scalar->ToString(), one.shown[static_cast<size_t>(i)]) << one.arrow_type;
      }
    }
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_TRUE((*(*ordered)->GetScalar(i))
                      ->Equals(**(*whole)->GetScalar(order[static_cast<size_t>(i)])));
    }
  }
}

TEST(ArrowColumns, ListsOfEveryTypeWithNullListsAndNullElements) {
  const std::pair<TypeKind, std::string> cases[] = {
      {TypeKind::kBool, "[true,null]"},
      {TypeKind::kInt32, "[1,null]"},
      {TypeKind::kInt64, "[-5,null]"},
      {TypeKind::kFloat32, "[0.5,null]"},
      {TypeKind::kFloat64, "[0.1,null]"},
      {TypeKind::kString, "[\"x\",null]"},
      {TypeKind::kBytes, "[\"AAE=\",null]"},
      {TypeKind::kTimestamp, "[\"2020-01-01T00:00:00Z\",null]"}};
  for (const auto& [kind, text] : cases) {
    StringArena arena;
    const Column column = ColumnOf({kind, true}, {text, "", "[]"}, &arena);
    const std::vector<uint32_t> order{1, 2, 0};
    const auto made = ArrowArray(column, order);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    ASSERT_TRUE((*made)->ValidateFull().ok());
    EXPECT_TRUE((*made)->type()->Equals(ArrowType(column.type)));
    const auto& lists = static_cast<const arrow::ListArray&>(**made);
    ASSERT_EQ(lists.length(), 3);
    EXPECT_TRUE(lists.IsNull(0));
    EXPECT_TRUE(lists.IsValid(1));
    EXPECT_EQ(lists.value_length(1), 0);
    ASSERT_EQ(lists.value_length(2), 2);
    EXPECT_FALSE(lists.value_slice(2)->IsNull(0)) << text;
    EXPECT_TRUE(lists.value_slice(2)->IsNull(1)) << text;
  }
}

TEST(ArrowColumns, MalformedListIsAnError) {
  Column column;
  column.type = {TypeKind::kInt64, true};
  column.AppendString("abc");
  EXPECT_FALSE(ArrowArray(column).ok());
}

TEST(ArrowColumns, NoRows) {
  for (const bool is_list : {false, true}) {
    Column column;
    column.type = {TypeKind::kString, is_list};
    const auto made = ArrowArray(column);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ((*made)->length(), 0);
  }
}

}  // namespace
}  // namespace skewless
