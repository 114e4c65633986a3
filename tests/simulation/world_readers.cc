// What readers ask, are answered, and see of the contract at once.
#include <algorithm>

#include "kernel/vector_encoding.h"
#include "simulation/world.h"

namespace skewless::simulation {

void World::Ask() {
  if (scenario_.drawn.labels.empty() || finding_) return;
  Reader& reader = readers_[dice_.Below(3)];
  if (dice_.Chance(5)) reader = {};
  if (Finding found = AskReader(&reader)) Broken(*found);
}

Finding World::AskReader(Reader* reader) {
  if (!reader->handle && !scenario_.remote) {
    auto opened = OpenEmbeddedReader(definition_->ResolvePath(definition_->online.path),
                                     ViewNames(kernels_), Fingerprints(kernels_));
    // A power cut damages the store's file: readers wait for the engine that makes it anew.
    if (!opened && opened.error().code == ErrorCode::kCorrupt && !serving_) return std::nullopt;
    if (!opened) return "a reader cannot open the store: " + opened.error().ToString();
    reader->handle = std::move(*opened);
  }
  std::vector<Bytes> keys;
  std::vector<int> labels;
  const auto& all = scenario_.drawn.labels;
  for (int64_t n = dice_.Between(1, 4); n > 0; --n) {
    const auto label = static_cast<int>(dice_.Below(static_cast<int64_t>(all.size())));
    auto key = KeyOf(all[static_cast<size_t>(label)]);
    if (!key || LabelIn(version_, label).view < 0) continue;
    keys.push_back(std::move(*key));
    labels.push_back(label);
  }
  std::vector<RowKey> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    rows.push_back({LabelIn(version_, labels[i]).view, keys[i]});
  }
  if (scenario_.remote) return AskServer(reader, rows, labels);
  const Result<Timestamp> t = reader->handle->Read(rows);
  ++tally_.reads;
  if (!t) {
    if (t.error().code == ErrorCode::kUnavailable && !serving_) return std::nullopt;
    return "a reader is refused: " + t.error().ToString();
  }
  const std::string at = "a reader is given T = " + std::to_string(*t);
  if (*t < reader->last_us) return at + " after " + std::to_string(reader->last_us);
  reader->last_us = *t;
  if (!scenario_.replay) greatest_read_us_ = std::max(greatest_read_us_, *t);
  if (!scenario_.replay && *t < acknowledged_us_) {
    return at + " and records were acknowledged at " + std::to_string(acknowledged_us_);
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (Finding found = Keep(rows[i], labels[i], *t, reader->handle->state(i))) return found;
  }
  return std::nullopt;
}

// A reader of the store elsewhere may be refused for as long as not all rows are there.
Finding World::AskServer(Reader* reader, const std::vector<RowKey>& rows,
                         const std::vector<int>& labels) {
  if (scenario_.values && dice_.Chance(40)) return AskPlainly(rows, labels);
  if (redis_ != nullptr) return AskRedis(reader, rows, labels);
  std::vector<SimulatedServer::Key> keys;
  for (const RowKey& row : rows) keys.push_back(ServerKey(row));
  std::vector<const SimulatedServer::Row*> found;
  const auto t = server_.Read(keys, &found);
  ++tally_.reads;
  if (!t) {
    ++tally_.refused_reads;
    return std::nullopt;
  }
  const std::string at = "a reader is given T = " + std::to_string(*t);
  if (*t < reader->last_us) return at + " after " + std::to_string(reader->last_us);
  reader->last_us = *t;
  for (size_t i = 0; i < labels.size(); ++i) {
    const ByteView state = found[i] == nullptr ? ByteView{} : ByteView(found[i]->state);
    Finding broken = scenario_.values ? KeepValues(rows[i], labels[i], *t, found[i])
                                      : Keep(rows[i], labels[i], *t, state);
    if (broken) return broken;
  }
  return std::nullopt;
}

// By the reader of production, which must say what the rows say.
Finding World::AskRedis(Reader* reader, const std::vector<RowKey>& rows,
                        const std::vector<int>& labels) {
  if (!reader->handle) {
    auto opened = redis_->OpenReader();
    if (!opened) return "a reader can't be made: " + opened.error().ToString();
    reader->handle = std::move(*opened);
  }
  const auto t = reader->handle->Read(rows);
  ++tally_.reads;
  if (!t && t.error().code == ErrorCode::kUnavailable) {
    ++tally_.refused_reads;
    return std::nullopt;
  }
  if (!t) return "a reader is refused: " + t.error().ToString();
  const std::string at = "a reader is given T = " + std::to_string(*t);
  if (*t < reader->last_us) return at + " after " + std::to_string(reader->last_us);
  reader->last_us = *t;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto* const row = server_.Find(ServerKey(rows[i]));
    const ByteView state = reader->handle->state(i);
    if (row == nullptr ? !state.empty() : AsText(state) != AsText(row->state))
      return at + " and another row than there is";
    Finding broken = scenario_.values ? KeepValues(rows[i], labels[i], *t, row)
                                      : Keep(rows[i], labels[i], *t, state);
    if (broken) return broken;
  }
  return std::nullopt;
}

