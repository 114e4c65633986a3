// The writer's rows of views that are written by increments: what they are reckoned from, and what
// is sent whole because that was not known, or not so.
#include "base/check.h"
#include "online/redis/redis_rows.h"

namespace skewless::redis {

// Of the group's rows. A retry begins where its first try did, or is whole: either way it is one
// step, from one sequence to the next, that the server takes once.
void RedisRows::EncodeIncrements(const std::string& clock, std::span<const std::string> keys,
                                 WriteCall* call) {
  group_increments_.clear();
  for (const RowWrite& row : group_rows_) {
    group_increments_.push_back(
        {&row, options_.increments_of(row.view), bases_.Find(row.view, row.key)});
  }
  encoder_.Encode(clock, group_increments_, keys, group_expire_, call);
}

// What the server holds now is what the next increments begin from. Rows that it has not as these
// supposed go out again, whole, before anybody hears of it.
void RedisRows::TakeIncrements(const WriteCall& call, std::span<const size_t> apart) {
  const size_t first = done_.size() - call.rows.size();
  std::vector<RowWrite> whole;
  size_t kept_done = first;
  for (size_t i = 0, next = 0; i < call.rows.size(); ++i) {
    const WriteCall::KeptRow& row = call.kept[i];
    const bool is_apart = next < apart.size() && apart[next] == i;
    RowWritten& done = done_[first + i];
    const bool is_there = done.outcome == RowWritten::Outcome::kWritten ||
                          done.outcome == RowWritten::Outcome::kAlreadyThere;
    if (is_there) {
      bases_.Set(row.view, row.key, row.state);
    } else {
      bases_.Forget(row.view, row.key);
    }
    if (is_apart) {
      ++next;
      whole.push_back({row.view, row.key, call.rows[i].sequence, row.state, row.unlogged,
                       call.rows[i].ticket, call.writer, 0, call.least_us});
      continue;
    }
    if (kept_done != first + i) done_[kept_done] = std::move(done);
    ++kept_done;
  }
  done_.resize(kept_done);
  if (!whole.empty()) EncodeGroups(whole);
}

}  // namespace skewless::redis
