// What becomes of a record that can't be read: it is kept with its position and reason, and
// counted.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "decode/record_reader.h"

namespace skewless {

// A dead letter that came as a message: all of it, so that it can be produced again. Valid during
// the call that hands it on.
struct DeadMessage {
  std::string_view topic;
  int32_t partition = 0;
  std::optional<std::string_view> key;
  std::string_view value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
  RecordPart unreadable = RecordPart::kValue;
};

struct DeadLetter {
  std::string source;                    // name in the definition
  std::string stream;                    // file, topic/partition
  int64_t offset = 0;                    // record number in a file (0-based), Kafka offset
  int64_t line = 0;                      // text files: 1-based line, else 0
  std::string reason;                    // "column 'price': expected float64, found \"abc\""
  std::string record;                    // the raw bytes, at most 64 KiB of them
  const DeadMessage* message = nullptr;  // where it was one
};

// Called for each bad record; an error (run --strict, a full disk) stops the source.
using DeadLetterSink = std::function<Status(const DeadLetter&)>;

// Where dead letters are kept. A letter is safe after Sync, and only then may the source's
// positions move past it. A crash in between makes a restart append it again: (source, stream,
// offset) tells it from another record's.
class DeadLetterStore {
 public:
  virtual ~DeadLetterStore() = default;
  virtual Status Append(const DeadLetter& letter) = 0;
  virtual Status Sync() = 0;
  virtual int64_t count() const = 0;  // since it was opened
  // A Sync that waits for others, now or later, fails; from any thread.
  virtual void Interrupt() {}
};

// JSON lines.
Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterFile(FileSystem& files,
                                                            const std::string& path);

}  // namespace skewless
