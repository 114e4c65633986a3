// Arrow arrays to columns of a batch, checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decode/scalar_text.h"
#include "model/batch.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace skewless {

// Whether values of `type` can be read as `spec`. Integers widen, and narrow where each value fits;
// integers and floats become floats; timestamps of any unit and dates become microseconds, and so
// do numbers where the column has a unit and text where it has none; dictionaries of strings are
// strings; decimals become the float that is nearest, an integer where they are whole, or text with
// all of their digits.
bool CanReadArrow(const arrow::DataType& type, const ColumnSpec& spec);

struct BadCell {
  size_t row = 0;     // in the batch
  std::string found;  // the value, for the reason
  Parsed problem = Parsed::kOk;
};

// Appends `count` rows of `array` from `begin` on; CanReadArrow(array.type(), spec) holds. Rows
// that do not fit are null and named in `bad`.
void AppendArrow(const arrow::Array& array, int64_t begin, int64_t count, const ColumnSpec& spec,
                 Column* column, StringArena* strings, std::vector<BadCell>* bad);

}  // namespace skewless
