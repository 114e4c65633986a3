// Messages, each of which is one record: rows for the good ones, a reason for each bad one. What
// the files of decode/record_reader.h are to files, this is to what comes one message at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "decode/record_reader.h"
#include "model/batch.h"

namespace skewless {

struct Message {
  std::string_view payload;  // valid until the call returns
  int64_t offset = 0;
};

class MessageDecoder {
 public:
  virtual ~MessageDecoder() = default;
  // Good messages are appended to batch->columns, which are those of the schema, in their order,
  // and maybe others behind them; the rest of the batch is the caller's. Strings live in
  // batch->strings. The others are appended to `bad`: BadRecord::record is the message's offset,
  // `line` 0, and `text` the payload's bytes, at most kMaxKeptBytes of them.
  //
  // After an error neither columns nor `bad` have grown: no message was consumed, and the same call
  // may be made again. kUnavailable: what the messages need, as a schema of the registry, can't be
  // had now; wait, and ask again. Any other: the decoder can't go on.
  virtual Status Decode(std::span<const Message> messages, Batch* batch,
                        std::vector<BadRecord>* bad) = 0;
};

}  // namespace skewless
