#include "simulation/verdict.h"

#include <map>

#include "model/key.h"
#include "simulation/expectation.h"
#include "simulation/log_verdict.h"
#include "training/history.h"
#include "training/read_times.h"

namespace skewless::simulation {
namespace {

using property::Label;

class Verdict {
 public:
  // `book`: the whole log.
  Verdict(World* world, const LogBook& book)
      : world_(*world),
        scenario_(world->scenario()),
        definition_(world->definition()),
        dice_(scenario_.seed + 7),
        book_(book),
        expected_(world) {
    for (size_t i = 0; i < scenario_.drawn.labels.size(); ++i)
      labels_.push_back(world->LabelIn(world->version(), static_cast<int>(i)));
  }

  Finding Reach() {
    world_.tally().records = static_cast<int64_t>(book_.records.size());
    if (auto found = JudgeLog(&world_, book_)) return found;
    if (auto found = ReachByDefinition()) return found;
    if (scenario_.values && !scenario_.redefined.empty()) return std::nullopt;
    const bool tables_wait = !scenario_.redefined.empty() && expected_.is_open_ended();
    return scenario_.offline && !tables_wait ? CheckTables() : std::nullopt;
  }

  // By the world's definition alone: what was served by it, and training with it, on all the log.
  Finding ReachByDefinition() {
    if (scenario_.values && !scenario_.redefined.empty()) return CheckNamed();
    if (auto found = expected_.Load(book_)) return found;
    if (auto found = CheckServed()) return found;
    const auto availability =
        OpenAvailability(world_.files(), definition_, world_.kernels(), StampTime::kComputed);
    if (!availability) return "the stamps: " + availability.error().ToString();
    if (scenario_.remote == (*availability == nullptr)) return "stamps without need, or none";
    availability_ = availability->get();
    if (auto found = CheckJoin(FromLog(), "joined from the log", FromLabel::kAsTold)) return found;
    availability_ = nullptr;
    return std::nullopt;
  }

 private:
  // How a join takes its labels: as whoever was told that time, or by records' availability alone.
  enum class FromLabel { kAsTold, kAsAvailable };

  const Label& LabelOf(const Served& served) const {
    return labels_[static_cast<size_t>(served.label)];
  }

  Finding CheckServed() const {
    for (const Served& served : world_.served()) {
      if (served.version != world_.version()) continue;
      const Label& label = LabelOf(served);
      const auto compare = [&](const std::string& path, const oracle::Vector& expected) {
        return Compare(path, served, served.status, served.sequence, served.newest_event_us,
                       served.values, expected);
      };
      if (scenario_.values && served.sequence > 0) {
        const auto named = expected_.OfRow(label, served.sequence, served.computed_us);
        if (auto found = compare("served, by what the row names", named)) return found;
      }
      if (expected_.IsForgotten(label, served.read_us)) {
        ++world_.tally().forgiven;
        continue;
      }
      if (auto found = compare("served", expected_.At(label, served.read_us))) return found;
    }
    return std::nullopt;
  }

  // Finished values of two definitions by turns: by which records and for what time each row says
  // that it is, of those that the world's definition served.
  Finding CheckNamed() const {
    std::map<int, oracle::ViewOracle> oracles;
    for (const Served& served : world_.served()) {
      if (served.sequence == 0 || served.version != world_.version()) continue;
      const Label& label = LabelOf(served);
      const auto [oracle, is_new] =
          oracles.try_emplace(label.view, definition_, label.view, book_.records);
      const auto expected = oracle->second.ReadUpTo(label.key, served.sequence, served.computed_us);
      if (auto found = Compare("served, by what the row names", served, served.status,
                               served.sequence, served.newest_event_us, served.values, expected))
        return found;
    }
    return world_.server().moved_back() ? Finding("a row was moved back") : std::nullopt;
  }

