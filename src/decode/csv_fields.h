// The fields of a CSV record to the columns of a row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decode/csv_reader.h"
#include "decode/csv_record.h"
#include "decode/json_decoder.h"
#include "decode/row_builder.h"

namespace skewless {

class CsvFields {
 public:
  CsvFields(const Schema& schema, CsvOptions csv);  // `schema` outlives it

  // Which field is which column, by column, of so many; without it they are the columns in order.
  void Take(std::vector<size_t> field_of, size_t fields);

  // Fills the current row of `rows`. False where the record is bad: `reason` says why, and the
  // caller discards the row.
  bool Decode(const CsvRecord& record, RowBuilder& rows, std::string* reason);

  // Fills one column. The field isn't null; false where it doesn't fit.
  bool DecodeField(size_t column, const CsvField& field, RowBuilder& rows, std::string* reason);

 private:
  const Schema& schema_;
  const CsvOptions csv_;
  JsonDecoder lists_;
  std::vector<FieldKind> kinds_;
  std::vector<size_t> field_of_;  // by column
  size_t fields_;                 // that every record has
  std::string scratch_;
};

// Without the blanks around it.
std::string_view Trimmed(std::string_view text);

}  // namespace skewless
