// What a simulated server gave out as stamps, against what the stamp log came to know of them; and
// from when records count by it, as docs/formats/stamps.md has it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "log/stamp_log.h"
#include "oracle/view_oracle.h"
#include "simulation/world.h"

namespace skewless::simulation {

class StampTruth {
 public:
  // Reads the whole stamp log, for the definition that the world has in use. What is wrong with it,
  // if anything is.
  Finding Load(World* world);

  // From when a record of the view was readable; kMaxTimestamp: never.
  Timestamp AvailableOf(int view, const oracle::Record& record) const;
  // Of finished values: for what time it was computed into a row first.
  Timestamp ComputedOf(int view, const oracle::Record& record) const;
  // The row's last write that was stamped at or before `t`.
  std::optional<Stamp> LastBy(int view, const std::string& key, Timestamp t) const;
  // From when on readers were let in, as the stamp log has it.
  Timestamp opened_us() const { return opened_us_; }
  // The last writer did not let readers in: its tables wait for the next one.
  bool is_open_ended() const {
    return !writers_.empty() && writers_.rbegin()->second.opened_us == kMaxTimestamp;
  }
  // The server showed a row then that it lost before anybody was told of its stamp: nobody can know
  // of it (docs/operations/delivery.md).
  bool IsForgotten(int view, const std::string& key, Timestamp t) const;

 private:
  using Key = std::pair<int, std::string>;  // a view of the definition, and the entity's
  // Whose rows stamps are of: the view's name and the layout, where layouts have their own rows.
  using Rows = std::pair<std::string, uint64_t>;
  struct Told {
    Stamp stamp;
    int64_t epoch = 0;     // of the writer that tells of it
    uint64_t records = 0;  // that rows are made of, as StampedView has them
    Sequence after = 0;    // the stamps of all records up to here had come
  };

  Finding ReadAll(FileSystem& files, const std::string& directory);
  Finding Compare();
  bool IsNoted(const Rows& rows, const std::string& key, const SimulatedServer::Given& given) const;
  Finding CheckOrder() const;
  Rows RowsOf(int number) const;
  bool IsForgottenAt(const SimulatedServer::Key& row, Timestamp t) const;
  // By either time of stamps.
  Timestamp CountsFrom(int view, const oracle::Record& record, Timestamp Stamp::*time) const;
  const Told* FirstTold(int view, ByteView key, Sequence sequence, uint64_t records,
                        Timestamp Stamp::*time) const;
  Timestamp OfLogged(int view, const oracle::Record& record, Timestamp Stamp::*time) const;
  Timestamp OpenedBetween(int64_t after_epoch, int64_t before_epoch) const;
  const std::vector<Told>& ToldOf(int view, ByteView key) const;
  const StampedView* ViewOf(int64_t epoch, int view) const;

  const World* world_ = nullptr;
  std::vector<StampedView> views_;  // of the definition
  std::vector<int> numbers_;        // of their rows in the server
  Timestamp opened_us_ = kMaxTimestamp;
  std::map<int64_t, StampLogReader::Writer> writers_;  // by epoch
  std::map<Key, std::vector<Told>> told_;
  std::map<std::pair<Rows, std::string>, std::vector<Told>> known_;
  struct Lost {
    Sequence sequence = 0;
    Timestamp from_us = 0, until_us = 0;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Lost>> lost_;  // by view and key
  std::map<SimulatedServer::Key, std::vector<std::pair<Timestamp, Timestamp>>> forgotten_;
};

}  // namespace skewless::simulation
