// What the row writer does with the store all the time: sending, and taking answers.
#include <algorithm>

#include "base/clock.h"
#include "base/prefetch.h"
#include "kernel/vector_encoding.h"
#include "pipeline/row_writer.h"

namespace skewless {
namespace {

// Of a write that was answered, for another one's bytes.
constexpr size_t kKeptBytes = 4096;

// Answers that are asked for ahead of their turn.
constexpr size_t kAhead = 8;

bool IsAway(const Error& error) { return error.code == ErrorCode::kUnavailable; }

}  // namespace

std::string RowWriter::Name(RowSchedule::Id row) const {
  return "view '" + kernels_[schedule_.key(row).view]->view().name + "'";
}

// ---- answers

Status RowWriter::PollStore(DurationUs wait_us) {
  answers_.clear();
  Status polled = parts_.store->Poll(wait_us, &answers_);
  if (!polled.has_value() && !IsAway(polled.error())) return polled;
  connected_ = polled.has_value();
  if (!connected_) away_ = polled.error();
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (i + kAhead < answers_.size()) PrefetchRow(answers_[i + kAhead].ticket);
    SKEWLESS_RETURN_IF_ERROR(TakeAnswer(answers_[i]));
  }
  // Where the store has told nothing yet, what the stamp log knows stays.
  const Timestamp least = parts_.store->least_stamp();
  if (connected_ && least > least_stamp()) least_stamp_.store(least, std::memory_order_relaxed);
  if (awaits_clock() && (!connected_ || least != kMinTimestamp))
    awaits_clock_.store(false, std::memory_order_relaxed);
  return {};
}

// Rows lie anywhere, and answers come long after they were sent.
void RowWriter::PrefetchRow(uint64_t ticket) const {
  const auto row = static_cast<RowSchedule::Id>(ticket);
  schedule_.Prefetch(row);
  Prefetch(&sent_[row]);
  Prefetch(&sent_nanos_[row]);
}

void RowWriter::LookAtStore() {
  const int64_t now = MonotonicNanos();
  if (!connected_) return watch_.Look(now, StoreHealth::kAway, away_);
  if (refuses_questions_ || schedule_.counts().failing > 0)
    return watch_.Look(now, StoreHealth::kRefuses, refusal_);
  watch_.Look(now, incarnation_ == 0 ? StoreHealth::kConnecting : StoreHealth::kTakesRows);
}

Status RowWriter::TakeAnswer(const RowWritten& answer) {
  const auto row = static_cast<RowSchedule::Id>(answer.ticket);
  const int64_t now = MonotonicNanos();
  if (answer.outcome == RowWritten::Outcome::kOlder) return Fence(answer);
  if (answer.outcome == RowWritten::Outcome::kFailed) {
    if (!answer.may_retry) return tl::unexpected<Error>(answer.error);
    refusal_ = answer.error;
    schedule_.Failed(row, now);
    return {};
  }
  stats_.latency.Record(now - sent_nanos_[row]);
  if (answer.outcome == RowWritten::Outcome::kBehind) {
    computed_us_ = std::max(computed_us_, answer.computed_us);
    waiting_due_us_[row] = std::min(waiting_due_us_[row], flying_due_us_[row]);
    schedule_.Refused(row, now);
    return {};
  }
  CountLateness(row, answer.available_us);
  const Stamp stamp{answer.stored_sequence, answer.available_us, answer.computed_us};
  const RowSchedule::Readable readable = schedule_.Written(row, stamp, now);
  // The next write takes them while they are in the cache, whichever row's it is.
  if (sent_[row].capacity() <= kKeptBytes) spare_bytes_.push_back(std::move(sent_[row]));
  sent_[row] = Bytes();
  if (readable.events == 0) return {};
  const int64_t since_accepted = now - readable.accepted_nanos;
  ViewFreshness& view = parts_.engine->views[readable.view];
  view.from_event.Record(AgeNanos(stamp.available_us, readable.oldest_event_us), readable.events);
  view.from_acceptance.Record(since_accepted, readable.events);
  parts_.engine->freshness.Record(since_accepted, readable.events);
  return {};
}

