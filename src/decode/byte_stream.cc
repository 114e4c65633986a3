#include "decode/byte_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "base/bytes.h"

namespace skewless {
namespace {

constexpr size_t kCompressedChunk = 256 << 10;

// The file itself, and how far it was read.
class RawFile {
 public:
  static Result<std::unique_ptr<RawFile>> Open(FileSystem& files, const std::string& path) {
    SKEWLESS_ASSIGN_OR_RETURN(auto file, files.OpenRead(path));
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    return std::unique_ptr<RawFile>(new RawFile(path, std::move(file), size));
  }
  Result<size_t> Read(std::span<uint8_t> out) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t got, file_->Read(offset_, out));
    offset_ += got;
    return got;
  }
  // Looks at the front without moving.
  Result<size_t> Peek(std::span<uint8_t> out) const { return file_->Read(0, out); }
  const std::string& path() const { return path_; }
  uint64_t offset() const { return offset_; }
  uint64_t size() const { return size_; }

 private:
  RawFile(std::string path, std::unique_ptr<RandomFile> file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}
  std::string path_;
  std::unique_ptr<RandomFile> file_;
  uint64_t offset_ = 0;
  uint64_t size_;
};

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}
  Result<size_t> Read(std::span<uint8_t> out) override { return file_->Read(out); }
  uint64_t bytes_read() const override { return file_->offset(); }
  uint64_t file_bytes() const override { return file_->size(); }

 private:
  std::unique_ptr<RawFile> file_;
};

// What both decompressors share: a window of compressed bytes.
class CompressedStream : public ByteStream {
 public:
  explicit CompressedStream(std::unique_ptr<RawFile> file)
      : file_(std::move(file)), chunk_(kCompressedChunk) {}
  uint64_t bytes_read() const override { return file_->offset() - (filled_ - used_); }
  uint64_t file_bytes() const override { return file_->size(); }

 protected:
  // Makes sure that there is input; false at the end of the file.
  Result<bool> Fill() {
    if (used_ < filled_) return true;
    SKEWLESS_ASSIGN_OR_RETURN(filled_, file_->Read(chunk_));
    used_ = 0;
    return filled_ > 0;
  }
  std::span<uint8_t> input() { return std::span<uint8_t>(chunk_).subspan(used_, filled_ - used_); }
  void Consume(size_t bytes) { used_ += bytes; }

  tl::unexpected<Error> Truncated(std::string_view format) const {
    return Fail(ErrorCode::kCorrupt,
                file_->path() + ": the " + std::string(format) + " data breaks off at byte " +
                    std::to_string(bytes_read()) + ", after " + std::to_string(produced_) +
                    " bytes of contents",
                "Copy the file again: it was cut short.");
  }
  tl::unexpected<Error> Damaged(std::string_view format, std::string_view detail) const {
    return Fail(ErrorCode::kCorrupt, file_->path() + ": bad " + std::string(format) +
                                         " data near byte " + std::to_string(bytes_read()) + ": " +
                                         std::string(detail));
  }

  std::unique_ptr<RawFile> file_;
  uint64_t produced_ = 0;

 private:
  std::vector<uint8_t> chunk_;
  size_t used_ = 0;
  size_t filled_ = 0;
};

class GzipStream final : public CompressedStream {
 public:
  explicit GzipStream(std::unique_ptr<RawFile> file) : CompressedStream(std::move(file)) {
    constexpr int kGzipOnly = 15 + 16;
    ready_ = inflateInit2(&zlib_, kGzipOnly) == Z_OK;
  }
  ~GzipStream() override { inflateEnd(&zlib_); }

