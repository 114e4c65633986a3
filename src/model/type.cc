#include "model/type.h"

#include <array>

namespace skewless {
namespace {

// By TypeKind.
constexpr std::array<std::string_view, 8> kNames = {
    "bool", "int32", "int64", "float32", "float64", "string", "bytes", "timestamp",
};

}  // namespace

std::string TypeName(Type type) {
  std::string name(kNames[static_cast<size_t>(type.kind)]);
  if (type.is_list) name += "[]";
  return name;
}

std::optional<Type> ParseTypeName(std::string_view s) {
  const bool is_list = s.ends_with("[]");
  if (is_list) s.remove_suffix(2);
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == s) return Type{static_cast<TypeKind>(i), is_list};
  }
  return std::nullopt;
}

}  // namespace skewless
