#include "model/type.h"

#include <gtest/gtest.h>

#include "model/schema.h"

namespace skewless {
namespace {

TEST(TypeTest, NamesGoThereAndBack) {
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(TypeKind::kTimestamp); ++kind) {
    for (const bool is_list : {false, true}) {
      const Type type{static_cast<TypeKind>(kind), is_list};
      EXPECT_EQ(ParseTypeName(TypeName(type)), type);
    }
  }
  EXPECT_EQ(TypeName({TypeKind::kString, true}), "string[]");
  EXPECT_EQ(TypeName({TypeKind::kTimestamp, false}), "timestamp");
}

TEST(TypeTest, RefusesOtherNames) {
  for (const char* name : {"", "int", "Int64", "int64 ", "[]", "int64[][]", "timestamp[ms]"}) {
    EXPECT_FALSE(ParseTypeName(name).has_value()) << name;
  }
}

TEST(TypeTest, EveryTypeHasAShape) {
  EXPECT_EQ(PhysicalOf({TypeKind::kBool, false}), Physical::kInt);
  EXPECT_EQ(PhysicalOf({TypeKind::kTimestamp, false}), Physical::kInt);
  EXPECT_EQ(PhysicalOf({TypeKind::kFloat32, false}), Physical::kDouble);
  EXPECT_EQ(PhysicalOf({TypeKind::kBytes, false}), Physical::kBytes);
  EXPECT_EQ(PhysicalOf({TypeKind::kInt64, true}), Physical::kBytes);
}

TEST(SchemaTest, FindsColumnsByName) {
  const Schema schema{{{"a", {}, {}}, {"b", {}, {}}}};
  EXPECT_EQ(schema.Find("a"), 0);
  EXPECT_EQ(schema.Find("b"), 1);
  EXPECT_EQ(schema.Find("c"), -1);
  EXPECT_EQ(schema.Find(""), -1);
}

}  // namespace
}  // namespace skewless