  // What a path answers for the label of `served` at its T, against the oracle.
  Finding Compare(const std::string& path, const Served& served, RowStatus status,
                  Sequence sequence, Timestamp newest, const std::vector<Value>& values,
                  const oracle::Vector& expected) const {
    const Label& label = LabelOf(served);
    const auto view = static_cast<size_t>(label.view);
    const auto where = [&] {
      std::string out = path + ": " + definition_.views[view].name + " [";
      for (const Value& value : label.key) out += " " + FormatValue(value.view());
      return out + " ] at " + std::to_string(served.read_us) + ": ";
    };
    if (static_cast<int>(status) != static_cast<int>(expected.standing) ||
        sequence != expected.sequence || newest != expected.newest_event_us) {
      const auto show = [](int standing, Sequence rests, Timestamp event) {
        return "status " + std::to_string(standing) + ", record " + std::to_string(EpochOf(rests)) +
               ":" + std::to_string(CounterOf(rests)) + ", newest event " + std::to_string(event);
      };
      return where() + show(static_cast<int>(status), sequence, newest) + "; expected " +
             show(static_cast<int>(expected.standing), expected.sequence, expected.newest_event_us);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (SameBits(values[i].view(), expected.values[i].view())) continue;
      return where() + definition_.views[view].output_name(i) + " is " +
             FormatValue(values[i].view()) + "; expected " + FormatValue(expected.values[i].view());
    }
    return std::nullopt;
  }

  HistoryStream FromLog() const {
    auto opened = OpenLogReader(world_.files(), definition_);
    if (!opened) return [](Batch*) -> Result<bool> { return false; };
    std::shared_ptr<LogReader> reader = std::move(*opened);
    return [reader](Batch* batch) { return reader->Next(batch); };
  }

  // Every served moment as a training label, and the drawn ones of null keys.
  Finding CheckJoin(const HistoryStream& history, const std::string& path, FromLabel from,
                    int only_view = -1) {
    std::vector<Served> extra;
    for (size_t i = 0; i < scenario_.drawn.labels.size(); ++i) {
      Served asked;
      asked.label = static_cast<int>(i);
      asked.read_us = scenario_.drawn.labels[i].time_us;
      extra.push_back(asked);
    }
    std::vector<ViewLabels> labels;
    std::vector<std::vector<int>> outputs;
    std::vector<std::vector<const Served*>> asked;
    for (size_t view = 0; view < world_.kernels().size(); ++view) {
      if (only_view >= 0 && only_view != static_cast<int>(view)) continue;
      std::vector<const Served*> rows;
      for (const Served& served : world_.served()) {
        if (LabelOf(served).view == static_cast<int>(view)) rows.push_back(&served);
      }
      for (const Served& served : extra) {
        if (LabelOf(served).view == static_cast<int>(view)) rows.push_back(&served);
      }
      labels.push_back(LabelsOf(static_cast<int>(view), rows));
      outputs.emplace_back();
      for (size_t i = 0; i < definition_.views[view].output_count(); ++i) {
        outputs.back().push_back(static_cast<int>(i));
      }
      asked.push_back(std::move(rows));
    }
    if (from == FromLabel::kAsTold) {
      const Status moved =
          MoveToReadTimes(world_.files(), definition_, world_.kernels(), std::span(labels));
      if (!moved) return path + ": " + moved.error().ToString();
    }
    JoinOptions options;
    options.threads = 1;
    options.availability = availability_;
    options.spill_directory = definition_.SpillDirectory();
    JoinCounts counts;
    const auto answers = JoinHistory(world_.kernels(), history, labels, outputs, options, &counts);
    if (!answers) return path + ": " + answers.error().ToString();
    for (size_t i = 0; i < asked.size(); ++i) {
      for (size_t row = 0; row < asked[i].size(); ++row) {
        const ViewAnswers& all = (*answers)[i];
        std::vector<Value> values;
        for (const Column& column : all.outputs) values.push_back(Value::Of(ValueAt(column, row)));
        const Served& served = *asked[i][row];
        const auto expected = from == FromLabel::kAsTold
                                  ? expected_.At(LabelOf(served), served.read_us)
                                  : expected_.AsAvailable(LabelOf(served), served.read_us);
        if (auto found = Compare(path, served, static_cast<RowStatus>(all.status[row]),
                                 all.sequence[row], all.newest_event_us[row], values, expected)) {
          return found;
        }
      }
    }
    return std::nullopt;
  }

  ViewLabels LabelsOf(int view, const std::vector<const Served*>& rows) const {
    ViewLabels labels;
    labels.view = view;
    const FeatureViewDefinition& named = definition_.views[static_cast<size_t>(view)];
    const Schema& schema = definition_.sources[static_cast<size_t>(named.source)].schema;
    std::vector<Column> columns(named.key_columns.size());
    std::vector<const Column*> pointers;
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i].type = schema.columns[static_cast<size_t>(named.key_columns[i])].type;
      for (const Served* served : rows) AppendValue(columns[i], LabelOf(*served).key[i].view());
      pointers.push_back(&columns[i]);
    }
    for (const Served* served : rows) labels.time_us.push_back(served->read_us);
    EncodeKeys(pointers, rows.size(), &labels.keys);
    return labels;
  }

