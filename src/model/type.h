// The types of columns, expressions and features, and how each is held in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skewless {

enum class TypeKind : uint8_t {
  kBool = 0,
  kInt32 = 1,
  kInt64 = 2,
  kFloat32 = 3,
  kFloat64 = 4,
  kString = 5,
  kBytes = 6,
  kTimestamp = 7,
};

// How a value is held: one of three shapes, so that every loop over values is written three times
// at the most. Lists are held as their encoding (model/list.h).
enum class Physical : uint8_t {
  kInt = 0,     // int64: bool (0 or 1), int32, int64, timestamp (microseconds)
  kDouble = 1,  // double: float32 (already rounded to float), float64
  kBytes = 2,   // string, bytes, and every list
};

struct Type {
  TypeKind kind = TypeKind::kInt64;
  bool is_list = false;
  friend bool operator==(const Type&, const Type&) = default;
};

constexpr Physical PhysicalOf(Type type) {
  if (type.is_list) return Physical::kBytes;
  switch (type.kind) {
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return Physical::kDouble;
    case TypeKind::kString:
    case TypeKind::kBytes:
      return Physical::kBytes;
    default:
      return Physical::kInt;
  }
}
constexpr bool IsInteger(Type t) {
  return !t.is_list && (t.kind == TypeKind::kInt32 || t.kind == TypeKind::kInt64);
}
constexpr bool IsFloat(Type t) {
  return !t.is_list && (t.kind == TypeKind::kFloat32 || t.kind == TypeKind::kFloat64);
}
constexpr bool IsNumeric(Type t) { return IsInteger(t) || IsFloat(t); }

std::string TypeName(Type type);                        // "int64", "string[]"
std::optional<Type> ParseTypeName(std::string_view s);  // without a timestamp's unit

}  // namespace skewless
