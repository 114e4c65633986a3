#include "log/log_format.h"

#include <algorithm>

namespace skewless {
namespace {

constexpr uint64_t kSegmentMagic = 0x474F4C4C57454B53;  // "SKEWLLOG"
constexpr std::string_view kSegmentSuffix = ".sklog";
constexpr size_t kNameDigits = 16;
constexpr size_t kChecksumBytes = 8;

void PutTotals(const LogTotals& totals, Bytes* out) {
  PutLe<int64_t>(*out, totals.records);
  PutLe<int64_t>(*out, totals.last_sequence);
  PutLe<int64_t>(*out, totals.last_processing_us);
  PutLe<int64_t>(*out, totals.last_available_us);
  PutVarint(*out, totals.positions.size());
  for (const auto& [key, offset] : totals.positions) {
    PutLengthPrefixed(*out, key.first);
    PutLengthPrefixed(*out, key.second);
    PutLe<int64_t>(*out, offset);
  }
}

LogTotals GetTotals(ByteReader& reader) {
  LogTotals totals;
  totals.records = reader.Get<int64_t>();
  totals.last_sequence = reader.Get<int64_t>();
  totals.last_processing_us = reader.Get<int64_t>();
  totals.last_available_us = reader.Get<int64_t>();
  const uint64_t count = reader.GetVarint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string source(reader.GetLengthPrefixed());
    std::string stream(reader.GetLengthPrefixed());
    totals.positions[{std::move(source), std::move(stream)}] = reader.Get<int64_t>();
  }
  return totals;
}

void PutSource(const LoggedSource& source, Bytes* out) {
  PutLengthPrefixed(*out, source.name);
  PutVarint(*out, source.schema.columns.size());
  for (const ColumnSpec& column : source.schema.columns) {
    PutLengthPrefixed(*out, column.name);
    PutLe<uint8_t>(*out, static_cast<uint8_t>(column.type.kind));
    PutLe<uint8_t>(*out, column.type.is_list ? 1 : 0);
    PutLe<uint8_t>(*out, static_cast<uint8_t>(column.unit));
  }
}

// False where a type or unit does not exist.
bool GetSource(ByteReader& reader, LoggedSource* source) {
  source->name = reader.GetLengthPrefixed();
  const uint64_t count = reader.GetVarint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    ColumnSpec column;
    column.name = reader.GetLengthPrefixed();
    const auto kind = reader.Get<uint8_t>();
    const auto is_list = reader.Get<uint8_t>();
    const auto unit = reader.Get<uint8_t>();
    if (kind > static_cast<uint8_t>(TypeKind::kTimestamp) || is_list > 1 ||
        unit > static_cast<uint8_t>(TimestampUnit::kNanos)) {
      return false;
    }
    column.type = {static_cast<TypeKind>(kind), is_list == 1};
    column.unit = static_cast<TimestampUnit>(unit);
    source->schema.columns.push_back(std::move(column));
  }
  return reader.ok();
}

bool Plausible(const SegmentHeader& header) {
  return header.epoch >= 1 && header.epoch <= kMaxEpoch &&
         EpochOf(header.first_sequence) == header.epoch && CounterOf(header.first_sequence) >= 1 &&
         header.before.records >= 0 && header.before.last_sequence < header.first_sequence;
}

}  // namespace

std::string SegmentName(Sequence first_sequence) {
  std::string name(kNameDigits, '0');
  auto rest = static_cast<uint64_t>(first_sequence);
  for (size_t i = kNameDigits; i-- > 0; rest >>= 4) name[i] = "0123456789abcdef"[rest & 15];
  return name.append(kSegmentSuffix);
}

std::optional<Sequence> ParseSegmentName(std::string_view name) {
  if (name.size() != kNameDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (const char c : name.substr(0, kNameDigits)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    value = (value << 4) | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  if (value >> 63 != 0) return std::nullopt;
  return static_cast<Sequence>(value);
}

Result<std::vector<SegmentFile>> ListSegments(FileSystem& files, const std::string& directory,
                                              std::vector<std::string>* unfinished) {
  const auto entries = files.List(directory);
  if (!entries && entries.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound, "there is no log at " + directory,
                "`skewless run` makes it from the sources.");
  }
  if (!entries) return tl::unexpected<Error>(entries.error());
  std::vector<SegmentFile> segments;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.is_directory) continue;
    if (const auto first = ParseSegmentName(entry.name)) segments.push_back({*first, entry.size});
    const bool ours = entry.name.find(".sklog.") != std::string::npos;
    if (unfinished != nullptr && ours && entry.name.ends_with(kUnfinishedSuffix)) {
      unfinished->push_back(entry.name);
    }
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return a.first_sequence < b.first_sequence;
  });
  return segments;
}

void EncodeSegmentHeader(const SegmentHeader& header, Bytes* out) {
  out->clear();
  PutLe<uint64_t>(*out, kSegmentMagic);
  PutLe<uint32_t>(*out, kLogVersion);
  PutLe<uint32_t>(*out, 0);
  PutLe<uint64_t>(*out, header.identity);
  PutLe<int64_t>(*out, header.epoch);
  PutLe<int64_t>(*out, header.first_sequence);
  PutTotals(header.before, out);
  PutVarint(*out, header.sources.size());
  for (const LoggedSource& source : header.sources) PutSource(source, out);
  StoreLe<uint32_t>(out->data() + 12, static_cast<uint32_t>(out->size() + kChecksumBytes));
  PutLe<uint64_t>(*out, Hash64(*out));
}

