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
  // The server showed a row then that it lost before anybody was told of its stamp: nobody can know
  // of it (docs/operations/delivery.md).
  bool IsForgotten(int view, const std::string& key, Timestamp t) const;

 private:
  const Definition* definition_ = nullptr;
  std::map<SimulatedServer::Key, std::vector<Stamp>> known_;
  std::map<SimulatedServer::Key, std::vector<std::pair<Timestamp, Timestamp>>> forgotten_;
};

}  // namespace skewless::simulation
