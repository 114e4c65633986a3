// Where the columns of a schema lie in a record: the record, those within it that hold a column,
// and so on inwards.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/schema.h"

namespace skewless {

class FieldTree {
 public:
  // What a field is to the columns: one of them, a record that holds some, or neither.
  struct Target {
    int column = -1;
    int record = -1;
    bool is_wanted() const { return column >= 0 || record >= 0; }
  };

  // No column's field may be another's, or lie within it.
  explicit FieldTree(const Schema& schema);

  // The target of a field of a record; the outermost record is number 0.
  Target Find(int record, std::string_view field) const;

  size_t records() const { return records_.size(); }
  // The columns that lie within a record, however deep.
  const std::vector<size_t>& columns(int record) const { return At(record).columns; }
  // The column that a wanted field is, or those that lie within it.
  std::vector<size_t> ColumnsOf(Target target) const;
  // How a record is reached, "user.geo"; empty for the outermost.
  const std::string& path(int record) const { return At(record).path; }
  // The names of a record's fields that are wanted.
  std::vector<std::string> names(int record) const;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Record {
    std::string path;
    std::vector<size_t> columns;
    std::unordered_map<std::string, Target, TextHash, std::equal_to<>> fields;
  };
  const Record& At(int record) const { return records_[static_cast<size_t>(record)]; }
  // The record that `field` of `record` is.
  int RecordWithin(int record, const std::string& field);
  void Add(const ColumnSpec& spec, size_t column);

  std::vector<Record> records_;
};

}  // namespace skewless
