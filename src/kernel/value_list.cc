#include "kernel/value_list.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace skewless {
namespace {

constexpr size_t kTextHead = 8;        // u32 count, u32 where the last entry begins
constexpr size_t kTextEntryHead = 16;  // i64 event_us, u32 length, u32 valid

const uint8_t* BytesOf(std::string_view block) { return AsBytes(block).data(); }

size_t EntrySize(const Accumulator& a, size_t value_size) {
  return a.physical == Physical::kBytes ? kTextEntryHead + value_size : a.list_entry_size();
}

// Where a new entry goes: behind all whose event is not later. Where the last two entries begin.
struct Position {
  size_t insert_at = 0, last_at = 0, before_last_at = 0;
};

Position FindFixed(const Accumulator& a, std::string_view block, Timestamp event_us) {
  const size_t size = a.list_entry_size();
  size_t at = block.size();
  // From the end: events come nearly in order.
  while (at > 0 && LoadLe<Timestamp>(BytesOf(block) + at - size) > event_us) at -= size;
  const size_t last_at = block.empty() ? 0 : block.size() - size;
  return {at, last_at, last_at < size ? 0 : last_at - size};
}

Position FindText(const Accumulator& a, std::string_view block, Timestamp event_us) {
  if (block.empty()) return {kTextHead, kTextHead, kTextHead};
  const size_t last_at = LoadLe<uint32_t>(BytesOf(block) + 4);
  if (LoadLe<Timestamp>(BytesOf(block) + last_at) <= event_us) {
    return {block.size(), last_at, last_at};  // in order: no walk, and nothing asks what is before
  }
  Position found{kTextHead, last_at, kTextHead};
  ListReader reader(a, block);
  ListEntry entry;
  for (size_t at = reader.offset(); at < last_at && reader.Next(&entry); at = reader.offset()) {
    found.before_last_at = at;
    if (entry.event_us <= event_us) found.insert_at = reader.offset();
  }
  return found;
}

// Of a text list; see Position. `removed` bytes go, `entry_size` come.
size_t LastAtAfter(const Accumulator& a, const ListChange& change, const Position& found,
                   size_t end, size_t entry_size) {
  const bool removes_front = a.kind == AccumulatorKind::kLastList;
  if (found.insert_at == end) return end - (removes_front ? change.remove_size : 0);
  if (removes_front) return found.last_at - change.remove_size + entry_size;
  if (change.remove_size == 0) return found.last_at + entry_size;
  return found.insert_at == found.last_at ? found.insert_at : found.before_last_at + entry_size;
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
  const size_t end = std::max(block.size(), head);
  const Position found = is_text ? FindText(a, block, event_us) : FindFixed(a, block, event_us);
  const uint32_t count = ListReader(a, block).count();
  const size_t entry_size = EntrySize(a, value_size);
  ListChange change;
  change.insert_at = found.insert_at;
  if (count >= MostEntries(a)) {
    if (a.kind == AccumulatorKind::kLastList) {
      change.removed = count - a.list_size + 1;
      ListReader kept(a, block);
      kept.Skip(change.removed);
      if (found.insert_at < kept.offset()) return {};
      change.remove_at = head;
      change.remove_size = kept.offset() - head;
    } else {
      if (found.insert_at == end) return {};
      change.removed = 1;
      change.remove_at = found.last_at;
      change.remove_size = end - found.last_at;
    }
  }
  change.takes = true;
  change.length = end + entry_size - change.remove_size;
  change.last_at = LastAtAfter(a, change, found, end, entry_size);
  // Half as much again, so that a list that grows to n moves a few times only.
  if (!is_text) {
    change.capacity = entry_size * std::min<size_t>(MostEntries(a), count + 1 + count / 2);
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
  const size_t tail = change.insert_at;  // where what follows the new entry is now
  size_t at = change.insert_at;          // where the new entry goes
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
  if (!entry.bytes.empty())
    std::memcpy(to + kTextEntryHead, entry.bytes.data(), entry.bytes.size());
  const uint32_t count = old_length == 0 ? 0 : LoadLe<uint32_t>(bytes);
  StoreLe(bytes, count + 1 - change.removed);
  StoreLe(bytes + 4, static_cast<uint32_t>(change.last_at));
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
    return count <= MostEntries(a);
  }
  const auto stated = reader.Get<uint32_t>();
  const auto last_at = reader.Get<uint32_t>();
  size_t at = 0;
  while (reader.ok() && reader.remaining() > 0) {
    at = block.size() - reader.remaining();
    if (!follows(reader.Get<Timestamp>())) return false;
    const auto length = reader.Get<uint32_t>();
    const auto valid = reader.Get<uint32_t>();
    if (valid > 1 || (valid == 0 && length > 0)) return false;
    reader.GetRaw(length);
  }
  return reader.ok() && count == stated && count > 0 && at == last_at && count <= MostEntries(a);
}

}  // namespace skewless
