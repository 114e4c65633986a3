// The tables' Parquet files, on the disk's seam: how they are written, and read a part at a time.
#pragma once

#include <arrow/record_batch.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace skewless {

inline constexpr int64_t kRowGroupRows = 128 << 10;
std::shared_ptr<parquet::WriterProperties> TableFileProperties();
std::shared_ptr<parquet::ArrowWriterProperties> TableFileArrowProperties();

// XXH3-64 of a file's bytes, and how many they are.
struct FileDigest {
  uint64_t checksum = 0;
  int64_t bytes = 0;
  bool operator==(const FileDigest&) const = default;
};
Result<FileDigest> DigestOf(FileSystem& files, const std::string& path);

class TableFileReader {
 public:
  // kCorrupt where it is no Parquet file.
  static Result<std::unique_ptr<TableFileReader>> Open(FileSystem& files, const std::string& path,
                                                       int64_t batch_rows);
  virtual ~TableFileReader() = default;
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;  // null: the end
};

// Keeps at most a row group in memory.
class TableFileWriter {
 public:
  static Result<std::unique_ptr<TableFileWriter>> Create(FileSystem& files, const std::string& path,
                                                         const arrow::Schema& schema);
  virtual ~TableFileWriter() = default;
  virtual Status Append(const arrow::RecordBatch& rows) = 0;
  virtual Result<FileDigest> Finish() = 0;  // and syncs it
};

}  // namespace skewless
