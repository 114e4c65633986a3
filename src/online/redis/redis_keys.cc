#include "online/redis/redis_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "model/key_text.h"

namespace skewless::redis {
namespace {

// CRC-16/XMODEM, as the cluster's specification has it.
constexpr std::array<uint16_t, 256> MakeCrcTable() {
  std::array<uint16_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    table[i] = static_cast<uint16_t>(crc);
  }
  return table;
}
constexpr std::array<uint16_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc16(std::string_view text) {
  uint32_t crc = 0;
  for (const char c : text) {
    crc = ((crc << 8) ^ kCrcTable[((crc >> 8) ^ static_cast<uint8_t>(c)) & 0xff]) & 0xffff;
  }
  return crc;
}

// Eight digits tell a view's definitions apart; the state's header has the whole fingerprint.
std::string Layout(uint64_t fingerprint) {
  return fmt::format("{:08x}", static_cast<uint32_t>(fingerprint));
}

// By slot: the least number whose decimal digits lie in it.
const std::vector<uint32_t>& NumbersOfSlots() {
  static const std::vector<uint32_t> numbers = [] {
    std::vector<uint32_t> found(kSlots, UINT32_MAX);
    size_t left = kSlots;
    for (uint32_t number = 0; left > 0; ++number) {
      uint32_t& slot = found[Crc16(std::to_string(number)) % kSlots];
      if (slot != UINT32_MAX) continue;
      slot = number;
      --left;
    }
    return found;
  }();
  return numbers;
}

}  // namespace

uint32_t BucketOf(ByteView key) { return static_cast<uint32_t>(Hash64(key) % kBuckets); }

std::string EscapeGlob(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

uint32_t SlotOf(std::string_view redis_key) {
  const size_t open = redis_key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = redis_key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1)
      redis_key = redis_key.substr(open + 1, close - open - 1);
  }
  return Crc16(redis_key) % kSlots;
}

std::vector<uint64_t> LayoutsOf(const RedisOptions& options) {
  std::vector<uint64_t> layouts = options.fingerprints;
  for (size_t i = 0; i < layouts.size(); ++i) {
    if (options.increments_of(static_cast<int>(i)) == nullptr) continue;
    layouts[i] = LayoutOfIncrements(layouts[i]);
  }
  return layouts;
}

uint64_t LayoutOfIncrements(uint64_t fingerprint) {
  Bytes text;
  PutLe(text, fingerprint);
  PutRaw(text, AsBytes("SKI1"));
  return Hash64(text);
}

Keys::Keys(const RedisOptions& options)
    : cluster_(options.cluster), project_(options.key_prefix + options.project) {
  const std::vector<uint64_t> layouts = LayoutsOf(options);
  for (size_t i = 0; i < options.views.size(); ++i) {
    if (options.keeps_values()) {
      row_heads_.push_back(project_ + ":" + options.views[i] + ":{");
      key_types_.push_back(options.values[i].key_types);
    } else {
      row_heads_.push_back(StatesHead(options.views[i], layouts[i]));
    }
  }
}

std::string Keys::Pattern() const { return EscapeGlob(project_) + ":*"; }

std::string Keys::StatesHead(const std::string& view, uint64_t layout) const {
  return project_ + ":" + view + ":" + Layout(layout) + ":";
}

uint32_t Keys::BucketOf(int view, ByteView key) const {
  if (key_types_.empty()) return redis::BucketOf(key);
  if (!cluster_) return 0;
  std::string row;
  AppendRowKey(view, 0, key, &row);
  return SlotOf(row);
}

int Keys::ViewOfValues(std::string_view key) const {
  for (size_t view = 0; view < key_types_.size(); ++view) {
    if (key.starts_with(row_heads_[view]) && key.ends_with('}')) return static_cast<int>(view);
  }
  return -1;
}

std::vector<uint32_t> Keys::RowSlots() const {
  std::vector<uint32_t> slots(cluster_ ? buckets() : 1);
  for (uint32_t bucket = 0; bucket < slots.size(); ++bucket) slots[bucket] = SlotOfBucket(bucket);
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

std::string Keys::SuffixOf(uint32_t slot) const {
  return cluster_ ? fmt::format(":{{{}}}", NumbersOfSlots()[slot]) : "";
}

std::string Keys::Tag(uint32_t bucket) { return fmt::format("{{{:03x}}}", bucket); }

void Keys::AppendRowKey(int view, uint32_t bucket, ByteView key, std::string* out) const {
  if (!key_types_.empty()) {
    const auto index = static_cast<size_t>(view);
    *out += row_heads_[index];
    SKEWLESS_CHECK(AppendKeyText(key_types_[index], key, out).has_value());
    *out += '}';
    return;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  const char tag[] = {'{', kDigits[bucket >> 8 & 15], kDigits[bucket >> 4 & 15],
                      kDigits[bucket & 15], '}'};
  *out += row_heads_[static_cast<size_t>(view)];
  out->append(tag, sizeof tag);
  *out += AsText(key);
}

std::string OpenValue(const std::string& run_id, const std::vector<uint64_t>& fingerprints) {
  std::string value = run_id;
  for (const uint64_t fingerprint : fingerprints) value += fmt::format(" {:016x}", fingerprint);
  return value;
}

Opened CheckOpenValue(std::string_view value, std::string_view run_id, uint64_t fingerprint) {
  if (!value.starts_with(run_id) || value.size() <= run_id.size() || value[run_id.size()] != ' ')
    return Opened::kOtherServer;
  char wanted[17];
  fmt::format_to_n(wanted, sizeof wanted, " {:016x}", fingerprint);
  return value.find(std::string_view(wanted, sizeof wanted), run_id.size()) ==
                 std::string_view::npos
             ? Opened::kOtherLayout
             : Opened::kYes;
}

}  // namespace skewless::redis
