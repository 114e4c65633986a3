#include "simulation/evidence.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>

#include <sstream>

#include "decode/arrow_column.h"
#include "log/stamp_log.h"
#include "training/history.h"

namespace skewless::simulation {
namespace {

oracle::Record RecordAt(const Batch& batch, size_t row) {
  oracle::Record record;
  record.source = static_cast<int>(batch.source);
  record.sequence = batch.sequence[row];
  record.event_us = batch.event_us[row];
  record.available_us = batch.available_us[row];
  record.applied = batch.applied.empty() || batch.applied[row] != 0;
  for (const Column& column : batch.columns) {
    record.columns.push_back(Value::Of(ValueAt(column, row)));
  }
  return record;
}

Result<std::shared_ptr<arrow::Table>> ReadParquet(const std::string& path,
                                                  const std::string& bytes) {
  const auto broken = [&](const arrow::Status& status) {
    return Fail(ErrorCode::kCorrupt, path + ": " + status.ToString());
  };
  auto in = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = parquet::arrow::OpenFile(in, arrow::default_memory_pool());
  if (!reader.ok()) return broken(reader.status());
  std::shared_ptr<arrow::Table> table;
  const arrow::Status read = (*reader)->ReadTable(&table);
  if (!read.ok()) return broken(read);
  auto whole = table->CombineChunks();
  if (!whole.ok()) return broken(whole.status());
  return *whole;
}

// A table's column as values of ours.
Result<std::vector<Value>> ValuesOf(const arrow::Table& table, const std::string& path,
                                    const ColumnSpec& spec) {
  const auto chunked = table.GetColumnByName(spec.name);
  if (chunked == nullptr) return Fail(ErrorCode::kCorrupt, path + ": no column " + spec.name);
  std::vector<Value> values;
  if (table.num_rows() == 0) return values;
  const auto& array = chunked->chunk(0);
  if (!CanReadArrow(*array->type(), spec)) {
    return Fail(ErrorCode::kCorrupt, path + ": column " + spec.name + " is of another type");
  }
  Column column;
  column.type = spec.type;
  StringArena strings;
  std::vector<BadCell> bad;
  AppendArrow(*array, 0, array->length(), spec, &column, &strings, &bad);
  if (!bad.empty()) {
    return Fail(ErrorCode::kCorrupt, path + ": column " + spec.name + ": " + bad[0].found);
  }
  for (size_t row = 0; row < column.size(); ++row)
    values.push_back(Value::Of(ValueAt(column, row)));
  return values;
}

// Which column of the table each of the source's is.
std::vector<std::string> InputNames(const Definition& definition,
                                    const FeatureViewDefinition& view) {
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  const EntityDefinition& entity = definition.entities[static_cast<size_t>(view.entity)];
  std::vector<std::string> names;
  for (size_t i = 0; i < source.schema.columns.size(); ++i) {
    // An output of that name has it; the column goes by another (docs/formats/offline.md).
    names.push_back(source.schema.columns[i].name);
    if (view.FindOutput(names.back()) >= 0) names.back() = "input_" + names.back();
    for (size_t key = 0; key < view.key_columns.size(); ++key) {
      if (view.key_columns[key] == static_cast<int>(i)) names.back() = entity.keys[key].name;
    }
    if (static_cast<int>(i) == source.event_timestamp) names.back() = "event_timestamp";
  }
  return names;
}

Status ReadTableFile(const std::string& path, const std::string& bytes,
                     const Definition& definition, const FeatureViewDefinition& view,
                     std::map<Sequence, TableRow>* rows) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto table, ReadParquet(path, bytes));
  const Type time{TypeKind::kTimestamp, false};
  const auto column = [&](const std::string& name, Type type) {
    ColumnSpec spec;
    spec.name = name;
    spec.type = type;
    return ValuesOf(*table, path, spec);
  };
  SKEWLESS_ASSIGN_OR_RETURN(const auto event, column("event_timestamp", time));
  SKEWLESS_ASSIGN_OR_RETURN(const auto processing, column("processing_timestamp", time));
  SKEWLESS_ASSIGN_OR_RETURN(const auto available, column("available_timestamp", time));
  SKEWLESS_ASSIGN_OR_RETURN(const auto sequence, column("sequence", {TypeKind::kInt64, false}));
  SKEWLESS_ASSIGN_OR_RETURN(const auto applied, column("applied", {TypeKind::kBool, false}));
  std::vector<std::vector<Value>> inputs;
  std::vector<std::vector<Value>> outputs;
  const Schema& schema = definition.sources[static_cast<size_t>(view.source)].schema;
  const std::vector<std::string> names = InputNames(definition, view);
  for (size_t i = 0; i < names.size(); ++i) {
    SKEWLESS_ASSIGN_OR_RETURN(inputs.emplace_back(), column(names[i], schema.columns[i].type));
  }
  for (size_t i = 0; i < view.output_count(); ++i) {
    SKEWLESS_ASSIGN_OR_RETURN(outputs.emplace_back(),
                              column(view.output_name(i), view.output_type(i)));
  }
  for (size_t row = 0; row < sequence.size(); ++row) {
    TableRow one;
    one.record.source = view.source;
    one.record.sequence = sequence[row].int_value;
    one.record.event_us = event[row].int_value;
    one.record.available_us = available[row].int_value;
    one.record.applied = applied[row].int_value != 0;
    one.processing_us = processing[row].int_value;
    for (const auto& values : inputs) one.record.columns.push_back(values[row]);
    for (const auto& values : outputs) one.outputs.push_back(values[row]);
    const Sequence number = one.record.sequence;
    if (!rows->emplace(number, std::move(one)).second) {
      return Fail(ErrorCode::kCorrupt,
                  path + ": record " + std::to_string(number) + " is in the tables twice");
    }
  }
  return {};
}

