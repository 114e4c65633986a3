// Where a schema from outside and the declared columns do not meet.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/schema.h"

namespace skewless {

struct ColumnProblem {
  size_t column = 0;
  bool is_missing = false;  // the schema has no such field; else its type does not become
                            // the column's
  std::string message;      // "column 'price' is a string and cannot be read as float64"
  std::string remedy;
};

// The field `name` of `record` ("user.geo", or empty: the outermost), which has `fields`.
ColumnProblem MissingField(const std::string& name, const std::string& record, size_t column,
                           const std::vector<std::string>& fields);
// `type`: what the field is, "a string"; `holds_fields`: columns could lie in it.
ColumnProblem UnreadableField(const ColumnSpec& spec, size_t column, const std::string& type,
                              bool holds_fields);
// The field `record` should hold the column's, and is of no such type.
ColumnProblem NoRecord(const std::string& record, size_t column, const std::string& type);

}  // namespace skewless
