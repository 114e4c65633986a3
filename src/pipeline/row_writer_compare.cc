// How the row writer finds out what the store has, whenever that may have lost rows, and lets
// readers in once all of them are there again.
#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "kernel/state.h"
#include "pipeline/row_writer.h"

namespace skewless {
namespace {

// Between two questions to a store that refuses them.
constexpr int64_t kAskPauseNanos = 100'000'000;

// It may come to answer, or to have room, without anybody changing the definition.
bool MayPass(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kNoSpace;
}

}  // namespace

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
  reads_earlier_ = !compared_once_ && !earlier_.empty();
  began_earlier_ = false;
  lost_rows_ = newer_rows_ = 0;
  acknowledged_ = std::max(written_.known_sequence, schedule_.known_sequence());
  schedule_.BeginCompare(last_sequence_);
  wanted_listing_.store(listing_, std::memory_order_release);
}

Status RowWriter::Compare() {
  if (listed_.empty() || schedule_.counts().in_flight > 0) return {};
  if (reads_earlier_) return ReadEarlier();
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

// What some more rows of earlier definitions carry that nobody logged: before anything says that
// the stamps of all records up to some one came. Nobody writes over them, so no row waits for their
// sync. Where the store refuses it for good, that is no reason not to serve.
Status RowWriter::ReadEarlier() {
  if (const Status claimed = Claim(); !claimed) return TakeRefusal(claimed.error());
  std::vector<EarlierRow> rows;
  const Result<bool> more = parts_.store->ReadEarlier(earlier_, !began_earlier_, &rows);
  if (!more && MayPass(more.error())) return TakeRefusal(more.error());
  refuses_questions_ = false;
  began_earlier_ = true;
  reads_earlier_ = more && *more;
  if (!more) {
    LogEvent(EventLevel::kWarning, "rows of an earlier definition are not read back",
             {{"error", more.error().message}, {"remedy", more.error().remedy}});
  }
  for (const EarlierRow& row : rows) {
    for (const Stamp& stamp : row.stamps) {
      if (stamp.available_us <= parts_.stamps->complete_before_us()) continue;
      parts_.stamps->Add({static_cast<uint32_t>(parts_.views.size() + row.of), row.key, stamp});
      unsynced_ = true;
      // Finished values are computed for later times than what was read before them.
      computed_us_ = std::max(computed_us_, stamp.available_us);
    }
  }
  return parts_.stamps->Write(written_);
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
    // It may have changed since it was listed, and been written by an engine that this one has
    // taken over from, which reads the same states.
    ByteView newest = state;
    if (!parts_.values) {
      const RowKey own{static_cast<int>(row.view), key};
      SKEWLESS_RETURN_IF_ERROR(parts_.states->Read(std::span(&own, 1)));
      newest = parts_.states->state(0);
    }
    if (!newest.empty() && LoadStateHeader(newest.data()).sequence >= stored.sequence) return {};
    return Fail(ErrorCode::kLocked,
                "the online store has a row of view '" + kernels_[row.view]->view().name +
                    "' at sequence " + std::to_string(stored.sequence) +
                    ", which is not in this engine's log: another log's engine writes there, or "
                    "the log was set back",
                "Give this engine a store, a database or a key prefix of its own, or its whole "
                "log.");
  }
  if (!stored.other_layout) NoteLostWrite(row, key, stored);
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
  return compared_once_ || WasStored(row.view);
}

// By the writer before this one. A view that is new or defined anew was never there.
bool RowWriter::WasStored(uint32_t view) const {
  const auto& before = parts_.stamps->recovered_views();
  return std::any_of(before.begin(), before.end(),
                     [&](const StampedView& one) { return one.HasSameRows(parts_.views[view]); });
}

// The same, whatever the layout of its rows.
bool RowWriter::WasKnown(uint32_t view) const {
  const auto is_same = [&](const StampedView& one) { return one.IsSameView(parts_.views[view]); };
  const auto& before = parts_.stamps->recovered_views();
  const auto& earlier = parts_.stamps->earlier_views();
  return std::any_of(before.begin(), before.end(), is_same) ||
         std::any_of(earlier.begin(), earlier.end(), is_same);
}

// When the engine before this one died: what it was not told of. Where a row is gone whose records
// were all known, it may have been values of a later time.
bool RowWriter::MayHaveBeenUnderWay(const ChangedRow& row, const StoredRow& stored) const {
  if (row.sequence > parts_.stamps->recovered().known_sequence) return WasKnown(row.view);
  return parts_.values && !stored.found && WasStored(row.view);
}

// Of a row that the store doesn't have as it should be: whoever read what was under way when the
// store lost rows, or when the engine before this one died, read what nobody was told of.
void RowWriter::NoteLostWrite(const ChangedRow& row, ByteView key, const StoredRow& stored) {
  LostWrite write{.view = row.view, .key = key};
  const StampKnowledge& before = parts_.stamps->recovered();
  if (const auto sent = schedule_.UnansweredOf(row, key)) {
    write.sequence = sent->sequence;
    write.from_us = sent->least_us;
  } else if (!compared_once_ && !before.closed && MayHaveBeenUnderWay(row, stored)) {
    write.sequence = row.sequence;
    write.from_us = SaturatingAdd(before.complete_us, 1);
  } else {
    return;
  }
  write.until_us = std::max(parts_.store->now_us(), least_stamp());
  parts_.stamps->AddLost(write);
  found_stamps_ = true;
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
    let_readers_in_.store(true, std::memory_order_release);
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

}  // namespace skewless