Result<size_t> SegmentHeaderLength(ByteView prefix, const std::string& path) {
  if (prefix.size() < kSegmentPrefixBytes || LoadLe<uint64_t>(prefix.data()) != kSegmentMagic) {
    return CorruptLog(path, 0, "this is no segment of a log (its magic number is missing)");
  }
  const auto version = LoadLe<uint32_t>(prefix.data() + 8);
  if (version > kLogVersion) {
    return Fail(ErrorCode::kVersion,
                path + ": log format " + std::to_string(version) +
                    "; this program reads formats up to " + std::to_string(kLogVersion),
                "Use the newer Skewless that wrote this log.");
  }
  const auto length = LoadLe<uint32_t>(prefix.data() + 12);
  if (version == 0 || length < kSegmentPrefixBytes + kChecksumBytes ||
      length > kMaxSegmentHeaderBytes) {
    return CorruptLog(path, 8, "the segment header's version or length makes no sense");
  }
  return size_t{length};
}

Result<SegmentHeader> DecodeSegmentHeader(ByteView bytes, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const size_t length, SegmentHeaderLength(bytes, path));
  if (bytes.size() < length) return CorruptLog(path, 0, "the segment header is cut short");
  const size_t body_end = length - kChecksumBytes;
  if (LoadLe<uint64_t>(bytes.data() + body_end) != Hash64(bytes.first(body_end))) {
    return CorruptLog(path, 0, "the segment header fails its checksum");
  }
  ByteReader reader(bytes.subspan(kSegmentPrefixBytes, body_end - kSegmentPrefixBytes));
  SegmentHeader header;
  header.identity = reader.Get<uint64_t>();
  header.epoch = reader.Get<int64_t>();
  header.first_sequence = reader.Get<int64_t>();
  header.before = GetTotals(reader);
  const uint64_t count = reader.GetVarint();
  bool known = true;
  for (uint64_t i = 0; i < count && reader.ok() && known; ++i) {
    known = GetSource(reader, &header.sources.emplace_back());
  }
  if (!reader.ok() || !known || reader.remaining() != 0 || !Plausible(header)) {
    return CorruptLog(path, 0, "the segment header makes no sense");
  }
  return header;
}

uint64_t FrameSeed(const SegmentHeader& header) {
  return header.identity ^ static_cast<uint64_t>(header.first_sequence);
}

void EncodeFrameHead(const FrameHead& head, uint64_t seed, uint8_t* to) {
  StoreLe<uint32_t>(to, kFrameMagic);
  StoreLe<uint32_t>(to + 4, head.payload_bytes);
  StoreLe<int64_t>(to + 8, head.first_sequence);
  StoreLe<uint32_t>(to + 16, head.rows);
  StoreLe<uint32_t>(to + 20, head.source);
  StoreLe<uint32_t>(to + 24, head.frames_left);
  StoreLe<uint32_t>(to + 28, 0);
  StoreLe<uint64_t>(to + 32, head.durable_bytes);
  StoreLe<int64_t>(to + 40, head.first_processing_us);
  StoreLe<int64_t>(to + 48, head.last_processing_us);
  StoreLe<int64_t>(to + 56, head.first_available_us);
  StoreLe<int64_t>(to + 64, head.last_available_us);
  StoreLe<uint64_t>(to + 72, head.payload_checksum);
  StoreLe<uint64_t>(to + 80, Hash64(ByteView(to, 80), seed));
}

std::optional<FrameHead> DecodeFrameHead(const uint8_t* from, uint64_t seed) {
  if (LoadLe<uint32_t>(from) != kFrameMagic ||
      LoadLe<uint64_t>(from + 80) != Hash64(ByteView(from, 80), seed)) {
    return std::nullopt;
  }
  FrameHead head;
  head.payload_bytes = LoadLe<uint32_t>(from + 4);
  head.first_sequence = LoadLe<int64_t>(from + 8);
  head.rows = LoadLe<uint32_t>(from + 16);
  head.source = LoadLe<uint32_t>(from + 20);
  head.frames_left = LoadLe<uint32_t>(from + 24);
  head.durable_bytes = LoadLe<uint64_t>(from + 32);
  head.first_processing_us = LoadLe<int64_t>(from + 40);
  head.last_processing_us = LoadLe<int64_t>(from + 48);
  head.first_available_us = LoadLe<int64_t>(from + 56);
  head.last_available_us = LoadLe<int64_t>(from + 64);
  head.payload_checksum = LoadLe<uint64_t>(from + 72);
  return head;
}

tl::unexpected<Error> CorruptLog(const std::string& path, uint64_t offset, std::string_view what) {
  const std::string at = std::to_string(offset);
  return Fail(ErrorCode::kCorrupt, path + ": offset " + at + ": " + std::string(what),
              "Restore this file from a backup. Without one, keep what comes before: cut the file "
              "(truncate -s " +
                  at + ") or, at offset 0, remove it, and remove all later segments.");
}

}  // namespace skewless
