// One value with its type, for the paths where speed is not the point: tests, the oracle, JSON,
// command lines, error messages. Batches use columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/column.h"
#include "model/type.h"

namespace skewless {

// A value of feature vectors and columns. Null where !valid. Owns nothing: `bytes` points into
// whatever the value was read from; it is empty for a null and a number.
struct ValueView {
  Type type;
  bool valid = false;
  int64_t int_value = 0;
  double double_value = 0;
  std::string_view bytes;
};

struct Value {
  Type type;
  bool valid = false;
  int64_t int_value = 0;
  double double_value = 0;
  std::string bytes;

  static Value Null(Type type);
  static Value Int(int64_t v, Type type = {TypeKind::kInt64, false});
  static Value Double(double v, Type type = {TypeKind::kFloat64, false});
  static Value String(std::string v, Type type = {TypeKind::kString, false});
  static Value Of(const ValueView& view);
  ValueView view() const;
};

// The same type, the same nullness and the same bits (so -0.0 differs from 0.0; all NaNs are one).
bool SameBits(const ValueView& a, const ValueView& b);

ValueView ValueAt(const Column& column, size_t row);
void AppendValue(Column& column, const ValueView& value);  // strings are not copied

// For people: null, 1, 0.5, 'text', 2013-01-01T05:00:00Z, [1, 2].
std::string FormatValue(const ValueView& value);

}  // namespace skewless
