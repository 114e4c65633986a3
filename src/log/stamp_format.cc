#include "log/stamp_format.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/check.h"
#include "log/log_format.h"

namespace skewless {
namespace {

constexpr uint64_t kStampMagic = 0x504D415453574B53;  // "SKWSTAMP"
constexpr std::string_view kStampSuffix = ".skstamps";
constexpr size_t kNameDigits = 5;
constexpr uint32_t kMaxPart = 99'999;
constexpr uint8_t kClosed = 1;
constexpr uint8_t kValues = 1, kEarlier = 2;  // of a view

void PutNumber(uint64_t number, std::string* name) {
  const std::string digits = std::to_string(number);
  name->append(kNameDigits - std::min(digits.size(), kNameDigits), '0').append(digits);
}

std::optional<uint32_t> GetNumber(std::string_view digits) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

void PutKnowledge(const StampKnowledge& known, Bytes* out) {
  PutLe<int64_t>(*out, known.known_sequence);
  PutLe<int64_t>(*out, known.complete_us);
  PutLe<int64_t>(*out, known.opened_us);
  PutLe<uint8_t>(*out, known.closed ? kClosed : 0);
}

bool GetKnowledge(ByteReader& reader, StampKnowledge* known) {
  known->known_sequence = reader.Get<int64_t>();
  known->complete_us = reader.Get<int64_t>();
  known->opened_us = reader.Get<int64_t>();
  const auto flags = reader.Get<uint8_t>();
  known->closed = flags == kClosed;
  return reader.ok() && flags <= kClosed && known->known_sequence >= 0;
}

// Differences wrap around, as their sums do when they are read.
int64_t Difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

bool GetLostWrites(ByteReader& reader, size_t views, std::vector<LostWrite>* lost) {
  const uint64_t count = reader.GetVarint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t view = reader.GetVarint();
    LostWrite write;
    write.key = AsBytes(reader.GetLengthPrefixed());
    write.sequence = static_cast<Sequence>(reader.GetVarint());
    write.from_us = reader.Get<int64_t>();
    write.until_us = Sum(write.from_us, UnZigZag(reader.GetVarint()));
    if (view >= views || write.sequence < 0) return false;
    write.view = static_cast<uint32_t>(view);
    lost->push_back(write);
  }
  return reader.ok();
}

}  // namespace

std::string StampDirectory(const std::string& log_directory) {
  return JoinPath(log_directory, "stamps");
}

std::string StampFileName(int64_t epoch, uint32_t part) {
  SKEWLESS_CHECK(epoch >= 0 && epoch <= kMaxEpoch && part <= kMaxPart);
  std::string name;
  PutNumber(static_cast<uint64_t>(epoch), &name);
  name += '-';
  PutNumber(part, &name);
  return name.append(kStampSuffix);
}

std::optional<std::pair<int64_t, uint32_t>> ParseStampFileName(std::string_view name) {
  if (name.size() != 2 * kNameDigits + 1 + kStampSuffix.size() || !name.ends_with(kStampSuffix) ||
      name[kNameDigits] != '-') {
    return std::nullopt;
  }
  const auto epoch = GetNumber(name.substr(0, kNameDigits));
  const auto part = GetNumber(name.substr(kNameDigits + 1, kNameDigits));
  if (!epoch || !part) return std::nullopt;
  return std::pair<int64_t, uint32_t>{*epoch, *part};
}

