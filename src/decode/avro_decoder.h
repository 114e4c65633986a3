// Avro's binary encoding of one record to one row. Fields are matched to columns by name; those
// that no column wants are passed over.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/avro_schema.h"
#include "decode/column_problem.h"
#include "decode/typed_value.h"

namespace skewless {

class AvroDecoder {
 public:
  enum class Outcome : uint8_t {
    kGood,
    kMisfit,     // a value does not fit its column; the record was passed over whole
    kMalformed,  // no telling where the record ends
  };

  // `schema` is the writer's; its root must be a record. `columns` outlives the decoder.
  static Result<AvroDecoder> Make(std::shared_ptr<const AvroSchema> schema, const Schema& columns);
  ~AvroDecoder();
  AvroDecoder(AvroDecoder&&) noexcept;
  AvroDecoder& operator=(AvroDecoder&&) noexcept;

  // A column without a field is null in every row. One with an unreadable field: do not decode.
  const std::vector<ColumnProblem>& problems() const;

  // Takes one record from the front of `bytes` into the current row of `rows`. Unless it is good,
  // `reason`, empty otherwise, says why, and the caller discards the row.
  Outcome Decode(std::string_view* bytes, RowBuilder& rows, std::string* reason);
  // The same without a row.
  Outcome Skip(std::string_view* bytes, std::string* reason) const;

 private:
  struct Impl;
  explicit AvroDecoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
