// The short way through a JSON object: for one that has the fields of the object before, in that
// order, each of them a plain value. Whatever else it meets it refuses, and the JSON library
// decides: so what it accepts must be JSON, and its values those that the library reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decode/row_builder.h"
#include "model/schema.h"

namespace skewless {

// A field's key as the object before wrote it, and its column or -1.
class KnownField {
 public:
  KnownField() = default;
  KnownField(std::string_view key, int column);

  // Whether `raw`, behind the opening quote of a key, is this key and the quote behind it. Sixteen
  // bytes after `raw` must be readable, and after them as many as the key is longer.
  bool IsAt(const char* raw) const;
  std::string_view key() const { return key_; }
  int column() const { return column_; }

 private:
  std::string key_;
  int column_ = -1;
  // The key's first bytes, and the quote if it is among them.
  uint64_t words_[2] = {0, 0}, masks_[2] = {~uint64_t{0}, ~uint64_t{0}};
};

class PlainJsonReader {
 public:
  explicit PlainJsonReader(const Schema& schema);  // outlives the reader

  // The `index`-th field of the object before has this key, which has no escapes.
  void Learn(size_t index, std::string_view key, int column);
  // As it was learned; null where nothing was.
  const KnownField* field(size_t index) const {
    return index < fields_.size() ? &fields_[index] : nullptr;
  }

  // Fills the current row of `rows` and returns the object's end, or null where it isn't plain:
  // then the row holds some of its values. A zero byte must lie somewhere behind `object`, and
  // TextInput::kPadding readable bytes behind that one.
  const char* Read(const char* object, RowBuilder& rows);

 private:
  const char* ReadFields(const char* at, RowBuilder& rows) const;
  const char* ReadValue(const char* at, int column, RowBuilder& rows) const;
  const char* ReadNumber(const char* at, size_t column, RowBuilder& rows) const;
  const char* ReadText(const char* at, size_t column, RowBuilder& rows) const;

  const Schema& schema_;
  std::vector<FieldKind> kinds_;  // by column
  std::vector<KnownField> fields_;
  // Where one object after the other is refused, only some are tried.
  int refused_ = 0;
  int passed_over_ = 0;
};

}  // namespace skewless
