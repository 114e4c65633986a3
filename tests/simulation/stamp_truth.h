// What a simulated server gave out as stamps, against what the stamp log came to know of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "definition/definition.h"
#include "oracle/view_oracle.h"
#include "simulation/simulated_server.h"

namespace skewless::simulation {

class StampTruth {
 public:
  // Reads the whole stamp log. What is wrong with it, if anything is.
  std::optional<std::string> Load(FileSystem& files, const Definition& definition,
                                  const SimulatedServer& server);

  // From when a record of the view was readable; kMaxTimestamp: never.
  Timestamp AvailableOf(int view, const oracle::Record& record) const;
  // Of finished values: for what time it was computed into a row first.
  Timestamp ComputedOf(int view, const oracle::Record& record) const;
  // The row's last write that was stamped at or before `t`.
  std::optional<Stamp> LastBy(int view, const std::string& key, Timestamp t) const;
  // From when on readers were let in, as the stamp log has it.
  Timestamp opened_us() const { return opened_us_; }
  // The server showed a row then that it lost before anybody was told of its stamp: nobody can know
  // of it (docs/operations/delivery.md).
  bool IsForgotten(int view, const std::string& key, Timestamp t) const;

 private:
  std::optional<std::string> ReadAll(FileSystem& files, const std::string& directory);
  std::optional<std::string> Compare(const SimulatedServer& server);
  std::optional<std::string> CheckOrder(const SimulatedServer& server) const;
  Timestamp FirstOf(int view, const oracle::Record& record, Timestamp Stamp::*time) const;

  const Definition* definition_ = nullptr;
  Timestamp opened_us_ = kMaxTimestamp;
  std::map<SimulatedServer::Key, std::vector<Stamp>> known_;
  std::map<SimulatedServer::Key, std::vector<std::pair<Timestamp, Timestamp>>> forgotten_;
};

}  // namespace skewless::simulation
