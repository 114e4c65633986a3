// The columns of every source of the property tests: some for keys, drawn from few values, and one
// of each type to be folded.
#pragma once

#include <string>
#include <vector>

#include "model/type.h"

namespace skewless::property {

struct SourceColumn {
  std::string name;
  Type type;
};

inline const std::vector<SourceColumn>& KeyColumns() {
  static const std::vector<SourceColumn> columns = {
      {"id", {TypeKind::kInt64, false}},   {"place", {TypeKind::kString, false}},
      {"code", {TypeKind::kInt32, false}}, {"flag", {TypeKind::kBool, false}},
      {"blob", {TypeKind::kBytes, false}}, {"day", {TypeKind::kTimestamp, false}},
  };
  return columns;
}

inline const std::vector<SourceColumn>& ValueColumns() {
  static const std::vector<SourceColumn> columns = {
      {"i64", {TypeKind::kInt64, false}},   {"i32", {TypeKind::kInt32, false}},
      {"f64", {TypeKind::kFloat64, false}}, {"f32", {TypeKind::kFloat32, false}},
      {"s", {TypeKind::kString, false}},    {"b", {TypeKind::kBool, false}},
      {"raw", {TypeKind::kBytes, false}},   {"at", {TypeKind::kTimestamp, false}},
      {"li", {TypeKind::kInt64, true}},     {"ls", {TypeKind::kString, true}},
      {"lf", {TypeKind::kFloat64, true}},
  };
  return columns;
}

// Key columns, value columns, and the event's time.
inline const std::vector<SourceColumn>& SourceColumns() {
  static const std::vector<SourceColumn> columns = [] {
    std::vector<SourceColumn> all = KeyColumns();
    all.insert(all.end(), ValueColumns().begin(), ValueColumns().end());
    all.push_back({"ts", {TypeKind::kTimestamp, false}});
    return all;
  }();
  return columns;
}

}  // namespace skewless::property
