#include "decode/dead_letter.h"

#include <algorithm>
#include <vector>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace skewless {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

// `"name": "text"`, or `"name_base64": "bytes"` where they are no UTF-8; null where there are none.
void AppendBytes(std::string& line, std::string_view name, std::optional<std::string_view> bytes) {
  line += '"';
  line += name;
  if (!bytes) {
    line += "\": null";
  } else if (IsUtf8(*bytes)) {
    line += "\": ";
    AppendJsonString(line, *bytes);
  } else {
    line += "_base64\": \"";
    AppendBase64(line, AsBytes(*bytes));
    line += '"';
  }
}

// What else a message has.
void AppendKeyAndHeaders(std::string& line, const DeadMessage& message) {
  line += ", ";
  AppendBytes(line, "key", message.key);
  if (message.headers.empty()) return;
  line += ", \"headers\": [";
  for (const auto& [name, value] : message.headers) {
    if (line.back() == '}') line += ", ";
    line += "{\"name\": ";
    AppendJsonString(line, name);
    line += ", ";
    AppendBytes(line, "value", value);
    line += '}';
  }
  line += ']';
}

std::string JsonLine(const DeadLetter& letter) {
  std::string line = "{\"source\": ";
  AppendJsonString(line, letter.source);
  line += ", \"stream\": ";
  AppendJsonString(line, letter.stream);
  line += ", \"offset\": " + std::to_string(letter.offset);
  line += ", \"line\": " + std::to_string(letter.line);
  line += ", \"reason\": ";
  AppendJsonString(line, letter.reason);
  line += ", ";
  // A file keeps the rest of a long record; a topic forgets.
  AppendBytes(line, "record", letter.message != nullptr ? letter.message->value : letter.record);
  if (letter.message != nullptr) AppendKeyAndHeaders(line, *letter.message);
  line += "}\n";
  return line;
}

// A crash may have left half a line at the end: where the last whole one ends.
Result<uint64_t> EndOfWholeLines(const RandomFile& file, uint64_t size) {
  std::vector<uint8_t> block(kBufferBytes);
  uint64_t end = size;
  while (end > 0) {
    const uint64_t begin = end - std::min<uint64_t>(end, block.size());
    const std::span<uint8_t> part(block.data(), static_cast<size_t>(end - begin));
    SKEWLESS_ASSIGN_OR_RETURN(const size_t got, file.Read(begin, part));
    for (size_t i = got; i > 0; --i) {
      if (part[i - 1] == '\n') return begin + i;
    }
    end = begin;
  }
  return uint64_t{0};
}

class JsonDeadLetterFile final : public DeadLetterStore {
 public:
  explicit JsonDeadLetterFile(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
  // What was not synced may be lost in a crash, but not by closing.
  ~JsonDeadLetterFile() override { static_cast<void>(Flush()); }

  Status Append(const DeadLetter& letter) override {
    buffer_ += JsonLine(letter);
    ++count_;
    if (buffer_.size() < kBufferBytes) return {};
    return Flush();
  }
  Status Sync() override {
    SKEWLESS_RETURN_IF_ERROR(Flush());
    return file_->Sync();
  }
  int64_t count() const override { return count_; }

 private:
  Status Flush() {
    if (buffer_.empty()) return {};
    SKEWLESS_RETURN_IF_ERROR(file_->Append(AsBytes(buffer_)));
    buffer_.clear();
    return {};
  }
  std::unique_ptr<AppendFile> file_;
  std::string buffer_;
  int64_t count_ = 0;
};

}  // namespace

Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterFile(FileSystem& files,
                                                            const std::string& path) {
  const std::string parent(ParentPath(path));
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(parent));
  if (files.Exists(path)) {
    SKEWLESS_ASSIGN_OR_RETURN(const auto existing, files.OpenRead(path));
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, existing->Size());
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t end, EndOfWholeLines(*existing, size));
    if (end < size) SKEWLESS_RETURN_IF_ERROR(files.Truncate(path, end));
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto file, files.OpenAppend(path));
  // Also where the file was there: who made it may have died before its name was durable.
  SKEWLESS_RETURN_IF_ERROR(files.SyncDirectory(parent));
  return std::make_unique<JsonDeadLetterFile>(std::move(file));
}

}  // namespace skewless
