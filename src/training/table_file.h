// A whole file as a table.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

namespace skewless {

enum class TableFormat { kParquet, kCsv, kArrow };

// What of a CSV is text, to the letter, nothing but an empty field being null: "007" and "NA" stay
// what they are. Other columns become what their values look like.
struct CsvText {
  bool all = false;
  std::vector<std::string> columns;  // those of them that the file has
  // Floating-point columns, the same: "NaN" is one of their numbers. Elsewhere among numbers it is
  // a word for null, as pandas writes it.
  std::vector<std::string> floats = {};
};

// Of a CSV that can't be read, the error names the row.
arrow::Result<std::shared_ptr<arrow::Table>> ReadTableFile(const std::string& path,
                                                           TableFormat format, const CsvText& text);

}  // namespace skewless
