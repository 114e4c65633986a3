#include "simulation/stamp_truth.h"

#include <algorithm>

#include "log/stamp_log.h"
#include "model/key.h"

namespace skewless::simulation {

std::optional<std::string> StampTruth::Load(FileSystem& files, const Definition& definition,
                                            const SimulatedServer& server) {
  definition_ = &definition;
  if (server.moved_back()) return "a row was moved back";
  auto reader =
      StampLogReader::Open(files, StampDirectory(definition.ResolvePath(definition.log_path)));
  StampLogReader::Frame frame;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&frame);
    if (!more) return "the stamp log cannot be read: " + more.error().ToString();
    if (!*more) break;
    for (const LoggedStamp& logged : frame.stamps) {
      known_[{static_cast<int>(logged.view), std::string(AsText(logged.key))}].push_back(
          logged.stamp);
    }
  }
  if (!frame.known.closed) return "the stamp log is not closed";
  for (const auto& [key, all] : server.given()) {
    const std::vector<Stamp>& known = known_[key];
    for (const SimulatedServer::Given& given : all) {
      const bool covered = std::any_of(known.begin(), known.end(), [&](const Stamp& stamp) {
        return stamp.sequence >= given.stamp.sequence &&
               stamp.available_us <= given.stamp.available_us;
      });
      if (covered) continue;
      if (!given.lost) {
        return "the stamp " + std::to_string(given.stamp.available_us) + " of record " +
               std::to_string(EpochOf(given.stamp.sequence)) + ":" +
               std::to_string(CounterOf(given.stamp.sequence)) + " of view " +
               std::to_string(key.first) + " is forgotten";
      }
      forgotten_[key].emplace_back(given.stamp.available_us, given.lost_us);
    }
  }
  return std::nullopt;
}

Timestamp StampTruth::AvailableOf(int view, const oracle::Record& record) const {
  std::vector<Value> values;
  for (const int column : definition_->views[static_cast<size_t>(view)].key_columns) {
    values.push_back(record.columns[static_cast<size_t>(column)]);
    if (!values.back().valid) return record.available_us;  // of no entity
  }
  const auto found = known_.find({view, std::string(AsText(*EncodeKey(values)))});
  Timestamp available = kMaxTimestamp;
  if (found == known_.end()) return available;
  for (const Stamp& stamp : found->second) {
    if (stamp.sequence >= record.sequence) available = std::min(available, stamp.available_us);
  }
  return available;
}

bool StampTruth::IsForgotten(int view, const std::string& key, Timestamp t) const {
  const auto found = forgotten_.find({view, key});
  if (found == forgotten_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [t](const auto& shown) { return shown.first <= t && t <= shown.second; });
}

}  // namespace skewless::simulation
