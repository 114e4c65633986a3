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
  Timestamp read_us = 0;                  // T
  std::vector<std::string> outputs;       // "view:feature", or "service:derived" for a service's own
  std::string service;                    // "" where features were listed
  std::vector<std::pair<std::string, Value>> inputs;  // key columns and request columns by name
  struct ViewRead { std::string view; Sequence sequence = 0; uint8_t status = 0; };
  std::vector<ViewRead> views;
  std::vector<Value> values;              // by outputs
};

class ServedLogWriter {  // thread-safe; buffered, flushed at least each second and on destruction
 public:
  static Result<std::unique_ptr<ServedLogWriter>> Open(FileSystem& files, const std::string& directory);
  virtual ~ServedLogWriter() = default;
  virtual Status Append(const ServedRow& row) = 0;
  virtual Status Flush() = 0;
};

class ServedLogReader {
 public:
  static Result<std::unique_ptr<ServedLogReader>> Open(FileSystem& files, const std::string& directory);
  virtual ~ServedLogReader() = default;
  virtual Result<bool> Next(ServedRow* row) = 0;  // a torn last record of a file ends that file
};

}  // namespace skewless
