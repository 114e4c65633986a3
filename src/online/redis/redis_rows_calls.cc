// The writer's calls: which rows go out together, in which form.
#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/clock.h"
#include "kernel/state.h"
#include "online/redis/redis_rows.h"

namespace skewless::redis {
namespace {

constexpr size_t kMaxCallBytes = size_t{256} << 10;  // a call holds the server up while it runs
constexpr int64_t kExpiryMarginMs = 60'000;

}  // namespace

RedisRows::Call RedisRows::NewCall(uint32_t slot) {
  Call call;
  if (spare_.empty()) {
    call = std::make_unique<WriteCall>();
  } else {
    call = std::move(spare_.back());
    spare_.pop_back();
    call->command.clear();
    call->rows.clear();
    call->kept.clear();
    call->redirects = 0;
    call->asking = false;
  }
  call->slot = slot;
  call->given_ns = MonotonicNanos();
  return call;
}

// In milliseconds; what the row says of its newest event decides. Readers pass an expired row over
// by their T, wherever they find it: Redis removes it once no T before that can come any more.
int64_t RedisRows::ExpireAtMs(const RowWrite& row) const {
  const auto view = static_cast<size_t>(row.view);
  if (view >= options_.expire_after_us.size() || options_.expire_after_us[view] <= 0 ||
      row.state.size() < sizeof(StateHeader))
    return kNeverExpires;
  const StateHeader header = LoadStateHeader(row.state.data());
  const Timestamp at = SaturatingAdd(header.newest_event_us, options_.expire_after_us[view]);
  return std::max<int64_t>(1, FloorDiv(at, 1000) + kExpiryMarginMs);
}

void RedisRows::EncodeGroup(std::span<const size_t> group, std::span<const RowWrite> rows) {
  group_rows_.clear();
  group_expire_.clear();
  if (group_keys_.size() < group.size()) group_keys_.resize(group.size());
  size_t count = 0;
  for (const size_t i : group) {
    group_rows_.push_back(rows[i]);
    group_keys_[count].clear();
    keys_.AppendRowKey(rows[i].view, buckets_[i], rows[i].key, &group_keys_[count]);
    ++count;
    if (expires_) group_expire_.push_back(ExpireAtMs(rows[i]));
  }
  const uint32_t slot = bucket_slot_[buckets_[group[0]]];
  Call call = NewCall(slot);
  call->writer = group_rows_[0].writer;
  call->least_us = least_stamp_;
  for (const RowWrite& row : group_rows_) call->least_us = std::max(call->least_us, row.least_us);
  const std::string clock = keys_.Clock(slot);
  const std::span<const std::string> keys(group_keys_.data(), count);
  if (options_.keeps_values()) {
    EncodeValuesCall(clock, group_rows_, keys, options_.values, options_.fingerprints, call.get());
  } else if (options_.increments_of(group_rows_[0].view) != nullptr) {
    EncodeIncrements(clock, keys, call.get());
  } else {
    EncodeCall(clock, group_rows_, keys, group_expire_, call.get());
  }
  in_flight_ += group.size();
  unplaced_.push_back(std::move(call));
}

// One server takes rows of any buckets together; a cluster those of one slot. A call is of one
// script.
void RedisRows::EncodeGroups(std::span<const RowWrite> rows) {
  buckets_.clear();
  for (const RowWrite& row : rows) buckets_.push_back(keys_.BucketOf(row.view, row.key));
  order_.resize(rows.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  const auto part = [&](size_t i) {
    const bool adds = options_.increments_of(rows[i].view) != nullptr;
    return std::pair(adds, servers_->cluster() ? buckets_[i] : 0);
  };
  if (servers_->cluster() || increments_) {
    std::sort(order_.begin(), order_.end(),
              [&](size_t a, size_t b) { return part(a) != part(b) ? part(a) < part(b) : a < b; });
  }
  for (size_t begin = 0; begin < order_.size();) {
    size_t end = begin;
    size_t bytes = 0;
    while (end < order_.size() && end - begin < options_.rows_per_call && bytes < kMaxCallBytes &&
           part(order_[end]) == part(order_[begin])) {
      bytes += EncodedRowBytes(rows[order_[end]]);
      ++end;
    }
    EncodeGroup(std::span(order_).subspan(begin, end - begin), rows);
    begin = end;
  }
}

}  // namespace skewless::redis
