#include "model/packed_ints.h"

#include <gtest/gtest.h>

#include <random>

#include "model/packed_bits.h"

namespace skewless {
namespace {

void ExpectRoundTrip(const std::vector<int64_t>& values, size_t width) {
  Bytes bytes;
  PackInts(values, &bytes);
  EXPECT_EQ(bytes.size(), 9 + values.size() * width);
  ByteReader reader(bytes);
  std::vector<int64_t> read(values.size(), 99);
  ASSERT_TRUE(UnpackInts(reader, read));
  EXPECT_EQ(read, values);
  EXPECT_EQ(reader.remaining(), 0U);
  ByteReader skipped(bytes);
  EXPECT_TRUE(SkipInts(skipped, values.size()));
  EXPECT_EQ(skipped.remaining(), 0U);
  for (size_t cut = 0; cut < bytes.size(); cut += 1 + cut / 8) {
    ByteReader short_reader(ByteView(bytes).first(cut));
    EXPECT_FALSE(UnpackInts(short_reader, read));
  }
}

TEST(PackedIntsTest, WidthFollowsTheRange) {
  ExpectRoundTrip({}, 0);
  ExpectRoundTrip({INT64_MIN}, 0);
  ExpectRoundTrip({7, 7, 7}, 0);
  ExpectRoundTrip({-100, 155}, 1);
  ExpectRoundTrip({-100, 156}, 2);
  ExpectRoundTrip({INT64_MAX - 65535, INT64_MAX}, 2);
  ExpectRoundTrip({0, 65536}, 4);
  ExpectRoundTrip({INT64_MIN, INT64_MIN + 0xffffffff}, 4);
  ExpectRoundTrip({0, int64_t{1} << 32}, 8);
  ExpectRoundTrip({INT64_MIN, INT64_MAX, 0, -1}, 8);
}

TEST(PackedIntsTest, RandomValuesOfEveryWidth) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    const unsigned shift = random() % 64;
    const auto base = static_cast<int64_t>(random());
    std::vector<int64_t> values(random() % 70);
    for (int64_t& value : values) {
      value = static_cast<int64_t>(static_cast<uint64_t>(base) + (random() >> shift));
    }
    Bytes bytes;
    PackInts(values, &bytes);
    ByteReader reader(bytes);
    std::vector<int64_t> read(values.size());
    ASSERT_TRUE(UnpackInts(reader, read));
    ASSERT_EQ(read, values);
  }
}

TEST(PackedIntsTest, NullsDoNotWidenTheRange) {
  const std::vector<int64_t> values = {1'700'000'000'000'000, 0, 1'700'000'000'000'200};
  const std::vector<uint8_t> valid = {1, 0, 1};
  Bytes bytes;
  PackInts(values, valid, &bytes);
  EXPECT_EQ(bytes.size(), 9U + 3);
  ByteReader reader(bytes);
  std::vector<int64_t> read(3);
  ASSERT_TRUE(UnpackInts(reader, read));
  EXPECT_EQ(read[0], values[0]);
  EXPECT_EQ(read[2], values[2]);
}

TEST(PackedIntsTest, RefusesOtherWidths) {
  for (const uint8_t width : {3, 5, 9, 255}) {
    Bytes bytes(100, 0);
    bytes[0] = width;
    ByteReader reader(bytes);
    std::vector<int64_t> read(3);
    EXPECT_FALSE(UnpackInts(reader, read));
  }
}

TEST(PackedBitsTest, GoesThereAndBackAtEverySize) {
  std::mt19937_64 random(6);
  for (size_t size = 0; size < 70; ++size) {
    std::vector<uint8_t> flags(size);
    for (uint8_t& flag : flags) flag = random() & 1;
    Bytes bytes = {42};
    PackBits(flags, &bytes);
    EXPECT_EQ(bytes.size(), 1 + PackedBitsSize(size));
    ByteReader reader(ByteView(bytes).subspan(1));
    std::vector<uint8_t> read(size, 9);
    ASSERT_TRUE(UnpackBits(reader, read));
    EXPECT_EQ(read, flags);
    if (size > 0) {
      ByteReader short_reader(ByteView(bytes).subspan(1, PackedBitsSize(size) - 1));
      EXPECT_FALSE(UnpackBits(short_reader, read));
    }
  }
  Bytes bytes;
  PackBits(std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0, 0, 0, 1}, &bytes);
  EXPECT_EQ(bytes, (Bytes{1, 2}));
}

TEST(PackedBitsTest, AllAndNone) {
  EXPECT_TRUE(AllSet(std::vector<uint8_t>{}));
  EXPECT_TRUE(NoneSet(std::vector<uint8_t>{}));
  EXPECT_TRUE(AllSet(std::vector<uint8_t>{1, 1}));
  EXPECT_FALSE(AllSet(std::vector<uint8_t>{1, 0}));
  EXPECT_FALSE(NoneSet(std::vector<uint8_t>{1, 0}));
  EXPECT_TRUE(NoneSet(std::vector<uint8_t>{0, 0}));
}

}  // namespace
}  // namespace skewless
