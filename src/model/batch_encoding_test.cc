#include "model/batch_encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

#include "model/value.h"

namespace skewless {
namespace {

using Random = std::mt19937_64;

// Every type there is, lists among them.
Schema EveryType() {
  Schema schema;
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(TypeKind::kTimestamp); ++kind) {
    for (const bool is_list : {false, true}) {
      const Type type{static_cast<TypeKind>(kind), is_list};
      schema.columns.push_back({TypeName(type), type, TimestampUnit::kText});
    }
  }
  return schema;
}

// From one value for all to the whole range of int64.
int64_t RandomInt(Random& random, unsigned bits) {
  const uint64_t value = bits == 0 ? 0 : random() >> (64 - bits);
  return static_cast<int64_t>(value) - (bits < 64 ? 1000 : 0);
}

void FillColumn(Random& random, size_t rows, unsigned null_percent, StringArena& arena,
                Column* column) {
  const auto bits = static_cast<unsigned>(random() % 65);
  for (size_t i = 0; i < rows; ++i) {
    if (random() % 100 < null_percent) {
      column->AppendNull();
      continue;
    }
    switch (column->physical()) {
      case Physical::kInt:
        column->AppendInt(RandomInt(random, bits));
        break;
      case Physical::kDouble:
        column->AppendDouble(std::bit_cast<double>(random()));
        break;
      case Physical::kBytes:
        column->AppendString(arena.Add(std::string(random() % 20, static_cast<char>(random()))));
        break;
    }
  }
}

void FillStamps(Random& random, size_t rows, Batch* batch) {
  const Sequence first = MakeSequence(3, 1000);
  const bool all_applied = random() % 2 == 0;
  for (size_t i = 0; i < rows; ++i) {
    batch->sequence.push_back(first + static_cast<Sequence>(i));
    batch->processing_us.push_back(RandomInt(random, 50));
    batch->available_us.push_back(batch->processing_us.back());
    batch->applied.push_back(all_applied || random() % 2 == 0 ? 1 : 0);
  }
}

void FillRandomly(Random& random, const Schema& schema, size_t rows, bool stamped, Batch* batch) {
  batch->Reset(&schema, static_cast<uint32_t>(random() % 1000));
  for (Column& column : batch->columns) {
    const unsigned null_percent = std::array{0U, 10U, 100U}[random() % 3];
    FillColumn(random, rows, null_percent, batch->strings, &column);
  }
  const auto bits = static_cast<unsigned>(random() % 65);
  for (size_t i = 0; i < rows; ++i) batch->event_us.push_back(RandomInt(random, bits));
  if (stamped) FillStamps(random, rows, batch);
  for (uint64_t i = random() % 3; i > 0; --i) {
    batch->positions.push_back({"stream/" + std::to_string(i), RandomInt(random, 64)});
  }
}

template <typename T>
void ExpectSlice(const std::vector<T>& got, const std::vector<T>& all, size_t begin, size_t end) {
  if (all.empty()) end = begin = 0;
  ASSERT_EQ(got.size(), end - begin);
  EXPECT_TRUE(std::equal(got.begin(), got.end(), all.begin() + static_cast<ptrdiff_t>(begin)));
}

void ExpectSameRows(const Batch& got, const Batch& want, size_t begin, size_t end) {
  EXPECT_EQ(got.source, want.source);
  ExpectSlice(got.event_us, want.event_us, begin, end);
  ExpectSlice(got.sequence, want.sequence, begin, end);
  ExpectSlice(got.processing_us, want.processing_us, begin, end);
  ExpectSlice(got.available_us, want.available_us, begin, end);
  ExpectSlice(got.applied, want.applied, begin, end);
  ASSERT_EQ(got.columns.size(), want.columns.size());
  for (size_t c = 0; c < got.columns.size(); ++c) {
    const Column& column = got.columns[c];
    ASSERT_EQ(column.type, want.columns[c].type);
    ASSERT_EQ(column.size(), end - begin);
    const Physical physical = column.physical();
    EXPECT_EQ(column.ints.size(), physical == Physical::kInt ? column.size() : 0);
    EXPECT_EQ(column.doubles.size(), physical == Physical::kDouble ? column.size() : 0);
    EXPECT_EQ(column.strings.size(), physical == Physical::kBytes ? column.size() : 0);
    for (size_t i = 0; i < column.size(); ++i) {
      ASSERT_TRUE(SameBits(ValueAt(column, i), ValueAt(want.columns[c], begin + i)));
      if (column.valid[i] != 0) continue;
      // A null's slot is zero.
      const bool zero = physical == Physical::kInt      ? column.ints[i] == 0
                        : physical == Physical::kDouble ? column.doubles[i] == 0
                                                        : column.strings[i].empty();
      ASSERT_TRUE(zero);
    }
  }
}

TEST(BatchEncodingTest, RandomBatchesReadBack) {
  const Schema schema = EveryType();
  Random random(2024);
  Batch decoded;  // one for all: its memory is used again, whatever it held
  for (int round = 0; round < 300; ++round) {
    const size_t rows = round % 10 == 0 ? 0 : random() % 120;
    Batch batch;
    FillRandomly(random, schema, rows, random() % 4 != 0, &batch);
    const size_t begin = random() % (rows + 1);
    const size_t end = begin + random() % (rows - begin + 1);
    for (const auto& [from, to] : {std::pair{size_t{0}, rows}, std::pair{begin, end}}) {
      Bytes bytes;
      EncodeBatch(batch, from, to, &bytes);
      const Status status = DecodeBatch(bytes, schema, schema, &decoded);
      ASSERT_TRUE(status.has_value()) << status.error().message;
      ExpectSameRows(decoded, batch, from, to);
      EXPECT_EQ(decoded.positions, to == rows ? batch.positions : std::vector<SourcePosition>{});
    }
  }
}

TEST(BatchEncodingTest, AppendsToWhatIsThere) {
  const Schema schema = EveryType();
  Random random(1);
  Batch batch;
  FillRandomly(random, schema, 10, true, &batch);
  Bytes bytes = {1, 2, 3};
  EncodeBatch(batch, 0, 10, &bytes);
  Batch decoded;
  ASSERT_TRUE(DecodeBatch(ByteView(bytes).subspan(3), schema, schema, &decoded).has_value());
  ExpectSameRows(decoded, batch, 0, 10);
}

TEST(BatchEncodingTest, StringsOutliveTheBytes) {
  const Schema schema{{{"s", {TypeKind::kString, false}, {}}}};
  Batch batch;
  batch.Reset(&schema, 0);
  batch.columns[0].AppendString("kept");
  batch.event_us = {1};
  Bytes bytes;
  EncodeBatch(batch, 0, 1, &bytes);
  Batch decoded;
  ASSERT_TRUE(DecodeBatch(bytes, schema, schema, &decoded).has_value());
  std::fill(bytes.begin(), bytes.end(), uint8_t{0});
  EXPECT_EQ(decoded.columns[0].strings[0], "kept");
}

TEST(BatchEncodingTest, SmallNumbersTakeLittleRoom) {
  const Schema schema{{{"n", {TypeKind::kInt64, false}, {}}, {"b", {TypeKind::kBool, false}, {}}}};
  Batch batch;
  batch.Reset(&schema, 0);
  for (int64_t i = 0; i < 1000; ++i) {
    batch.columns[0].AppendInt(i);
    batch.columns[1].AppendInt(i % 2);
    batch.event_us.push_back(1'700'000'000'000'000 + i);
    batch.sequence.push_back(1 + i);
    batch.processing_us.push_back(5);
    batch.available_us.push_back(5);
    batch.applied.push_back(1);
  }
  Bytes bytes;
  EncodeBatch(batch, 0, 1000, &bytes);
  EXPECT_LT(bytes.size(), 1000U * (2 + 2 + 1) + 100);
}

TEST(BatchEncodingTest, ColumnsMatchByName) {
  const Type int64{TypeKind::kInt64, false};
  const Type text{TypeKind::kString, false};
  const Schema written{
      {{"gone_s", text, {}}, {"a", int64, {}}, {"gone_n", int64, {}}, {"b", text, {}}}};
  const Schema wanted{{{"b", text, {}}, {"new", text, {}}, {"a", int64, {}}}};
  Batch batch;
  batch.Reset(&written, 0);
  for (Column& column : batch.columns) {
    AppendValue(column, Value::Null(column.type).view());
    if (column.physical() == Physical::kInt) column.AppendInt(7);
    if (column.physical() == Physical::kBytes) column.AppendString("seven");
  }
  batch.event_us = {1, 2};
  batch.positions = {{"f", 2}};
  Bytes bytes;
  EncodeBatch(batch, 0, 2, &bytes);
  Batch decoded;
  ASSERT_TRUE(DecodeBatch(bytes, written, wanted, &decoded).has_value());
  EXPECT_EQ(FormatValue(ValueAt(decoded.columns[0], 1)), "'seven'");
  EXPECT_EQ(FormatValue(ValueAt(decoded.columns[1], 1)), "null");
  EXPECT_EQ(FormatValue(ValueAt(decoded.columns[2], 0)), "null");
  EXPECT_EQ(FormatValue(ValueAt(decoded.columns[2], 1)), "7");
  EXPECT_EQ(decoded.positions, batch.positions);

  const Schema changed{{{"a", text, {}}}};
  const Status status = DecodeBatch(bytes, written, changed, &decoded);
  EXPECT_EQ(status.error().message, "column 'a' is string but was written as int64");
  EXPECT_EQ(decoded.rows(), 0U);
  EXPECT_EQ(DecodeBatch(bytes, wanted, wanted, &decoded).error().code, ErrorCode::kCorrupt);
}

TEST(BatchEncodingTest, EveryCutIsNoticed) {
  const Schema schema = EveryType();
  Random random(77);
  Batch batch;
  FillRandomly(random, schema, 40, true, &batch);
  Bytes bytes;
  EncodeBatch(batch, 0, 40, &bytes);
  Batch decoded;
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const Status status = DecodeBatch(ByteView(bytes).first(cut), schema, schema, &decoded);
    ASSERT_FALSE(status.has_value()) << cut;
    ASSERT_EQ(status.error().code, ErrorCode::kCorrupt);
    ASSERT_EQ(decoded.rows(), 0U);
  }
  bytes.push_back(0);
  EXPECT_FALSE(DecodeBatch(bytes, schema, schema, &decoded).has_value());
}

TEST(BatchEncodingTest, BearsAnyChangedByte) {
  const Schema schema = EveryType();
  Random random(78);
  Batch decoded;
  for (int round = 0; round < 3000; ++round) {
    Batch batch;
    FillRandomly(random, schema, random() % 20, true, &batch);
    Bytes bytes;
    EncodeBatch(batch, 0, batch.rows(), &bytes);
    for (uint64_t i = random() % 4 + 1; i > 0; --i) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    // What comes out may be wrong (the log's checksum is there for that), but not malformed.
    if (!DecodeBatch(bytes, schema, schema, &decoded).has_value()) continue;
    for (const Column& column : decoded.columns) ASSERT_EQ(column.size(), decoded.rows());
  }
}

TEST(BatchEncodingTest, NewerVersionsAreNamed) {
  const Schema schema;
  Batch batch;
  batch.Reset(&schema, 0);
  Bytes bytes;
  EncodeBatch(batch, 0, 0, &bytes);
  Batch decoded;
  EXPECT_TRUE(DecodeBatch(bytes, schema, schema, &decoded).has_value());
  bytes[0] = 2;
  EXPECT_EQ(DecodeBatch(bytes, schema, schema, &decoded).error().code, ErrorCode::kVersion);
  bytes[0] = 0;
  EXPECT_EQ(DecodeBatch(bytes, schema, schema, &decoded).error().code, ErrorCode::kCorrupt);
}

TEST(BatchEncodingTest, AHugeRowCountIsRefusedBeforeMemoryIsTaken) {
  const Schema schema;
  Bytes bytes = {1, 0, 0};
  PutVarint(bytes, uint64_t{1} << 60);
  bytes.resize(100);
  Batch decoded;
  EXPECT_EQ(DecodeBatch(bytes, schema, schema, &decoded).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace skewless
