#include "decode/byte_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "decode/record_fixture.h"

namespace skewless {
namespace {

std::string Gzip(const std::string& text) {
  z_stream zlib{};
  constexpr int kGzip = 15 + 16;
  EXPECT_EQ(deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string out(deflateBound(&zlib, text.size()), '\0');
  std::string in = text;
  zlib.next_in = reinterpret_cast<Bytef*>(in.data());
  zlib.avail_in = static_cast<uInt>(in.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - zlib.avail_out);
  deflateEnd(&zlib);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// Text that does not compress to nothing.
std::string Numbers(int count) {
  std::string text;
  uint64_t state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += std::to_string(state) + "\n";
  }
  return text;
}

class ByteStreamTest : public ::testing::Test {
 protected:
  // The whole contents, or the error.
  std::string Read(const std::string& name, const std::string& contents, size_t piece = 1 << 16) {
    auto stream = OpenByteStream(SystemFiles(), folder_.Write(name, contents));
    if (!stream) return stream.error().message;
    std::string all;
    std::vector<uint8_t> buffer(piece);
    while (true) {
      const Result<size_t> got = (*stream)->Read(buffer);
      if (!got) return got.error().message;
      if (*got == 0) break;
      all += AsText(ByteView(buffer).first(*got));
    }
    EXPECT_EQ((*stream)->bytes_read(), contents.size());
    EXPECT_EQ((*stream)->file_bytes(), contents.size());
    return all;
  }
  TemporaryFolder folder_;
};

TEST_F(ByteStreamTest, ReadsEveryCompression) {
  const std::string text = Numbers(50'000);
  for (const size_t piece : {1000, 65536, 4 << 20}) {
    EXPECT_EQ(Read("a.csv", text, piece), text);
    EXPECT_EQ(Read("a.csv.gz", Gzip(text), piece), text);
    EXPECT_EQ(Read("a.csv.zst", Zstd(text), piece), text);
  }
  EXPECT_EQ(Read("a.csv.gz", Gzip("")), "");
  EXPECT_EQ(Read("a.csv.zst", Zstd("")), "");
  EXPECT_EQ(Read("a.csv", ""), "");
  EXPECT_EQ(Read("a.csv.gz", ""), "");
}

TEST_F(ByteStreamTest, JoinsMembersAndFrames) {
  const std::string text = Numbers(1000);
  EXPECT_EQ(Read("a.gz", Gzip(text) + Gzip("") + Gzip("end")), text + "end");
  EXPECT_EQ(Read("a.zst", Zstd(text) + Zstd("end")), text + "end");
  EXPECT_EQ(Read("a.gz", Gzip("padded") + std::string(512, '\0')), "padded");
}

TEST_F(ByteStreamTest, KnowsCompressionByContents) {
  EXPECT_EQ(Read("a.csv", Gzip("text")), "text");
  EXPECT_EQ(Read("a.csv", Zstd("text")), "text");
  EXPECT_TRUE(Has(Read("a.csv.gz", "id,price"), "neither gzip nor Zstandard"));
}

TEST_F(ByteStreamTest, CompressionAsDeclared) {
  const auto open = [&](const std::string& contents, Compression compression) {
    const auto stream = OpenByteStream(SystemFiles(), folder_.Write("a.gz", contents), compression);
    return stream ? std::string("opened") : stream.error().message;
  };
  EXPECT_EQ(open("id", Compression::kNone), "opened");
  EXPECT_EQ(open("", Compression::kGzip), "opened");
  EXPECT_EQ(open(Gzip("id"), Compression::kGzip), "opened");
  EXPECT_EQ(open(Zstd("id"), Compression::kZstd), "opened");
  EXPECT_TRUE(Has(open("id", Compression::kGzip), "its contents are not gzip"));
  EXPECT_TRUE(Has(open(Gzip("id"), Compression::kZstd), "its contents are not Zstandard"));
}

TEST_F(ByteStreamTest, TruncatedFilesNameTheByte) {
  const std::string text = Numbers(20'000);
  const std::string gzip = Gzip(text);
  const std::string zstd = Zstd(text);
  for (const size_t left : {size_t{20}, gzip.size() / 2, gzip.size() - 1}) {
    EXPECT_TRUE(Has(Read("a.csv.gz", gzip.substr(0, left)),
                    "a.csv.gz: the gzip data breaks off at byte " + std::to_string(left)));
  }
  for (const size_t left : {size_t{20}, zstd.size() / 2, zstd.size() - 1}) {
    EXPECT_TRUE(Has(Read("a.csv.zst", zstd.substr(0, left)),
                    "a.csv.zst: the zstd data breaks off at byte " + std::to_string(left)));
  }
}

TEST_F(ByteStreamTest, DamagedFilesAreErrors) {
  std::string gzip = Gzip(Numbers(1000));
  gzip[gzip.size() - 6] = static_cast<char>(gzip[gzip.size() - 6] ^ 0x55);  // the checksum
  EXPECT_TRUE(Has(Read("a.gz", gzip), "bad gzip data near byte"));
  std::string zstd = Zstd(Numbers(1000));
  zstd[5] = static_cast<char>(zstd[5] ^ 0xff);
  EXPECT_TRUE(Has(Read("a.zst", zstd), "a.zst: "));
  EXPECT_TRUE(Has(Read("a.gz", Gzip("text") + "garbage"), "bad gzip data near byte"));
}

TEST_F(ByteStreamTest, MissingFile) {
  const auto stream = OpenByteStream(SystemFiles(), folder_.File("absent"));
  ASSERT_FALSE(stream);
  EXPECT_TRUE(Has(stream.error().message, "absent"));
}

}  // namespace
}  // namespace skewless
