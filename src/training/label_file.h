// Label files: any table with the entities' key columns and a time. Parquet, CSV and Arrow IPC, in
// and out; the output has every input column and row as it was, in its order, and the features.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "model/column.h"
#include "training/join.h"
#include "training/table_file.h"

namespace arrow {
class Table;
}

namespace skewless {

Result<TableFormat> TableFormatOf(const std::string& path);  // by its suffix

struct LabelTable {
  std::string path;
  std::shared_ptr<arrow::Table> table;
  std::vector<Timestamp> time_us;
  int64_t rows() const { return static_cast<int64_t>(time_us.size()); }
};
// Reads the file and its time column (a timestamp of any unit, RFC 3339 text, or integers of
// microseconds). Errors name the file and column and list the columns that are there.
Result<LabelTable> ReadLabels(const std::string& path, const std::string& timestamp_column,
                              const CsvText& text = {});
// That a file of so many rows can be joined.
Status CheckLabelCount(const std::string& path, int64_t rows);
// A column of the table as `type`. Nulls stay null. `role`: what it is there for, as an error says
// it where the column is missing.
Result<Column> LabelColumn(const LabelTable& labels, const std::string& name, Type type,
                           StringArena* arena, const std::string& role = {});

// Also where several are called so, which LabelColumn refuses.
bool HasColumn(const LabelTable& labels, const std::string& name);

struct OutputColumn {
  std::string name;
  const Column* column = nullptr;  // rows as the labels'
};
// What can be known before the join: that there is a folder to write in, and that the labels
// themselves, by whatever name, are not overwritten.
Status CheckOutputPath(const std::string& labels_path, const std::string& path);
// That a file with this suffix can hold the labels' columns: a CSV has no lists.
Status CheckCanHold(const LabelTable& labels, const std::string& path);
// Atomically: temporary name, sync, rename. Of features that are bytes only now is known whether a
// CSV can hold them.
Status WriteTrainingSet(const LabelTable& labels, const std::vector<OutputColumn>& features,
                        const std::string& path);

}  // namespace skewless
