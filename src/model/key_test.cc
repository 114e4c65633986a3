#include "model/key.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

#include "model/colliding_keys_fixture.h"

namespace skewless {
namespace {

constexpr Type kInt64{TypeKind::kInt64, false};
constexpr Type kString{TypeKind::kString, false};

std::vector<Value> RowOf(std::span<const Column* const> columns, size_t row) {
  std::vector<Value> values;
  for (const Column* column : columns) values.push_back(Value::Of(ValueAt(*column, row)));
  return values;
}

// The batch's keys are those of its rows, one by one.
void ExpectKeysOfRows(std::span<const Column* const> columns, size_t rows, KeyColumn* keys) {
  EncodeKeys(columns, rows, keys);
  ASSERT_EQ(keys->offsets.size(), rows + 1);
  EXPECT_EQ(keys->offsets[rows], keys->bytes.size());
  for (size_t row = 0; row < rows; ++row) {
    const auto key = EncodeKey(RowOf(columns, row));
    ASSERT_EQ(keys->valid[row] != 0, key.has_value()) << row;
    if (!key.has_value()) {
      EXPECT_TRUE(keys->key(row).empty());
      EXPECT_EQ(keys->hash[row], 0U);
      continue;
    }
    ASSERT_EQ(AsText(keys->key(row)), AsText(*key)) << row;
    EXPECT_EQ(keys->hash[row], HashKey(*key));
  }
}

Column RandomColumn(std::mt19937_64& random, Type type, size_t rows, unsigned null_percent) {
  static const std::string kText(300, 'k');
  Column column;
  column.type = type;
  for (size_t i = 0; i < rows; ++i) {
    if (random() % 100 < null_percent) {
      column.AppendNull();
    } else if (PhysicalOf(type) == Physical::kInt) {
      column.AppendInt(static_cast<int64_t>(random()));
    } else {
      column.AppendString(std::string_view(kText).substr(0, random() % 300));
    }
  }
  return column;
}

// A label file's keys may be longer together than 32 bits can tell.
static_assert(sizeof(decltype(KeyColumn::offsets)::value_type) == sizeof(uint64_t));

TEST(KeyTest, TextOfNullKeysOfWhateverLengthTakesNoRoom) {
  constexpr size_t kRows = 100;
  const std::string text(64 << 20, 'k');
  Column names, nulls;
  names.type = nulls.type = kString;
  for (size_t row = 0; row < kRows; ++row) {
    names.AppendString(text);
    nulls.AppendNull();
  }
  const Column* const columns[] = {&names, &nulls};
  KeyColumn keys;
  EncodeKeys(columns, kRows, &keys);
  EXPECT_EQ(keys.offsets, std::vector<uint64_t>(kRows + 1));
  EXPECT_LT(keys.bytes.capacity(), text.size());
}

TEST(KeyTest, BatchesAgreeWithSingleKeys) {
  std::mt19937_64 random(11);
  KeyColumn keys;  // one for all: its memory is used again, whatever it held
  for (const unsigned null_percent : {0U, 20U, 100U}) {
    for (const size_t rows : {size_t{100}, size_t{0}, size_t{1}, size_t{33}}) {
      const Column a = RandomColumn(random, kInt64, rows, null_percent);
      const Column b = RandomColumn(random, kString, rows, null_percent);
      const Column c = RandomColumn(random, {TypeKind::kTimestamp, false}, rows, null_percent);
      const std::vector<std::vector<const Column*>> keyed = {{&a}, {&b}, {&a, &c}, {&b, &a, &b}};
      for (const auto& columns : keyed) ExpectKeysOfRows(columns, rows, &keys);
    }
  }
}

TEST(KeyTest, TheBytesAreAsDocumented) {
  EXPECT_EQ(EncodeKey(std::vector{Value::Int(258)}).value(), (Bytes{2, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(EncodeKey(std::vector{Value::String("ab")}).value(), (Bytes{2, 'a', 'b'}));
  EXPECT_EQ(EncodeKey(std::vector{Value::String("a"), Value::Int(1)}).value(),
            (Bytes{1, 'a', 1, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(KeyTest, CompositesDoNotRunTogether) {
  EXPECT_NE(EncodeKey(std::vector{Value::String("ab"), Value::String("c")}).value(),
            EncodeKey(std::vector{Value::String("a"), Value::String("bc")}).value());
}

TEST(KeyTest, DecodesWhatItEncoded) {
  const std::vector<Value> values = {Value::String("user"), Value::Int(-7),
                                     Value::Int(1, {TypeKind::kBool, false}), Value::String("")};
  std::vector<Type> types;
  for (const Value& value : values) types.push_back(value.type);
  const Bytes key = EncodeKey(values).value();
  const auto decoded = DecodeKey(types, key);
  ASSERT_TRUE(decoded.has_value());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(SameBits((*decoded)[i].view(), values[i].view()));
  }
  for (size_t cut = 0; cut < key.size(); ++cut) {
    EXPECT_EQ(DecodeKey(types, ByteView(key).first(cut)).error().code, ErrorCode::kCorrupt);
  }
  Bytes longer = key;
  longer.push_back(0);
  EXPECT_FALSE(DecodeKey(types, longer).has_value());
}

TEST(KeyTest, KeysMadeToCollideDoNot) {
  constexpr size_t kKeys = 1'000'000;
  Column column;
  column.type = {TypeKind::kBytes, false};
  std::vector<std::string> texts(kKeys);
  for (size_t i = 0; i < kKeys; ++i) {
    texts[i] = CollidingText(i);
    column.AppendString(texts[i]);
  }
  const Column* const columns[] = {&column};
  KeyColumn keys;
  EncodeKeys(columns, kKeys, &keys);
  for (size_t i = 1; i < kKeys; ++i) ASSERT_EQ(Hash64(keys.key(i)), Hash64(keys.key(0))) << i;
  const std::unordered_set<uint64_t> distinct(keys.hash.begin(), keys.hash.end());
  EXPECT_GE(distinct.size(), kKeys - 1);
  // Nor do they share the places of a table: of 2^20, a million keys take 63 % by chance.
  std::unordered_set<uint64_t> places;
  for (const uint64_t hash : keys.hash) places.insert(hash % (1 << 20));
  EXPECT_GE(places.size(), size_t{600'000});
}

TEST(KeyTest, RefusesNullsAndTypesThatAreNoKeys) {
  EXPECT_EQ(EncodeKey(std::vector{Value::Int(1), Value::Null(kInt64)}).error().message,
            "key column 2 is null");
  EXPECT_FALSE(EncodeKey(std::vector{Value::Double(1)}).has_value());
  EXPECT_FALSE(IsKeyType({TypeKind::kInt64, true}));
  EXPECT_TRUE(IsKeyType({TypeKind::kBytes, false}));
}

}  // namespace
}  // namespace skewless
