// Goes through one server's rows of finished values, some at a time, and removes those of another
// definition that are left when the rows are open: of entities that their view, as it is defined
// now, doesn't have. What replaced them lies under the same keys, so nothing else tells them.
//
// No read of ours changes: a row of another layout is none already. Stamps go on above a row that
// is gone as they went on above it. And no stamp is lost with it: rows go that are stamped at or
// before a time up to which the log of stamps has them all, so that no engine asks its rows for
// them, of whatever definition. The server looks at the claim, the layout and the stamp, inside the
// removal.
//
// A server is asked for 500 of its keys, then for the layouts of those that are rows, and then to
// remove rows one by one; the next 500 come when all of that is answered, not before a pause. A
// reply that is an error leaves its row, until the next start.
#pragma once

#include <deque>
#include <string>

#include "online/redis/redis_keys.h"
#include "online/redis/reply.h"
#include "online/redis/script.h"

namespace skewless::redis {

// KEYS: a row's, the clock's. ARGV: the writer, the row's layout as it is now, and the latest stamp
// of rows that may go. Returns 1 where the row went.
const Script& RemovalScript();

class RowWalk {
 public:
  // `keys` and `options` outlive it. Rows that are stamped later than `latest_us` stay.
  RowWalk(const Keys& keys, const RedisOptions& options, uint32_t writer, Timestamp latest_us)
      : keys_(keys), options_(options), writer_(writer), latest_us_(latest_us) {}

  void Stop() { going_ = false; }
  // The connection has broken: what was asked is not answered any more.
  void Forget();

  // Appends what is to be asked now, if anything is, and returns how many replies come.
  size_t Ask(int64_t now_ns, Bytes* out);
  // The next of them; may append more, and returns how many replies come of that.
  size_t Take(const redisReply& reply, Bytes* out);

  // It came to its end, or was stopped, and nothing is awaited any more.
  bool over() const { return !going_ && !busy(); }
  int64_t removed() const { return removed_; }
  // What the server said instead of its keys; empty: it gave them.
  const std::string& refusal() const { return refusal_; }

 private:
  struct Row {
    int view = 0;
    std::string key;
  };
  size_t TakeKeys(const redisReply& reply, Bytes* out);
  size_t TakeLayout(const redisReply& reply, Bytes* out);
  void EndStep();
  bool busy() const { return scanning_ || !rows_.empty() || removals_ > 0; }

  const Keys& keys_;
  const RedisOptions& options_;
  const uint32_t writer_;
  const Timestamp latest_us_;
  bool going_ = true;
  std::string cursor_ = "0", next_;
  bool scanning_ = false;  // the keys are awaited
  std::deque<Row> rows_;   // whose layouts are
  size_t removals_ = 0;    // that are
  int64_t step_ended_ns_ = 0;
  int64_t removed_ = 0;
  std::string refusal_;
};

}  // namespace skewless::redis
