#include "simulation/log_verdict.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "offline/offline_writer.h"

namespace skewless::simulation {
namespace {

__extension__ using Wide = __int128;

bool Same(const LogBook& a, const LogBook& b) {
  return std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                    SameRecord);
}

class LogVerdict {
 public:
  LogVerdict(World* world, const LogBook& book)
      : world_(*world),
        scenario_(world->scenario()),
        definition_(world->definition()),
        book_(book),
        came_us_(book.records.size()) {}

  Finding Reach() {
    if (auto found = CheckDeliveries()) return found;
    if (auto found = CheckStamps()) return found;
    if (auto found = CheckRefusals()) return found;
    return CheckDeadLetters();
  }

 private:
  // Every delivery of every stream once, in its order, where the positions say.
  Finding CheckDeliveries() {
    std::map<std::string, const Stream*> streams;
    for (const Stream& stream : scenario_.streams) streams[stream.name] = &stream;
    std::map<std::string, int64_t> at;
    std::map<std::string, size_t> next;
    for (const LoggedBatch& batch : book_.batches) {
      size_t row = batch.first;
      for (const SourcePosition& position : batch.positions) {
        const auto found = streams.find(position.stream);
        if (found == streams.end()) continue;  // of bad records
        const auto& deliveries = found->second->deliveries;
        size_t& index = next[position.stream];
        int64_t& passed = at[position.stream];
        while (passed < position.offset) {
          if (index == deliveries.size()) return "a position beyond the end of " + position.stream;
          const Delivery& delivery = deliveries[index++];
          const bool counts = delivery.event >= 0 || !scenario_.replay;
          passed += counts ? 1 : 0;
          if (delivery.event < 0) continue;
          if (row == batch.first + batch.rows) {
            return "a record is lost: #" + std::to_string(delivery.event + 1) + " of " +
                   position.stream;
          }
          if (!Is(book_.records[row], delivery.event)) {
            return "in the place of #" + std::to_string(delivery.event + 1) + " of " +
                   position.stream + " the log has " + Show(book_.records[row]);
          }
          if (auto late = CheckArrival(book_.records[row], delivery.event)) return late;
          came_us_[row] = scenario_.replay ? ArrivalOf(delivery.event) : book_.processing_us[row];
          ++row;
        }
      }
      if (row != batch.first + batch.rows) {
        return "a record too many: " + Show(book_.records[row]);
      }
    }
    for (const Stream& stream : scenario_.streams) {
      const auto& deliveries = stream.deliveries;
      for (size_t i = next[stream.name]; i < deliveries.size(); ++i) {
        if (deliveries[i].event < 0) continue;
        return "a record never came: #" + std::to_string(deliveries[i].event + 1) + " of " +
               stream.name;
      }
    }
    return std::nullopt;
  }

  Timestamp ArrivalOf(int event) const {
    return scenario_.drawn.events[static_cast<size_t>(event)].record.available_us;
  }

  // Under a replay clock records are available when they arrived; later only where a crash came
  // amid an instant that readers may have been given. A stop in order never does.
  Finding CheckArrival(const oracle::Record& logged, int event) const {
    if (!scenario_.replay) return std::nullopt;
    const Timestamp arrival = ArrivalOf(event);
    const bool in_order = std::all_of(
        scenario_.lives.begin(), scenario_.lives.end(),
        [](const Life& life) { return life.ending == Ending::kClosed && !life.decays; });
    if (logged.available_us < arrival || (in_order && logged.available_us > arrival)) {
      return "arrived at " + std::to_string(arrival) + ": " + Show(logged);
    }
    return std::nullopt;
  }

  bool Is(const oracle::Record& logged, int event) const {
    oracle::Record sent = scenario_.drawn.events[static_cast<size_t>(event)].record;
    sent.sequence = logged.sequence;
    sent.available_us = logged.available_us;
    sent.applied = logged.applied;
    return SameRecord(logged, sent);
  }

  Finding CheckStamps() const {
    for (size_t i = 0; i < book_.records.size(); ++i) {
      const oracle::Record& record = book_.records[i];
      const auto wrong = [&](const std::string& what) { return what + ": " + Show(record); };
      if (book_.processing_us[i] > record.available_us) return wrong("available before accepted");
      if (i == 0) continue;
      const oracle::Record& before = book_.records[i - 1];
      if (record.sequence <= before.sequence) return wrong("the sequence does not ascend");
      if (record.available_us < before.available_us) return wrong("the availability goes back");
      if (book_.processing_us[i] < book_.processing_us[i - 1]) {
        return wrong("the processing goes back");
      }
    }
    return std::nullopt;
  }

