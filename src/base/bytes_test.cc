#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace skewless {
namespace {

TEST(BytesTest, VarintsGoThereAndBack) {
  Bytes bytes;
  std::vector<uint64_t> values = {0, 1, 127, 128, 300, std::numeric_limits<uint64_t>::max()};
  for (int shift = 0; shift < 64; ++shift) values.push_back(uint64_t{1} << shift);
  for (const uint64_t value : values) PutVarint(bytes, value);
  ByteReader reader(bytes);
  for (const uint64_t value : values) EXPECT_EQ(reader.GetVarint(), value);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(BytesTest, VarintsThatAreTooLongOrCutAreRefused) {
  for (const Bytes& bytes : {Bytes(10, 0x80), Bytes(11, 0xff), Bytes{0x80}, Bytes{},
                             Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.GetVarint(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0U);
  }
}

TEST(BytesTest, ZigZagKeepsSmallNumbersSmall) {
  EXPECT_EQ(ZigZag(0), 0U);
  EXPECT_EQ(ZigZag(-1), 1U);
  EXPECT_EQ(ZigZag(1), 2U);
  for (const int64_t value : {INT64_MIN, INT64_MAX, int64_t{-12345}}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
}

TEST(BytesTest, ReadsWhatWasPut) {
  Bytes bytes;
  PutLe<uint32_t>(bytes, 0x01020304);
  EXPECT_EQ(bytes, (Bytes{4, 3, 2, 1}));
  PutLe<double>(bytes, -0.5);
  PutLengthPrefixed(bytes, "text");
  PutRaw(bytes, AsBytes("raw"));
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Get<uint32_t>(), 0x01020304U);
  EXPECT_EQ(reader.Get<double>(), -0.5);
  EXPECT_EQ(reader.GetLengthPrefixed(), "text");
  EXPECT_EQ(AsText(reader.GetRaw(3)), "raw");
  EXPECT_TRUE(reader.ok());
}

TEST(BytesTest, StaysBrokenAfterTheEnd) {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Get<uint32_t>(), 0U);
  EXPECT_EQ(reader.Get<uint8_t>(), 0);
  EXPECT_FALSE(reader.ok());
  ByteReader prefixed(Bytes{});
  EXPECT_TRUE(prefixed.GetLengthPrefixed().empty());
  EXPECT_FALSE(prefixed.ok());
  const Bytes too_long = {200, 1, 'a'};
  ByteReader cut(too_long);
  EXPECT_TRUE(cut.GetLengthPrefixed().empty());
  EXPECT_FALSE(cut.ok());
}

TEST(BytesTest, HashIsXxh3) {
  // The reference values of XXH3-64: formats on disk depend on them.
  EXPECT_EQ(Hash64({}), 0x2d06800538d394c2U);
  EXPECT_EQ(Hash64(AsBytes("a")), 0xe6c632b61e964e1fU);
  EXPECT_EQ(Hash64(AsBytes("abc")), 0x78af5f94892f3950U);
  EXPECT_EQ(Hash64(AsBytes("abc"), 0), Hash64(AsBytes("abc")));
  EXPECT_NE(Hash64(AsBytes("abc"), 1), Hash64(AsBytes("abc")));
}

TEST(BytesTest, HashOfEachIsTheHashOfItsBytes) {
  const std::vector<int64_t> words = {0, 1, -1, INT64_MIN, 42};
  std::vector<uint64_t> hashes(words.size());
  Hash64OfEach(words, 7, hashes.data());
  for (size_t i = 0; i < words.size(); ++i) {
    Bytes bytes;
    PutLe(bytes, words[i]);
    EXPECT_EQ(hashes[i], Hash64(bytes, 7));
  }
}

}  // namespace
}  // namespace skewless
