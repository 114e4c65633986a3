// Protobuf's wire format of one message to one row. Fields are matched to columns by name; those
// that no column wants are passed over. Where a field tells that it is absent, the column is null;
// else it has the type's default, as its writer meant.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/column_problem.h"
#include "decode/protobuf_schema.h"
#include "decode/typed_value.h"

namespace skewless {

class ProtobufDecoder {
 public:
  // `message` is the schema's. `columns` outlives the decoder.
  ProtobufDecoder(std::shared_ptr<const ProtobufSchema> schema,
                  const google::protobuf::Descriptor& message, const Schema& columns);
  ~ProtobufDecoder();
  ProtobufDecoder(ProtobufDecoder&&) noexcept;
  ProtobufDecoder& operator=(ProtobufDecoder&&) noexcept;

  // A column without a field is null in every row. One with an unreadable field: do not decode.
  const std::vector<ColumnProblem>& problems() const;

  // Fills the current row of `rows` from a whole message. False where it is bad: `reason` says why,
  // and the caller discards the row.
  bool Decode(std::string_view bytes, RowBuilder& rows, std::string* reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
