// The store's clock and the two halves of exact availability over it: a writer that announces the
// stamp of what it is about to publish, and readers that take their T below it. Nobody waits.
//
// Why it is exact. A reader reads the time first and `pending` after that; a writer sets `pending`
// first and reads the time after that. Either the reader saw `pending`, then T < p <= P; or it did
// not, then its time is before the writer's second reading, and P is after it. So every T given
// until Commit is below P, and a T at or above P was taken when the commit was visible.
//
// Why T never runs backwards for a reader. The time never goes back; `pending` only moves up. One
// case is left: a reader that read a time at or above p just before the writer set `pending` to p
// gets p - 1 next. It then keeps its last T, which is below P as shown.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "online/embedded/arena_format.h"
#include "online/embedded/memory_order.h"

namespace skewless::embedded {

// The wall clock stands at the last stamp until the time is there: after a wall clock was set back.
inline Timestamp StoreNow(const ArenaClock& clock, ClockKind kind) {
  if (kind == ClockKind::kReplay) return clock.replay_now.load(std::memory_order_seq_cst);
  const Timestamp last = clock.last_stamp.load(std::memory_order_seq_cst);
  const int64_t offset = clock.offset_us.load(std::memory_order_seq_cst);
  const Timestamp now = MonotonicNanos() / 1000 + offset;
  ClockBarrier();
  return std::max(now, last);
}

// A reader's T, from a time read before `clock.pending` is read here. `last` is its T before.
inline Timestamp ReadTime(const ArenaClock& clock, Timestamp now, Timestamp last) {
  Timestamp above = clock.pending.load(std::memory_order_seq_cst);
  const Timestamp frozen = clock.frozen.load(std::memory_order_seq_cst);
  if (frozen != 0) above = std::min(above, frozen);
  return std::max(last, std::min(now, SaturatingSub(above, 1)));
}

// Announces a batch's stamp on a wall clock: above `wanted` - 1, above `above`, and above every T
// that a reader was given or will be given while `pending` stands. An older announcement stays.
// `now` reads the store's time.
template <typename Now>
Timestamp AnnounceWall(ArenaClock& clock, Timestamp wanted, Timestamp above, Now now) {
  const auto next = [&] { return std::max({now() + 1, above + 1, wanted}); };
  const Timestamp announced = next();
  if (clock.pending.load(std::memory_order_relaxed) == kNotPending) {
    clock.pending.store(announced, std::memory_order_seq_cst);
  }
  return std::max(next(), announced);
}
inline Timestamp AnnounceWall(ArenaClock& clock, Timestamp wanted, Timestamp above) {
  return AnnounceWall(clock, wanted, above, [&] { return StoreNow(clock, ClockKind::kWall); });
}

// The same on a replay clock, whose stamps are the history's own.
inline Timestamp AnnounceReplay(ArenaClock& clock, Timestamp wanted) {
  const Timestamp now = clock.replay_now.load(std::memory_order_relaxed);
  const Timestamp announced = std::max(wanted, SaturatingAdd(now, 1));
  if (announced < clock.pending.load(std::memory_order_relaxed)) {
    clock.pending.store(announced, std::memory_order_seq_cst);
  }
  return announced;
}

// For good: what is stamped from now on goes into another arena, so readers of this one must not
// pass it, whatever its writer still does, which may only stand still. Returns a time that no T
// given from this arena exceeds, now or later: as with an announcement, who did not see `frozen`
// read the time before it is read here again.
inline Timestamp Freeze(ArenaClock& clock, ClockKind kind) {
  Timestamp limit = SaturatingAdd(StoreNow(clock, kind), 1);
  if (limit == 0) limit = 1;  // which says that it is not frozen
  Timestamp none = 0;
  clock.frozen.compare_exchange_strong(none, limit, std::memory_order_seq_cst);
  const Timestamp now = std::max(StoreNow(clock, kind), limit - 1);
  return kind == ClockKind::kWall ? SaturatingAdd(now, 1) : now;
}

}  // namespace skewless::embedded
