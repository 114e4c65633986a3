// A writer's connection to the simulated server. Requests reach it in any order, answers come in
// any order, either may be lost; who waits too long is told that it failed, while the request may
// still be on its way.
#pragma once

#include <vector>

#include "simulation/simulated_server.h"

namespace skewless::simulation {

class SimulatedRows : public RemoteRows {
 public:
  SimulatedRows(SimulatedServer* server, uint64_t seed);
  ~SimulatedRows() override;

  size_t room() const override;
  Status Send(std::span<const RowWrite> rows) override;
  Status Poll(DurationUs wait_us, std::vector<RowWritten>* done) override;
  uint64_t incarnation() const override {
    return incarnation_ == 0 ? 0 : incarnation_ + (losses_ << 32);
  }
  Timestamp least_stamp() const override { return told_; }
  Status Claim(uint32_t writer) override;
  Timestamp now_us() const override;
  Status ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) override;
  Status OpenForReaders(uint64_t incarnation) override;

 private:
  struct Flight {
    SimulatedServer::Request request;
    bool arrived = false;
    Timestamp told_us = 0;  // the server's clock then
    RowWritten answer;
  };
  // Whether something goes wrong that does so in so many of a hundred cases.
  bool Trouble(int percent) { return !server_.calm() && dice_.Chance(percent); }
  bool Connect();
  void Break();
  void NoteLoss();
  void AskForTime();
  void NoteTime(Timestamp time_us);
  static RowWritten Failure(uint64_t ticket);

  SimulatedServer& server_;
  uint64_t writer_ = 0;   // as it claimed
  uint64_t claimed_ = 0;  // the incarnation that it claimed
  uint64_t losses_ = 0;   // of the claim
  property::Dice dice_;
  int trouble_;  // percent
  uint64_t incarnation_ = 0;
  Timestamp told_ = kMinTimestamp;
  Timestamp time_us_ = kMinTimestamp;  // the last that it told of its clock, and when
  DurationUs time_noted_us_ = 0;
  std::vector<Flight> flights_;
  std::vector<RowWritten> failed_;
};

}  // namespace skewless::simulation
