// The brokers of a simulated machine. Their topics hold what a scenario's sources hand out:
// partition 1 of topic "s0" is the stream "s0/1". Messages come over time; offsets have gaps, as
// compaction and transactions leave them, and tombstones in some; what a group has committed is
// removed now and then. Brokers go away and come back, forget a topic for a while, add partitions
// to one, and take a member's partitions from it. The client that asks them is librdkafka's in
// production, and simulated_librdkafka.cc here: the Kafka source itself is the one of production.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "property/dice.h"
#include "simulation/scenario.h"

namespace skewless::simulation {

struct SimulatedMessage {
  int64_t offset = 0;
  std::optional<std::string> value;  // none: a tombstone
};

// A message's value: the event's number behind this, or a bad record as it is.
inline constexpr char kEventMark = '#';

class SimulatedKafka {
 public:
  // By topic and number.
  using Place = std::pair<std::string, int32_t>;

  explicit SimulatedKafka(const Scenario& scenario);
  ~SimulatedKafka();
  SimulatedKafka(const SimulatedKafka&) = delete;
  SimulatedKafka& operator=(const SimulatedKafka&) = delete;

  // ---- what happens to them
  void Trouble();
  // There from here on, with all partitions and all messages; until it is false again.
  void SetCalm(bool calm);

  // ---- what a client is told
  property::Dice& dice() { return dice_; }
  bool away() const { return away_; }
  bool forgets(const std::string& topic) const;
  int32_t Partitions(const std::string& topic) const;  // that are there by now; 0: no such topic
  int64_t Begin(const Place& place) const;
  int64_t End(const Place& place) const;
  // The first message at `offset` or behind it; null: none has come yet.
  const SimulatedMessage* At(const Place& place, int64_t offset) const;
  void Commit(const Place& place, int64_t offset);
  // Of the group: another number whenever its partitions are dealt out anew, or taken back.
  int64_t deal() const { return deal_; }
  bool dealt() const { return dealt_; }

  // How often each of these happened, for the summary.
  int64_t outages = 0, deals = 0, retired = 0, appeared = 0, forgotten = 0;

 private:
  struct Partition {
    std::vector<SimulatedMessage> messages;
    size_t produced = 0;    // of them
    int64_t end = 0;        // when all are
    int64_t begin = 0;      // what lies before was removed
    int64_t committed = 0;  // 0: nothing
  };
  struct Topic {
    int32_t there = 0;  // partitions
    bool forgotten = false;
  };
  void AddStream(const Stream& stream);
  void Produce();
  void RemoveCommitted();
  void TroubleTopics();
  void Deal(bool dealt);

  const bool unsteady_, member_;
  property::Dice dice_;
  std::map<Place, Partition> partitions_;
  std::map<std::string, Topic> topics_;
  bool calm_ = false;
  bool away_ = false;
  int64_t deal_ = 1;
  bool dealt_ = true;
};

// Those that every client made from now on is a client of.
SimulatedKafka& KafkaOfThisMachine();

}  // namespace skewless::simulation