// Every *.parquet that a glob finds: it skips folders that begin with a dot.
Status FindFiles(FileSystem& files, const std::string& directory, std::vector<std::string>* paths) {
  if (!files.Exists(directory)) return {};
  SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name.starts_with(".")) continue;
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      SKEWLESS_RETURN_IF_ERROR(FindFiles(files, path, paths));
    } else if (path.ends_with(".parquet")) {
      paths->push_back(path);
    }
  }
  return {};
}

Result<std::unique_ptr<StampLogReader>> OpenStamps(FileSystem& files,
                                                   const Definition& definition) {
  return StampLogReader::Open(files, StampDirectory(definition.ResolvePath(definition.log_path)));
}

}  // namespace

Result<LogBook> ReadLog(FileSystem& files, const Definition& definition) {
  LogBook book;
  if (!files.Exists(definition.ResolvePath(definition.log_path))) return book;
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(files, definition));
  Batch batch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) return book;
    book.batches.push_back({batch.positions, book.records.size(), batch.rows()});
    for (size_t row = 0; row < batch.rows(); ++row) {
      book.records.push_back(RecordAt(batch, row));
      book.processing_us.push_back(batch.processing_us[row]);
    }
  }
}

Result<std::string> ReadStamps(FileSystem& files, const Definition& definition) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto reader, OpenStamps(files, definition));
  std::ostringstream all;
  StampLogReader::Frame frame;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&frame));
    if (!more) return all.str();
    all << "epoch " << frame.epoch << " known " << frame.known.known_sequence << ' '
        << frame.known.complete_us << ' ' << frame.known.opened_us << ' ' << frame.known.closed
        << '\n';
    for (const LoggedStamp& logged : frame.stamps) {
      all << (*frame.views)[logged.view].name << ' ' << AsText(logged.key) << ' '
          << logged.stamp.sequence << ' ' << logged.stamp.available_us << ' '
          << logged.stamp.computed_us << '\n';
    }
    for (const LostWrite& lost : frame.lost) {
      all << (*frame.views)[lost.view].name << ' ' << AsText(lost.key) << " lost " << lost.sequence
          << ' ' << lost.from_us << ' ' << lost.until_us << '\n';
    }
  }
}

