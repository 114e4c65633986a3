#include "decode/avro_codec.h"

#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace skewless {
namespace {

constexpr size_t kFirstBytes = 64 << 10;
constexpr size_t kChecksumBytes = 4;

bool Failed(std::string reason, std::string* what) {
  *what = std::move(reason);
  return false;
}

bool TooLong(std::string* what) {
  return Failed("becomes longer than " + std::to_string(kMaxAvroBlockBytes >> 20) + " MiB", what);
}

// Room for more behind the `used` bytes.
bool Grow(size_t used, std::string* out) {
  if (used < out->size()) return true;
  if (out->size() >= kMaxAvroBlockBytes) return false;
  out->resize(std::min(kMaxAvroBlockBytes, std::max(kFirstBytes, out->size() * 2)));
  return true;
}

}  // namespace

bool InflateBlock(std::string_view block, std::string* out, std::string* what) {
  z_stream zlib{};
  if (inflateInit2(&zlib, -MAX_WBITS) != Z_OK) return Failed("zlib could not be set up", what);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ended(&zlib, &inflateEnd);
  // zlib does not write to what it reads. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  zlib.avail_in = static_cast<uInt>(block.size());
  size_t used = 0;
  while (true) {
    if (!Grow(used, out)) return TooLong(what);
    zlib.next_out = reinterpret_cast<Bytef*>(out->data() + used);
    zlib.avail_out = static_cast<uInt>(out->size() - used);
    const int code = inflate(&zlib, Z_NO_FLUSH);
    used = out->size() - zlib.avail_out;
    if (code == Z_STREAM_END) break;
    if (code == Z_BUF_ERROR || (code == Z_OK && zlib.avail_in == 0 && zlib.avail_out > 0)) {
      return Failed("ends inside its deflate data", what);
    }
    if (code != Z_OK) return Failed("is no deflate data", what);
  }
  out->resize(used);
  return true;
}

bool UnsnapBlock(std::string_view block, std::string* out, std::string* what) {
  size_t size = 0;
  if (block.size() < kChecksumBytes) return Failed("is no Snappy data", what);
  const std::string_view data = block.substr(0, block.size() - kChecksumBytes);
  if (!snappy::GetUncompressedLength(data.data(), data.size(), &size)) {
    return Failed("is no Snappy data", what);
  }
  // Three bytes can stand for at most 64: what claims more is not worth the memory.
  if (size / 32 > data.size()) return Failed("is no Snappy data", what);
  if (size > kMaxAvroBlockBytes) return TooLong(what);
  out->resize(size);
  if (!snappy::RawUncompress(data.data(), data.size(), out->data())) {
    return Failed("is no Snappy data", what);
  }
  uint32_t expected = 0;
  for (const char c : block.substr(data.size())) {
    expected = (expected << 8) | static_cast<unsigned char>(c);
  }
  const auto actual = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(out->data()), static_cast<uInt>(out->size())));
  return actual == expected || Failed("fails its checksum", what);
}

bool DecompressZstandardBlock(std::string_view block, std::string* out, std::string* what) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> zstd(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!zstd) return Failed("zstd could not be set up", what);
  ZSTD_inBuffer from{block.data(), block.size(), 0};
  size_t used = 0;
  for (size_t code = 1; code != 0 || from.pos < from.size;) {
    if (!Grow(used, out)) return TooLong(what);
    ZSTD_outBuffer to{out->data(), out->size(), used};
    code = ZSTD_decompressStream(zstd.get(), &to, &from);
    if (ZSTD_isError(code) != 0) {
      return Failed(std::string("is no Zstandard data: ") + ZSTD_getErrorName(code), what);
    }
    const bool stuck = to.pos == used && to.pos < to.size && from.pos == from.size;
    used = to.pos;
    if (code != 0 && stuck) return Failed("ends inside its Zstandard data", what);
  }
  out->resize(used);
  return true;
}

}  // namespace skewless