  Result<size_t> Read(std::span<uint8_t> out) override {
    if (!ready_) return Fail(ErrorCode::kInternal, file_->path() + ": zlib could not be set up");
    while (true) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) {
        if (!in_member_) return size_t{0};
        return Truncated("gzip");
      }
      if (!in_member_) {
        if (input()[0] == 0) {  // tapes pad with zeros, and gzip itself allows it
          Consume(1);
          continue;
        }
        in_member_ = true;
      }
      SKEWLESS_ASSIGN_OR_RETURN(const size_t got, Inflate(out));
      if (got > 0) return got;
    }
  }

 private:
  Result<size_t> Inflate(std::span<uint8_t> out) {
    const std::span<uint8_t> in = input();
    zlib_.next_in = in.data();
    zlib_.avail_in = static_cast<uInt>(in.size());
    zlib_.next_out = out.data();
    zlib_.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), 1u << 30));
    const uInt room = zlib_.avail_out;
    const int code = inflate(&zlib_, Z_NO_FLUSH);
    Consume(in.size() - zlib_.avail_in);
    const size_t got = room - zlib_.avail_out;
    produced_ += got;
    if (code == Z_STREAM_END) {
      in_member_ = false;
      inflateReset(&zlib_);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return Damaged("gzip", zlib_.msg != nullptr ? zlib_.msg : zError(code));
    }
    return got;
  }

  z_stream zlib_{};
  bool ready_ = false;
  bool in_member_ = false;
};

class ZstdStream final : public CompressedStream {
 public:
  explicit ZstdStream(std::unique_ptr<RawFile> file)
      : CompressedStream(std::move(file)), zstd_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    // Files made with --long have windows beyond the default limit.
    if (zstd_) ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, 31);
  }

  Result<size_t> Read(std::span<uint8_t> out) override {
    if (!zstd_) return Fail(ErrorCode::kInternal, file_->path() + ": zstd could not be set up");
    while (true) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more && !in_frame_) return size_t{0};
      // Even without input there may be output left inside the decompressor.
      const std::span<uint8_t> in = input();
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      const size_t code = ZSTD_decompressStream(zstd_.get(), &to, &from);
      Consume(from.pos);
      if (ZSTD_isError(code)) return Damaged("zstd", ZSTD_getErrorName(code));
      in_frame_ = code != 0;
      produced_ += to.pos;
      if (to.pos > 0) return to.pos;
      if (!more) return Truncated("zstd");
    }
  }

 private:
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> zstd_;
  bool in_frame_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenByteStream(FileSystem& files, const std::string& path,
                                                   Compression compression) {
  SKEWLESS_ASSIGN_OR_RETURN(auto file, RawFile::Open(files, path));
  if (compression == Compression::kNone) return std::make_unique<PlainStream>(std::move(file));
  uint8_t magic[4] = {};
  SKEWLESS_ASSIGN_OR_RETURN(const size_t got, file->Peek(magic));
  const std::string_view front = AsText(ByteView(magic, got));
  const bool is_gzip = front.starts_with("\x1f\x8b");
  // The second is a skippable frame, which may come before the first real one.
  const bool is_zstd =
      front == "\x28\xb5\x2f\xfd" ||
      (front.size() == 4 && (magic[0] & 0xf0) == 0x50 && front.substr(1) == "\x2a\x4d\x18");
  const auto fail = [&](std::string what, std::string remedy) {
    return Fail(ErrorCode::kInvalid, path + ": its contents are " + std::move(what),
                std::move(remedy));
  };
  const bool is_empty = file->size() == 0;
  const bool by_contents = compression == Compression::kByContents;
  if (!is_empty && compression == Compression::kGzip && !is_gzip) {
    return fail("not gzip", "Leave out 'compression': it is known by the contents.");
  }
  if (!is_empty && compression == Compression::kZstd && !is_zstd) {
    return fail("not Zstandard", "Leave out 'compression': it is known by the contents.");
  }
  if (is_gzip) return std::make_unique<GzipStream>(std::move(file));
  if (is_zstd) return std::make_unique<ZstdStream>(std::move(file));
  if (!is_empty && by_contents && (path.ends_with(".gz") || path.ends_with(".zst"))) {
    return fail("neither gzip nor Zstandard",
                "Name the file without .gz or .zst if it isn't compressed.");
  }
  return std::make_unique<PlainStream>(std::move(file));
}

}  // namespace skewless