void PutStampFileHeader(const StampFileHeader& header, Bytes* out) {
  const size_t begin = out->size();
  PutLe<uint64_t>(*out, kStampMagic);
  PutLe<uint32_t>(*out, kStampVersion);
  PutLe<uint32_t>(*out, 0);
  PutLe<uint64_t>(*out, header.identity);
  PutLe<int64_t>(*out, header.epoch);
  PutLe<uint32_t>(*out, header.part);
  PutLe<uint64_t>(*out, header.before_bytes);
  PutKnowledge(header.known, out);
  PutLe<int64_t>(*out, header.computed_us);
  PutVarint(*out, header.views.size());
  for (const StampedView& view : header.views) {
    PutLengthPrefixed(*out, view.name);
    PutLe<uint64_t>(*out, view.fingerprint);
    PutLe<uint8_t>(*out, view.values ? kValues : view.earlier ? kEarlier : 0);
    PutLe<uint64_t>(*out, view.keys);
    PutLe<uint64_t>(*out, view.records);
  }
  StoreLe(out->data() + begin + 12, static_cast<uint32_t>(out->size() - begin + 8));
  PutLe<uint64_t>(*out, Hash64(ByteView(*out).subspan(begin)));
}

Result<size_t> StampFileHeaderLength(ByteView prefix, const std::string& path) {
  if (prefix.size() < kStampPrefixBytes || LoadLe<uint64_t>(prefix.data()) != kStampMagic) {
    return CorruptLog(path, 0, "this is no file of stamps");
  }
  const auto version = LoadLe<uint32_t>(prefix.data() + 8);
  if (version > kStampVersion) {
    return Fail(ErrorCode::kVersion,
                path + ": format " + std::to_string(version) +
                    " of stamps; this program reads formats up to " + std::to_string(kStampVersion),
                "Use the newer Skewless that wrote this file.");
  }
  const auto length = LoadLe<uint32_t>(prefix.data() + 12);
  if (length < kStampPrefixBytes + 8 || length > kMaxStampHeaderBytes) {
    return CorruptLog(path, 0, "the header's length makes no sense");
  }
  return size_t{length};
}

Result<StampFileHeader> GetStampFileHeader(ByteView bytes, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const size_t length, StampFileHeaderLength(bytes, path));
  if (bytes.size() < length ||
      LoadLe<uint64_t>(bytes.data() + length - 8) != Hash64(bytes.first(length - 8))) {
    return CorruptLog(path, 0, "the header fails its checksum");
  }
  const auto version = LoadLe<uint32_t>(bytes.data() + 8);
  ByteReader reader(bytes.first(length - 8).subspan(kStampPrefixBytes));
  StampFileHeader header;
  header.version = version;
  header.identity = reader.Get<uint64_t>();
  header.epoch = reader.Get<int64_t>();
  header.part = reader.Get<uint32_t>();
  header.before_bytes = reader.Get<uint64_t>();
  bool whole = GetKnowledge(reader, &header.known);
  if (version > 1) header.computed_us = reader.Get<int64_t>();
  const uint64_t views = reader.GetVarint();
  for (uint64_t i = 0; i < views && reader.ok(); ++i) {
    StampedView view;
    view.name = reader.GetLengthPrefixed();
    view.fingerprint = reader.Get<uint64_t>();
    const uint8_t flags = version > 1 ? reader.Get<uint8_t>() : 0;
    whole = whole && flags <= (version > 3 ? kEarlier : kValues);
    view.values = flags == kValues;
    view.earlier = flags == kEarlier;
    if (version > 2) {
      view.keys = reader.Get<uint64_t>();
      view.records = reader.Get<uint64_t>();
    }
    header.views.push_back(std::move(view));
  }
  whole = whole && reader.ok() && reader.remaining() == 0 && header.epoch >= 0 &&
          header.epoch <= kMaxEpoch && header.part <= kMaxPart;
  if (!whole) return CorruptLog(path, 0, "the header makes no sense");
  return header;
}

std::vector<StampedView> StampFileHeader::own_views() const {
  std::vector<StampedView> own;
  std::copy_if(views.begin(), views.end(), std::back_inserter(own),
               [](const StampedView& view) { return !view.earlier; });
  return own;
}

uint64_t StampFrameSeed(ByteView header_bytes) { return Hash64(header_bytes, kStampMagic); }

