// Where things lie in Redis. The layout is in docs/formats/redis.md and redis-values.md.
//
//   <prefix><project>:<view>:<layout>:{<bucket>}<key>   a row; <layout> is 8 hexadecimal digits of
//                                                       the view's fingerprint and its write
//   <prefix><project>::clock                            the greatest stamp given
//   <prefix><project>::open                             readers may read: as of which server, which
//                                                       layouts
//   <prefix><project>::log                              whose rows these are
//   <prefix><project>::nothing                          never there: to try rights with
//
// A row's bucket, one of 1024 by the hash of its entity's key, is its hash tag: so rows of one
// entity share a slot over all views, and rows of a batch share slots often enough to share calls.
// In a cluster each bucket has a clock and an open of its own: "::clock:{1a3}".
//
// Finished values are for people to find:
//
//   <prefix><project>:<view>:{<entity>}                 a row; <entity> as model/key_text.h has it
//
// There each slot is a bucket.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "online/redis/redis_store.h"

namespace skewless::redis {

inline constexpr uint32_t kBuckets = 1024;
inline constexpr uint32_t kSlots = 16384;

uint32_t BucketOf(ByteView key);
// Where a pattern is wanted: one that only `text` matches.
std::string EscapeGlob(std::string_view text);
// The cluster's slot of a Redis key: CRC-16 of its hash tag, or of all of it.
uint32_t SlotOf(std::string_view redis_key);

// What tells a view's rows from those of another definition, or of one that is written another way.
std::vector<uint64_t> LayoutsOf(const RedisOptions& options);
// Of a view that is written by increments; `fingerprint`: its states'.
uint64_t LayoutOfIncrements(uint64_t fingerprint);

class Keys {
 public:
  explicit Keys(const RedisOptions& options);

  uint32_t buckets() const { return key_types_.empty() ? kBuckets : kSlots; }
  // Of the row; where nothing depends on it, any.
  uint32_t BucketOf(int view, ByteView key) const;
  uint32_t SlotOfBucket(uint32_t bucket) const {
    return key_types_.empty() ? SlotOf(Tag(bucket)) : bucket;
  }
  // Appends the row's Redis key.
  void AppendRowKey(int view, uint32_t bucket, ByteView key, std::string* out) const;
  // What keys of rows of states begin with, before the bucket: of any view and layout.
  std::string StatesHead(const std::string& view, uint64_t layout) const;
  // Of which view a key is a row of finished values; -1: of none.
  int ViewOfValues(std::string_view key) const;
  // Slots that rows may lie in, ascending; of a server on its own any one.
  std::vector<uint32_t> RowSlots() const;
  // A server on its own has one clock, whatever the slot; a cluster one for each slot.
  uint32_t clocks() const { return cluster_ ? kSlots : 1; }
  std::string Clock(uint32_t slot) const { return project_ + "::clock" + SuffixOf(slot); }
  std::string Open(uint32_t slot) const { return project_ + "::open" + SuffixOf(slot); }
  std::string Nothing(uint32_t slot) const { return project_ + "::nothing" + SuffixOf(slot); }
  std::string Log() const { return project_ + "::log"; }
  const std::string& project() const { return project_; }
  std::string Pattern() const;  // of all of the project's keys, for SCAN

  static std::string Tag(uint32_t bucket);  // "{1a3}"
  static constexpr size_t kTagBytes = 5;

 private:
  std::string SuffixOf(uint32_t slot) const;

  bool cluster_ = false;
  std::string project_;                       // with the prefix
  std::vector<std::string> row_heads_;        // by view: up to the bucket, or the entity
  std::vector<std::vector<Type>> key_types_;  // by view, where rows are finished values
};

// What an `open` key holds: "<run id> <layout> <layout> ...".
std::string OpenValue(const std::string& run_id, const std::vector<uint64_t>& layouts);
enum class Opened { kYes, kOtherServer, kOtherLayout };
Opened CheckOpenValue(std::string_view value, std::string_view run_id, uint64_t layout);

}  // namespace skewless::redis
