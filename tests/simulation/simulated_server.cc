#include "simulation/simulated_server.h"

#include <algorithm>
#include <tuple>

namespace skewless::simulation {

// The engine's machine may start anew, and its monotonic time with it.
Timestamp SimulatedServer::Now() {
  const DurationUs now = machine_.MonotonicNanos() / 1000;
  if (now > seen_us_) now_ += now - seen_us_;
  seen_us_ = now;
  return now_;
}

const SimulatedServer::Row* SimulatedServer::Find(const Key& key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

RowWritten SimulatedServer::Write(const Request& request) {
  ++writes;
  RowWritten written;
  written.ticket = request.ticket;
  if (request.writer != holder_) {
    ++refused;
    written.outcome = RowWritten::Outcome::kFailed;
    written.may_retry = request.writer > holder_;
    if (!written.may_retry) written.error = {ErrorCode::kLocked, "a newer engine has the rows", ""};
    return written;
  }
  if (const Row* const row = Find(request.key)) {
    if (const auto refusal = Refusal(*row, request)) {
      behind += *refusal == RowWritten::Outcome::kBehind ? 1 : 0;
      written.outcome = *refusal;
      written.stored_sequence = row->sequence;
      written.available_us = row->own().available_us;
      written.computed_us = row->own().computed_us;
      return written;
    }
    timed_writes += row->sequence == request.sequence ? 1 : 0;
  }
  const Timestamp stamp = Tell();
  std::vector<Stamp> stamps = request.unlogged;
  stamps.push_back({request.sequence, stamp, request.computed_us});
  Put(request.key, {request.sequence, request.state, std::move(stamps)});
  written.outcome = RowWritten::Outcome::kWritten;
  written.stored_sequence = request.sequence;
  written.available_us = stamp;
  written.computed_us = request.computed_us;
  return written;
}

void SimulatedServer::Put(const Key& key, Row row) {
  const Stamp stamp = row.own();
  mark_ = std::max(mark_, stamp.available_us);
  if (const auto newest = newest_.find(key); newest != newest_.end()) {
    moved_back_ |= newest->second.sequence > stamp.sequence;
    moved_back_ |= values_ && newest->second.computed_us >= stamp.computed_us;
    moved_back_ |= newest->second.available_us >= stamp.available_us;
  }
  newest_[key] = stamp;
  rows_[key] = std::move(row);
  given_[key].push_back({stamp, false, kMaxTimestamp, holder_});
}

std::optional<RowWritten::Outcome> SimulatedServer::Refusal(const Row& row,
                                                            const Request& request) const {
  using Outcome = RowWritten::Outcome;
  if (row.sequence > request.sequence) return Outcome::kOlder;
  const bool same_record = row.sequence == request.sequence;
  if (!values_) return same_record ? std::optional(Outcome::kAlreadyThere) : std::nullopt;
  if (same_record && row.own().computed_us == request.computed_us) return Outcome::kAlreadyThere;
  if (row.own().computed_us >= request.computed_us) return Outcome::kBehind;
  return std::nullopt;
}

void SimulatedServer::Restart(Loss loss) {
  ++restarts;
  Now();
  ++incarnation_;
  late_.clear();  // its connections ended with it
  if (loss != Loss::kNothing) LoseRows(loss);
}

void SimulatedServer::Flush() {
  Now();
  open_ = 0;
  LoseRows(Loss::kAll);
}

void SimulatedServer::LoseRows(Loss loss) {
  ++losses_;
  lost_rows += static_cast<int64_t>(rows_.size());
  if (loss == Loss::kAll) saved_ = {};
  std::tie(rows_, holder_) = saved_;
  newest_.clear();
  for (const auto& [key, row] : rows_) newest_[key] = row.own();
  MarkLost();
}

void SimulatedServer::MarkLost() {
  for (auto& [key, all] : given_) {
    const Row* row = Find(key);
    for (Given& given : all) {
      const bool there = row != nullptr && std::find(row->stamps.begin(), row->stamps.end(),
                                                     given.stamp) != row->stamps.end();
      if (there || given.lost) continue;
      given.lost = true;
      given.lost_us = std::max(now_, mark_);
    }
  }
}

void SimulatedServer::LateArrivals(property::Dice* dice) {
  for (size_t i = 0; i < late_.size();) {
    if (!dice->Chance(30)) {
      ++i;
      continue;
    }
    const Request request = std::move(late_[i]);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
    if (dice->Chance(30)) continue;  // it never comes
    if (request.claims) {
      Claim(request.writer);
    } else {
      Write(request);
      ++late_writes;
    }
  }
}

bool SimulatedServer::Open(uint64_t incarnation, uint64_t writer) {
  if (incarnation != incarnation_ || writer != holder_) return false;
  open_ = incarnation;
  NoteOpening();
  return true;
}

std::optional<Timestamp> SimulatedServer::Read(const std::vector<Key>& keys,
                                               std::vector<const Row*>* rows) {
  return open_ == incarnation_ ? ReadPlainly(keys, rows) : std::nullopt;
}

std::optional<Timestamp> SimulatedServer::ReadPlainly(const std::vector<Key>& keys,
                                                      std::vector<const Row*>* rows) {
  rows->clear();
  if (away_) return std::nullopt;
  for (const Key& key : keys) rows->push_back(Find(key));
  return std::max(Now() - 1, mark_);
}

}  // namespace skewless::simulation
