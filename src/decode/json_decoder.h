// One JSON object to one row. Fields are matched to columns by name; fields that no column wants
// are passed over unchecked; columns without a field are null; of a field given twice the last
// counts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "decode/row_builder.h"
#include "model/schema.h"

namespace skewless {

class JsonDecoder {
 public:
  explicit JsonDecoder(const Schema& schema);  // `schema` outlives the decoder
  ~JsonDecoder();
  JsonDecoder(const JsonDecoder&) = delete;
  JsonDecoder& operator=(const JsonDecoder&) = delete;

  // Fills the current row of `rows`. False where the record is bad: `reason` says why, and the
  // caller discards the row. TextInput::kPadding bytes after `record` must be readable.
  bool Decode(std::string_view record, RowBuilder& rows, std::string* reason);

  // The short way (decode/plain_json.h), for the object that begins at `record`: its end, or null
  // where it isn't plain, and then the row holds some of its values and Decode decides. A zero byte
  // must lie somewhere behind `record`, and TextInput::kPadding readable bytes behind that one.
  const char* DecodePlain(const char* record, RowBuilder& rows);

  // Fills one column, a list, from the text of a JSON array. Nothing needs to be readable after it.
  bool DecodeList(size_t column, std::string_view text, RowBuilder& rows, std::string* reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
