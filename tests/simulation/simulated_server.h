// An online store elsewhere, on a machine of its own with a clock of its own: rows of either form,
// their stamps, and readers. It may be away, slow, restarted with all of its rows, with older ones
// or with none. Requests on their way to it may come late, after who sent them has died.
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
    Bytes state;                // of finished values their vector
    std::vector<Stamp> stamps;  // all that it carries, ascending, its own last
    const Stamp& own() const { return stamps.back(); }
  };
  struct Request {
    uint64_t writer = 0;
    bool claims = false;  // the rows, and writes none
    Key key;
    Sequence sequence = 0;
    Timestamp computed_us = 0;  // of finished values
    Bytes state;
    std::vector<Stamp> unlogged;
    uint64_t ticket = 0;
  };
  // What it ever told, or would have, of a row.
  struct Given {
    Stamp stamp;
    bool lost = false;  // nothing carries it any more since rows were lost
    Timestamp lost_us = kMaxTimestamp;
    uint64_t writer = 0;  // whose claim it was written by
  };

  // Time passes for it as for `machine`, whose own clock may be set as one likes. `values`: its
  // rows are finished values, else states.
  SimulatedServer(SimulatedMachine* machine, DurationUs ahead_us, bool values = false)
      : machine_(*machine),
        values_(values),
        began_us_(machine->realtime_us() + ahead_us),
        now_(began_us_),
        seen_us_(machine->MonotonicNanos() / 1000) {}
  virtual ~SimulatedServer() = default;
  SimulatedServer(const SimulatedServer&) = delete;
  SimulatedServer& operator=(const SimulatedServer&) = delete;

  // ---- what happens to it
  enum class Loss { kNothing, kSinceSaved, kAll };
  virtual void Restart(Loss loss);
  virtual void Flush();  // loses all, and goes on
  virtual void Save() { saved_ = {rows_, holder_}; }
  virtual void SetAway(bool away) { away_ = away; }
  bool away() const { return away_; }
  // Nothing on the way to it or back is lost or late.
  virtual void SetCalm(bool calm) { calm_ = calm; }
  bool calm() const { return calm_; }
  bool values() const { return values_; }
  // Its clock at first.
  Timestamp began_us() const { return began_us_; }
  // Requests whose sender is gone come, some of them.
  virtual void LateArrivals(property::Dice* dice);
  void SendLate(Request request) { late_.push_back(std::move(request)); }

  // ---- for its writers
  uint64_t incarnation() const { return incarnation_; }
  // Who may write; the writer that asks, unless a later one did. 0: nobody since rows were lost.
  uint64_t Claim(uint64_t writer) {
    holder_ = std::max(holder_, writer);
    newest_claim_ = std::max(newest_claim_, holder_);
    return holder_;
  }
  uint64_t holder() const { return holder_; }
  // The newest claim was lost, and nobody has claimed the rows anew.
  bool lost_claim() const { return holder_ < newest_claim_; }
  RowWritten Write(const Request& request);
  const Row* Find(const Key& key) const;
  Timestamp Tell() { return std::max(Now(), mark_ + 1); }
  bool Open(uint64_t incarnation, uint64_t writer);

  // ---- for its readers
  // One instant's rows, null where there is none; nothing while they are not all there.
  std::optional<Timestamp> Read(const std::vector<Key>& keys, std::vector<const Row*>* rows);
  // The same for a client that doesn't ask whether they are.
  std::optional<Timestamp> ReadPlainly(const std::vector<Key>& keys, std::vector<const Row*>* rows);

  const std::map<Key, std::vector<Given>>& given() const { return given_; }
  // A row went back by a write, in its sequence or in what it was computed for: never.
  bool moved_back() const { return moved_back_; }
  // What a row that was just written is wrong in, if it is.
  const std::optional<std::string>& damage() const { return damage_; }
  // How often rows were lost.
  int64_t losses() const { return losses_; }
  // How often readers were let in, and when first; kMaxTimestamp: never yet.
  int64_t openings() const { return openings_; }
  Timestamp first_opened_us() const { return first_opened_us_; }
  int64_t restarts = 0, lost_rows = 0, late_writes = 0, writes = 0, refused = 0, timed_writes = 0,
          behind = 0;

 protected:
  Timestamp Now();
  // A write took effect, whose stamp is the row's own.
  void Put(const Key& key, Row row);
  void Remove(const Key& key) { rows_.erase(key); }
  void NoteHolder(uint64_t holder) {
    holder_ = holder;
    newest_claim_ = std::max(newest_claim_, holder);
  }
  void NoteOpening() {
    ++openings_;
    first_opened_us_ = std::min(first_opened_us_, Tell());
  }
  // What is there may be by another definition now: of those rows nothing goes on but their stamps.
  void ForgetRows() {
    rows_.clear();
    for (auto& [key, newest] : newest_) newest = {0, newest.available_us, kMinTimestamp};
  }
  void Adopt(const Key& key, Row row) {
    newest_[key] = row.own();
    rows_[key] = std::move(row);
  }
  void Pass(DurationUs duration) { now_ += duration; }
  std::optional<std::string> damage_;

 private:
  void MarkLost();
  void LoseRows(Loss loss);
  // What the row that is there makes of the write, unless it is replaced by it.
  std::optional<RowWritten::Outcome> Refusal(const Row& row, const Request& request) const;

  SimulatedMachine& machine_;
  const bool values_;
  const Timestamp began_us_;
  Timestamp now_;
  DurationUs seen_us_;  // of the machine's monotonic time
  Timestamp mark_ = 0;  // the last stamp given
  bool away_ = false;
  bool calm_ = false;
  bool moved_back_ = false;
  uint64_t incarnation_ = 1;
  uint64_t open_ = 0;  // the incarnation that readers may read
  int64_t losses_ = 0, openings_ = 0;
  Timestamp first_opened_us_ = kMaxTimestamp;
  std::map<Key, Row> rows_;
  uint64_t holder_ = 0, newest_claim_ = 0;
  std::pair<std::map<Key, Row>, uint64_t> saved_;  // rows and holder
  std::map<Key, Stamp> newest_;                    // since rows were lost
  std::map<Key, std::vector<Given>> given_;
  std::vector<Request> late_;
};

}  // namespace skewless::simulation
