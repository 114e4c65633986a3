#include "model/batch_encoding.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "model/packed_bits.h"
#include "model/packed_ints.h"

namespace skewless {
namespace {

constexpr uint8_t kVersion = 1;

// Bits of the batch's flags.
constexpr uint8_t kStamped = 1;
constexpr uint8_t kAllApplied = 2;
constexpr uint8_t kHasPositions = 4;

// A column's header: its type and how its nulls are told.
constexpr uint8_t kKindMask = 7;
constexpr uint8_t kIsList = 8;
constexpr uint8_t kSomeNull = 16;  // a bitmap follows
constexpr uint8_t kAllNull = 32;   // nothing follows

template <typename T>
std::span<const T> Slice(const std::vector<T>& values, size_t begin, size_t end) {
  return {values.data() + begin, end - begin};
}

// ---- Encoding

void EncodeDoubles(std::span<const double> values, Bytes* out) {
  const size_t at = out->size();
  out->resize(at + values.size_bytes());
  if (!values.empty()) std::memcpy(out->data() + at, values.data(), values.size_bytes());
}

void EncodeStrings(std::span<const std::string_view> values, std::vector<int64_t>& lengths,
                   Bytes* out) {
  lengths.resize(values.size());
  size_t total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    lengths[i] = static_cast<int64_t>(values[i].size());
    total += values[i].size();
  }
  PackInts(lengths, out);
  PutLe<uint64_t>(*out, total);
  const size_t at = out->size();
  out->resize(at + total);
  uint8_t* to = out->data() + at;
  for (const std::string_view value : values) {
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
    to += value.size();
  }
}

void EncodeColumn(const Column& column, size_t begin, size_t end, std::vector<int64_t>& scratch,
                  Bytes* out) {
  const auto valid = Slice(column.valid, begin, end);
  auto header = static_cast<uint8_t>(column.type.kind);
  if (column.type.is_list) header |= kIsList;
  const bool some_null = !AllSet(valid);
  const bool all_null = some_null && NoneSet(valid);
  if (all_null) {
    PutLe<uint8_t>(*out, header | kAllNull);
    return;
  }
  if (some_null) header |= kSomeNull;
  PutLe<uint8_t>(*out, header);
  if (some_null) PackBits(valid, out);
  switch (column.physical()) {
    case Physical::kInt: {
      const auto values = Slice(column.ints, begin, end);
      if (some_null) {
        PackInts(values, valid, out);
      } else {
        PackInts(values, out);
      }
      return;
    }
    case Physical::kDouble:
      return EncodeDoubles(Slice(column.doubles, begin, end), out);
    case Physical::kBytes:
      return EncodeStrings(Slice(column.strings, begin, end), scratch, out);
  }
}

void EncodeStamps(const Batch& batch, size_t begin, size_t end, Bytes* out) {
  const size_t rows = end - begin;
  const Sequence first = rows == 0 ? 0 : batch.sequence[begin];
  SKEWLESS_CHECK(rows == 0 || batch.sequence[end - 1] - first == static_cast<Sequence>(rows - 1));
  PutLe<int64_t>(*out, first);
  PackInts(Slice(batch.processing_us, begin, end), out);
  PackInts(Slice(batch.available_us, begin, end), out);
}

// ---- Decoding

tl::unexpected<Error> FailCorrupt(std::string what) {
  return Fail(ErrorCode::kCorrupt, "a batch is malformed: " + std::move(what));
}

struct Header {
  uint8_t flags = 0;
  uint32_t source = 0;
  size_t rows = 0;
  size_t columns = 0;
};

Result<Header> DecodeHeader(ByteReader& reader) {
  const auto version = reader.Get<uint8_t>();
  if (reader.ok() && version > kVersion) {
    return Fail(ErrorCode::kVersion,
                "a batch has format version " + std::to_string(version) +
                    ", newer than this program's " + std::to_string(kVersion),
                "Upgrade skewless.");
  }
  Header header;
  header.flags = reader.Get<uint8_t>();
  const uint64_t source = reader.GetVarint();
  const uint64_t rows = reader.GetVarint();
  const uint64_t columns = reader.GetVarint();
  if (!reader.ok()) return FailCorrupt("its header is cut short");
  if (version != kVersion) return FailCorrupt("format version 0");
  if (header.flags > (kStamped | kAllApplied | kHasPositions)) return FailCorrupt("unknown flags");
  if (source > UINT32_MAX) return FailCorrupt("source number " + std::to_string(source));
  if (rows > kMaxEncodedRows) return FailCorrupt(std::to_string(rows) + " rows");
  header.source = static_cast<uint32_t>(source);
  header.rows = static_cast<size_t>(rows);
  header.columns = static_cast<size_t>(columns);
  return header;
}

bool DecodeStamps(ByteReader& reader, const Header& header, Batch* out) {
  const auto first = reader.Get<int64_t>();
  const auto rows = static_cast<int64_t>(header.rows);
  if (!reader.ok() || first < 0 || first > INT64_MAX - rows) return false;
  out->sequence.resize(header.rows);
  for (int64_t i = 0; i < rows; ++i) out->sequence[static_cast<size_t>(i)] = first + i;
  out->processing_us.resize(header.rows);
  out->available_us.resize(header.rows);
  return UnpackInts(reader, out->processing_us) && UnpackInts(reader, out->available_us);
}

bool DecodeApplied(ByteReader& reader, const Header& header, Batch* out) {
  if ((header.flags & kAllApplied) != 0) {
    out->applied.assign(header.rows, 1);
    return true;
  }
  out->applied.resize(header.rows);
  return UnpackBits(reader, out->applied);
}

bool DecodeDoubles(ByteReader& reader, std::span<double> out) {
  const ByteView bytes = reader.GetRaw(out.size_bytes());
  if (!reader.ok()) return false;
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return true;
}

// `lengths` is memory to work in.
bool DecodeStrings(ByteReader& reader, std::vector<int64_t>& lengths, StringArena& arena,
                   std::span<std::string_view> out) {
  lengths.resize(out.size());
  if (!UnpackInts(reader, lengths)) return false;
  const ByteView bytes = reader.GetRaw(static_cast<size_t>(reader.Get<uint64_t>()));
  if (!reader.ok()) return false;
  const char* at = arena.Add(AsText(bytes)).data();
  uint64_t left = bytes.size();
  for (size_t i = 0; i < out.size(); ++i) {
    const auto length = static_cast<uint64_t>(lengths[i]);  // a negative one is a huge one
    if (length > left) return false;
    left -= length;
    out[i] = {at, static_cast<size_t>(length)};
    at += length;
  }
  return left == 0;
}

// A null's slot is zero, whatever the bytes held.
template <typename T>
void ClearNulls(std::span<const uint8_t> valid, std::span<T> values) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = valid[i] != 0 ? values[i] : T{};
}