// u32 magic, u32 bytes, u64 durable, 3 * i64 and u8 of knowledge, 7 zeros, 2 * u64 checksums.
void PutStampFrameHead(const StampFrameHead& head, uint64_t seed, uint8_t* to) {
  Bytes bytes;
  PutLe<uint32_t>(bytes, kStampFrameMagic);
  PutLe<uint32_t>(bytes, head.payload_bytes);
  PutLe<uint64_t>(bytes, head.durable_bytes);
  PutKnowledge(head.known, &bytes);
  bytes.resize(kStampFrameHeadBytes - 16);
  PutLe<uint64_t>(bytes, head.payload_checksum);
  PutLe<uint64_t>(bytes, Hash64(bytes, seed));
  std::copy(bytes.begin(), bytes.end(), to);
}

std::optional<StampFrameHead> GetStampFrameHead(const uint8_t* from, uint64_t seed) {
  const ByteView bytes(from, kStampFrameHeadBytes);
  if (LoadLe<uint32_t>(from) != kStampFrameMagic ||
      LoadLe<uint64_t>(from + kStampFrameHeadBytes - 8) !=
          Hash64(bytes.first(kStampFrameHeadBytes - 8), seed)) {
    return std::nullopt;
  }
  ByteReader reader(bytes.subspan(4));
  StampFrameHead head;
  head.payload_bytes = reader.Get<uint32_t>();
  head.durable_bytes = reader.Get<uint64_t>();
  if (!GetKnowledge(reader, &head.known)) return std::nullopt;
  head.payload_checksum = LoadLe<uint64_t>(from + kStampFrameHeadBytes - 16);
  return head;
}

void StampEncoder::Add(const LoggedStamp& logged) {
  PutVarint(entries_, logged.view);
  PutLengthPrefixed(entries_, AsText(logged.key));
  PutVarint(entries_, ZigZag(Difference(logged.stamp.sequence, last_.sequence)));
  PutVarint(entries_, ZigZag(Difference(logged.stamp.available_us, last_.available_us)));
  if (views_[logged.view].values) {
    const DurationUs ahead = Difference(logged.stamp.computed_us, logged.stamp.available_us);
    PutVarint(entries_, ZigZag(ahead));
  }
  last_ = logged.stamp;
  ++count_;
}

void StampEncoder::AddLost(const LostWrite& write) {
  PutVarint(lost_entries_, write.view);
  PutLengthPrefixed(lost_entries_, AsText(write.key));
  PutVarint(lost_entries_, static_cast<uint64_t>(write.sequence));
  PutLe<int64_t>(lost_entries_, write.from_us);
  PutVarint(lost_entries_, ZigZag(Difference(write.until_us, write.from_us)));
  ++lost_count_;
}

void StampEncoder::Finish(size_t room, Bytes* out) {
  out->assign(room, 0);
  PutVarint(*out, count_);
  PutRaw(*out, entries_);
  PutVarint(*out, lost_count_);
  PutRaw(*out, lost_entries_);
  entries_.clear();
  lost_entries_.clear();
  count_ = lost_count_ = 0;
  last_ = {};
}

bool GetStamps(ByteView payload, const StampFileHeader& header, std::vector<LoggedStamp>* stamps,
               std::vector<LostWrite>* lost) {
  stamps->clear();
  lost->clear();
  const std::vector<StampedView>& views = header.views;
  ByteReader reader(payload);
  const uint64_t count = reader.GetVarint();
  Stamp last;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t view = reader.GetVarint();
    const ByteView key = AsBytes(reader.GetLengthPrefixed());
    last.sequence = Sum(last.sequence, UnZigZag(reader.GetVarint()));
    last.available_us = Sum(last.available_us, UnZigZag(reader.GetVarint()));
    if (view >= views.size() || last.sequence < 0) return false;
    last.computed_us =
        views[view].values ? Sum(last.available_us, UnZigZag(reader.GetVarint())) : 0;
    stamps->push_back({static_cast<uint32_t>(view), key, last});
  }
  if (header.version > 4 && !GetLostWrites(reader, views.size(), lost)) return false;
  return reader.ok() && reader.remaining() == 0;
}

}  // namespace skewless
