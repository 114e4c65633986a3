#include "simulation/simulated_server.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace skewless::simulation {

// ---- the server

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
  Row& row = rows_[request.key];
  written.stored_sequence = row.sequence;
  if (!row.stamps.empty()) written.available_us = row.stamps.back().available_us;
  if (row.sequence > request.sequence) {
    written.outcome = RowWritten::Outcome::kOlder;
    return written;
  }
  if (row.sequence == request.sequence && !row.stamps.empty()) {
    written.outcome = RowWritten::Outcome::kAlreadyThere;
    return written;
  }
  mark_ = Tell();
  const Stamp stamp{request.sequence, mark_};
  std::vector<Stamp> stamps = request.unlogged;
  stamps.push_back(stamp);
  Sequence& newest = newest_[request.key];
  moved_back_ |= newest > request.sequence;
  newest = request.sequence;
  row = {request.sequence, request.state, std::move(stamps)};
  given_[request.key].push_back({stamp, false, kMaxTimestamp});
  written.outcome = RowWritten::Outcome::kWritten;
  written.stored_sequence = request.sequence;
  written.available_us = mark_;
  return written;
}

void SimulatedServer::Restart(Loss loss) {
  ++restarts;
  Now();
  ++incarnation_;
  if (loss != Loss::kNothing) LoseRows(loss);
}

void SimulatedServer::Flush() {
  Now();
  open_ = 0;
  LoseRows(Loss::kAll);
}

void SimulatedServer::LoseRows(Loss loss) {
  lost_rows += static_cast<int64_t>(rows_.size());
  if (loss == Loss::kAll) saved_ = {};
  std::tie(rows_, holder_) = saved_;
  newest_.clear();
  for (const auto& [key, row] : rows_) newest_[key] = row.sequence;
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
  return true;
}

std::optional<Timestamp> SimulatedServer::Read(const std::vector<Key>& keys,
                                               std::vector<ByteView>* states) {
  states->clear();
  if (open_ != incarnation_ || away_) return std::nullopt;
  const Timestamp t = std::max(Now() - 1, mark_);
  for (const Key& key : keys) {
    const Row* row = Find(key);
    states->push_back(row == nullptr ? ByteView{} : ByteView(row->state));
  }
  return t;
}

// ---- a writer's connection

SimulatedRows::SimulatedRows(SimulatedServer* server, uint64_t seed)
    : server_(*server), dice_(seed), trouble_(dice_.Pick({0, 3, 15})) {}

SimulatedRows::~SimulatedRows() { Break(); }

// What was under way may still come.
void SimulatedRows::Break() {
  for (Flight& flight : flights_) {
    failed_.push_back(Failure(flight.request.ticket));
    if (!flight.arrived) server_.SendLate(std::move(flight.request));
  }
  flights_.clear();
}

RowWritten SimulatedRows::Failure(uint64_t ticket) {
  RowWritten failure;
  failure.ticket = ticket;
  failure.outcome = RowWritten::Outcome::kFailed;
  failure.may_retry = true;
  return failure;
}

bool SimulatedRows::Connect() {
  if (server_.away()) {
    Break();
    return false;
  }
  if (incarnation_ != server_.incarnation()) {
    Break();
    incarnation_ = server_.incarnation();
  }
  if (writer_ != 0 && server_.holder() == writer_) told_ = std::max(told_, server_.Tell());
  return true;
}

size_t SimulatedRows::room() const { return flights_.size() < 40 ? 40 - flights_.size() : 0; }

Status SimulatedRows::Send(std::span<const RowWrite> rows) {
  for (const RowWrite& row : rows) {
    Flight flight;
    flight.request.writer = row.writer;
    flight.request.key = {row.view, std::string(AsText(row.key))};
    flight.request.sequence = row.sequence;
    flight.request.state.assign(row.state.begin(), row.state.end());
    flight.request.unlogged.assign(row.unlogged.begin(), row.unlogged.end());
    flight.request.ticket = row.ticket;
    flights_.push_back(std::move(flight));
  }
  return {};
}

Status SimulatedRows::Poll(DurationUs /*wait_us*/, std::vector<RowWritten>* done) {
  if (dice_.Chance(trouble_ / 3)) Break();  // the connection alone
  // At first the connection is being made, which is no failure.
  if (incarnation_ == 0 && dice_.Chance(50)) return {};
  const bool connected = Connect();
  for (size_t i = 0; connected && i < flights_.size();) {
    Flight& flight = flights_[i];
    if (!flight.arrived && dice_.Chance(60)) {
      flight.answer = server_.Write(flight.request);
      flight.arrived = true;
    }
    const bool late = dice_.Chance(trouble_);
    if (!late && !(flight.arrived && dice_.Chance(60))) {
      ++i;
      continue;
    }
    if (late) {
      failed_.push_back(Failure(flight.request.ticket));
      if (!flight.arrived) server_.SendLate(flight.request);
    } else {
      const bool failed = flight.answer.outcome == RowWritten::Outcome::kFailed;
      if (failed && flight.answer.may_retry) NoteLoss();
      done->push_back(flight.answer);
    }
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  done->insert(done->end(), failed_.begin(), failed_.end());
  failed_.clear();
  if (!connected) return Fail(ErrorCode::kUnavailable, "the server is away");
  return {};
}

// That nobody holds the rows means that they are lost: told once, as another incarnation.
void SimulatedRows::NoteLoss() {
  if (claimed_ == incarnation()) ++losses_;
}

Status SimulatedRows::Claim(uint32_t writer) {
  SKEWLESS_CHECK(flights_.empty());
  const bool connected = Connect();
  if (!connected || dice_.Chance(trouble_)) {
    // It may come all the same, at any time.
    SimulatedServer::Request request;
    request.writer = writer;
    request.claims = true;
    if (connected && dice_.Chance(50)) {
      server_.Claim(writer);
    } else {
      server_.SendLate(std::move(request));
    }
    return Fail(ErrorCode::kUnavailable, "the server is away");
  }
  if (server_.Claim(writer) != writer)
    return Fail(ErrorCode::kLocked, "a newer engine has the rows");
  writer_ = writer;
  claimed_ = incarnation();
  return {};
}

Status SimulatedRows::ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) {
  SKEWLESS_CHECK(flights_.empty());
  if (dice_.Chance(trouble_) || !Connect()) {
    return Fail(ErrorCode::kUnavailable, "the server is away");
  }
  for (const RowKey& key : keys) {
    const auto* row = server_.Find({key.view, std::string(AsText(key.key))});
    StoredRow& stored = rows->emplace_back();
    if (row == nullptr) continue;
    stored.found = true;
    stored.sequence = row->sequence;
    stored.stamps = row->stamps;
  }
  return {};
}

Status SimulatedRows::OpenForReaders(uint64_t incarnation) {
  const bool same = incarnation == this->incarnation();
  const bool reached = !dice_.Chance(trouble_) && Connect() && same;
  if (reached && server_.Open(incarnation_, writer_)) return {};
  if (reached && server_.holder() < writer_) NoteLoss();
  return Fail(ErrorCode::kUnavailable, "the server is away");
}

}  // namespace skewless::simulation
