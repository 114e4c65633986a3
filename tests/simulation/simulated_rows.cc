#include "simulation/simulated_rows.h"

#include "base/check.h"
#include "base/clock.h"

namespace skewless::simulation {

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
  if (writer_ != 0 && dice_.Chance(50)) AskForTime();
  return true;
}

size_t SimulatedRows::room() const { return flights_.size() < 40 ? 40 - flights_.size() : 0; }

Status SimulatedRows::Send(std::span<const RowWrite> rows) {
  for (const RowWrite& row : rows) {
    Flight flight;
    flight.request.writer = row.writer;
    flight.request.key = {row.view, std::string(AsText(row.key))};
    flight.request.sequence = row.sequence;
    flight.request.computed_us = row.computed_us;
    flight.request.state.assign(row.state.begin(), row.state.end());
    flight.request.unlogged.assign(row.unlogged.begin(), row.unlogged.end());
    flight.request.ticket = row.ticket;
    flights_.push_back(std::move(flight));
  }
  return {};
}

Status SimulatedRows::Poll(DurationUs /*wait_us*/, std::vector<RowWritten>* done) {
  if (Trouble(trouble_ / 3)) Break();  // the connection alone
  // At first the connection is being made, which is no failure.
  if (incarnation_ == 0 && dice_.Chance(50)) return {};
  const bool connected = Connect();
  for (size_t i = 0; connected && i < flights_.size();) {
    Flight& flight = flights_[i];
    if (!flight.arrived && dice_.Chance(60)) {
      flight.answer = server_.Write(flight.request);
      flight.told_us = server_.Tell();
      flight.arrived = true;
    }
    const bool late = Trouble(trouble_);
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
      if (!failed) NoteTime(flight.told_us);
      done->push_back(flight.answer);
    }
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  done->insert(done->end(), failed_.begin(), failed_.end());
  failed_.clear();
  if (!connected) return Fail(ErrorCode::kUnavailable, "the server is away");
  return {};
}

// Redis is asked all along, whoever holds the rows.
void SimulatedRows::AskForTime() {
  told_ = std::max(told_, server_.Tell());
  if (told_ > now_us()) NoteTime(told_);
}

// As an answer told it, which may have been under way for long.
void SimulatedRows::NoteTime(Timestamp time_us) {
  time_us_ = time_us;
  time_noted_us_ = MonotonicNanos() / 1000;
}

Timestamp SimulatedRows::now_us() const {
  if (time_us_ == kMinTimestamp) return kMinTimestamp;
  return time_us_ + (MonotonicNanos() / 1000 - time_noted_us_);
}

// That nobody holds the rows means that they are lost: told once, as another incarnation.
void SimulatedRows::NoteLoss() {
  if (claimed_ == incarnation()) ++losses_;
}

Status SimulatedRows::Claim(uint32_t writer) {
  SKEWLESS_CHECK(flights_.empty());
  const bool connected = Connect();
  if (!connected || Trouble(trouble_)) {
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
  NoteTime(server_.Tell());
  return {};
}

Status SimulatedRows::ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) {
  SKEWLESS_CHECK(flights_.empty());
  if (Trouble(trouble_) || !Connect()) {
    return Fail(ErrorCode::kUnavailable, "the server is away");
  }
  NoteTime(server_.Tell());
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
  const bool reached = !Trouble(trouble_) && Connect() && same;
  if (reached && server_.Open(incarnation_, writer_)) return {};
  if (reached && server_.holder() < writer_) NoteLoss();
  return Fail(ErrorCode::kUnavailable, "the server is away");
}

}  // namespace skewless::simulation
