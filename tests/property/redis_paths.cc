// Rows in a real Redis, of views written by increments and of views written whole, beside each
// other: written as the engine writes them, sent again, read in between, lost, and taken over from
// a writer that goes on.
#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/check.h"
#include "kernel/state_numbers.h"
#include "online/redis/redis_rows_fixture.h"
#include "property/dice.h"
#include "property/paths.h"

namespace skewless::property {
namespace {

using redis::RedisServer;

// One for all cases, which have a prefix each.
RedisServer& TheServer() {
  static redis::TestDirectory directory("property_redis");
  static RedisServer server(directory.path());
  return server;
}

// The case with what increments can't do taken out, in the views that have anything else.
Case WithNumbersOnly(const CompiledCase& c) {
  Case out = c.parts();
  for (size_t view = 0; view < out.views.size(); ++view) {
    const auto& features = c.view(static_cast<int>(view)).features;
    std::vector<std::pair<std::string, std::string>> kept;
    for (size_t i = 0; i < features.size(); ++i) {
      if (CanIncrement(features[i])) kept.push_back(out.views[view].features[i]);
    }
    if (kept.empty()) continue;
    out.views[view].features = std::move(kept);
    out.views[view].derived.clear();
  }
  return out;
}

class RedisServing {
 public:
  explicit RedisServing(const CompiledCase& c)
      : case_(c),
        records_(RecordsOf(c.parts())),
        dice_(c.parts().seed + 5),
        states_(c.views()),
        stamps_(c.views()),
        inputs_(c.views()) {
    static int cases = 0;
    options_.address = TheServer().address();
    options_.project = "case" + std::to_string(++cases);
    options_.views = ViewNames(c.kernels());
    options_.fingerprints = Fingerprints(c.kernels());
    options_.log_identity = c.parts().seed + 1;
    options_.timeout_us = 60 * kSecondUs;
    options_.base_bytes = static_cast<size_t>(dice_.Pick({2000, 1 << 20}));
    for (const auto& kernel : c.kernels()) {
      const bool adds = HoldsNumbersOnly(*kernel) && dice_.Chance(80);
      options_.increments.push_back(adds ? kernel.get() : nullptr);
    }
    auto reader = OpenRedisReader(options_);
    SKEWLESS_CHECK(reader.has_value());
    reader_ = std::move(*reader);
    // Ahead of the server's clock, so that the marks set here are what moves time.
    start_us_ = NewWallClock()->Now() + kHourUs;
  }
  ~RedisServing() { TheServer().Ask({"FLUSHALL"}); }
  RedisServing(const RedisServing&) = delete;
  RedisServing& operator=(const RedisServing&) = delete;

  Finding Run() {
    Restart();
    for (size_t i = 0; i < case_.batch_count(); ++i) {
      if (dice_.Chance(5)) Restart();
      if (dice_.Chance(20)) {
        if (auto found = WriteLate()) return found;
      }
      if (dice_.Chance(3)) TheServer().Ask({"FLUSHALL"});
      if (auto found = AskSome()) return found;
      Fold(i);
      if (dice_.Chance(70)) Write();
      if (auto found = AskSome()) return found;
    }
    Write();
    Write();  // again, where the first found that rows were lost
    if (auto found = AskSome()) return found;
    return Audit();
  }

 private:
  static constexpr Timestamp kLatestMark = Timestamp{1} << 52;  // stamps are doubles in the server

  struct Row {
    Bytes state;
    std::vector<Sequence> unstamped;
  };
  using Name = std::pair<size_t, std::string>;  // view and key
  struct Served {
    const Label* label = nullptr;
    Timestamp read_us = 0;
    Answer answer;
    std::vector<Value> values;  // what the answer's texts point into
  };

  // The next engine, which compares all rows before it lets readers in. The one before is thought
  // dead.
  void Restart() {
    replaced_ = std::move(writer_);
    auto opened = OpenRedisRows(options_);
    SKEWLESS_CHECK(opened.has_value());
    writer_ = std::move(*opened);
    std::vector<RowWritten> none;
    while (writer_->incarnation() == 0) static_cast<void>(writer_->Poll(1000, &none));
    ++epoch_;
    Recover();
  }

  // The one before writes a row that changed since, as a step where it knew the row: nothing comes
  // of it.
  Finding WriteLate() {
    if (replaced_ == nullptr || states_.empty()) return std::nullopt;
    const auto view = static_cast<size_t>(dice_.Below(static_cast<int64_t>(states_.size())));
    if (states_[view].empty()) return std::nullopt;
    const auto& [key, row] =
        *std::next(states_[view].begin(), dice_.Below(static_cast<int64_t>(states_[view].size())));
    Bytes state;
    case_.kernels()[view]->Compact(row.state, &state);
    RowWrite write;
    write.view = static_cast<int>(view);
    write.key = AsBytes(key);
    write.state = state;
    write.sequence = LoadStateHeader(state.data()).sequence;
    write.writer = epoch_ - 1;
    if (replaced_->Send(std::span(&write, 1))) return AwaitRefusal();
    return std::nullopt;
  }

