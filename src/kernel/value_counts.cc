#include "kernel/value_counts.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "kernel/merge_records.h"

namespace skewless {
namespace {

struct CountEntry {
  uint64_t count = 0;
  std::string_view value;
};

// The entry at `at`; the block has been checked.
CountEntry EntryAt(std::string_view block, size_t at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(block.data()) + at;
  return {LoadLe<uint64_t>(bytes), block.substr(at + 12, LoadLe<uint32_t>(bytes + 8))};
}

}  // namespace

CountPlace FindCount(std::string_view block, std::string_view value) {
  size_t at = 0;
  while (at < block.size()) {
    const CountEntry entry = EntryAt(block, at);
    if (entry.value >= value) return {at, entry.value == value};
    at += CountEntrySize(entry.value.size());
  }
  return {at, false};
}

void InsertCount(uint8_t* block, size_t old_length, size_t place, std::string_view value) {
  uint8_t* const at = block + place;
  std::memmove(at + CountEntrySize(value.size()), at, old_length - place);
  StoreLe<uint64_t>(at, 1);
  StoreLe<uint32_t>(at + 8, static_cast<uint32_t>(value.size()));
  if (!value.empty()) std::memcpy(at + 12, value.data(), value.size());
}

void ReadCounts(const Accumulator& a, const TileRange& tiles, const StateText& text,
                StringArena* arena, ValueView* out) {
  std::vector<CountEntry> all;
  tiles.ForEach([&](const uint8_t* payload) {
    const std::string_view block = text.At(payload + a.offset);
    for (size_t at = 0; at < block.size(); at += CountEntrySize(all.back().value.size())) {
      all.push_back(EntryAt(block, at));
    }
  });
  if (all.empty()) return;
  std::sort(all.begin(), all.end(),
            [](const CountEntry& x, const CountEntry& y) { return x.value < y.value; });
  std::string json = "{";
  for (size_t i = 0; i < all.size();) {
    uint64_t count = 0;
    const std::string_view value = all[i].value;
    for (; i < all.size() && all[i].value == value; ++i) count += all[i].count;
    if (json.size() > 1) json += ',';
    AppendJsonString(json, value);
    json += ':';
    json += std::to_string(count);
  }
  json += '}';
  out->bytes = arena->Add(json);
  out->valid = true;
}

bool IsCountBlock(std::string_view block) {
  std::string_view before;
  for (size_t at = 0; at < block.size();) {
    if (block.size() - at < 12) return false;
    const auto* bytes = reinterpret_cast<const uint8_t*>(block.data()) + at;
    if (LoadLe<uint32_t>(bytes + 8) > block.size() - at - 12) return false;
    const std::string_view value = EntryAt(block, at).value;
    if (at > 0 && value <= before) return false;
    before = value;
    at += CountEntrySize(value.size());
  }
  return true;
}

}  // namespace skewless
