// What becomes of a record that can't be read: it is kept with its position and reason, and
// counted.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace skewless {

struct DeadLetter {
  std::string source;  // name in the definition
  std::string stream;  // file, topic/partition
  int64_t offset = 0;  // record number in a file (0-based), Kafka offset
  int64_t line = 0;    // text files: 1-based line, else 0
  std::string reason;  // "column 'price': expected float64, found \"abc\""
  std::string record;  // the raw bytes, at most 64 KiB of them
};

// Called for each bad record; an error (run --strict, a full disk) stops the source.
using DeadLetterSink = std::function<Status(const DeadLetter&)>;

// JSON lines, appended and synced before the source's positions move past them. A crash in between
// makes a restart append them again: (source, stream, offset) tells the two apart from two records.
class DeadLetterFile {
 public:
  static Result<std::unique_ptr<DeadLetterFile>> Open(FileSystem& files, const std::string& path);
  virtual ~DeadLetterFile() = default;
  virtual Status Append(const DeadLetter& letter) = 0;
  virtual Status Sync() = 0;
  virtual int64_t count() const = 0;  // since it was opened
};

}  // namespace skewless