// A client that only knows the hashes: it doesn't ask whether all rows are there, so what it finds
// none of tells nothing. What it finds was so at the row's own stamp, once readers were let in.
Finding World::AskPlainly(const std::vector<RowKey>& rows, const std::vector<int>& labels) {
  std::vector<SimulatedServer::Key> keys;
  for (const RowKey& row : rows) keys.push_back(ServerKey(row));
  std::vector<const SimulatedServer::Row*> found;
  if (!server_.ReadPlainly(keys, &found)) return std::nullopt;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (found[i] == nullptr) continue;
    const Timestamp stamp = found[i]->own().available_us;
    if (stamp < server_.first_opened_us()) continue;
    if (Finding broken = KeepValues(rows[i], labels[i], stamp, found[i])) return broken;
    ++tally_.plain_vectors;
  }
  return std::nullopt;
}

// What a reader was answered, to be judged in the end.
Finding World::Keep(const RowKey& row, int label, Timestamp t, ByteView state) {
  const ViewKernel& kernel = *kernels_[static_cast<size_t>(row.view)];
  if (!state.empty()) {
    const std::string at = "a reader is given T = " + std::to_string(t);
    if (const Status valid = kernel.Validate(state); !valid) {
      return at + " and a state that is refused: " + valid.error().ToString();
    }
    const Timestamp folded = LoadStateHeader(state.data()).available_us;
    if (folded > t) return at + " and a state that was folded for " + std::to_string(folded);
  }
  kernel.Read(state, t, &vector_);
  Keep(label, t);
  return std::nullopt;
}

void World::Keep(int label, Timestamp t) {
  Served& served = served_.emplace_back();
  served.label = label;
  served.read_us = t;
  served.version = version_;
  served.status = vector_.status;
  served.sequence = vector_.sequence;
  served.newest_event_us = vector_.newest_event_us;
  for (const ValueView& value : vector_.values) served.values.push_back(Value::Of(value));
  ++tally_.vectors;
}

Finding World::KeepValues(const RowKey& own, int label, Timestamp t,
                          const SimulatedServer::Row* row) {
  if (row == nullptr) {
    kernels_[static_cast<size_t>(own.view)]->Read({}, t, &vector_);
    Keep(label, t);
    return std::nullopt;
  }
  if (const Status decoded = DecodeVector(row->state, &vector_); !decoded) {
    return "a row's values: " + decoded.error().ToString();
  }
  if (vector_.sequence != row->sequence || vector_.read_us != row->own().computed_us) {
    return "a row names another record or time than its values";
  }
  if (Finding broken = CheckGoesOn(ServerKey(own), *row)) return broken;
  // Rows that are computed while the simulated time stands still are for a microsecond later each;
  // and where the store's clock begins before 1970, its stamps do not go by it yet.
  const DurationUs ahead = SaturatingSub(row->own().computed_us, row->own().available_us);
  if (ahead > kSecondUs / 100 && !by_two_clocks_ && server_.began_us() > 0) {
    return "a row is of " + std::to_string(row->own().computed_us) +
           ", which comes after its stamp " + std::to_string(row->own().available_us);
  }
  Keep(label, t);
  served_.back().computed_us = row->own().computed_us;
  return std::nullopt;
}

// But where the store lost rows, none goes back.
Finding World::CheckGoesOn(const SimulatedServer::Key& key, const SimulatedServer::Row& row) {
  auto& [losses, last] = seen_[key];
  if (losses == server_.losses() &&
      (row.sequence < last.sequence || row.own().computed_us < last.computed_us ||
       row.own().available_us < last.available_us)) {
    return "a row goes back from record " + std::to_string(CounterOf(last.sequence)) + " at " +
           std::to_string(last.computed_us) + " to record " +
           std::to_string(CounterOf(row.sequence)) + " at " + std::to_string(row.own().computed_us);
  }
  losses = server_.losses();
  last = row.own();
  return std::nullopt;
}

}  // namespace skewless::simulation
