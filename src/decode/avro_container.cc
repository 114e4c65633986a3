#include "decode/avro_container.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "decode/avro_codec.h"
#include "decode/avro_wire.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

constexpr std::string_view kMagic = {"Obj\x01", 4};
constexpr size_t kSyncBytes = 16;
constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kTwoLongs = 20;

// The header's map, as far as it is of use.
struct Metadata {
  std::string_view schema;
  std::string_view codec;
};

bool ReadMap(AvroWire& in, Metadata* metadata) {
  while (true) {
    int64_t count = 0, bytes = 0;
    if (!in.ReadLong(&count)) return false;
    if (count == 0) return true;
    if (count == INT64_MIN) return in.Fail("a block has too many items");
    if (count < 0 && !in.ReadLong(&bytes)) return false;
    for (count = std::abs(count); count > 0; --count) {
      std::string_view key, value;
      if (!in.ReadBytes(&key) || !in.ReadBytes(&value)) return false;
      if (key == "avro.schema") metadata->schema = value;
      if (key == "avro.codec") metadata->codec = value;
    }
  }
}

}  // namespace

tl::unexpected<Error> AvroContainer::Damaged(uint64_t offset, const std::string& what) const {
  return Fail(ErrorCode::kCorrupt,
              path_ + ": the block at byte " + std::to_string(offset) + " " + what);
}

void AvroContainer::Advance(size_t size) {
  begin_ += size;
  offset_ += size;
}

Status AvroContainer::Fill(size_t size) {
  if (begin_ > 0 && window().size() < size) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  // What a damaged length asks for is not made room for before it is there.
  while (window().size() < size) {
    const size_t used = buffer_.size();
    buffer_.resize(used + std::max(kReadBytes, used / 2));
    const auto got =
        stream_->Read({reinterpret_cast<uint8_t*>(buffer_.data()) + used, buffer_.size() - used});
    buffer_.resize(used + (got ? *got : 0));
    if (!got) return tl::unexpected<Error>(got.error());
    if (*got == 0) break;
  }
  return {};
}

Result<std::unique_ptr<AvroContainer>> AvroContainer::Open(std::unique_ptr<ByteStream> stream,
                                                           const std::string& path) {
  std::unique_ptr<AvroContainer> container(new AvroContainer(std::move(stream), path));
  SKEWLESS_RETURN_IF_ERROR(container->ReadHeader());
  return container;
}

Status AvroContainer::ReadHeader() {
  SKEWLESS_RETURN_IF_ERROR(Fill(kMagic.size()));
  if (window().empty()) return {};
  if (!window().starts_with(kMagic)) {
    return Fail(ErrorCode::kInvalid, path_ + ": is no Avro file",
                "Avro files are object container files, which begin with 'Obj'.");
  }
  for (size_t wanted = kReadBytes;; wanted *= 2) {
    SKEWLESS_RETURN_IF_ERROR(Fill(wanted));
    AvroWire in(window());
    std::string_view magic, sync;
    Metadata metadata;
    const bool complete = in.ReadFixed(kMagic.size(), &magic) && ReadMap(in, &metadata) &&
                          in.ReadFixed(kSyncBytes, &sync);
    if (complete) {
      sync_ = sync;
      SKEWLESS_RETURN_IF_ERROR(ReadMetadata(metadata.schema, metadata.codec));
      Advance(in.offset());
      return {};
    }
    if (window().size() < wanted || wanted > kMaxRecordBytes) {
      return Fail(ErrorCode::kCorrupt, path_ + ": its header " + in.problem());
    }
  }
}

Status AvroContainer::ReadMetadata(std::string_view schema, std::string_view codec) {
  if (codec.empty() || codec == "null") {
    codec_ = Codec::kNull;
  } else if (codec == "deflate") {
    codec_ = Codec::kDeflate;
  } else if (codec == "snappy") {
    codec_ = Codec::kSnappy;
  } else if (codec == "zstandard") {
    codec_ = Codec::kZstandard;
  } else {
    return Fail(ErrorCode::kUnsupported,
                path_ + ": is compressed by the codec '" + std::string(KeptPart(codec)) + "'",
                "Write it with null, deflate, snappy or zstandard.");
  }
  const SchemaText text{path_ + " (its schema)", std::string(schema)};
  SKEWLESS_ASSIGN_OR_RETURN(schema_, AvroSchema::Parse({&text, 1}));
  return {};
}

Result<bool> AvroContainer::NextBlock(Block* block) {
  Advance(std::exchange(block_bytes_, 0));
  SKEWLESS_RETURN_IF_ERROR(Fill(kTwoLongs));
  if (window().empty()) return false;
  int64_t records = 0, bytes = 0;
  AvroWire in(window());
  if (!in.ReadLong(&records) || !in.ReadLong(&bytes)) return Damaged(offset_, in.problem());
  if (records < 0 || bytes < 0 || static_cast<uint64_t>(bytes) > kMaxAvroBlockBytes) {
    return Damaged(offset_, "has " + std::to_string(records) + " records in " +
                                std::to_string(bytes) + " bytes");
  }
  const size_t front = in.offset();
  const size_t end = front + static_cast<size_t>(bytes);
  SKEWLESS_RETURN_IF_ERROR(Fill(end + kSyncBytes));
  if (window().size() < end + kSyncBytes) {
    return Fail(ErrorCode::kCorrupt,
                path_ + ": ends inside the block at byte " + std::to_string(offset_));
  }
  if (window().substr(end, kSyncBytes) != sync_) {
    return Damaged(offset_, "doesn't end with the file's marker");
  }
  *block = {records, offset_, window().substr(front, static_cast<size_t>(bytes))};
  block_bytes_ = end + kSyncBytes;
  return true;
}

Result<std::string_view> AvroContainer::Decompress(const Block& block) {
  std::string what;
  bool done = true;
  switch (codec_) {
    case Codec::kNull:
      return block.contents;
    case Codec::kDeflate:
      done = InflateBlock(block.contents, &decompressed_, &what);
      break;
    case Codec::kSnappy:
      done = UnsnapBlock(block.contents, &decompressed_, &what);
      break;
    case Codec::kZstandard:
      done = DecompressZstandardBlock(block.contents, &decompressed_, &what);
      break;
  }
  if (!done) return Damaged(block.offset, what);
  return std::string_view(decompressed_);
}

}  // namespace skewless
