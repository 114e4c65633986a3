// A flat column of numbers, read from Parquet's pages straight into a batch's column: the arrays
// that Arrow would make of them first cost as much again.
#pragma once

#include <parquet/arrow/schema.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/batch.h"

namespace skewless {

class ParquetNumbers {
 public:
  // Whether the field's values are stored as the column holds them, so that none can be refused:
  // int64, float64, or a timestamp in microseconds.
  static bool CanRead(const parquet::arrow::SchemaField& field, const parquet::FileMetaData& file,
                      const ColumnSpec& spec);

  // `file` outlives it. `leaf`: the column's number in the file.
  ParquetNumbers(parquet::ParquetFileReader* file, int leaf) : file_(file), leaf_(leaf) {}

  // The next Append begins with the file's row `row`.
  void Seek(int64_t row);
  // Appends the next `count` rows. False if the file ends before them. Throws as Parquet does.
  bool Append(size_t count, Column* column);

 private:
  bool OpenRowGroup();
  template <typename Reader, typename Value>
  size_t ReadSome(size_t count, Value* values, uint8_t* valid);

  parquet::ParquetFileReader* file_;
  int leaf_;
  int row_group_ = -1;
  int64_t skip_ = 0;  // rows of the row group that is opened next
  bool nullable_ = false;
  std::shared_ptr<parquet::ColumnReader> reader_;
  std::vector<int16_t> levels_;
};

}  // namespace skewless