Result<std::string> ReadStampWriters(FileSystem& files, const Definition& definition) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto reader, OpenStamps(files, definition));
  SKEWLESS_ASSIGN_OR_RETURN(const auto writers, reader->Writers());
  std::ostringstream all;
  for (const auto& writer : writers) {
    all << "epoch " << writer.epoch << " opened " << writer.opened_us;
    for (const StampedView& view : writer.views) all << ' ' << view.name << view.fingerprint;
    all << '\n';
  }
  return all.str();
}

bool SameRecord(const oracle::Record& a, const oracle::Record& b) {
  if (a.source != b.source || a.sequence != b.sequence || a.event_us != b.event_us ||
      a.available_us != b.available_us || a.applied != b.applied ||
      a.columns.size() != b.columns.size()) {
    return false;
  }
  for (size_t i = 0; i < a.columns.size(); ++i) {
    if (!SameBits(a.columns[i].view(), b.columns[i].view())) return false;
  }
  return true;
}

bool SameEvent(const oracle::Record& a, const oracle::Record& b) {
  oracle::Record logged = a;
  logged.sequence = b.sequence;
  logged.available_us = b.available_us;
  logged.applied = b.applied;
  return SameRecord(logged, b);
}

std::string Show(const oracle::Record& record) {
  std::string out = "source " + std::to_string(record.source) + " sequence " +
                    std::to_string(EpochOf(record.sequence)) + ":" +
                    std::to_string(CounterOf(record.sequence)) + " event " +
                    std::to_string(record.event_us) + " available " +
                    std::to_string(record.available_us) + (record.applied ? "" : " refused");
  for (const Value& value : record.columns) out += " " + FormatValue(value.view());
  return out;
}

Result<std::map<Sequence, TableRow>> ReadTable(SimulatedFiles& files, const Definition& definition,
                                               int view) {
  const FeatureViewDefinition& named = definition.views[static_cast<size_t>(view)];
  std::map<Sequence, TableRow> rows;
  std::vector<std::string> paths;
  const std::string root = definition.ResolvePath(definition.offline->path);
  SKEWLESS_RETURN_IF_ERROR(FindFiles(files, JoinPath(root, named.name), &paths));
  for (const std::string& path : paths) {
    SKEWLESS_RETURN_IF_ERROR(
        ReadTableFile(path, files.Contents(path).value_or(""), definition, named, &rows));
  }
  return rows;
}

HistoryStream HistoryOf(const Definition& definition, std::vector<oracle::Record> records) {
  return [&definition, records = std::move(records),
          next = size_t{0}](Batch* batch) mutable -> Result<bool> {
    constexpr size_t kRows = 50;
    if (next == records.size()) return false;
    const auto source = static_cast<uint32_t>(records[next].source);
    batch->Reset(&definition.sources[source].schema, source);
    for (; next < records.size() && batch->rows() < kRows; ++next) {
      const oracle::Record& record = records[next];
      if (record.source != static_cast<int>(source)) break;
      for (size_t i = 0; i < record.columns.size(); ++i) {
        ValueView value = record.columns[i].view();
        if (PhysicalOf(value.type) == Physical::kBytes) {
          value.bytes = batch->strings.Add(value.bytes);
        }
        AppendValue(batch->columns[i], value);
      }
      batch->event_us.push_back(record.event_us);
      batch->sequence.push_back(record.sequence);
      batch->processing_us.push_back(record.available_us);
      batch->available_us.push_back(record.available_us);
      batch->applied.push_back(record.applied ? 1 : 0);
    }
    return true;
  };
}

}  // namespace skewless::simulation
