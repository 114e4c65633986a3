// A source's declared columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/type.h"

namespace skewless {

// How numbers in a timestamp column are read. kText: RFC 3339.
enum class TimestampUnit : uint8_t {
  kText = 0,
  kSeconds = 1,
  kMillis = 2,
  kMicros = 3,
  kNanos = 4
};

struct ColumnSpec {
  std::string name;
  Type type;
  TimestampUnit unit = TimestampUnit::kText;  // only for timestamps
  // Where a record holds it: the names of the fields that lead to it, from the outside in. None: it
  // is the record's own field of the column's name.
  std::vector<std::string> field = {};
  friend bool operator==(const ColumnSpec&, const ColumnSpec&) = default;
};

// The names that lead to the column's field: its own name, where none are told.
std::vector<std::string> FieldPath(const ColumnSpec& column);
// "user.geo.country": the same, for people.
std::string FieldText(const ColumnSpec& column);

struct Schema {
  std::vector<ColumnSpec> columns;
  int Find(std::string_view name) const;  // -1 where there is none
  friend bool operator==(const Schema&, const Schema&) = default;
};

}  // namespace skewless
