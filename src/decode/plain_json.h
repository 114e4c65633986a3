// The short way through a JSON object: for one that has the fields of the object before, in that
// order, each of them a plain value or one that nobody wants. Whatever else it meets it refuses,
// and the JSON library decides: so what it accepts must be what the library does, and its values
// those that the library reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decode/field_tree.h"
#include "decode/row_builder.h"
#include "model/schema.h"

namespace skewless {

// A field's key as the object before wrote it, and what it is to the columns.
class KnownField {
 public:
  KnownField() = default;
  KnownField(std::string_view key, FieldTree::Target target);

  // Whether `raw`, behind the opening quote of a key, is this key and the quote behind it. Sixteen
  // bytes after `raw` must be readable, and after them as many as the key is longer.
  bool IsAt(const char* raw) const;
  std::string_view key() const { return key_; }
  const FieldTree::Target& target() const { return target_; }

 private:
  std::string key_;
  FieldTree::Target target_;
  // The key's first bytes, and the quote if it is among them.
  uint64_t words_[2] = {0, 0}, masks_[2] = {~uint64_t{0}, ~uint64_t{0}};
};

class PlainJsonReader {
 public:
  // Both outlive the reader.
  PlainJsonReader(const Schema& schema, const FieldTree& tree);

  // The `index`-th field of the object before has this key, which has no escapes; or that of an
  // object within it, which is `record` of the tree.
  void Learn(int record, size_t index, std::string_view key, FieldTree::Target target);
  // As it was learned; null where nothing was.
  const KnownField* field(int record, size_t index) const {
    const std::vector<KnownField>& fields = fields_[static_cast<size_t>(record)];
    return index < fields.size() ? &fields[index] : nullptr;
  }

  // Fills the current row of `rows` and returns the object's end, or null where it isn't plain:
  // then the row holds some of its values. A zero byte must lie somewhere behind `object`, and
  // TextInput::kPadding readable bytes behind that one.
  const char* Read(const char* object, RowBuilder& rows);

 private:
  const char* ReadFields(const char* at, int record, RowBuilder& rows) const;
  const char* ReadWithin(const char* at, int record, RowBuilder& rows) const;
  const char* ReadValue(const char* at, int column, RowBuilder& rows) const;
  const char* ReadNumber(const char* at, size_t column, RowBuilder& rows) const;
  const char* ReadText(const char* at, size_t column, RowBuilder& rows) const;

  const Schema& schema_;
  const FieldTree& tree_;
  std::vector<FieldKind> kinds_;                 // by column
  std::vector<std::vector<KnownField>> fields_;  // by record of the tree
  // Where one object after the other is refused, only some are tried.
  int refused_ = 0;
  int passed_over_ = 0;
};

}  // namespace skewless
