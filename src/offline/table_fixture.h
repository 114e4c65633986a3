// Offline tables as their readers see them: rows as text by sequence.
#pragma once

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"

namespace skewless {

inline std::shared_ptr<arrow::Table> TableOfParquet(const std::string& bytes) {
  auto in = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = parquet::arrow::OpenFile(in, arrow::default_memory_pool());
  if (!reader.ok()) {
    ADD_FAILURE() << reader.status().ToString();
    return nullptr;
  }
  std::shared_ptr<arrow::Table> table;
  const arrow::Status read = (*reader)->ReadTable(&table);
  EXPECT_TRUE(read.ok()) << read.ToString();
  return table;
}

inline std::string RowOf(const arrow::Table& table, int64_t row) {
  std::string text;
  for (int i = 0; i < table.num_columns(); ++i) {
    if (i > 0) text += ", ";
    text += table.field(i)->name() + "=" + (*table.column(i)->GetScalar(row))->ToString();
  }
  return text;
}

// Every *.parquet under `directory` that a glob finds: it skips folders that begin with a dot.
inline void FindParquet(FileSystem& files, const std::string& directory,
                        std::vector<std::string>* paths) {
  const auto entries = files.List(directory);
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name.starts_with(".")) continue;
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      FindParquet(files, path, paths);
    } else if (path.ends_with(".parquet")) {
      paths->push_back(path);
    }
  }
}

// A row that is there twice fails the test.
inline std::map<int64_t, std::string> RowsOfView(FileSystem& files, const std::string& directory,
                                                 const std::string& view) {
  std::map<int64_t, std::string> rows;
  std::vector<std::string> paths;
  FindParquet(files, JoinPath(directory, view), &paths);
  for (const std::string& path : paths) {
    const auto bytes = ReadWholeFile(files, path);
    EXPECT_TRUE(bytes.has_value());
    const auto table = TableOfParquet(*bytes);
    if (table == nullptr) continue;
    const auto sequence = table->GetColumnByName("sequence");
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      const auto number =
          std::static_pointer_cast<arrow::Int64Scalar>(*sequence->GetScalar(row))->value;
      EXPECT_TRUE(rows.emplace(number, RowOf(*table, row)).second) << number << " is there twice";
    }
  }
  return rows;
}

}  // namespace skewless
