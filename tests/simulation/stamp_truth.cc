#include "simulation/stamp_truth.h"

#include <algorithm>
#include <tuple>

#include "model/key.h"
#include "pipeline/online_of.h"

namespace skewless::simulation {

namespace {

std::string Show(const Stamp& stamp, const std::string& view) {
  return "the stamp " + std::to_string(stamp.available_us) +
         (stamp.computed_us == 0 ? ""
                                 : ", computed for " + std::to_string(stamp.computed_us) + ",") +
         " of record " + std::to_string(EpochOf(stamp.sequence)) + ":" +
         std::to_string(CounterOf(stamp.sequence)) + " of " + view;
}

}  // namespace

Finding StampTruth::Load(World* world) {
  world_ = world;
  if (world->server().moved_back()) return "a row was moved back";
  const Definition& definition = world->definition();
  views_ = StampedViewsOf(definition, world->kernels());
  for (size_t view = 0; view < views_.size(); ++view)
    numbers_.push_back(world->RowsOf(static_cast<int>(view)));
  const std::string directory = StampDirectory(definition.ResolvePath(definition.log_path));
  if (auto found = ReadAll(world->files(), directory)) return found;
  if (auto found = Compare()) return found;
  return world->server().values() ? CheckOrder() : std::nullopt;
}

StampTruth::Rows StampTruth::RowsOf(int number) const {
  if (world_->redis() != nullptr) return world_->redis()->StampedAs(number);
  return {views_[static_cast<size_t>(number)].name, 0};
}

Finding StampTruth::ReadAll(FileSystem& files, const std::string& directory) {
  auto reader = StampLogReader::Open(files, directory);
  if (!reader) return "the stamp log: " + reader.error().ToString();
  const bool by_layout = world_->redis() != nullptr && !world_->server().values();
  StampLogReader::Frame frame;
  Sequence known = 0;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&frame);
    if (!more) return "the stamp log cannot be read: " + more.error().ToString();
    if (!*more) break;
    for (const LoggedStamp& logged : frame.stamps) {
      const StampedView& named = (*frame.views)[logged.view];
      const std::string key(AsText(logged.key));
      known_[{{named.name, by_layout ? named.fingerprint : 0}, key}].push_back(
          {logged.stamp, frame.epoch, named.records, known});
      for (size_t view = 0; view < views_.size(); ++view) {
        if (!named.IsSameView(views_[view])) continue;
        told_[{static_cast<int>(view), key}].push_back(
            {logged.stamp, frame.epoch, named.records, known});
      }
    }
    for (const LostWrite& lost : frame.lost) {
      const StampedView& named = (*frame.views)[lost.view];
      lost_[{named.name, std::string(AsText(lost.key))}].push_back(
          {lost.sequence, lost.from_us, lost.until_us});
    }
    known = std::max(known, frame.known.known_sequence);
  }
  if (!frame.known.closed) return "the stamp log is not closed";
  const auto writers = (*reader)->Writers();
  if (!writers) return "the stamp log cannot be read: " + writers.error().ToString();
  for (const auto& writer : *writers) {
    opened_us_ = std::min(opened_us_, writer.opened_us);
    writers_[writer.epoch] = writer;
  }
  return std::nullopt;
}

