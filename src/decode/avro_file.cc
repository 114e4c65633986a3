#include "decode/avro_file.h"

#include <algorithm>
#include <utility>

#include "decode/avro_container.h"
#include "decode/avro_decoder.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

using Outcome = AvroDecoder::Outcome;

class AvroFileReader final : public RecordReader {
 public:
  AvroFileReader(std::string path, std::unique_ptr<AvroContainer> container, AvroDecoder decoder,
                 const DecodeOptions& options)
      : path_(std::move(path)),
        container_(std::move(container)),
        decoder_(std::move(decoder)),
        rows_(*options.schema, options.required) {}

  Result<bool> Read(size_t max_records, Batch* batch, std::vector<BadRecord>* bad) override {
    rows_.Begin(batch, max_records);
    Result<bool> any = ReadRows(max_records, bad);
    rows_.End();
    return any;
  }

  Status Skip(int64_t records) override {
    while (records > 0) {
      if (left_ == 0) {
        SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextBlock());
        if (!found) return TooFewRecords(path_, next_record_, records);
      }
      if (records >= left_) {  // all of the block, unseen
        records -= left_;
        next_record_ += std::exchange(left_, 0);
        rest_ = {};
        opened_ = true;
        continue;
      }
      SKEWLESS_RETURN_IF_ERROR(OpenBlock());
      if (decoder_.Skip(&rest_, &reason_) != Outcome::kGood) return Malformed();
      --records;
      --left_;
      ++next_record_;
    }
    return {};
  }

  int64_t next_record() const override { return next_record_; }
  uint64_t bytes_read() const override { return container_->bytes_read(); }
  uint64_t file_bytes() const override { return container_->file_bytes(); }

 private:
  Result<bool> ReadRows(size_t max_records, std::vector<BadRecord>* bad) {
    size_t read = 0;
    for (; read < max_records; ++read) {
      if (left_ == 0) {
        SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextBlock());
        if (!found) break;
      }
      if (!opened_) SKEWLESS_RETURN_IF_ERROR(OpenBlock());
      SKEWLESS_RETURN_IF_ERROR(ReadRow(bad));
    }
    return read > 0;
  }

  Status ReadRow(std::vector<BadRecord>* bad) {
    const std::string_view record = rest_;
    const Outcome outcome = decoder_.Decode(&rest_, rows_, &reason_);
    if (outcome == Outcome::kMalformed) return Malformed();
    const bool good = outcome == Outcome::kGood;
    if (!good) rows_.Discard();
    if (!good || !rows_.Keep(&reason_)) [[unlikely]] {
      const size_t size = std::min(record.size() - rest_.size(), kMaxKeptBytes);
      bad->push_back({next_record_, 0, reason_, std::string(record.substr(0, size))});
    }
    --left_;
    ++next_record_;
    return {};
  }

  // The next block with records in it, not yet opened. False at the end.
  Result<bool> NextBlock() {
    while (left_ == 0) {
      if (!rest_.empty()) {
        return Fail(ErrorCode::kCorrupt,
                    BlockText() + std::to_string(rest_.size()) + " bytes follow its records");
      }
      SKEWLESS_ASSIGN_OR_RETURN(const bool found, container_->NextBlock(&block_));
      if (!found) return false;
      left_ = block_.records;
      opened_ = false;
      if (left_ == 0) SKEWLESS_RETURN_IF_ERROR(OpenBlock());
    }
    return true;
  }

  Status OpenBlock() {
    if (opened_) return {};
    SKEWLESS_ASSIGN_OR_RETURN(rest_, container_->Decompress(block_));
    opened_ = true;
    return {};
  }

  std::string BlockText() const {
    return path_ + ": in the block at byte " + std::to_string(block_.offset) + ", ";
  }

  tl::unexpected<Error> Malformed() const {
    return Fail(ErrorCode::kCorrupt,
                BlockText() + "record " + std::to_string(next_record_) + ": " + reason_);
  }

  std::string path_;
  std::unique_ptr<AvroContainer> container_;
  AvroDecoder decoder_;
  RowBuilder rows_;
  AvroContainer::Block block_;
  std::string_view rest_;  // of the block's records
  int64_t left_ = 0;       // so many of them
  bool opened_ = true;     // rest_ is that of block_
  int64_t next_record_ = 0;
  std::string reason_;
};

// A file with nothing in it.
class EmptyFile final : public RecordReader {
 public:
  explicit EmptyFile(std::string path) : path_(std::move(path)) {}
  Result<bool> Read(size_t /*max_records*/, Batch* /*batch*/,
                    std::vector<BadRecord>* /*bad*/) override {
    return false;
  }
  Status Skip(int64_t records) override {
    if (records > 0) return TooFewRecords(path_, 0, records);
    return {};
  }
  int64_t next_record() const override { return 0; }
  uint64_t bytes_read() const override { return 0; }
  uint64_t file_bytes() const override { return 0; }

 private:
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenAvroFile(FileSystem& files, const std::string& path,
                                                   const DecodeOptions& options) {
  SKEWLESS_ASSIGN_OR_RETURN(auto stream, OpenByteStream(files, path, Compression::kNone));
  return ReadAvroFile(std::move(stream), path, options);
}

Result<std::unique_ptr<RecordReader>> ReadAvroFile(std::unique_ptr<ByteStream> stream,
                                                   const std::string& name,
                                                   const DecodeOptions& options) {
  SKEWLESS_ASSIGN_OR_RETURN(auto container, AvroContainer::Open(std::move(stream), name));
  if (container->schema() == nullptr) return std::make_unique<EmptyFile>(name);
  auto decoder = AvroDecoder::Make(container->schema(), *options.schema);
  if (!decoder) {
    return Fail(ErrorCode::kInvalid, name + ": " + decoder.error().message, decoder.error().remedy);
  }
  if (!decoder->problems().empty()) {
    const ColumnProblem& problem = decoder->problems()[0];
    return Fail(ErrorCode::kInvalid, name + ": " + problem.message, problem.remedy);
  }
  return std::make_unique<AvroFileReader>(name, std::move(container), std::move(*decoder), options);
}

}  // namespace skewless
