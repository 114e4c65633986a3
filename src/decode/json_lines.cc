#include "decode/json_lines.h"

#include <algorithm>
#include <cstring>

#include "decode/byte_stream.h"
#include "decode/json_decoder.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

bool IsBlank(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

class JsonLinesReader final : public RecordReader {
 public:
  JsonLinesReader(std::string path, std::unique_ptr<ByteStream> stream,
                  const DecodeOptions& options)
      : path_(std::move(path)),
        input_(std::move(stream)),
        decoder_(*options.schema),
        rows_(*options.schema, options.required) {}

  Result<bool> Read(size_t max_records, Batch* batch, std::vector<BadRecord>* bad) override {
    rows_.Begin(batch, max_records);
    const Result<bool> any = ReadRows(max_records, bad);
    rows_.End();
    return any;
  }

  Status Skip(int64_t records) override {
    for (int64_t i = 0; i < records; ++i) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextLine());
      if (!found) return TooFewRecords(path_, next_record_, records - i);
      ++next_record_;
    }
    return {};
  }

  int64_t next_record() const override { return next_record_; }
  uint64_t bytes_read() const override { return input_.bytes_read(); }
  uint64_t file_bytes() const override { return input_.file_bytes(); }

 private:
  Result<bool> ReadRows(size_t max_records, std::vector<BadRecord>* bad) {
    std::string reason;
    size_t read = 0;
    for (; read < max_records; ++read) {
      const bool decoded = ReadPlainLine();
      if (!decoded) {
        SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextLine());
        if (!found) break;
      }
      if (too_long_) [[unlikely]] {
        bad->push_back({next_record_, line_, TooLongReason(), kept_});
      } else if (!decoded && !decoder_.Decode(text_, rows_, &reason)) [[unlikely]] {
        rows_.Discard();
        bad->push_back({next_record_, line_, reason, std::string(KeptPart(text_))});
      } else if (!rows_.Keep(&reason)) [[unlikely]] {
        bad->push_back({next_record_, line_, reason, std::string(KeptPart(text_))});
      }
      ++next_record_;
    }
    return read > 0;
  }

  // Reads the next line if it lies in the window to its end and holds a plain object and nothing
  // else; then it is in text_ and its values are in the row. Else nothing has happened.
  bool ReadPlainLine() {
    if (input_.size() == 0) return false;
    const char* const begin = input_.begin();
    const char* end = decoder_.DecodePlain(begin, rows_);
    if (end != nullptr && *end == '\r') ++end;
    if (end == nullptr || *end != '\n' || static_cast<size_t>(end - begin) >= kMaxRecordBytes) {
      rows_.Discard();
      return false;
    }
    too_long_ = false;
    text_ = {begin, static_cast<size_t>(end - begin)};
    input_.Advance(end + 1);
    ++line_;
    return true;
  }

  // The next line that isn't blank, in text_, or too_long_ and kept_. False at the end.
  Result<bool> NextLine() {
    too_long_ = false;
    while (true) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextPhysicalLine());
      if (!found) return false;
      ++line_;
      if (too_long_ || !IsBlank(text_)) return true;
    }
  }

  Result<bool> NextPhysicalLine() {
    size_t scanned = 0;
    while (true) {
      const char* const begin = input_.begin();
      const size_t size = std::min(input_.size(), kMaxRecordBytes);
      const void* const newline =
          size == scanned ? nullptr : std::memchr(begin + scanned, '\n', size - scanned);
      if (newline != nullptr) {
        const char* const end = static_cast<const char*>(newline);
        text_ = {begin, static_cast<size_t>(end - begin)};
        input_.Advance(end + 1);
        return true;
      }
      scanned = size;
      if (scanned == kMaxRecordBytes) {
        too_long_ = true;
        SKEWLESS_ASSIGN_OR_RETURN(kept_, input_.TakeLine());
        return true;
      }
      if (input_.complete()) {
        text_ = {begin, size};
        input_.Advance(begin + size);
        return size > 0;
      }
      SKEWLESS_RETURN_IF_ERROR(input_.More());
    }
  }

  std::string path_;
  TextInput input_;
  JsonDecoder decoder_;
  RowBuilder rows_;
  int64_t next_record_ = 0;
  int64_t line_ = 0;       // of the record read last
  std::string_view text_;  // in the input's window
  bool too_long_ = false;
  std::string kept_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenJsonLines(FileSystem& files, const std::string& path,
                                                    const DecodeOptions& options) {
  SKEWLESS_ASSIGN_OR_RETURN(auto stream, OpenByteStream(files, path, options.compression));
  return ReadJsonLines(std::move(stream), path, options);
}

std::unique_ptr<RecordReader> ReadJsonLines(std::unique_ptr<ByteStream> stream,
                                            const std::string& name, const DecodeOptions& options) {
  return std::make_unique<JsonLinesReader>(name, std::move(stream), options);
}

}  // namespace skewless