  Finding AwaitRefusal() {
    std::vector<RowWritten> done;
    while (done.empty()) static_cast<void>(replaced_->Poll(10'000, &done));
    if (done[0].outcome == RowWritten::Outcome::kFailed) return std::nullopt;
    return "a writer that was replaced still writes";
  }

  void Recover() {
    SKEWLESS_CHECK(writer_->Claim(epoch_).has_value());
    SetClock(mark_us_);
    std::vector<RowKey> keys;
    std::vector<Name> names;
    for (size_t view = 0; view < states_.size(); ++view) {
      for (const auto& [key, row] : states_[view]) {
        keys.push_back({static_cast<int>(view), AsBytes(key)});
        names.emplace_back(view, key);
      }
    }
    std::vector<StoredRow> stored;
    SKEWLESS_CHECK(writer_->ReadVersions(keys, &stored).has_value());
    for (size_t i = 0; i < names.size(); ++i) {
      const Bytes& state = states_[names[i].first][names[i].second].state;
      if (!stored[i].found || stored[i].sequence < LoadStateHeader(state.data()).sequence)
        dirty_.insert(names[i]);
    }
    if (!WriteOnce()) return;
    SKEWLESS_CHECK(writer_->OpenForReaders(writer_->incarnation()).has_value());
  }

  void SetClock(Timestamp mark_us) {
    TheServer().Ask({"SET", options_.project + "::clock",
                     std::to_string(mark_us) + " " + std::to_string(epoch_)});
  }

  // Time goes on to where the batch comes, and the events of it move along.
  const Batch& Move(size_t batch) {
    const size_t first = case_.first_event(batch);
    const auto moved = std::span(records_).subspan(first, case_.batch(batch).rows());
    const Timestamp elapsed = moved.front().available_us - case_.batch(0).available_us.front();
    const Timestamp wanted = SaturatingAdd(start_us_, elapsed);
    mark_us_ = std::max(mark_us_ + 1000, std::min(wanted, kLatestMark));
    SetClock(mark_us_);
    for (oracle::Record& record : moved) {
      record.event_us = SaturatingAdd(record.event_us, mark_us_ - record.available_us);
      record.columns.back().int_value = record.event_us;
      record.available_us = writer_->least_stamp();
    }
    case_.Fill(batch, moved, &batch_);
    return batch_;
  }

  void Fold(size_t index) {
    const Batch& batch = Move(index);
    for (size_t view = 0; view < case_.views(); ++view) {
      if (case_.view(static_cast<int>(view)).source != static_cast<int>(batch.source)) continue;
      const ViewKernel& kernel = *case_.kernels()[view];
      ViewInput& input = inputs_[view];
      kernel.Prepare(batch, scratch_, &input);
      for (size_t row = 0; row < batch.rows(); ++row) {
        if (input.selected[row] == 0) continue;
        const std::string key(AsText(input.keys.key(row)));
        Row& folded = states_[view][key];
        if (folded.state.empty()) {
          folded.state.resize(kernel.empty_state_size());
          kernel.InitState(folded.state.data());
        }
        Bytes& state = folded.state;
        while (const size_t needed = kernel.Apply(state.data(), state.size(), input, row))
          state.resize(needed);
        folded.unstamped.push_back(input.sequence[row]);
        dirty_.emplace(view, key);
      }
    }
  }

  void Write() {
    if (!WriteOnce()) Recover();
  }

  // All rows that changed; false where the server has lost what it had.
  bool WriteOnce() {
    std::vector<Name> names(dirty_.begin(), dirty_.end());
    std::deque<Bytes> states;
    std::vector<RowWrite> writes;
    for (size_t i = 0; i < names.size(); ++i) {
      const auto& [view, key] = names[i];
      case_.kernels()[view]->Compact(states_[view][key].state, &states.emplace_back());
      writes.push_back({static_cast<int>(view),
                        AsBytes(key),
                        LoadStateHeader(states.back().data()).sequence,
                        states.back(),
                        {},
                        i,
                        epoch_});
    }
    if (!writes.empty()) SKEWLESS_CHECK(writer_->Send(writes).has_value());
    std::vector<RowWritten> done;
    while (done.size() < writes.size()) static_cast<void>(writer_->Poll(10'000, &done));
    bool all = true;
    for (const RowWritten& one : done) {
      if (one.outcome == RowWritten::Outcome::kFailed) {
        all = false;
        continue;
      }
      SKEWLESS_CHECK(one.outcome != RowWritten::Outcome::kOlder);
      if (dice_.Chance(10)) SendAgain(writes[one.ticket], one);
      dirty_.erase(names[one.ticket]);
      Stamp(names[one.ticket], one.available_us);
    }
    return all;
  }

  // As after an answer that was lost: it has the stamp that it was given.
  void SendAgain(const RowWrite& write, const RowWritten& first) {
    SKEWLESS_CHECK(writer_->Send(std::span(&write, 1)).has_value());
    std::vector<RowWritten> done;
    while (done.empty()) static_cast<void>(writer_->Poll(10'000, &done));
    SKEWLESS_CHECK(done[0].outcome == RowWritten::Outcome::kAlreadyThere);
    SKEWLESS_CHECK(done[0].available_us == first.available_us);
  }

  void Stamp(const Name& name, Timestamp available_us) {
    Row& row = states_[name.first][name.second];
    for (const Sequence sequence : row.unstamped) stamps_[name.first][sequence] = available_us;
    row.unstamped.clear();
    mark_us_ = std::max(mark_us_, available_us);
  }

  Finding AskSome() {
    const auto& labels = case_.parts().labels;
    if (labels.empty()) return std::nullopt;
    std::vector<Bytes> keys;
    std::vector<const Label*> asked;
    for (int64_t n = dice_.Between(1, 8); n > 0; --n) {
      const Label& label = dice_.Pick(labels);
      auto key = case_.KeyBytes(label);
      if (!key) continue;
      keys.push_back(std::move(*key));
      asked.push_back(&label);
    }
    std::vector<RowKey> rows;
    for (size_t i = 0; i < keys.size(); ++i) rows.push_back({asked[i]->view, keys[i]});
    if (rows.empty()) return std::nullopt;
    const Result<Timestamp> t = reader_->Read(rows);
    if (!t && t.error().code == ErrorCode::kUnavailable) return std::nullopt;  // rows were lost
    if (!t) return "the store can't be read: " + t.error().ToString();
    for (size_t i = 0; i < rows.size(); ++i) {
      const ViewKernel& kernel = *case_.kernels()[static_cast<size_t>(rows[i].view)];
      const ByteView state = reader_->state(i);
      if (!state.empty() && !kernel.Validate(state)) return "the store gives a state that is none";
      kernel.Read(state, *t, &vector_);
      Served& served = served_.emplace_back();
      served.label = asked[i];
      served.read_us = *t;
      served.answer = AnswerOf(vector_);
      for (const ValueView& value : served.answer.values) served.values.push_back(Value::Of(value));
      for (size_t v = 0; v < served.values.size(); ++v)
        served.answer.values[v] = served.values[v].view();
    }
    return std::nullopt;
  }

  // Everything that was served, against the history with the stamps that the server gave.
  Finding Audit() const {
    std::map<int, oracle::ViewOracle> oracles;
    for (const Served& served : served_) {
      const int view = served.label->view;
      if (!oracles.contains(view)) {
        const auto& stamps = stamps_[static_cast<size_t>(view)];
        oracles.try_emplace(view, case_.definition(), view, records_,
                            [&stamps](const oracle::Record& record) {
                              const auto found = stamps.find(record.sequence);
                              return found == stamps.end() ? kMaxTimestamp : found->second;
                            });
      }
      auto found = case_.Difference(oracles.at(view), *served.label, served.read_us, served.answer);
      if (found) return found;
    }
    return std::nullopt;
  }

  const CompiledCase& case_;
  std::vector<oracle::Record> records_;  // as they were moved
  Dice dice_;
  RedisOptions options_;
  Timestamp start_us_ = 0, mark_us_ = 0;
  uint32_t epoch_ = 0;
  std::vector<std::map<std::string, Row>> states_;     // by view, as the engine has them
  std::vector<std::map<Sequence, Timestamp>> stamps_;  // by view
  std::set<Name> dirty_;
  std::vector<ViewInput> inputs_;
  Batch batch_;
  EvaluationScratch scratch_;
  FeatureVector vector_;
  std::unique_ptr<RemoteRows> writer_, replaced_;
  std::unique_ptr<OnlineReader> reader_;
  std::deque<Served> served_;
};

}  // namespace

Finding ServeFromRedis(const CompiledCase& c) {
  std::string error;
  const auto numbers = CompiledCase::Compile(WithNumbersOnly(c), &error);
  if (numbers == nullptr) return "what is left of it is refused: " + error;
  return RedisServing(*numbers).Run();
}

}  // namespace skewless::property
