// What the row writer does with the store: comparing, sending, and taking answers.
#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "kernel/vector_encoding.h"
#include "pipeline/row_writer.h"

namespace skewless {
namespace {

// Of a write that was answered, for another one's bytes.
constexpr size_t kKeptBytes = 4096;

// Answers that are asked for ahead of their turn.
constexpr size_t kAhead = 8;

// Between two questions to a store that refuses them.
constexpr int64_t kAskPauseNanos = 100'000'000;

bool IsAway(const Error& error) { return error.code == ErrorCode::kUnavailable; }
// It may come to answer, or to have room, without anybody changing the definition.
bool MayPass(const Error& error) { return IsAway(error) || error.code == ErrorCode::kNoSpace; }

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
  __builtin_prefetch(&sent_[row], 1);
  __builtin_prefetch(&sent_nanos_[row]);
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

// ---- comparing

// Its questions wait for their answers, so one that refuses them is not asked all the time.
bool RowWriter::MayAsk() const { return connected_ && MonotonicNanos() >= ask_after_nanos_; }

// What may pass is asked again later.
Status RowWriter::TakeRefusal(const Error& error) {
  if (!MayPass(error)) return tl::unexpected<Error>(error);
  refusal_ = error;
  refuses_questions_ = true;
  ask_after_nanos_ = MonotonicNanos() + kAskPauseNanos;
  return {};
}

// Every time that the store may have lost rows, all of them are compared with the engine's own.
void RowWriter::NoteIncarnation() {
  const uint64_t incarnation = parts_.store->incarnation();
  if (incarnation == 0 || incarnation == incarnation_) return;
  if (incarnation_ != 0) LogEvent(EventLevel::kWarning, "store may have lost rows");
  incarnation_ = incarnation;
  ++listing_;
  listed_.clear();
  claimed_ = false;
  comparing_ = opening_ = true;
  lost_rows_ = newer_rows_ = 0;
  acknowledged_ = std::max(written_.known_sequence, schedule_.known_sequence());
  schedule_.BeginCompare(last_sequence_);
  wanted_listing_.store(listing_, std::memory_order_release);
}

Status RowWriter::Compare() {
  if (listed_.empty() || schedule_.counts().in_flight > 0) return {};
  Status compared = Claim();
  if (compared.has_value()) compared = CompareRows(listed_.front().rows);
  if (!compared.has_value()) return TakeRefusal(compared.error());
  refuses_questions_ = false;
  const bool last = listed_.front().last;
  listed_.pop_front();
  if (!last) {
    wanted_listing_.store(listing_, std::memory_order_release);
    return {};
  }
  schedule_.EndCompare();
  if (lost_rows_ > 0)
    LogEvent(EventLevel::kWarning, "rows that the store lost are written anew",
             {{"rows", lost_rows_}});
  if (newer_rows_ > 0)
    LogEvent(EventLevel::kInfo, "rows are written that changed before", {{"rows", newer_rows_}});
  comparing_ = false;
  compared_once_ = true;
  return {};
}

// Before the first row is looked at: what is seen then, nobody else changes any more.
Status RowWriter::Claim() {
  if (claimed_) return {};
  claim_ = RowClaim(parts_.writer, ++claims_);
  SKEWLESS_RETURN_IF_ERROR(parts_.store->Claim(claim_));
  claimed_ = true;
  return {};
}

Status RowWriter::CompareRows(const ChangedRows& rows) {
  for (size_t begin = 0; begin < rows.rows.size(); begin += options_.rows_per_question) {
    const size_t end = std::min(begin + options_.rows_per_question, rows.rows.size());
    keys_.clear();
    for (size_t i = begin; i < end; ++i) {
      keys_.push_back({static_cast<int>(rows.rows[i].view), rows.key(rows.rows[i])});
    }
    stored_.clear();
    SKEWLESS_RETURN_IF_ERROR(parts_.store->ReadVersions(keys_, &stored_));
    SKEWLESS_CHECK(stored_.size() == keys_.size());
    if (parts_.values) SKEWLESS_RETURN_IF_ERROR(parts_.states->Read(keys_));
    for (size_t i = begin; i < end; ++i) {
      const ByteView state = parts_.values ? parts_.states->state(i - begin) : ByteView{};
      SKEWLESS_RETURN_IF_ERROR(
          CompareRow(rows.rows[i], rows.key(rows.rows[i]), stored_[i - begin], state));
    }
  }
  return {};
}

// `state`: where the store keeps finished values, what they are computed from.
Status RowWriter::CompareRow(const ChangedRow& row, ByteView key, const StoredRow& stored,
                             ByteView state) {
  // Stamps that an earlier writer was not told of, or that a power cut took from its log.
  for (const Stamp& stamp : stored.stamps) {
    const Timestamp logged =
        compared_once_ ? written_.complete_us : parts_.stamps->complete_before_us();
    if (stamp.available_us <= logged) continue;
    parts_.stamps->Add({row.view, key, stamp});
    found_stamps_ = true;
  }
  for (const Stamp& stamp : stored.stamps) computed_us_ = std::max(computed_us_, stamp.computed_us);
  const bool is_there = stored.found && stored.sequence == row.sequence;
  if (is_there && (!parts_.values || IsCurrent(row, key, stored, state))) return {};
  // By another definition its newest record may have been a later one.
  if (stored.found && !stored.other_layout && stored.sequence > row.sequence) {
    return Fail(ErrorCode::kLocked,
                "the online store has a row of view '" + kernels_[row.view]->view().name +
                    "' at sequence " + std::to_string(stored.sequence) +
                    ", which is not in this engine's log: another log's engine writes there, or "
                    "the log was set back",
                "Give this engine a store, a database or a key prefix of its own, or its whole "
                "log.");
  }
  if (!schedule_.Rewrite(row, key)) return {};
  // What is there of the same record only time has changed, or the definition.
  if (!is_there && !stored.other_layout && WasLost(row)) {
    ++lost_rows_;
    stats_.rewritten.fetch_add(1, std::memory_order_relaxed);
  } else {
    ++newer_rows_;
  }
  return {};
}

// Of a row that isn't in the store as it is here: the store had taken it, and no expiry was due.
bool RowWriter::WasLost(const ChangedRow& row) const {
  if (row.sequence > acknowledged_) return false;
  if (row.view < parts_.expire_after_us.size() && parts_.expire_after_us[row.view] > 0 &&
      SaturatingAdd(row.oldest_event_us, parts_.expire_after_us[row.view]) <= wall_clock_->Now())
    return false;
  if (compared_once_) return true;
  // A view that is new or defined anew was never there.
  const auto& before = parts_.stamps->recovered_views();
  return std::any_of(before.begin(), before.end(), [&](const StampedView& view) {
    return view.HasSameRows(parts_.views[row.view]);
  });
}

Status RowWriter::OpenForReaders() {
  if (comparing_ || schedule_.rewrites_left() > 0) return {};
  if (parts_.store->least_stamp() == kMinTimestamp) return {};  // it will tell
  if (written_.opened_us == kMaxTimestamp) {
    // No reader that is let in by this is given an earlier time. Durable first: after a crash
    // nobody else could tell.
    written_.opened_us = SaturatingSub(parts_.store->least_stamp(), 1);
    SKEWLESS_RETURN_IF_ERROR(parts_.stamps->Write(written_));
    SKEWLESS_RETURN_IF_ERROR(parts_.stamps->Sync());
  }
  const Status opened = parts_.store->OpenForReaders(incarnation_);
  if (!opened.has_value()) return TakeRefusal(opened.error());
  refuses_questions_ = false;
  opening_ = false;
  // No later engine, of whatever definition, asks a row for stamps that are not after this
  // (complete_before_us): what was recovered is in the head of our own file.
  parts_.store->RemoveOthers(parts_.stamps->recovered().complete_us);
  return {};
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
    write.view = static_cast<int>(key.view);
    write.key = AsBytes(key.bytes);
    write.state = sent_[departure.row];
    if (parts_.values) {
      const VectorHead head = LoadVectorHead(write.state);
      write.sequence = head.sequence;
      write.computed_us = head.read_us;
    } else {
      write.sequence = LoadStateHeader(write.state.data()).sequence;
    }
    write.unlogged = schedule_.unlogged(departure.row);
    write.ticket = departure.row;
    write.writer = claim_;
    write.least_us = least_stamp();
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
