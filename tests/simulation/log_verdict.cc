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
        came_us_(book.records.size()),
        stream_(book.records.size()) {}

  Finding Reach() {
    if (auto found = CheckDeliveries()) return found;
    if (auto found = CheckStamps()) return found;
    if (auto found = CheckRefusals()) return found;
    return CheckDeadLetters();
  }

 private:
  // Every delivery of every stream once, in its order, where the positions say. Within a batch the
  // streams of a source come one after the other; a topic's partitions in any order.
  Finding CheckDeliveries() {
    for (const Stream& stream : scenario_.streams) reached_[stream.name].stream = &stream;
    for (const LoggedBatch& batch : book_.batches) {
      std::vector<Passed> passed;
      for (const SourcePosition& position : batch.positions) {
        const auto found = reached_.find(position.stream);
        if (found == reached_.end()) continue;  // of bad records, or a partition without a stream
        if (auto beyond = Pass(position, &found->second, &passed.emplace_back())) return beyond;
      }
      if (auto found = CheckRows(batch, &passed)) return found;
    }
    for (const auto& [name, reached] : reached_) {
      const auto& deliveries = reached.stream->deliveries;
      for (size_t i = reached.next; i < deliveries.size(); ++i) {
        if (deliveries[i].event >= 0) return "a record never came: " + Name(i, *reached.stream);
      }
    }
    return std::nullopt;
  }

  // How far the log is in a stream.
  struct Reached {
    const Stream* stream = nullptr;
    size_t next = 0;   // delivery
    int64_t rows = 0;  // of a replay, whose positions count them
  };
  // What a batch has of a stream.
  struct Passed {
    const Stream* stream = nullptr;
    std::vector<size_t> events;  // deliveries
    size_t next = 0;             // of them
  };

  static std::string Name(size_t delivery, const Stream& stream) {
    return "#" + std::to_string(stream.deliveries[delivery].event + 1) + " of " + stream.name;
  }

  Finding Pass(const SourcePosition& position, Reached* reached, Passed* passed) const {
    const Stream& stream = *reached->stream;
    passed->stream = &stream;
    const auto is_behind = [&] {
      if (scenario_.replay) return reached->rows < position.offset;
      return reached->next < stream.deliveries.size() &&
             stream.OffsetOf(reached->next) < position.offset;
    };
    for (; is_behind(); ++reached->next) {
      if (reached->next == stream.deliveries.size()) break;
      if (stream.deliveries[reached->next].event < 0) continue;
      ++reached->rows;
      passed->events.push_back(reached->next);
    }
    const bool is_beyond =
        scenario_.replay ? reached->rows < position.offset : position.offset > EndOf(stream);
    if (is_beyond) return "a position beyond the end of " + position.stream;
    return std::nullopt;
  }

  static int64_t EndOf(const Stream& stream) {
    const size_t count = stream.deliveries.size();
    return std::max(stream.end, count == 0 ? 0 : stream.OffsetOf(count - 1) + 1);
  }

  Finding CheckRows(const LoggedBatch& batch, std::vector<Passed>* passed) {
    for (size_t row = batch.first; row < batch.first + batch.rows; ++row) {
      Passed* const from = StreamOf(row, passed);
      if (from == nullptr) return "a record too many: " + Show(book_.records[row]);
      const size_t delivery = from->events[from->next++];
      const int event = from->stream->deliveries[delivery].event;
      if (!Is(book_.records[row], event)) {
        return "in the place of " + Name(delivery, *from->stream) + " the log has " +
               Show(book_.records[row]);
      }
      if (auto late = CheckArrival(book_.records[row], event)) return late;
      came_us_[row] = scenario_.replay ? ArrivalOf(event) : book_.processing_us[row];
      stream_[row] = from->stream;
    }
    for (const Passed& rest : *passed) {
      if (rest.next < rest.events.size())
        return "a record is lost: " + Name(rest.events[rest.next], *rest.stream);
    }
    return std::nullopt;
  }

  // Of the streams that have more: the first one, or, of partitions, the first whose next record
  // this is. Records that are the same are of one partition.
  Passed* StreamOf(size_t row, std::vector<Passed>* passed) const {
    Passed* first = nullptr;
    for (Passed& from : *passed) {
      if (from.next == from.events.size()) continue;
      if (first == nullptr) first = &from;
      const int event = from.stream->deliveries[from.events[from.next]].event;
      if (!scenario_.kafka || Is(book_.records[row], event)) return &from;
    }
    return first;
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
    return SameEvent(logged, scenario_.drawn.events[static_cast<size_t>(event)].record);
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

  // By stream: the greatest accepted event. A file source's streams are one.
  struct SourceTimes {
    std::map<const Stream*, Wide> greatest;
    Wide watermark = Wide{kMinTimestamp};
  };

  // Of a topic the least of all its partitions' watermarks, and it never goes back.
  void Accept(const oracle::Record& record, const Stream* stream, SourceTimes* times) const {
    const Lateness& lateness = scenario_.lateness[static_cast<size_t>(record.source)];
    const auto [at, is_new] =
        times->greatest.try_emplace(scenario_.kafka ? stream : nullptr, record.event_us);
    at->second = std::max(at->second, Wide{record.event_us});
    const size_t streams =
        scenario_.kafka ? static_cast<size_t>(scenario_.PartitionsOf(record.source)) : 1;
    if (times->greatest.size() < streams) return;
    Wide least = at->second;
    for (const auto& [other, greatest] : times->greatest) least = std::min(least, greatest);
    times->watermark = std::max(times->watermark, least - lateness.out_of_orderness_us);
  }

  // Too late is what is behind the watermark by more than is allowed; too far ahead what happens
  // later than it came by more than that.
  Finding CheckRefusals() const {
    std::vector<SourceTimes> times(scenario_.lateness.size());
    for (size_t i = 0; i < book_.records.size(); ++i) {
      const oracle::Record& record = book_.records[i];
      const auto source = static_cast<size_t>(record.source);
      const Lateness& lateness = scenario_.lateness[source];
      const bool late = lateness.allowed_us &&
                        record.event_us < std::max(times[source].watermark - *lateness.allowed_us,
                                                   Wide{kMinTimestamp});
      const bool ahead = lateness.max_ahead_us &&
                         record.event_us > Wide{came_us_[i]} + Wide{*lateness.max_ahead_us};
      const bool refused = late || ahead;
      if (record.applied == refused) {
        return std::string(late    ? "too late, and yet applied: "
                           : ahead ? "too far ahead, and yet applied: "
                                   : "refused without need: ") +
               Show(record);
      }
      if (!refused) Accept(record, stream_[i], &times[source]);
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
        const std::pair<std::string, int64_t> place(stream.name, stream.OffsetOf(i));
        const auto handed = world_.bad_deliveries().find(place);
        const int64_t times = handed == world_.bad_deliveries().end() ? 0 : handed->second;
        const std::string name = stream.name + " " + std::to_string(place.second);
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
  std::map<std::string, Reached> reached_;
  std::vector<Timestamp> came_us_;     // by record: when it came, as far as it may be ahead of that
  std::vector<const Stream*> stream_;  // by record
};

// Damage of the log of stamps, by a way to read it, before it was healed and after: told by the
// name of a file that is damaged, or without consequence.
Finding JudgeStamps(const std::vector<SimulatedFiles::Rot>& rots,
                    const Result<std::string>& damaged, const Result<std::string>& whole) {
  if (!whole) return "the healed log of stamps cannot be read: " + whole.error().ToString();
  if (damaged.has_value()) {
    return *damaged == *whole ? Finding() : "damaged stamps are read as truth: " + *damaged;
  }
  for (const SimulatedFiles::Rot& rot : rots) {
    const bool named = damaged.error().message.find(rot.path) != std::string::npos;
    if (named && (damaged.error().code == ErrorCode::kCorrupt ||
                  damaged.error().code == ErrorCode::kVersion))
      return std::nullopt;
  }
  return "damaged stamps are told as " + damaged.error().ToString();
}

}  // namespace

// Damage that no engine came upon is found by who looks, or does not matter.
Finding JudgeRot(World* world) {
  const Definition& definition = world->definition();
  const auto rots = world->files().rots();
  if (rots.empty()) return std::nullopt;
  std::vector<bool> there;
  for (size_t rot = 0; rot < rots.size(); ++rot) there.push_back(world->files().IsThere(rot));
  const auto damaged = ReadLog(world->files(), definition);
  const auto stamps = ReadStamps(world->files(), definition);
  const auto writers = ReadStampWriters(world->files(), definition);
  Status tables;
  if (world->scenario().offline) {
    const auto inspected = InspectOffline(
        world->files(), definition.ResolvePath(definition.offline->path), /*verify=*/true);
    if (!inspected) tables = tl::unexpected<Error>(inspected.error());
  }
  world->files().Heal();
  const auto whole = ReadLog(world->files(), definition);
  if (!whole) return "the healed log cannot be read: " + whole.error().ToString();
  if (auto found = JudgeStamps(rots, stamps, ReadStamps(world->files(), definition))) return found;
  if (auto found = JudgeStamps(rots, writers, ReadStampWriters(world->files(), definition)))
    return found;
  for (size_t i = 0; i < rots.size(); ++i) {
    const SimulatedFiles::Rot& rot = rots[i];
    const bool is_log = rot.path.ends_with(".sklog");
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
