#include "model/packed_ints.h"

#include <algorithm>
#include <limits>

namespace skewless {
namespace {

struct Range {
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t greatest = std::numeric_limits<int64_t>::min();
  bool empty() const { return least > greatest; }
};

Range RangeOf(std::span<const int64_t> values) {
  Range range;
  for (const int64_t value : values) {
    range.least = std::min(range.least, value);
    range.greatest = std::max(range.greatest, value);
  }
  return range;
}

Range RangeOf(std::span<const int64_t> values, std::span<const uint8_t> valid) {
  Range range;
  for (size_t i = 0; i < values.size(); ++i) {
    // Without a branch, which random nulls would make the processor guess wrong half the time.
    const int64_t low = valid[i] != 0 ? values[i] : std::numeric_limits<int64_t>::max();
    const int64_t high = valid[i] != 0 ? values[i] : std::numeric_limits<int64_t>::min();
    range.least = std::min(range.least, low);
    range.greatest = std::max(range.greatest, high);
  }
  return range;
}

uint8_t WidthOf(uint64_t largest_difference) {
  if (largest_difference == 0) return 0;
  if (largest_difference <= std::numeric_limits<uint8_t>::max()) return 1;
  if (largest_difference <= std::numeric_limits<uint16_t>::max()) return 2;
  if (largest_difference <= std::numeric_limits<uint32_t>::max()) return 4;
  return 8;
}

template <typename Word>
void StoreDifferences(std::span<const int64_t> values, uint64_t base, uint8_t* to) {
  for (size_t i = 0; i < values.size(); ++i) {
    StoreLe(to + i * sizeof(Word), static_cast<Word>(static_cast<uint64_t>(values[i]) - base));
  }
}

template <typename Word>
void LoadDifferences(const uint8_t* from, uint64_t base, std::span<int64_t> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<int64_t>(base + LoadLe<Word>(from + i * sizeof(Word)));
  }
}

void Pack(std::span<const int64_t> values, Range range, Bytes* out) {
  if (range.empty()) range = {0, 0};
  const auto base = static_cast<uint64_t>(range.least);
  const uint8_t width = WidthOf(static_cast<uint64_t>(range.greatest) - base);
  PutLe<uint8_t>(*out, width);
  PutLe<int64_t>(*out, range.least);
  const size_t at = out->size();
  out->resize(at + values.size() * width);
  uint8_t* const to = out->data() + at;
  switch (width) {
    case 1:
      return StoreDifferences<uint8_t>(values, base, to);
    case 2:
      return StoreDifferences<uint16_t>(values, base, to);
    case 4:
      return StoreDifferences<uint32_t>(values, base, to);
    case 8:
      return StoreDifferences<uint64_t>(values, base, to);
    default:
      return;
  }
}

bool IsWidth(uint8_t width) {
  return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
}

}  // namespace

void PackInts(std::span<const int64_t> values, Bytes* out) { Pack(values, RangeOf(values), out); }

// A null's difference is cut to the width like any other: what it reads back as has no meaning.
void PackInts(std::span<const int64_t> values, std::span<const uint8_t> valid, Bytes* out) {
  Pack(values, RangeOf(values, valid), out);
}

bool UnpackInts(ByteReader& reader, std::span<int64_t> out) {
  const auto width = reader.Get<uint8_t>();
  const auto base = static_cast<uint64_t>(reader.Get<int64_t>());
  if (!reader.ok() || !IsWidth(width)) return false;
  const ByteView packed = reader.GetRaw(out.size() * width);
  if (!reader.ok()) return false;
  switch (width) {
    case 1:
      LoadDifferences<uint8_t>(packed.data(), base, out);
      break;
    case 2:
      LoadDifferences<uint16_t>(packed.data(), base, out);
      break;
    case 4:
      LoadDifferences<uint32_t>(packed.data(), base, out);
      break;
    case 8:
      LoadDifferences<uint64_t>(packed.data(), base, out);
      break;
    default:
      std::fill(out.begin(), out.end(), static_cast<int64_t>(base));
      break;
  }
  return true;
}

bool SkipInts(ByteReader& reader, size_t count) {
  const auto width = reader.Get<uint8_t>();
  reader.Get<int64_t>();
  if (!reader.ok() || !IsWidth(width)) return false;
  reader.GetRaw(count * width);
  return reader.ok();
}

}  // namespace skewless
