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
  // By what number it has the rows of that definition's view (SimulatedServer::Key): those of each
  // layout of a view are others, but finished values, which lie under the same keys.
  int RowsOf(int view) const { return rows_of_[static_cast<size_t>(view)]; }
  // The view's name, and the fingerprint that stamps of these rows are logged with; 0: any.
  std::pair<std::string, uint64_t> StampedAs(int rows) const {
    const Layout& layout = layouts_[static_cast<size_t>(rows)];
    return {layout.view, layout.fingerprint};
  }
  // How a writer or a reader reaches it; what goes wrong on the way is drawn from `seed`.
  std::unique_ptr<RemoteRows> OpenRows(uint64_t log_identity, uint64_t seed);
  Result<std::unique_ptr<OnlineReader>> OpenReader();

  const SimulatedRedis& redis() const { return redis_; }
  // A row of finished values that is none of that definition's, if there is one.
  std::optional<std::string> FindLeft() const;
  int64_t removed = 0;       // rows that were
  int64_t earlier_rows = 0;  // of the other definition, gone through at a start

  void Restart(Loss loss) override;
  void Flush() override;
  void Save() override;
  void SetAway(bool away) override;
  void SetCalm(bool calm) override;
  void LateArrivals(property::Dice* dice) override;

 private:
  class Rows;
  // Of rows under keys of their own.
  struct Layout {
    std::string view;
    uint64_t fingerprint = 0, layout = 0;  // 0: rows are finished values, of whatever layout
    const ViewKernel* increments = nullptr;
  };
  Timestamp TellTime();
  void LookAnew();
  void Changed(const std::string& key);
  void ChangedRow(const Key& row, const std::string& key);
  int NumberOf(const Layout& layout);
  Result<std::optional<Row>> Read(int rows, const std::string& key);
  Result<Row> ReadHash(const ViewKernel& kernel, const RedisKeyspace::Hash& hash);
  Result<std::optional<Row>> ReadValues(int view, const RedisReply& hash);

  SimulatedRedis redis_;
  RedisPort port_;
  SimulatedNetwork readers_;  // whose answers come at once
  RedisOptions options_;
  std::optional<redis::Keys> keys_;
  std::vector<Layout> layouts_;        // of all definitions so far
  std::vector<int> rows_of_;           // by view of this one: its number among those
  uint64_t first_claim_ = UINT64_MAX;  // of an engine of that definition
  std::map<std::string, Key> names_;   // rows, by their keys in Redis
};

}  // namespace skewless::simulation
