// Served vectors, as they left the server: what `audit` compares with a replay of the log. A folder
// of append-only files, one a writer; each record a checksum. Format: docs/formats/served.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "model/batch.h"
#include "model/value.h"

namespace skewless {

// One answered row: a combination of entities of one request.
struct ServedRow {
  Timestamp read_us = 0;             // T
  std::vector<std::string> outputs;  // "view:feature", or "service:derived" for a service's own
  std::string service;               // "" where features were listed
  std::vector<std::pair<std::string, Value>> inputs;  // key columns and request columns by name
  struct ViewRead {
    std::string view;
    Sequence sequence = 0;
    uint8_t status = 0;
  };
  std::vector<ViewRead> views;
  std::vector<Value> values;  // by outputs
};

// Thread-safe. Rows gather in memory and are handed to the operating system when half a megabyte
// has come together, by the first row after a second, by Flush, and on destruction. After an error
// nothing more is logged: every later call returns it.
class ServedLogWriter {
 public:
  static Result<std::unique_ptr<ServedLogWriter>> Open(FileSystem& files,
                                                       const std::string& directory);
  virtual ~ServedLogWriter() = default;
  virtual Status Append(const ServedRow& row) = 0;
  virtual Status Flush() = 0;
};

class ServedLogReader {
 public:
  static Result<std::unique_ptr<ServedLogReader>> Open(FileSystem& files,
                                                       const std::string& directory);
  virtual ~ServedLogReader() = default;
  // False after the last row. A torn last record ends its file; a record that is damaged with
  // others behind it is kCorrupt, naming file and offset.
  virtual Result<bool> Next(ServedRow* row) = 0;
  // At the ends of the files read so far: what a crash cut.
  virtual int64_t torn_bytes() const = 0;
};

}  // namespace skewless