// What was given is known, and nothing else. Of states a stamp needn't be known beside an earlier
// one of the same or a later record.
Finding StampTruth::Compare() {
  const SimulatedServer& server = world_->server();
  std::map<std::pair<Rows, std::string>, std::vector<Stamp>> given;
  for (const auto& [key, all] : server.given()) {
    for (const SimulatedServer::Given& one : all)
      given[{RowsOf(key.first), key.second}].push_back(one.stamp);
  }
  for (const auto& [key, all] : known_) {
    const std::vector<Stamp>& of_row = given[key];
    for (const Told& told : all) {
      if (std::find(of_row.begin(), of_row.end(), told.stamp) != of_row.end()) continue;
      return Show(told.stamp, key.first.first) + " is logged and was never given";
    }
  }
  for (const auto& [key, all] : server.given()) {
    const Rows rows = RowsOf(key.first);
    const std::vector<Told>& known = known_[{rows, key.second}];
    for (const SimulatedServer::Given& one : all) {
      const auto covers = [&](const Told& told) {
        if (server.values()) return told.stamp == one.stamp;
        return told.stamp.sequence >= one.stamp.sequence &&
               told.stamp.available_us <= one.stamp.available_us;
      };
      const auto in_time = [&](const Told& told) {
        return covers(told) && (server.values() || told.after < one.stamp.sequence);
      };
      if (std::any_of(known.begin(), known.end(), in_time)) continue;
      if (!one.lost) {
        if (std::any_of(known.begin(), known.end(), covers)) continue;
        return Show(one.stamp, rows.first) + " is forgotten";
      }
      if (world_->scenario().redefined.empty() && !IsNoted(rows, key.second, one))
        return Show(one.stamp, rows.first) + " is lost, and no lost write is noted";
      forgotten_[key].emplace_back(one.stamp.available_us, one.lost_us);
    }
  }
  return std::nullopt;
}

// As a lost write, with all of the time that readers could have had it. An engine that has another
// definition may not have the row any more.
bool StampTruth::IsNoted(const Rows& rows, const std::string& key,
                         const SimulatedServer::Given& given) const {
  const auto lost = lost_.find({rows.first, key});
  if (lost == lost_.end()) return false;
  return std::any_of(lost->second.begin(), lost->second.end(), [&](const Lost& write) {
    return write.sequence >= given.stamp.sequence && write.from_us <= given.stamp.available_us &&
           given.lost_us <= write.until_us;
  });
}

// Of one row what was written and what for ascend together: so the records that count from before
// what a label saw was computed for are those that it saw. Not in the order of the stamps: where
// rows were lost, older writes may come behind. Of what was lost and forgotten nobody could know.
Finding StampTruth::CheckOrder() const {
  for (const auto& [key, all] : world_->server().given()) {
    std::vector<Stamp> stamps;
    for (const SimulatedServer::Given& given : all) {
      if (!IsForgottenAt(key, given.stamp.available_us)) stamps.push_back(given.stamp);
    }
    std::sort(stamps.begin(), stamps.end(), [](const Stamp& a, const Stamp& b) {
      return std::tie(a.computed_us, a.sequence) < std::tie(b.computed_us, b.sequence);
    });
    for (size_t i = 1; i < stamps.size(); ++i) {
      const Stamp &before = stamps[i - 1], &stamp = stamps[i];
      if (stamp.computed_us == before.computed_us ? stamp.sequence == before.sequence
                                                  : stamp.sequence >= before.sequence)
        continue;
      const std::string view = RowsOf(key.first).first;
      return Show(stamp, view) + " does not ascend with " + Show(before, view);
    }
  }
  return std::nullopt;
}

const StampedView* StampTruth::ViewOf(int64_t epoch, int view) const {
  const auto writer = writers_.find(epoch);
  if (writer == writers_.end()) return nullptr;
  for (const StampedView& named : writer->second.views) {
    if (named.IsSameView(views_[static_cast<size_t>(view)])) return &named;
  }
  return nullptr;
}

const std::vector<StampTruth::Told>& StampTruth::ToldOf(int view, ByteView key) const {
  static const std::vector<Told> none;
  const auto found = told_.find({view, std::string(AsText(key))});
  return found == told_.end() ? none : found->second;
}