  // Too late is what comes behind the greatest accepted event by more than is allowed; too far
  // ahead what happens later than it came by more than that.
  Finding CheckRefusals() const {
    std::vector<std::optional<Wide>> greatest(scenario_.lateness.size());
    for (size_t i = 0; i < book_.records.size(); ++i) {
      const oracle::Record& record = book_.records[i];
      const auto source = static_cast<size_t>(record.source);
      const Lateness& lateness = scenario_.lateness[source];
      bool late = false;
      if (greatest[source] && lateness.allowed_us) {
        const auto watermark =
            std::max(*greatest[source] - lateness.out_of_orderness_us, Wide{kMinTimestamp});
        late = record.event_us < std::max(watermark - *lateness.allowed_us, Wide{kMinTimestamp});
      }
      const bool ahead = lateness.max_ahead_us &&
                         record.event_us > Wide{came_us_[i]} + Wide{*lateness.max_ahead_us};
      const bool refused = late || ahead;
      if (record.applied == refused) {
        return std::string(late    ? "too late, and yet applied: "
                           : ahead ? "too far ahead, and yet applied: "
                                   : "refused without need: ") +
               Show(record);
      }
      if (!refused) {
        greatest[source] =
            std::max(greatest[source].value_or(record.event_us), Wide{record.event_us});
      }
    }
    return std::nullopt;
  }

  // Each bad record at least once, at most as often as it was handed out.
  Finding CheckDeadLetters() const {
    std::map<std::pair<std::string, int64_t>, int64_t> kept;
    for (size_t source = 0; source < definition_.sources.size(); ++source) {
      const std::string text = world_.files().Contents(world_.DeadLettersPath(source)).value_or("");
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        // Before a line may lie what a power cut left of an older one, or of a failed sync.
        const size_t begin = line.rfind("{\"source\": ");
        if (begin != std::string::npos && world_.tally().crashes > 0) line.erase(0, begin);
        const auto letter = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (!letter.is_object() || !letter.contains("stream") || !letter.contains("offset")) {
          // Of what was not synced a power cut may leave anything: its records come again.
          if (world_.tally().crashes > 0) continue;
          return "a dead letter that is none: " + line;
        }
        ++kept[{letter.at("stream"), letter.at("offset")}];
      }
    }
    for (const Stream& stream : scenario_.streams) {
      for (size_t i = 0; i < stream.deliveries.size(); ++i) {
        if (stream.deliveries[i].event >= 0) continue;
        const std::pair<std::string, int64_t> place(stream.name, i);
        const auto handed = world_.bad_deliveries().find(place);
        const int64_t times = handed == world_.bad_deliveries().end() ? 0 : handed->second;
        const std::string name = stream.name + " " + std::to_string(i);
        if (kept[place] == 0) return "the bad record " + name + " is not in the dead letters";
        if (kept[place] > times) {
          return "the bad record " + name + " came " + std::to_string(times) +
                 " times and is in the dead letters " + std::to_string(kept[place]) + " times";
        }
        ++world_.tally().dead_letters;
      }
    }
    return std::nullopt;
  }

  World& world_;
  const Scenario& scenario_;
  const Definition& definition_;
  const LogBook& book_;
  std::vector<Timestamp> came_us_;  // by record: when it came, as far as it may be ahead of that
};

}  // namespace

// Damage that no engine came upon is found by who looks, or does not matter.
Finding JudgeRot(World* world) {
  const Definition& definition = world->definition();
  const auto rots = world->files().rots();
  if (rots.empty()) return std::nullopt;
  std::vector<bool> there;
  for (size_t rot = 0; rot < rots.size(); ++rot) there.push_back(world->files().IsThere(rot));
  const auto damaged = ReadLog(world->files(), definition);
  Status tables;
  if (world->scenario().offline) {
    const auto inspected = InspectOffline(
        world->files(), definition.ResolvePath(definition.offline->path), /*verify=*/true);
    if (!inspected) tables = tl::unexpected<Error>(inspected.error());
  }
  world->files().Heal();
  const auto whole = ReadLog(world->files(), definition);
  if (!whole) return "the healed log cannot be read: " + whole.error().ToString();
  for (size_t i = 0; i < rots.size(); ++i) {
    const SimulatedFiles::Rot& rot = rots[i];
    const bool is_log = rot.path.find("/log/") != std::string::npos;
    const std::string place = rot.path + " byte " + std::to_string(rot.offset);
    if (is_log && damaged) {
      if (!Same(*damaged, *whole)) return "damage is read as truth: " + place;
    } else if (is_log && damaged.error().code != ErrorCode::kCorrupt &&
               damaged.error().code != ErrorCode::kVersion) {
      return "damage of " + place + " is told as " + damaged.error().ToString();
    } else if (rot.path.ends_with(".parquet") && tables.has_value() && there[i]) {
      return "nobody sees the damage of " + place;
    }
  }
  return std::nullopt;
}

Finding JudgeLog(World* world, const LogBook& book) { return LogVerdict(world, book).Reach(); }

}  // namespace skewless::simulation
