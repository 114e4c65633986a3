// The training join, over histories that come by several ways.
#include <unistd.h>

#include <filesystem>

#include "base/check.h"
#include "log/log.h"
#include "model/batch_encoding.h"
#include "property/dice.h"
#include "property/paths.h"
#include "simulation/simulated_files.h"
#include "training/join_passes.h"

namespace skewless::property {
namespace {

HistoryStream FromBatches(const CompiledCase& c) {
  return [&c, records = RecordsOf(c.parts()), i = size_t{0}](Batch* batch) mutable -> Result<bool> {
    if (i == c.batch_count()) return false;
    c.Fill(i, std::span(records).subspan(c.first_event(i), c.batch(i).rows()), batch);
    ++i;
    return true;
  };
}

HistoryStream FromEncoding(const CompiledCase& c, Dice* dice) {
  return [&c, dice, i = size_t{0}, row = size_t{0}](Batch* batch) mutable -> Result<bool> {
    if (i == c.batch_count()) return false;
    const Batch& whole = c.batch(i);
    const size_t end =
        dice->Chance(50)
            ? whole.rows()
            : row + 1 + static_cast<size_t>(dice->Below(static_cast<int64_t>(whole.rows() - row)));
    Bytes bytes;
    EncodeBatch(whole, row, end, &bytes);
    SKEWLESS_RETURN_IF_ERROR(DecodeBatch(bytes, *whole.schema, *whole.schema, batch));
    batch->source = whole.source;
    row = end;
    if (row == whole.rows()) ++i, row = 0;
    return true;
  };
}

// Writes the whole history, with new writers on the way, and reads it back. The log numbers the
// records itself: `records` take those numbers.
Result<HistoryStream> FromLog(const CompiledCase& c, Dice* dice, SimulatedFiles* files,
                              std::vector<oracle::Record>* records) {
  std::vector<LoggedSource> sources;
  for (const SourceDefinition& source : c.definition().sources) {
    sources.push_back({source.name, source.schema});
  }
  LogOptions options;
  options.directory = "log";
  options.segment_bytes = dice->Pick({int64_t{2000}, int64_t{1} << 20});
  options.max_frame_rows = dice->Pick({int64_t{2}, int64_t{1000}});
  std::unique_ptr<LogWriter> writer;
  size_t next = 0;
  for (size_t i = 0; i < c.batch_count(); ++i) {
    if (writer == nullptr || dice->Chance(10)) {
      writer.reset();
      SKEWLESS_ASSIGN_OR_RETURN(writer, LogWriter::Open(*files, options, sources));
    }
    Batch batch;
    c.Fill(i, std::span(*records).subspan(c.first_event(i), c.batch(i).rows()), &batch);
    SKEWLESS_RETURN_IF_ERROR(writer->Append(&batch));
    SKEWLESS_RETURN_IF_ERROR(writer->Sync());
    for (const Sequence sequence : batch.sequence) (*records)[next++].sequence = sequence;
  }
  if (writer == nullptr) return HistoryStream([](Batch*) -> Result<bool> { return false; });
  writer.reset();
  SKEWLESS_ASSIGN_OR_RETURN(auto opened, LogReader::Open(*files, options.directory, sources));
  std::shared_ptr<LogReader> reader = std::move(opened);
  return HistoryStream([reader](Batch* batch) { return reader->Next(batch); });
}

// A join of all labels, some views asked twice over.
class JoinRun {
 public:
  JoinRun(const CompiledCase& c, Dice* dice) : case_(c), dice_(*dice) {
    options_.threads = dice->Pick({1, 2});
    options_.memory_bytes = dice->Pick({int64_t{1}, int64_t{4000}, int64_t{4} << 30});
    options_.answer_after_bytes = dice->Pick({int64_t{0}, int64_t{5000}, int64_t{64} << 20});
    options_.spill_directory = (std::filesystem::temp_directory_path() /
                                ("skewless_property_" + std::to_string(::getpid())))
                                   .string();
    options_.provenance = dice->Chance(40);
    for (size_t view = 0; view < c.views(); ++view) AddView(static_cast<int>(view));
    if (dice->Chance(20)) AddView(0);
  }
  ~JoinRun() { std::filesystem::remove_all(options_.spill_directory); }
  JoinRun(const JoinRun&) = delete;
  JoinRun& operator=(const JoinRun&) = delete;

  JoinOptions& options() { return options_; }

  // `records`: what `history` holds.
  Finding Run(const HistoryStream& history, const std::vector<oracle::Record>& records,
              const oracle::Availability& availability) {
    return Compare(
        [&](JoinCounts* counts) {
          return JoinHistory(case_.kernels(), history, labels_, outputs_, options_, counts);
        },
        records, availability);
  }
  // The same over a history that can be opened as often as there are passes.
  Finding RunInPasses(const std::function<HistoryStream()>& again,
                      const std::vector<oracle::Record>& records,
                      const oracle::Availability& availability) {
    const auto open = [&]() -> Result<History> { return History{again()}; };
    bool out_of_order = false;
    return Compare(
        [&](JoinCounts* counts) {
          return JoinInPasses(case_.kernels(), open, labels_, outputs_, options_, counts,
                              &out_of_order);
        },
        records, availability);
  }