bool DecodeValues(ByteReader& reader, StringArena& arena, bool some_null, Column* column) {
  const std::span<const uint8_t> valid = column->valid;
  switch (column->physical()) {
    case Physical::kInt:
      column->ints.resize(valid.size());
      if (!UnpackInts(reader, column->ints)) return false;
      if (some_null) ClearNulls<int64_t>(valid, column->ints);
      return true;
    case Physical::kDouble:
      column->doubles.resize(valid.size());
      if (!DecodeDoubles(reader, column->doubles)) return false;
      if (some_null) ClearNulls<double>(valid, column->doubles);
      return true;
    case Physical::kBytes:
      column->strings.resize(valid.size());
      // The column's own unused array serves for the lengths, so that its memory is kept, too.
      if (!DecodeStrings(reader, column->ints, arena, column->strings)) return false;
      column->ints.clear();
      if (some_null) ClearNulls<std::string_view>(valid, column->strings);
      return true;
  }
  return false;
}

bool DecodeColumn(ByteReader& reader, uint8_t header, size_t rows, StringArena& arena,
                  Column* column) {
  if ((header & kAllNull) != 0) {
    column->Clear();
    column->Resize(rows);
    return true;
  }
  const bool some_null = (header & kSomeNull) != 0;
  column->valid.resize(rows);
  if (some_null) {
    if (!UnpackBits(reader, column->valid)) return false;
  } else {
    std::fill(column->valid.begin(), column->valid.end(), uint8_t{1});
  }
  return DecodeValues(reader, arena, some_null, column);
}

