// A file of records, read from front to back: rows for the good ones, a reason for each bad one.
// Records are numbered from 0 in the file, bad ones included.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "decode/byte_stream.h"
#include "model/batch.h"

namespace skewless {

// What of a record can't be read: of a message it may be what came beside the value.
enum class RecordPart { kValue, kKey, kHeader };

struct BadRecord {
  int64_t record = 0;  // its number in the file
  int64_t line = 0;    // text files: the 1-based line that it begins in, else 0
  std::string reason;  // "column 'price': expected float64, found \"abc\""
  std::string text;    // as it stands in the file, at most kMaxKeptBytes of it
  RecordPart part = RecordPart::kValue;
};

// A record whose column is null is bad: "no event_timestamp (column 'ts' is null)".
struct RequiredColumn {
  int column = 0;
  std::string role;
};

struct DecodeOptions {
  const Schema* schema = nullptr;  // outlives the reader
  std::vector<RequiredColumn> required;
  // By column, 0 where the caller doesn't look; empty: it looks at all. A reader may leave such a
  // column empty if none of its values could make a record bad.
  std::vector<uint8_t> needed;
  Compression compression = Compression::kByContents;  // of text files
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // Reads at most `max_records` records; false when the file has none left. Good ones are appended
  // to batch->columns, which are those of the schema; the rest of the batch is the caller's.
  // Strings live in batch->strings.
  virtual Result<bool> Read(size_t max_records, Batch* batch, std::vector<BadRecord>* bad) = 0;
  // Passes over records without decoding them. It is an error if the file has fewer.
  virtual Status Skip(int64_t records) = 0;
  virtual int64_t next_record() const = 0;
  // For progress: how much of the file was read.
  virtual uint64_t bytes_read() const = 0;
  virtual uint64_t file_bytes() const = 0;
};

// What every format says of a file that has become shorter, and of a record over kMaxRecordBytes.
tl::unexpected<Error> TooFewRecords(const std::string& path, int64_t has, int64_t missing);
std::string TooLongReason();

}  // namespace skewless