Status RowWriter::Fence(const RowWritten& answer) const {
  const auto row = static_cast<RowSchedule::Id>(answer.ticket);
  return Fail(ErrorCode::kLocked,
              "the online store has a row of " + Name(row) + " at sequence " +
                  std::to_string(answer.stored_sequence) +
                  ", later than this engine wrote: a newer engine is at work there",
              "Leave the store to the newer engine: stop this one for good. The row was not "
              "changed.");
}

// ---- sending

Status RowWriter::SendRows() {
  if (parts_.store->least_stamp() == kMinTimestamp) return {};  // by which rows are compacted
  for (;;) {
    const int64_t now = MonotonicNanos();
    const size_t most = std::min(parts_.store->room(), options_.rows_per_read);
    schedule_.Take(most, now, least_stamp(), &departures_);
    if (departures_.empty()) return {};
    if (sent_.size() < schedule_.row_limit()) {
      sent_.resize(schedule_.row_limit());
      sent_nanos_.resize(schedule_.row_limit());
      flying_due_us_.resize(schedule_.row_limit(), kMaxTimestamp);
      waiting_due_us_.resize(schedule_.row_limit(), kMaxTimestamp);
    }
    SKEWLESS_RETURN_IF_ERROR(SendSome(departures_));
  }
}

Status RowWriter::SendSome(std::span<const RowSchedule::Departure> rows) {
  SKEWLESS_RETURN_IF_ERROR(ReadStates(rows));
  const int64_t now = MonotonicNanos();
  writes_.clear();
  for (const RowSchedule::Departure& departure : rows) {
    const RowTable::Key& key = schedule_.key(departure.row);
    RowWrite write;
    write.least_us = least_stamp();
    write.view = static_cast<int>(key.view);
    write.key = AsBytes(key.bytes);
    write.state = sent_[departure.row];
    if (parts_.values) {
      const VectorHead head = LoadVectorHead(write.state);
      write.sequence = head.sequence;
      write.computed_us = head.read_us;
    } else {
      const StateHeader head = LoadStateHeader(write.state.data());
      write.sequence = head.sequence;
      // An engine before this one may have known a later least stamp, which no log of stamps holds.
      write.least_us = std::max(write.least_us, head.available_us);
    }
    write.unlogged = schedule_.unlogged(departure.row);
    write.ticket = departure.row;
    write.writer = claim_;
    sent_nanos_[departure.row] = now;
    writes_.push_back(write);
  }
  Status sent = parts_.store->Send(writes_);
  // A store that went away meanwhile answers for them in Poll.
  return sent.has_value() || IsAway(sent.error()) ? Status{} : sent;
}

// As a reader does it: whole rows, no older than the commit that changed them.
Status RowWriter::ReadStates(std::span<const RowSchedule::Departure> rows) {
  for (const RowSchedule::Departure& departure : rows) schedule_.PrefetchKey(departure.row);
  keys_.clear();
  for (const RowSchedule::Departure& departure : rows) {
    const RowTable::Key& key = schedule_.key(departure.row);
    if (!departure.again) keys_.push_back({static_cast<int>(key.view), AsBytes(key.bytes)});
  }
  if (keys_.empty()) return {};
  SKEWLESS_RETURN_IF_ERROR(parts_.states->Read(keys_));
  size_t read = 0;
  for (const RowSchedule::Departure& departure : rows) {
    if (departure.again) continue;
    const ByteView state = parts_.states->state(read++);
    if (state.empty()) {
      return Fail(ErrorCode::kInternal, "a row of " + Name(departure.row) +
                                            " changed and is not in the engine's own store");
    }
    Bytes& sent = sent_[departure.row];
    if (!spare_bytes_.empty()) {
      sent = std::move(spare_bytes_.back());
      spare_bytes_.pop_back();
    }
    if (parts_.values) {
      ComputeValues(departure.row, state);
      schedule_.SetSent(departure.row, LoadVectorHead(sent).sequence);
    } else {
      kernels_[schedule_.key(departure.row).view]->Compact(state, &sent, least_stamp());
      schedule_.SetSent(departure.row, LoadStateHeader(sent.data()).sequence);
    }
  }
  return {};
}

}  // namespace skewless