bool SkipColumn(ByteReader& reader, uint8_t header, size_t rows, Type type) {
  if ((header & kAllNull) != 0) return true;
  if ((header & kSomeNull) != 0) reader.GetRaw(PackedBitsSize(rows));
  switch (PhysicalOf(type)) {
    case Physical::kInt:
      return SkipInts(reader, rows);
    case Physical::kDouble:
      reader.GetRaw(rows * sizeof(double));
      return reader.ok();
    case Physical::kBytes:
      if (!SkipInts(reader, rows)) return false;
      reader.GetRaw(static_cast<size_t>(reader.Get<uint64_t>()));
      return reader.ok();
  }
  return false;
}

bool HeaderHasType(uint8_t header, Type type) {
  if (header >= 2 * kAllNull || (header & (kSomeNull | kAllNull)) == (kSomeNull | kAllNull)) {
    return false;
  }
  return (header & kKindMask) == static_cast<uint8_t>(type.kind) &&
         ((header & kIsList) != 0) == type.is_list;
}

// The column of `wanted` with the name of `written`'s i-th: most often it is the i-th, too.
int FindWanted(const Schema& wanted, size_t i, const ColumnSpec& written) {
  if (i < wanted.columns.size() && wanted.columns[i].name == written.name) {
    return static_cast<int>(i);
  }
  return wanted.Find(written.name);
}

Status DecodeColumns(ByteReader& reader, size_t rows, const Schema& written, const Schema& wanted,
                     Batch* out) {
  for (size_t i = 0; i < written.columns.size(); ++i) {
    const ColumnSpec& spec = written.columns[i];
    const auto header = reader.Get<uint8_t>();
    if (!reader.ok() || !HeaderHasType(header, spec.type)) {
      return FailCorrupt("column '" + spec.name + "' is not a " + TypeName(spec.type));
    }
    const int to = FindWanted(wanted, i, spec);
    if (to < 0) {
      if (!SkipColumn(reader, header, rows, spec.type)) {
        return FailCorrupt("column '" + spec.name + "' is cut short");
      }
      continue;
    }
    const Type type = wanted.columns[static_cast<size_t>(to)].type;
    if (type != spec.type) {
      return Fail(ErrorCode::kInvalid,
                  "column '" + spec.name + "' is " + TypeName(type) + " but was written as " +
                      TypeName(spec.type),
                  "Give the column its former type, or the new one another name.");
    }
    if (!DecodeColumn(reader, header, rows, out->strings, &out->columns[static_cast<size_t>(to)])) {
      return FailCorrupt("the values of column '" + spec.name + "'");
    }
  }
  return {};
}

bool DecodePositions(ByteReader& reader, std::vector<SourcePosition>* out) {
  const uint64_t count = reader.GetVarint();
  if (count > reader.remaining()) return false;
  out->resize(static_cast<size_t>(count));
  for (SourcePosition& position : *out) {
    position.stream = reader.GetLengthPrefixed();
    position.offset = reader.Get<int64_t>();
  }
  return reader.ok();
}

