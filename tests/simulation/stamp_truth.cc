#include "simulation/stamp_truth.h"

#include <algorithm>
#include <tuple>

#include "log/stamp_log.h"
#include "model/key.h"

namespace skewless::simulation {

namespace {

std::string Show(const Stamp& stamp, int view) {
  return "the stamp " + std::to_string(stamp.available_us) +
         (stamp.computed_us == 0 ? ""
                                 : ", computed for " + std::to_string(stamp.computed_us) + ",") +
         " of record " + std::to_string(EpochOf(stamp.sequence)) + ":" +
         std::to_string(CounterOf(stamp.sequence)) + " of view " + std::to_string(view);
}

}  // namespace

std::optional<std::string> StampTruth::Load(FileSystem& files, const Definition& definition,
                                            const SimulatedServer& server) {
  definition_ = &definition;
  if (server.moved_back()) return "a row was moved back";
  const std::string directory = StampDirectory(definition.ResolvePath(definition.log_path));
  if (auto found = ReadAll(files, directory)) return found;
  if (auto found = Compare(server)) return found;
  return server.values() ? CheckOrder(server) : std::nullopt;
}

std::optional<std::string> StampTruth::ReadAll(FileSystem& files, const std::string& directory) {
  auto reader = StampLogReader::Open(files, directory);
  if (!reader) return "the stamp log: " + reader.error().ToString();
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
  const auto writers = (*reader)->Writers();
  if (!writers) return "the stamp log cannot be read: " + writers.error().ToString();
  for (const auto& writer : *writers) opened_us_ = std::min(opened_us_, writer.opened_us);
  return std::nullopt;
}

// What was given is known, and nothing else. Of states a stamp needn't be known beside an earlier
// one of the same or a later record.
std::optional<std::string> StampTruth::Compare(const SimulatedServer& server) {
  for (const auto& [key, all] : known_) {
    const auto given = server.given().find(key);
    for (const Stamp& stamp : all) {
      const bool was_given =
          given != server.given().end() &&
          std::any_of(given->second.begin(), given->second.end(),
                      [&](const SimulatedServer::Given& one) { return one.stamp == stamp; });
      if (!was_given) return Show(stamp, key.first) + " is logged and was never given";
    }
  }
  for (const auto& [key, all] : server.given()) {
    const std::vector<Stamp>& known = known_[key];
    for (const SimulatedServer::Given& given : all) {
      const bool covered = std::any_of(known.begin(), known.end(), [&](const Stamp& stamp) {
        return stamp == given.stamp ||
               (!server.values() && stamp.sequence >= given.stamp.sequence &&
                stamp.available_us <= given.stamp.available_us);
      });
      if (covered) continue;
      if (!given.lost) return Show(given.stamp, key.first) + " is forgotten";
      forgotten_[key].emplace_back(given.stamp.available_us, given.lost_us);
    }
  }
  return std::nullopt;
}

// Of one row what was written and what for ascend together: so the records that count from before
// what a label saw was computed for are those that it saw. Not in the order of the stamps: where
// rows were lost, older writes may come behind. Of what was lost and forgotten nobody could know.
std::optional<std::string> StampTruth::CheckOrder(const SimulatedServer& server) const {
  for (const auto& [key, all] : server.given()) {
    std::vector<Stamp> stamps;
    for (const SimulatedServer::Given& given : all) {
      if (!IsForgotten(key.first, key.second, given.stamp.available_us))
        stamps.push_back(given.stamp);
    }
    std::sort(stamps.begin(), stamps.end(), [](const Stamp& a, const Stamp& b) {
      return std::tie(a.computed_us, a.sequence) < std::tie(b.computed_us, b.sequence);
    });
    for (size_t i = 1; i < stamps.size(); ++i) {
      const Stamp &before = stamps[i - 1], &stamp = stamps[i];
      if (stamp.computed_us == before.computed_us ? stamp.sequence == before.sequence
                                                  : stamp.sequence >= before.sequence)
        continue;
      return Show(stamp, key.first) + " does not ascend with " + Show(before, key.first);
    }
  }
  return std::nullopt;
}

Timestamp StampTruth::FirstOf(int view, const oracle::Record& record,
                              Timestamp Stamp::*time) const {
  std::vector<Value> values;
  for (const int column : definition_->views[static_cast<size_t>(view)].key_columns) {
    values.push_back(record.columns[static_cast<size_t>(column)]);
    if (!values.back().valid) return record.available_us;  // of no entity
  }
  const auto found = known_.find({view, std::string(AsText(*EncodeKey(values)))});
  Timestamp first = kMaxTimestamp;
  if (found == known_.end()) return first;
  for (const Stamp& stamp : found->second) {
    if (stamp.sequence >= record.sequence) first = std::min(first, stamp.*time);
  }
  return first;
}

Timestamp StampTruth::AvailableOf(int view, const oracle::Record& record) const {
  return FirstOf(view, record, &Stamp::available_us);
}

Timestamp StampTruth::ComputedOf(int view, const oracle::Record& record) const {
  return FirstOf(view, record, &Stamp::computed_us);
}

std::optional<Stamp> StampTruth::LastBy(int view, const std::string& key, Timestamp t) const {
  std::optional<Stamp> last;
  const auto found = known_.find({view, key});
  if (found == known_.end()) return last;
  for (const Stamp& stamp : found->second) {
    if (stamp.available_us > t || (last && last->available_us > stamp.available_us)) continue;
    last = stamp;
  }
  return last;
}

bool StampTruth::IsForgotten(int view, const std::string& key, Timestamp t) const {
  const auto found = forgotten_.find({view, key});
  if (found == forgotten_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [t](const auto& shown) { return shown.first <= t && t <= shown.second; });
}

}  // namespace skewless::simulation
