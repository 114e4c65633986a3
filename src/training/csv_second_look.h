// Columns of a CSV that Arrow's guess alone would falsify: they are read as text, too, and only
// then is known what they are.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "training/table_file.h"

namespace skewless {

struct SecondLook {
  // What the column is if it doesn't stay text.
  enum class As : uint8_t { kText, kNanoseconds, kDoubles, kNumbersWithNaN };
  int column;
  As as;

  // What the column is: `guessed`, its `texts`, or what both make.
  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> Decide(
      const std::shared_ptr<arrow::ChunkedArray>& guessed,
      const std::shared_ptr<arrow::ChunkedArray>& texts) const;
};

// The columns of a table of Arrow's guesses that need one.
std::vector<SecondLook> SecondLooks(const arrow::Table& table, const CsvText& text);

}  // namespace skewless