// Like Batch::Reset, but leaves the arrays at their size: what is overwritten anyway need not be
// filled with zeros first.
void Prepare(const Schema& wanted, uint32_t source, Batch* out) {
  out->schema = &wanted;
  out->source = source;
  out->columns.resize(wanted.columns.size());
  for (size_t i = 0; i < out->columns.size(); ++i) {
    Column& column = out->columns[i];
    if (column.type != wanted.columns[i].type) column.Clear();
    column.type = wanted.columns[i].type;
  }
  out->arrival_us.clear();
  out->positions.clear();
  out->strings.Clear();
}

void AddMissingColumns(const Schema& written, size_t rows, Batch* out) {
  for (size_t i = 0; i < out->columns.size(); ++i) {
    if (written.Find(out->schema->columns[i].name) >= 0) continue;
    out->columns[i].Clear();
    out->columns[i].Resize(rows);
  }
}

Status Decode(ByteReader& reader, const Schema& written, const Schema& wanted, Batch* out) {
  SKEWLESS_ASSIGN_OR_RETURN(const Header header, DecodeHeader(reader));
  if (header.columns != written.columns.size()) {
    return FailCorrupt(std::to_string(header.columns) + " columns where its schema has " +
                       std::to_string(written.columns.size()));
  }
  Prepare(wanted, header.source, out);
  if ((header.flags & kStamped) != 0) {
    if (!DecodeStamps(reader, header, out)) return FailCorrupt("its stamps");
    if (!DecodeApplied(reader, header, out)) return FailCorrupt("its applied bits");
  } else {
    out->sequence.clear();
    out->processing_us.clear();
    out->available_us.clear();
    out->applied.clear();
  }
  out->event_us.resize(header.rows);
  if (!UnpackInts(reader, out->event_us)) return FailCorrupt("its event times");
  SKEWLESS_RETURN_IF_ERROR(DecodeColumns(reader, header.rows, written, wanted, out));
  AddMissingColumns(written, header.rows, out);
  if ((header.flags & kHasPositions) != 0 && !DecodePositions(reader, &out->positions)) {
    return FailCorrupt("its source positions");
  }
  if (reader.remaining() != 0) {
    return FailCorrupt(std::to_string(reader.remaining()) + " bytes after its end");
  }
  return {};
}

}  // namespace

void EncodeBatch(const Batch& batch, size_t begin, size_t end, Bytes* out) {
  SKEWLESS_CHECK(begin <= end && end <= batch.rows());
  SKEWLESS_CHECK(end - begin <= kMaxEncodedRows);
  const bool stamped = !batch.sequence.empty();
  const bool has_positions = end == batch.rows() && !batch.positions.empty();
  const bool all_applied = stamped && AllSet(Slice(batch.applied, begin, end));
  PutLe<uint8_t>(*out, kVersion);
  PutLe<uint8_t>(*out,
                 static_cast<uint8_t>((stamped ? kStamped : 0) | (all_applied ? kAllApplied : 0) |
                                      (has_positions ? kHasPositions : 0)));
  PutVarint(*out, batch.source);
  PutVarint(*out, end - begin);
  PutVarint(*out, batch.columns.size());
  if (stamped) {
    EncodeStamps(batch, begin, end, out);
    if (!all_applied) PackBits(Slice(batch.applied, begin, end), out);
  }
  PackInts(Slice(batch.event_us, begin, end), out);
  std::vector<int64_t> scratch;
  for (const Column& column : batch.columns) EncodeColumn(column, begin, end, scratch, out);
  if (has_positions) {
    PutVarint(*out, batch.positions.size());
    for (const SourcePosition& position : batch.positions) {
      PutLengthPrefixed(*out, position.stream);
      PutLe<int64_t>(*out, position.offset);
    }
  }
}

Status DecodeBatch(ByteView bytes, const Schema& written, const Schema& wanted, Batch* out) {
  ByteReader reader(bytes);
  Status status = Decode(reader, written, wanted, out);
  if (!status.has_value()) out->Reset(&wanted, 0);
  return status;
}

}  // namespace skewless
