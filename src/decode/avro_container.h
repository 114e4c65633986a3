// Avro's object container files: a schema, then blocks of records, each compressed by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "decode/avro_schema.h"
#include "decode/byte_stream.h"

namespace skewless {

class AvroContainer {
 public:
  struct Block {
    int64_t records = 0;
    uint64_t offset = 0;        // in the file
    std::string_view contents;  // as they lie; valid until the next block is asked for
  };

  // Reads the header. `path` names the file in errors. An empty file has no schema and no blocks.
  static Result<std::unique_ptr<AvroContainer>> Open(std::unique_ptr<ByteStream> stream,
                                                     const std::string& path);

  const std::shared_ptr<const AvroSchema>& schema() const { return schema_; }
  // False at the end.
  Result<bool> NextBlock(Block* block);
  // The records of a block, one behind the other; valid until the next call of either.
  Result<std::string_view> Decompress(const Block& block);

  uint64_t bytes_read() const { return stream_->bytes_read(); }
  uint64_t file_bytes() const { return stream_->file_bytes(); }

 private:
  enum class Codec : uint8_t { kNull, kDeflate, kSnappy, kZstandard };

  AvroContainer(std::unique_ptr<ByteStream> stream, std::string path)
      : stream_(std::move(stream)), path_(std::move(path)) {}
  Status ReadHeader();
  Status ReadMetadata(std::string_view schema, std::string_view codec);
  // Makes at least `size` bytes lie in the window, or all that are left.
  Status Fill(size_t size);
  std::string_view window() const { return std::string_view(buffer_).substr(begin_); }
  void Advance(size_t size);
  tl::unexpected<Error> Damaged(uint64_t offset, const std::string& what) const;

  std::unique_ptr<ByteStream> stream_;
  std::string path_;
  std::string buffer_;
  size_t begin_ = 0;        // of the window in buffer_
  uint64_t offset_ = 0;     // of the window in the file
  size_t block_bytes_ = 0;  // at the front of the window: the block that was given out
  std::shared_ptr<const AvroSchema> schema_;
  Codec codec_ = Codec::kNull;
  std::string sync_;
  std::string decompressed_;
};

}  // namespace skewless
