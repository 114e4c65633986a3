// The embedded online store under the replay clock, written as the engine writes it and read in
// between.
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <numeric>

#include "base/check.h"
#include "online/embedded/embedded_store.h"
#include "property/dice.h"
#include "property/paths.h"

namespace skewless::property {
namespace {

class Server {
 public:
  Server(const CompiledCase& c, bool live)
      : case_(c),
        live_(live),
        records_(RecordsOf(c.parts())),
        dice_(c.parts().seed + 4),
        inputs_(c.views()),
        directory_(std::filesystem::temp_directory_path() /
                   ("skewless_property_store_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(directory_);
    Start();
    auto reader =
        OpenEmbeddedReader(directory_.string(), ViewNames(c.kernels()), Fingerprints(c.kernels()));
    SKEWLESS_CHECK(reader.has_value());
    reader_ = std::move(*reader);
  }
  ~Server() {
    reader_.reset();
    writer_.reset();
    std::filesystem::remove_all(directory_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Batches end where a label is asked for, as they do for a reader who steps the clock.
  Finding Step() {
    const auto& labels = case_.parts().labels;
    std::vector<size_t> order(labels.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return labels[a].time_us < labels[b].time_us; });
    size_t next = 0;
    // All labels of times before `end`, those of one time together.
    const auto answer = [&](Timestamp end, bool last) -> Finding {
      while (next < order.size() && (last || labels[order[next]].time_us < end)) {
        const Timestamp t = labels[order[next]].time_us;
        std::vector<const Label*> asked;
        for (; next < order.size() && labels[order[next]].time_us == t; ++next) {
          asked.push_back(&labels[order[next]]);
        }
        writer_->AdvanceReplayClock(t);
        // The greatest instant of all stands for "nothing is announced".
        if (auto found = Ask(asked, t == kMaxTimestamp ? t - 1 : t)) return found;
      }
      return std::nullopt;
    };
    for (size_t i = 0; i < case_.batch_count(); ++i) {
      const Batch& batch = case_.batch(i);
      for (size_t row = 0; row < batch.rows();) {
        if (auto found = answer(batch.available_us[row], false)) return found;
        const Timestamp t = next < order.size() ? labels[order[next]].time_us : kMaxTimestamp;
        size_t end = row + 1;
        while (end < batch.rows() && batch.available_us[end] <= t) ++end;
        if (auto found = WriteWhole(i, row, end)) return found;
        row = end;
      }
      if (dice_.Chance(2)) Restart();
    }
    if (auto found = answer(kMaxTimestamp, true)) return found;
    return Audit();
  }

  // Batches stay whole, and reads come at every moment.
  Finding Mingle() {
    for (size_t i = 0; i < case_.batch_count(); ++i) {
      const Batch& batch = case_.batch(i);
      if (auto found = AskSome()) return found;
      const Batch& stamped = Announce(i, 0, batch.rows());
      if (auto found = AskSome()) return found;
      for (size_t view = 0; view < case_.views(); ++view) {
        if (auto found = Fold(stamped, view)) return found;
        if (auto found = AskSome()) return found;
      }
      if (auto found = Commit(stamped)) return found;
      if (auto found = AskSome()) return found;
      const bool last = i + 1 == case_.batch_count();
      MoveClock(batch, last ? kMaxTimestamp : case_.batch(i + 1).available_us.front());
      if (dice_.Chance(2)) Restart();
    }
    if (auto found = AskSome()) return found;
    return Audit();
  }

 private:
  // A vector that somebody was given.
  struct Served {
    const Label* label = nullptr;
    Timestamp read_us = 0;
    Answer answer;
    std::vector<Value> values;  // what the answer's texts point into

    void KeepValues() {
      for (const ValueView& value : answer.values) values.push_back(Value::Of(value));
      for (size_t i = 0; i < values.size(); ++i) answer.values[i] = values[i].view();
    }
  };

  // Opens what is there, or builds it anew from the history so far.
  void Start() {
    EmbeddedOptions options;
    options.directory = directory_.string();
    options.views = ViewNames(case_.kernels());
    options.fingerprints = Fingerprints(case_.kernels());
    options.replay_clock = !live_;
    options.log_identity = case_.parts().seed + 1;
    auto writer = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(writer.has_value());
    writer_ = std::move(*writer);
    if (!writer_->usable()) {
      SKEWLESS_CHECK(writer_->Reset().has_value());
      for (const auto& batch : written_) {
        for (size_t view = 0; view < case_.views(); ++view) {
          SKEWLESS_CHECK(!Fold(*batch, view));
        }
        SKEWLESS_CHECK(!Commit(*batch));
      }
    }
    SKEWLESS_CHECK(writer_->OpenForReaders().has_value());
  }

  // Ends the writer in order, or leaves its store behind as a crash does.
  void Restart() {
    if (dice_.Chance(50)) SKEWLESS_CHECK(writer_->Close().has_value());
    writer_.reset();
    Start();
  }

  Finding Fold(const Batch& batch, size_t view) {
    if (case_.view(static_cast<int>(view)).source != static_cast<int>(batch.source)) {
      return std::nullopt;
    }
    const ViewKernel& kernel = *case_.kernels()[view];
    kernel.Prepare(batch, scratch_, &inputs_[view]);
    const Status folded = writer_->Fold(static_cast<int>(view), kernel, inputs_[view]);
    if (!folded) return "the store refuses to fold: " + folded.error().ToString();
    return std::nullopt;
  }

  Finding Commit(const Batch& batch) {
    const Status committed = writer_->Commit(batch.sequence.back());
    if (!committed) return "the store refuses to commit: " + committed.error().ToString();
    return std::nullopt;
  }

  Finding WriteWhole(size_t batch, size_t begin, size_t end) {
    if (dice_.Chance(70)) {
      writer_->AdvanceReplayClock(SaturatingSub(case_.batch(batch).available_us[begin], 1));
    }
    const Batch& stamped = Announce(batch, begin, end);
    for (size_t view = 0; view < case_.views(); ++view) {
      if (auto found = Fold(stamped, view)) return found;
    }
    return Commit(stamped);
  }

  // Its column of event times moves along.
  static void Move(DurationUs shift, oracle::Record* record) {
    record->event_us = SaturatingAdd(record->event_us, shift);
    record->columns.back().int_value = record->event_us;
  }

  // The records get their stamps from the store. On the replay clock those are their arrivals,
  // unless these have been read already, as they may be after a restart amid records of one
  // instant.
  const Batch& Announce(size_t batch, size_t begin, size_t end) {
    const auto stamped = std::span(records_).subspan(case_.first_event(batch) + begin, end - begin);
    const Timestamp stamp = writer_->Announce(live_ ? kMinTimestamp : stamped.front().available_us);
    for (oracle::Record& record : stamped) {
      if (!live_ && record.available_us >= stamp) continue;
      if (live_) Move(stamp - record.available_us, &record);
      record.available_us = stamp;
      restamped_ = true;
    }
    written_.push_back(std::make_unique<Batch>());
    case_.Fill(batch, stamped, written_.back().get());
    return *written_.back();
  }

  // To before `end`, when the next record arrives; sometimes to moments amid the batch, which the
  // store must refuse.
  void MoveClock(const Batch& batch, Timestamp end) {
    const Timestamp first = batch.available_us.front();
    const Timestamp last = batch.available_us.back();
    for (int64_t n = live_ ? 0 : dice_.Below(3); n > 0; --n) {
      const Timestamp wanted = dice_.Pick({first - 1, first, last - 1, last, last + 1,
                                           last + dice_.Below(case_.parts().hop_us + 1)});
      writer_->AdvanceReplayClock(std::min(wanted, end - 1));
    }
  }

  Finding AskSome() {
    const auto& labels = case_.parts().labels;
    if (labels.empty() || !dice_.Chance(40)) return std::nullopt;
    std::vector<const Label*> asked;
    for (int64_t n = dice_.Between(1, 5); n > 0; --n) asked.push_back(&dice_.Pick(labels));
    return Ask(asked, std::nullopt);
  }

  // The rows of all the labels at one instant: `expected` or, without, whichever it is.
  Finding Ask(const std::vector<const Label*>& asked, std::optional<Timestamp> expected) {
    std::vector<Bytes> keys;
    std::vector<RowKey> rows;
    std::vector<const Label*> labels;
    for (const Label* label : asked) {
      auto key = case_.KeyBytes(*label);
      if (!key) continue;
      keys.push_back(std::move(*key));
      labels.push_back(label);
    }
    for (size_t i = 0; i < keys.size(); ++i) rows.push_back({labels[i]->view, keys[i]});
    const Result<Timestamp> t = reader_->Read(rows);
    if (!t) return "the store can't be read: " + t.error().ToString();
    if (expected && *t != *expected && !restamped_) {
      return "asked at " + std::to_string(*expected) + ", the store reads at " + std::to_string(*t);
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      const ViewKernel& kernel = *case_.kernels()[static_cast<size_t>(labels[i]->view)];
      const ByteView state = reader_->state(i);
      if (!state.empty()) {
        if (const Status valid = kernel.Validate(state); !valid) {
          return "the store gives a state that is refused: " + valid.error().ToString();
        }
      }
      kernel.Read(state, *t, &vector_);
      served_.push_back({labels[i], *t, AnswerOf(vector_), {}});
      served_.back().KeepValues();
    }
    return std::nullopt;
  }

  // Everything that was served, against the history as it was stamped in the end.
  Finding Audit() const {
    std::map<int, oracle::ViewOracle> oracles;
    for (const Served& served : served_) {
      const int view = served.label->view;
      if (restamped_ && !oracles.contains(view)) {
        oracles.try_emplace(view, case_.definition(), view, records_);
      }
      const oracle::ViewOracle& oracle = restamped_ ? oracles.at(view) : case_.oracle(view);
      auto found = case_.Difference(oracle, *served.label, served.read_us, served.answer);
      if (found) return found;
    }
    return std::nullopt;
  }

  const CompiledCase& case_;
  const bool live_;
  std::vector<oracle::Record> records_;  // as the store stamps them
  Dice dice_;
  std::vector<ViewInput> inputs_;
  EvaluationScratch scratch_;
  FeatureVector vector_;
  std::filesystem::path directory_;
  std::unique_ptr<OnlineWriter> writer_;
  std::unique_ptr<OnlineReader> reader_;
  std::vector<std::unique_ptr<Batch>> written_;  // what a log would hold
  bool restamped_ = false;                       // other than the case says
  std::deque<Served> served_;
};

}  // namespace

Finding ServeStepped(const CompiledCase& c) { return Server(c, false).Step(); }
Finding ServeAnytime(const CompiledCase& c) { return Server(c, false).Mingle(); }

Finding ServeLive(const CompiledCase& c) { return Server(c, true).Mingle(); }

}  // namespace skewless::property
