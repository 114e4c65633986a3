// An online store elsewhere, on a machine of its own with a clock of its own: rows, their stamps,
// and readers. It may be away, slow, restarted with all of its rows, with older ones or with none.
// Requests on their way to it may come late, after who sent them has died.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "online/remote_rows.h"
#include "property/dice.h"
#include "simulation/simulated_machine.h"

namespace skewless::simulation {

class SimulatedServer {
 public:
  using Key = std::pair<int, std::string>;  // view and key
  struct Row {
    Sequence sequence = 0;
    Bytes state;
    std::vector<Stamp> stamps;  // all that it carries, ascending, its own last
  };
  struct Request {
    uint64_t writer = 0;
    bool claims = false;  // the rows, and writes none
    Key key;
    Sequence sequence = 0;
    Bytes state;
    std::vector<Stamp> unlogged;
    uint64_t ticket = 0;
  };
  // What it ever told, or would have, of a row.
  struct Given {
    Stamp stamp;
    bool lost = false;  // nothing carries it any more since rows were lost
    Timestamp lost_us = kMaxTimestamp;
  };

  // Time passes for it as for `machine`, whose own clock may be set as one likes.
  SimulatedServer(SimulatedMachine* machine, DurationUs ahead_us)
      : machine_(*machine),
        now_(machine->realtime_us() + ahead_us),
        seen_us_(machine->MonotonicNanos() / 1000) {}

  // ---- what happens to it
  enum class Loss { kNothing, kSinceSaved, kAll };
  void Restart(Loss loss);
  void Flush();  // loses all, and goes on
  void Save() { saved_ = {rows_, holder_}; }
  void SetAway(bool away) { away_ = away; }
  bool away() const { return away_; }
  // Requests whose sender is gone come, some of them.
  void LateArrivals(property::Dice* dice);
  void SendLate(Request request) { late_.push_back(std::move(request)); }

  // ---- for its writers
  uint64_t incarnation() const { return incarnation_; }
  // Who may write; the writer that asks, unless a later one did. 0: nobody since rows were lost.
  uint64_t Claim(uint64_t writer) { return holder_ = std::max(holder_, writer); }
  uint64_t holder() const { return holder_; }
  RowWritten Write(const Request& request);
  const Row* Find(const Key& key) const;
  Timestamp Tell() { return std::max(Now(), mark_ + 1); }
  bool Open(uint64_t incarnation, uint64_t writer);

  // ---- for its readers
  // One instant's rows; nothing while they are not all there.
  std::optional<Timestamp> Read(const std::vector<Key>& keys, std::vector<ByteView>* states);

  const std::map<Key, std::vector<Given>>& given() const { return given_; }
  // A row went back to an older sequence by a write: never.
  bool moved_back() const { return moved_back_; }
  int64_t restarts = 0, lost_rows = 0, late_writes = 0, writes = 0, refused = 0;

 private:
  Timestamp Now();
  void MarkLost();
  void LoseRows(Loss loss);

  SimulatedMachine& machine_;
  Timestamp now_;
  DurationUs seen_us_;  // of the machine's monotonic time
  Timestamp mark_ = 0;  // the last stamp given
  bool away_ = false;
  bool moved_back_ = false;
  uint64_t incarnation_ = 1;
  uint64_t open_ = 0;  // the incarnation that readers may read
  std::map<Key, Row> rows_;
  uint64_t holder_ = 0;
  std::pair<std::map<Key, Row>, uint64_t> saved_;  // rows and holder
  std::map<Key, Sequence> newest_;                 // in this incarnation
  std::map<Key, std::vector<Given>> given_;
  std::vector<Request> late_;
};

// A writer's connection to it. Requests reach it in any order, answers come in any order, either
// may be lost; who waits too long is told that it failed, while the request may still be on its
// way.
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
  Timestamp now_us() const override { return told_; }
  Status ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) override;
  Status OpenForReaders(uint64_t incarnation) override;

  // Nothing is lost or late from now on.
  void Behave() { trouble_ = 0; }

 private:
  struct Flight {
    SimulatedServer::Request request;
    bool arrived = false;
    RowWritten answer;
  };
  bool Connect();
  void Break();
  void NoteLoss();
  static RowWritten Failure(uint64_t ticket);

  SimulatedServer& server_;
  uint64_t writer_ = 0;   // as it claimed
  uint64_t claimed_ = 0;  // the incarnation that it claimed
  uint64_t losses_ = 0;   // of the claim
  property::Dice dice_;
  int trouble_;  // percent
  uint64_t incarnation_ = 0;
  Timestamp told_ = kMinTimestamp;
  std::vector<Flight> flights_;
  std::vector<RowWritten> failed_;
};

}  // namespace skewless::simulation
