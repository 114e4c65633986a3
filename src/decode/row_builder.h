// The rows that a text decoder is filling: direct access to the slots of a batch's columns, and the
// ways to take a bad row back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decode/record_reader.h"
#include "model/batch.h"

namespace skewless {

// How a column's text is read: its type, with the two ways of writing a timestamp apart.
enum class FieldKind : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kFloat32,
  kFloat64,
  kString,
  kBytes,
  kTimestampText,
  kTimestampNumber,
  kList,
};
FieldKind FieldKindOf(const ColumnSpec& spec);
FieldKind ElementKindOf(const ColumnSpec& list);  // of a list's elements

class RowBuilder {
 public:
  RowBuilder(const Schema& schema, std::vector<RequiredColumn> required)
      : schema_(schema), required_(std::move(required)) {}

  // Makes room for `max_rows` rows after those that the batch has; all their slots are null. The
  // batch may have further columns behind those of the schema: they are left alone.
  void Begin(Batch* batch, size_t max_rows);
  // Drops the rows that were not kept.
  void End();

  void SetInt(size_t column, int64_t value) {
    slots_[column].ints[row_] = value;
    slots_[column].valid[row_] = 1;
  }
  void SetDouble(size_t column, double value) {
    slots_[column].doubles[row_] = value;
    slots_[column].valid[row_] = 1;
  }
  void SetString(size_t column, std::string_view value) {  // not copied
    slots_[column].strings[row_] = value;
    slots_[column].valid[row_] = 1;
  }
  void SetNull(size_t column);

  // Keeps the current row and goes to the next. False where a required column is null; then
  // `reason` says which and the row is taken back.
  bool Keep(std::string* reason);
  // Takes the current row back: its slots are null again.
  void Discard();

  StringArena& strings() { return batch_->strings; }

 private:
  struct Slot {
    int64_t* ints = nullptr;
    double* doubles = nullptr;
    std::string_view* strings = nullptr;
    uint8_t* valid = nullptr;
  };
  const Schema& schema_;
  std::vector<RequiredColumn> required_;
  std::vector<Slot> slots_;
  Batch* batch_ = nullptr;
  size_t row_ = 0;
};

// "no event_timestamp (column 'ts' is null)"; "(column 'ts', field 'source.ts_ms', is null)"
std::string MissingReason(const Schema& schema, const RequiredColumn& required);

}  // namespace skewless
