// The writer's side of an online store in another process: versioned rows, asynchronous. A row is
// replaced only by a greater sequence, atomically, in the store, and the store's own clock stamps
// the write (CONSISTENCY: "Making availability exact").
//
// One thread drives it, and nothing in it blocks longer than the wait that it is given. The caller
// keeps one write of a row in flight, and opens the rows to readers once all that the store should
// hold is there:
//   start, or another incarnation():  Claim; ReadVersions of every row; Send what is missing or
//                                     older; all acknowledged: OpenForReaders
// Until then, and from the moment that the server may have lost rows, readers get kUnavailable
// rather than the vectors of entities that seem never to have been seen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/stamp.h"
#include "online/online_store.h"

namespace skewless {

// Who claims rows: the engine of an epoch, and the number of its claim. A claim that was given up
// may still come, after another of the same engine was lost.
constexpr uint32_t RowClaim(uint32_t epoch, uint32_t number) {
  return epoch << 16 | (number < 0xffff ? number : 0xffff);
}
constexpr int64_t EpochOfClaim(int64_t claim) { return claim >> 16; }

struct RowWrite {
  int view = 0;
  ByteView key;                     // as EncodeKeys makes it
  Sequence sequence = 0;            // the newest record in `state`
  ByteView state;                   // docs/formats/state.md; of finished values their vector.md
  std::span<const Stamp> unlogged;  // the row's earlier stamps that are not yet durable elsewhere
  uint64_t ticket = 0;              // the caller's; comes back in RowWritten
  uint32_t writer = 0;              // the RowClaim of who sends it
  Timestamp computed_us = 0;        // of finished values: what time they are of
  Timestamp least_us = 0;           // it is stamped no earlier, whatever the server's clock says
};

struct RowWritten {
  enum class Outcome {
    kWritten,
    kAlreadyThere,  // the same sequence: its stamp is given
    kOlder,         // the store has a greater sequence; the row is as it was
    kBehind,        // finished values for no later time than those there; the row is as it was
    kFailed,        // it may have landed all the same, unless the error says otherwise
  };
  uint64_t ticket = 0;
  Outcome outcome = Outcome::kFailed;
  Sequence stored_sequence = 0;  // what the store holds now; of kFailed: 0
  Timestamp available_us = 0;    // the stamp of what the store holds now; of kFailed: 0
  Timestamp computed_us = 0;     // of what the store holds now, where rows are finished values
  bool may_retry = false;        // of kFailed: the same write may succeed later
  Error error;                   // of kFailed
};

// A row as the store holds it: its sequence, and the stamps that it carries, ascending, its own
// last. A row that is not there has none.
struct StoredRow {
  bool found = false;
  Sequence sequence = 0;
  // Finished values of another definition, which stand in their place. Their stamps are told where
  // they rest on the same records.
  bool other_layout = false;
  std::vector<Stamp> stamps;
};

// Rows of a view as an earlier definition had it, under keys of their own: by the fingerprint that
// their stamps are logged with.
struct EarlierRows {
  std::string view;
  uint64_t fingerprint = 0;
};

// One of them, and the stamps that it carries.
struct EarlierRow {
  size_t of = 0;  // which of those that were asked for
  Bytes key;      // as EncodeKeys makes it
  std::vector<Stamp> stamps;
};

class RemoteRows {
 public:
  virtual ~RemoteRows() = default;

  // Whether the store is one for these rows at all, before anything else is done: its address, its
  // rights, another log's rows. Changes nothing there. Waits, as long as a connection may take;
  // kUnavailable where the store can't be asked now. Gives the least of the servers' clocks, which
  // a write may be sent with as its `least_us` without delaying a reader; kMinTimestamp: unknown.
  virtual Result<Timestamp> Examine() { return kMinTimestamp; }

  // Rows that Send would still take; never more than the window that the store was opened with.
  virtual size_t room() const = 0;
  // Copies what it needs and returns at once. Every row sent comes back from Poll exactly once. A
  // write that failed is sent again with the same bytes, so that its stamp comes to be known.
  virtual Status Send(std::span<const RowWrite> rows) = 0;
  // Moves bytes in both directions, waits up to `wait_us` for answers, and appends what is done.
  // kUnavailable while the store is away (`done` still gets the rows that failed with it); it
  // connects again by itself, with backoff, from here. Other errors need a person.
  virtual Status Poll(DurationUs wait_us, std::vector<RowWritten>* done) = 0;

  // Changes when the server may have lost rows: it restarted, or another took its place. Never 0
  // once it was connected.
  virtual uint64_t incarnation() const = 0;
  // No write sent from now on is stamped before this, nor before any `least_us` sent with one: the
  // least of the servers' clocks, as far as their answers told it, or later. States that are sent
  // may have dropped what no read from then on needs.
  virtual Timestamp least_stamp() const = 0;
  // The store's clock, as far as its answers told it, and on from there by our own. kMinTimestamp
  // before the first Claim.
  virtual Timestamp now_us() const = 0;

  // By a RowClaim greater than any before. From here on, until the incarnation changes, the store
  // takes rows of this writer alone: what an older one still has under way changes nothing and is
  // answered as kLocked, and what it wrote before is there to be read. Readers of views that this
  // writer doesn't have, or has defined anew, are let in no more. Waits. Where the store has lost
  // the claim, writes fail and the incarnation changes. kLocked where a later writer has claimed
  // the rows.
  virtual Status Claim(uint32_t writer) = 0;
  // What the store holds of `keys`, pipelined, without the states. Waits; nothing may be in flight.
  virtual Status ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) = 0;
  // What the store holds of rows of earlier definitions, whatever their entities: those of some
  // more of its keys at a time, from the first on where `anew`. False: that was all. A row may come
  // twice. Waits; after an error the next call goes on where this one began. After Claim nobody
  // changes these rows any more.
  virtual Result<bool> ReadEarlier(std::span<const EarlierRows> /*earlier*/, bool /*anew*/,
                                   std::vector<EarlierRow>* /*rows*/) {
    return false;
  }
  // All rows are in the store, as of `incarnation`: readers may read them. Waits. kUnavailable
  // where the store has another incarnation by now, or has lost the claim.
  virtual Status OpenForReaders(uint64_t incarnation) = 0;
  // Once they do: rows of another definition that are left in the place of this one's, of entities
  // that it doesn't have, may go, and do so by and by, from Poll. No later than `latest_us`: any
  // stamps that came are in the engine's own files, durably, up to there.
  virtual void RemoveOthers(Timestamp latest_us) { static_cast<void>(latest_us); }
};

}  // namespace skewless
