// A simulated Redis as the store elsewhere of a world: what the engine's own writer, by its own
// scripts, makes of the keys is read back after every command, as the formats have it, and noted as
// rows and stamps, for whoever judges. A row that can't be read is damage: no writer makes one.
#pragma once

#include "online/redis/redis_keys.h"
#include "online/redis/redis_store.h"
#include "simulation/simulated_network.h"
#include "simulation/simulated_server.h"

namespace skewless::simulation {

class MirroredRedis final : public SimulatedServer {
 public:
  MirroredRedis(SimulatedMachine* machine, DurationUs ahead_us, bool values);

  // Of the definition that rows are judged by from here on. First of all.
  void Expect(const RedisOptions& options);
  // How a writer or a reader reaches it; what goes wrong on the way is drawn from `seed`.
  std::unique_ptr<RemoteRows> OpenRows(uint64_t log_identity, uint64_t seed);
  Result<std::unique_ptr<OnlineReader>> OpenReader();

  const SimulatedRedis& redis() const { return redis_; }
  // A row of finished values that is none of that definition's, if there is one.
  std::optional<std::string> FindLeft() const;
  int64_t removed = 0;  // rows that were

  void Restart(Loss loss) override;
  void Flush() override;
  void Save() override;
  void SetAway(bool away) override;
  void SetCalm(bool calm) override;
  void LateArrivals(property::Dice* dice) override;

 private:
  class Rows;
  Timestamp TellTime();
  void LookAnew();
  void Changed(const std::string& key);
  void ChangedRow(const Key& row, const std::string& key);
  Result<std::optional<Row>> Read(int view, const std::string& key);
  Result<Row> ReadHash(const ViewKernel& kernel, const RedisKeyspace::Hash& hash);
  Result<std::optional<Row>> ReadValues(int view, const RedisReply& hash);

  SimulatedRedis redis_;
  RedisPort port_;
  SimulatedNetwork readers_;  // whose answers come at once
  RedisOptions options_;
  std::optional<redis::Keys> keys_;
  uint64_t first_claim_ = UINT64_MAX;  // of an engine of that definition
  std::map<std::string, Key> names_;  // rows, by their keys in Redis
};

}  // namespace skewless::simulation
