// Connections to a simulated Redis. What is sent reaches it some time, whole commands in their
// order; answers come back some time. A connection may break with commands under way, which then
// come late, after whoever sent them was told that they failed, went away or was replaced; of two
// connections' commands none knows the other's.
#pragma once

#include <deque>
#include <list>

#include "online/redis/socket.h"
#include "property/dice.h"
#include "simulation/simulated_redis.h"

namespace skewless::simulation {

// What happens to the server and to all connections to it.
class RedisPort {
 public:
  explicit RedisPort(SimulatedRedis* redis) : redis_(*redis) {}

  using Command = std::vector<std::string>;
  // Null while it is away.
  RedisReply Execute(const Command& command) { return redis_.Execute(command); }
  // Counts restarts: of its connections none outlives one.
  std::string run_id() const { return redis_.run_id(); }

  bool away = false;  // it can't be reached
  bool calm = false;  // nothing is lost or late

  // A connection's commands, whose sender is gone.
  void ComeLate(std::deque<Command> commands) {
    if (!commands.empty()) late_.push_back(std::move(commands));
  }
  // Some come now, some never. How many came.
  int64_t LateArrivals(property::Dice* dice);
  void LoseLate() { late_.clear(); }

 private:
  SimulatedRedis& redis_;
  std::list<std::deque<Command>> late_;
};

class SimulatedNetwork final : public redis::Network {
 public:
  // `trouble`: how often something goes wrong, in percent of the times that it could.
  SimulatedNetwork(RedisPort* port, uint64_t seed, int trouble)
      : port_(*port), dice_(seed), trouble_(trouble) {}

  Result<std::unique_ptr<redis::Socket>> Connect(const redis::Endpoint& endpoint) override;

 private:
  class Connection;
  RedisPort& port_;
  property::Dice dice_;
  const int trouble_;
};

}  // namespace skewless::simulation
