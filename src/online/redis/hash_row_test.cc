// A hash's fields and values as text, and what is no row.
#include "online/redis/hash_row.h"

#include <gtest/gtest.h>

#include <limits>

namespace skewless::redis {
namespace {

using Part = StateNumber::Part;
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(HashRow, FieldsNameAccumulatorPartAndTile) {
  const auto text = [](uint32_t accumulator, Part part, int64_t tile) {
    std::string out;
    const StateNumber number{accumulator, part, tile, 0};
    FormatField(number, &out);
    StateNumber again;
    EXPECT_TRUE(ParseField(out, &again)) << out;
    EXPECT_EQ(again.place(), number.place());
    return out;
  };
  EXPECT_EQ(text(0, Part::kCount, 0), "0n");
  EXPECT_EQ(text(3, Part::kSum, 9), "3s:9");
  EXPECT_EQ(text(12, Part::kLeast, -9), "12l:-9");
  EXPECT_EQ(text(4294967295, Part::kGreatest, kMost), "4294967295g:9223372036854775807");
  StateNumber number;
  for (const char* const wrong :
       {"", "n", "3", "3x", "03n", "+3n", "-3n", "3n:", "3n:0", "3n:-0", "3n:01", "3n: 1", "3n:1x",
        "3nn", "4294967296n", "3n:9223372036854775808", "3n:+1", "row"}) {
    EXPECT_FALSE(ParseField(wrong, &number)) << wrong;
  }
}

TEST(HashRow, NumbersAreDecimal) {
  const Int128 most = static_cast<Int128>(~UInt128{0} >> 1);
  for (const Int128 value : {Int128{0}, Int128{-1}, Int128{kMost} + 1, most, -most - 1}) {
    std::string text;
    FormatNumber(value, &text);
    Int128 again = 1;
    EXPECT_TRUE(ParseNumber(text, &again)) << text;
    EXPECT_TRUE(again == value) << text;
  }
  Int128 number;
  for (const char* const wrong :
       {"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "x", "--1",
        "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
        "999999999999999999999999999999999999999", "1000000000000000000000000000000000000000"}) {
    EXPECT_FALSE(ParseNumber(wrong, &number)) << wrong;
  }
}

class HashRowTest : public testing::Test {
 protected:
  HashRowTest() {
    state_.resize(sizeof(StateHeader));
    StoreLe(state_.data(), StateHeader{.magic = kStateMagic,
                                       .size = sizeof(StateHeader),
                                       .fingerprint = 77,
                                       .sequence = 5,
                                       .available_us = 100,
                                       .newest_event_us = 90,
                                       .records = 3});
    const RowWrite row{0, {}, 5, state_, unlogged_, 0, 9};
    EncodeHashHead(row, numbers_, &head_);
    // As the server does it.
    StoreLe(head_.data(), kHashRowMagic);
    StoreLe<uint64_t>(head_.data() + 4, 1234);
    StoreLe<uint32_t>(head_.data() + 12, 1234);
  }
  std::string Decode(const std::vector<std::string_view>& words) {
    const Status decoded = DecodeHashRow(words, &row_);
    return decoded.has_value() ? std::string() : decoded.error().message;
  }

  const std::vector<StateNumber> numbers_ = {{0, Part::kCount, 0, 3}, {1, Part::kSum, -2, 8}};
  const std::vector<Stamp> unlogged_ = {{4, 1000}};
  Bytes state_, head_;
  HashRow row_;
};

TEST_F(HashRowTest, DecodesWhatWasEncodedInAnyOrder) {
  const std::string_view head = AsText(head_);
  EXPECT_EQ(Decode({"1s:-2", "8", "row", head, "0n", "3"}), "");
  EXPECT_EQ(row_.numbers, numbers_);
  EXPECT_EQ(row_.stamp, (Stamp{5, 1234}));
  EXPECT_EQ(row_.writer, 9u);
  EXPECT_EQ(row_.header.fingerprint, 77u);
  EXPECT_EQ(row_.header.available_us, 100);
  EXPECT_EQ(row_.header.newest_event_us, 90);
  EXPECT_EQ(row_.header.records, 3);
  const auto found = DecodeRowHead(head_, kHashRowMagic);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->unlogged, unlogged_);
}

TEST_F(HashRowTest, RefusesWhatIsDamaged) {
  const std::string_view head = AsText(head_);
  const std::string checksum = "a row in Redis is damaged: its checksum fails";
  EXPECT_EQ(Decode({"row", head, "0n", "3"}), checksum) << "a field is missing";
  EXPECT_EQ(Decode({"row", head, "0n", "3", "1s:-2", "9"}), checksum);
  EXPECT_EQ(Decode({"row", head, "0n", "3", "1s:-2", "8", "1s:3", "1"}), checksum);
  EXPECT_NE(Decode({"0n", "3", "1s:-2", "8"}), "") << "no head";
  EXPECT_NE(Decode({"row", head.substr(0, head.size() - 1), "0n", "3", "1s:-2", "8"}), "");
  EXPECT_NE(Decode({"row", head, "0n", "3.5", "1s:-2", "8"}), "");
  Bytes newer = head_;
  newer[3] = '2';
  EXPECT_EQ(DecodeHashRow(std::vector<std::string_view>{"row", AsText(newer)}, &row_).error().code,
            ErrorCode::kVersion);
  for (size_t at = 0; at < head_.size(); ++at) {
    Bytes damaged = head_;
    damaged[at] ^= 1;
    EXPECT_NE(Decode({"row", AsText(damaged), "0n", "3", "1s:-2", "8"}), "") << at;
  }
}

}  // namespace
}  // namespace skewless::redis