// The three cases of docs/formats/stamps.md, "From when a record counts".
Timestamp StampTruth::CountsFrom(int view, const oracle::Record& record,
                                 Timestamp Stamp::*time) const {
  std::vector<Value> values;
  const FeatureViewDefinition& named = world_->definition().views[static_cast<size_t>(view)];
  for (const int column : named.key_columns) {
    values.push_back(record.columns[static_cast<size_t>(column)]);
    if (!values.back().valid) return record.available_us;  // of no entity
  }
  const int64_t epoch = EpochOf(record.sequence);
  const Bytes key = *EncodeKey(values);
  const StampedView* const by_then = ViewOf(epoch, view);
  const uint64_t ours = views_[static_cast<size_t>(view)].records;
  const Told* first = nullptr;
  if (by_then != nullptr) first = FirstTold(view, key, record.sequence, by_then->records, time);
  Timestamp from = kMaxTimestamp;
  if (by_then == nullptr || (first == nullptr && by_then->records != ours)) {
    from = OfLogged(view, record, time);
  } else if (first == nullptr) {
    return OpenedBetween(epoch, INT64_MAX);
  } else {
    from = first->stamp.*time;
    if (first->epoch != epoch) from = std::min(from, OpenedBetween(epoch, first->epoch));
  }
  if (by_then != nullptr && by_then->records == ours) return from;
  const Told* const brought = FirstTold(view, key, record.sequence, ours, time);
  return brought == nullptr ? from : std::min(from, brought->stamp.*time);
}

// By a writer of rows of these records. What came when all stamps up to the record had tells of
// later ones.
const StampTruth::Told* StampTruth::FirstTold(int view, ByteView key, Sequence sequence,
                                              uint64_t records, Timestamp Stamp::*time) const {
  const Told* first = nullptr;
  for (const Told& told : ToldOf(view, key)) {
    if (told.stamp.sequence < sequence || told.after >= sequence) continue;
    if (told.records != records) continue;
    if (first == nullptr || told.stamp.*time < first->stamp.*time) first = &told;
  }
  return first;
}

// The log's own time, once its writer or a later one let readers in, and never while none did; or
// that from which the first later writer of the view had it in its rows.
Timestamp StampTruth::OfLogged(int view, const oracle::Record& record,
                               Timestamp Stamp::*time) const {
  Timestamp logged = record.available_us;
  const int64_t epoch = EpochOf(record.sequence);
  if (writers_.contains(epoch)) logged = std::max(logged, OpenedBetween(epoch - 1, INT64_MAX));
  for (auto writer = writers_.upper_bound(epoch); writer != writers_.end(); ++writer) {
    const StampedView* const named = ViewOf(writer->first, view);
    if (named == nullptr || writer->second.opened_us == kMaxTimestamp) continue;
    if (named->values && time == &Stamp::computed_us) break;
    return std::min(logged, writer->second.opened_us);
  }
  return logged;
}

// The first time that a writer between these two let readers in.
Timestamp StampTruth::OpenedBetween(int64_t after_epoch, int64_t before_epoch) const {
  for (auto writer = writers_.upper_bound(after_epoch);
       writer != writers_.end() && writer->first < before_epoch; ++writer) {
    if (writer->second.opened_us != kMaxTimestamp) return writer->second.opened_us;
  }
  return kMaxTimestamp;
}

Timestamp StampTruth::AvailableOf(int view, const oracle::Record& record) const {
  return CountsFrom(view, record, &Stamp::available_us);
}

Timestamp StampTruth::ComputedOf(int view, const oracle::Record& record) const {
  return CountsFrom(view, record, &Stamp::computed_us);
}

std::optional<Stamp> StampTruth::LastBy(int view, const std::string& key, Timestamp t) const {
  std::optional<Stamp> last;
  for (const Told& told : ToldOf(view, AsBytes(key))) {
    const Stamp& stamp = told.stamp;
    if (stamp.available_us > t || (last && last->available_us > stamp.available_us)) continue;
    last = stamp;
  }
  return last;
}

bool StampTruth::IsForgotten(int view, const std::string& key, Timestamp t) const {
  return IsForgottenAt({numbers_[static_cast<size_t>(view)], key}, t);
}

bool StampTruth::IsForgottenAt(const SimulatedServer::Key& row, Timestamp t) const {
  const auto found = forgotten_.find(row);
  if (found == forgotten_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [t](const auto& shown) { return shown.first <= t && t <= shown.second; });
}

}  // namespace skewless::simulation
