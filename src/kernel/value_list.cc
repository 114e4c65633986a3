#include "kernel/value_list.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace skewless {
namespace {

constexpr size_t kTextHead = 8;        // u32 count, u32 0
constexpr size_t kTextEntryHead = 16;  // i64 event_us, u32 length, u32 valid

const uint8_t* BytesOf(std::string_view block) { return AsBytes(block).data(); }

size_t EntrySize(const Accumulator& a, size_t value_size) {
  return a.physical == Physical::kBytes ? kTextEntryHead + value_size : a.list_entry_size();
}

// Where an entry goes: behind all whose event is not later; and where the last entry begins.
struct Position {
  size_t insert_at, last_at;
};

Position FindFixed(const Accumulator& a, std::string_view block, Timestamp event_us) {
  const size_t size = a.list_entry_size();
  size_t at = block.size();
  // From the end: events come nearly in order.
  while (at > 0 && LoadLe<Timestamp>(BytesOf(block) + at - size) > event_us) at -= size;
  return {at, block.empty() ? 0 : block.size() - size};
}

Position FindText(const Accumulator& a, std::string_view block, Timestamp event_us) {
  ListReader reader(a, block);
  Position found{kTextHead, kTextHead};
  ListEntry entry;
  for (size_t at = reader.offset(); reader.Next(&entry); at = reader.offset()) {
    found.last_at = at;
    if (entry.event_us <= event_us) found.insert_at = reader.offset();
  }
  return found;
}

}  // namespace

ListReader::ListReader(const Accumulator& a, std::string_view block)
    : is_text_(a.physical == Physical::kBytes),
      has_valid_(a.respect_nulls),
      entry_size_(a.list_entry_size()),
      block_(block) {
  if (is_text_) {
    count_ = block.empty() ? 0 : LoadLe<uint32_t>(BytesOf(block));
    at_ = block.empty() ? 0 : kTextHead;
  } else {
    count_ = static_cast<uint32_t>(block.size() / entry_size_);
    at_ = 0;
  }
}

bool ListReader::Next(ListEntry* entry) {
  if (at_ >= block_.size()) return false;
  const uint8_t* bytes = BytesOf(block_) + at_;
  entry->event_us = LoadLe<Timestamp>(bytes);
  if (is_text_) {
    const auto length = LoadLe<uint32_t>(bytes + 8);
    entry->valid = LoadLe<uint32_t>(bytes + 12) != 0;
    entry->bytes = block_.substr(at_ + kTextEntryHead, length);
    at_ += kTextEntryHead + length;
  } else {
    entry->valid = !has_valid_ || LoadLe<uint64_t>(bytes + 8) != 0;
    entry->raw = LoadLe<uint64_t>(bytes + entry_size_ - 8);
    at_ += entry_size_;
  }
  return true;
}

void ListReader::Skip(uint32_t entries) {
  if (!is_text_) {
    at_ += size_t{entries} * entry_size_;
    return;
  }
  ListEntry skipped;
  for (; entries > 0; --entries) Next(&skipped);
}

ListChange PlanListChange(const Accumulator& a, std::string_view block, Timestamp event_us,
                          size_t value_size) {
  const bool is_text = a.physical == Physical::kBytes;
  const size_t head = is_text ? kTextHead : 0;
  const Position found =
      is_text ? FindText(a, block, event_us) : FindFixed(a, block, event_us);
  const uint32_t count = ListReader(a, block).count();
  const size_t entry_size = EntrySize(a, value_size);
  ListChange change;
  change.insert_at = found.insert_at;
  if (count >= a.list_size) {
    if (a.kind == AccumulatorKind::kLastList) {
      if (found.insert_at == head) return {};
      ListReader first(a, block);
      first.Skip(1);
      change.remove_at = head;
      change.remove_size = first.offset() - head;
    } else {
      if (found.insert_at == block.size()) return {};
      change.remove_at = found.last_at;
      change.remove_size = block.size() - found.last_at;
    }
  }
  change.takes = true;
  change.length = std::max(block.size(), head) + entry_size - change.remove_size;
  // Half as much again, so that a list that grows to n moves a few times only.
  if (!is_text) {
    change.capacity = entry_size * std::min<size_t>(a.list_size, count + 1 + count / 2);
  } else if (count > 0) {
    change.capacity = change.length + change.length / 2;
  }
  return change;
}

void ApplyListChange(const Accumulator& a, const ListChange& change, size_t old_length,
                     const ListEntry& entry, uint8_t* bytes) {
  const bool is_text = a.physical == Physical::kBytes;
  const size_t entry_size = EntrySize(a, entry.bytes.size());
  size_t end = std::max(old_length, is_text ? kTextHead : 0);
  size_t tail = change.insert_at;  // where what follows the new entry is now
  size_t at = change.insert_at;    // where the new entry goes
  if (change.remove_size > 0 && change.remove_at < change.insert_at) {
    const size_t kept = change.remove_at + change.remove_size;
    std::memmove(bytes + change.remove_at, bytes + kept, change.insert_at - kept);
    at -= change.remove_size;
  } else {
    end -= change.remove_size;
  }
  std::memmove(bytes + at + entry_size, bytes + tail, end - tail);
  uint8_t* to = bytes + at;
  StoreLe(to, entry.event_us);
  if (!is_text) {
    if (a.respect_nulls) StoreLe<uint64_t>(to + 8, entry.valid ? 1 : 0);
    StoreLe(to + entry_size - 8, entry.raw);
    return;
  }
  StoreLe(to + 8, static_cast<uint32_t>(entry.bytes.size()));
  StoreLe<uint32_t>(to + 12, entry.valid ? 1 : 0);
  if (!entry.bytes.empty()) std::memcpy(to + kTextEntryHead, entry.bytes.data(), entry.bytes.size());
  const uint32_t count = old_length == 0 ? 0 : LoadLe<uint32_t>(bytes);
  StoreLe(bytes, count + (change.remove_size > 0 ? 0 : 1));
  StoreLe<uint32_t>(bytes + 4, 0);
}

bool IsListBlock(const Accumulator& a, std::string_view block) {
  if (block.empty()) return true;
  uint32_t count = 0;
  Timestamp previous = kMinTimestamp;
  const auto follows = [&](Timestamp event_us) {
    ++count;
    const bool ascends = event_us >= previous;
    previous = event_us;
    return ascends;
  };
  ByteReader reader(AsBytes(block));
  if (a.physical != Physical::kBytes) {
    if (block.size() % a.list_entry_size() != 0) return false;
    while (reader.remaining() > 0) {
      if (!follows(reader.Get<Timestamp>())) return false;
      if (a.respect_nulls && reader.Get<uint64_t>() > 1) return false;
      reader.Get<uint64_t>();
    }
    return count <= a.list_size;
  }
  const auto stated = reader.Get<uint32_t>();
  if (reader.Get<uint32_t>() != 0) return false;
  while (reader.ok() && reader.remaining() > 0) {
    if (!follows(reader.Get<Timestamp>())) return false;
    const auto length = reader.Get<uint32_t>();
    const auto valid = reader.Get<uint32_t>();
    if (valid > 1 || (valid == 0 && length > 0)) return false;
    reader.GetRaw(length);
  }
  return reader.ok() && count == stated && count > 0 && count <= a.list_size;
}

}  // namespace skewless