 private:
  using Join = std::function<Result<std::vector<ViewAnswers>>(JoinCounts*)>;
  Finding Compare(const Join& join, const std::vector<oracle::Record>& records,
                  const oracle::Availability& availability) {
    JoinCounts counts;
    options_.available_ascends = std::is_sorted(
        records.begin(), records.end(),
        [](const auto& a, const auto& b) { return a.available_us < b.available_us; });
    auto answers = join(&counts);
    if (!answers) return "the join failed: " + answers.error().ToString();
    if (counts.history_records != static_cast<int64_t>(records.size())) {
      return "the join read " + std::to_string(counts.history_records) + " records";
    }
    // Without provenance all may have come down to last values, which are no records.
    if (options_.provenance && options_.memory_bytes == 1 && counts.kept > 0 &&
        counts.spilled_bytes == 0) {
      return "nothing was spilled from a byte of memory";
    }
    for (size_t i = 0; i < labels_.size(); ++i) {
      const oracle::ViewOracle oracle(case_.definition(), labels_[i].view, records, availability);
      for (size_t row = 0; row < asked_[i].size(); ++row) {
        const Label& label = *asked_[i][row];
        const Answer answer = AnswerAt((*answers)[i], outputs_[i], row);
        auto found = case_.Difference(oracle, label, label.time_us, answer, &outputs_[i]);
        if (found) return Settings() + *found;
      }
    }
    return std::nullopt;
  }

  void AddView(int view) {
    ViewLabels labels;
    labels.view = view;
    std::vector<const Label*> asked;
    std::vector<Value> none;
    const auto& key_columns = case_.view(view).key_columns;
    const int source = case_.view(view).source;
    const Schema& schema = case_.definition().sources[static_cast<size_t>(source)].schema;
    std::vector<Column> columns(key_columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i].type = schema.columns[static_cast<size_t>(key_columns[i])].type;
    }
    for (const Label& label : case_.parts().labels) {
      if (label.view != view) continue;
      for (size_t i = 0; i < columns.size(); ++i) AppendValue(columns[i], label.key[i].view());
      labels.time_us.push_back(label.time_us);
      asked.push_back(&label);
    }
    std::vector<const Column*> pointers;
    for (const Column& column : columns) pointers.push_back(&column);
    EncodeKeys(pointers, asked.size(), &labels.keys);
    std::vector<int> outputs;
    // Few outputs, or one, may be answered without folding a state.
    const int chance = dice_.Pick({100, 100, 50, 20, 0});
    const auto one =
        static_cast<size_t>(dice_.Below(static_cast<int64_t>(case_.view(view).output_count())));
    for (size_t i = 0; i < case_.view(view).output_count(); ++i) {
      if (i == one || dice_.Chance(chance)) outputs.push_back(static_cast<int>(i));
    }
    labels_.push_back(std::move(labels));
    outputs_.push_back(std::move(outputs));
    asked_.push_back(std::move(asked));
  }

  static Answer AnswerAt(const ViewAnswers& answers, const std::vector<int>& outputs, size_t row) {
    Answer answer;
    answer.status = static_cast<RowStatus>(answers.status[row]);
    answer.provenance = !answers.sequence.empty();
    if (answer.provenance) {
      answer.sequence = answers.sequence[row];
      answer.newest_event_us = answers.newest_event_us[row];
    }
    answer.values.resize(answers.outputs.size());
    for (const int output : outputs) {
      const auto i = static_cast<size_t>(output);
      answer.values[i] = ValueAt(answers.outputs[i], row);
    }
    return answer;
  }

  std::string Settings() const {
    return std::to_string(options_.threads) + " threads, " + std::to_string(options_.memory_bytes) +
           " bytes of memory, answers after " + std::to_string(options_.answer_after_bytes) + ", " +
           (options_.as_of == AsOf::kEvent ? "as of event, " : "") +
           (options_.delay_us ? "delay " + FormatDuration(*options_.delay_us) + ", " : "");
  }

  const CompiledCase& case_;
  Dice& dice_;
  JoinOptions options_;
  std::vector<ViewLabels> labels_;
  std::vector<std::vector<int>> outputs_;
  std::vector<std::vector<const Label*>> asked_;
};

}  // namespace

Finding JoinAvailable(const CompiledCase& c) {
  Dice dice(c.parts().seed);
  JoinRun run(c, &dice);
  if (dice.Chance(50)) return run.Run(FromBatches(c), RecordsOf(c.parts()), oracle::AsLogged);
  return run.RunInPasses([&] { return FromBatches(c); }, RecordsOf(c.parts()), oracle::AsLogged);
}

Finding JoinInHindsight(const CompiledCase& c) {
  Dice dice(c.parts().seed + 1);
  JoinRun run(c, &dice);
  if (dice.Chance(50)) {
    run.options().as_of = AsOf::kEvent;
    return run.Run(FromBatches(c), RecordsOf(c.parts()), oracle::AsOfEvent);
  }
  const DurationUs delay = c.parts().hop_us * dice.Pick({0, 1, 2, 50}) + dice.Below(2);
  run.options().delay_us = delay;
  return run.Run(FromBatches(c), RecordsOf(c.parts()), oracle::WithDelay(delay));
}

Finding JoinDecoded(const CompiledCase& c) {
  Dice dice(c.parts().seed + 2);
  JoinRun run(c, &dice);
  return run.Run(FromEncoding(c, &dice), RecordsOf(c.parts()), oracle::AsLogged);
}

Finding JoinFromLog(const CompiledCase& c) {
  Dice dice(c.parts().seed + 3);
  JoinRun run(c, &dice);
  SimulatedFiles files;
  std::vector<oracle::Record> records = RecordsOf(c.parts());
  auto history = FromLog(c, &dice, &files, &records);
  if (!history) return "the log failed: " + history.error().ToString();
  return run.Run(*history, records, oracle::AsLogged);
}

}  // namespace skewless::property