  // ---- offline tables

  // Each view's table holds its records, each once, with the features right after each.
  Finding CheckTables() {
    for (size_t view = 0; view < world_.kernels().size(); ++view) {
      auto rows = ReadTable(world_.files(), definition_, static_cast<int>(view));
      if (!rows) return "an offline table: " + rows.error().ToString();
      if (auto found = CheckTable(static_cast<int>(view), *rows)) return found;
      std::vector<oracle::Record> records;
      for (const auto& [sequence, row] : *rows) records.push_back(row.record);
      const HistoryStream history = HistoryOf(definition_, std::move(records));
      if (auto found = CheckJoin(history, "joined from the offline table", FromLabel::kAsAvailable,
                                 static_cast<int>(view))) {
        return found;
      }
      world_.tally().table_rows += static_cast<int64_t>(rows->size());
    }
    return std::nullopt;
  }

  Finding CheckTable(int view, const std::map<Sequence, TableRow>& rows) {
    const FeatureViewDefinition& named = definition_.views[static_cast<size_t>(view)];
    const std::string table = "the table of " + named.name;
    std::vector<oracle::Record> so_far;
    size_t found_rows = 0;
    for (size_t i = 0; i < book_.records.size(); ++i) {
      oracle::Record record = book_.records[i];
      so_far.push_back(record);
      if (record.source != named.source || !IsOf(view, record)) continue;
      const auto row = rows.find(record.sequence);
      if (row == rows.end()) return table + " lacks " + Show(record);
      ++found_rows;
      record.available_us = expected_.AvailableOf(view, record);
      if (!SameRecord(row->second.record, record)) {
        return table + " has " + Show(row->second.record) + " for " + Show(record);
      }
      if (row->second.processing_us != book_.processing_us[i]) {
        return table + " has another processing time for " + Show(record);
      }
      if (!dice_.Chance(5)) continue;
      std::vector<Value> key;
      for (const int column : named.key_columns) {
        key.push_back(record.columns[static_cast<size_t>(column)]);
      }
      const oracle::Vector expected =
          oracle::ViewOracle(definition_, view, so_far).Read(key, book_.processing_us[i]);
      for (size_t output = 0; output < expected.values.size(); ++output) {
        if (SameBits(row->second.outputs[output].view(), expected.values[output].view())) continue;
        return table + ": " + named.output_name(output) + " is " +
               FormatValue(row->second.outputs[output].view()) + "; expected " +
               FormatValue(expected.values[output].view()) + " after " + Show(record);
      }
    }
    if (found_rows != rows.size()) return table + " has rows that the log does not";
    return std::nullopt;
  }

  // Whether a record is one of the view, applied or not: then alone it makes its entity known.
  bool IsOf(int view, oracle::Record record) const {
    record.applied = true;
    std::vector<Value> key;
    for (const int column : definition_.views[static_cast<size_t>(view)].key_columns) {
      key.push_back(record.columns[static_cast<size_t>(column)]);
    }
    const Timestamp t = record.available_us;
    return oracle::ViewOracle(definition_, view, {std::move(record)}).Read(key, t).standing !=
           oracle::Standing::kNotFound;
  }

  World& world_;
  const Scenario& scenario_;
  const Definition& definition_;
  std::vector<Label> labels_;  // as it has their views; -1: it lacks the view
  property::Dice dice_;
  const LogBook& book_;
  Expectation expected_;
  RecordAvailability* availability_ = nullptr;
};

}  // namespace

Finding Judge(World* world) {
  if (auto found = JudgeRot(world)) return found;
  const auto book = ReadLog(world->files(), world->definition());
  if (!book) return "the log cannot be read: " + book.error().ToString();
  if (auto found = Verdict(world, *book).Reach()) return found;
  const Scenario& scenario = world->scenario();
  if (scenario.redefined.empty()) return std::nullopt;
  world->SwapDefinitions();
  auto found = Verdict(world, *book).ReachByDefinition();
  return found ? "by the other definition, " + *found : found;
}

}  // namespace skewless::simulation
