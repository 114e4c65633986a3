#include "offline/view_table.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/check.h"
#include "model/batch_slice.h"
#include "offline/arrow_columns.h"
#include "offline/table_file.h"

namespace skewless {
namespace {

constexpr const char* kOwnColumns[] = {
    "event_timestamp", "processing_timestamp", "available_timestamp", "sequence", "applied",
    "event_date"};

Column Empty(Type type) {
  Column column;
  column.type = type;
  return column;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ParquetBytes(const arrow::Table& table) {
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::BufferOutputStream::Create());
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                                 kRowGroupRows, TableFileProperties(),
                                                 TableFileArrowProperties()));
  return out->Finish();
}

}  // namespace

std::string TemporaryName(const std::string& path, uint64_t writer) {
  // view/event_date=D/part-N.parquet -> view/.writing/D-part-N.parquet.W.tmp: hidden from globs and
  // data sets, and nobody else's.
  const size_t view_end = path.find('/');
  const size_t date_at = path.find('=') + 1;
  std::string name = path.substr(date_at);
  std::replace(name.begin(), name.end(), '/', '-');
  return path.substr(0, view_end) + "/" + kTemporaryFolder + "/" + name +
         fmt::format(".{:x}.tmp", writer);
}

ViewTable::ViewTable(const Definition& definition, const ViewKernel& kernel)
    : definition_(definition),
      kernel_(kernel),
      states_(kernel),
      event_(Empty({TypeKind::kTimestamp, false})),
      processing_(Empty({TypeKind::kTimestamp, false})),
      available_(Empty({TypeKind::kTimestamp, false})),
      sequence_(Empty({TypeKind::kInt64, false})),
      applied_(Empty({TypeKind::kBool, false})) {
  const FeatureViewDefinition& view = kernel.view();
  const SourceDefinition& source = definition.sources[static_cast<size_t>(view.source)];
  std::set<std::string> taken(std::begin(kOwnColumns), std::end(kOwnColumns));
  for (size_t i = 0; i < view.output_count(); ++i) taken.insert(view.output_name(i));
  const auto& keys = definition.entities[static_cast<size_t>(view.entity)].keys;
  for (size_t i = 0; i < keys.size(); ++i) {
    input_columns_.push_back(view.key_columns[i]);
    names_.push_back(keys[i].name);
    taken.insert(keys[i].name);
  }
  for (size_t i = 0; i < source.schema.columns.size(); ++i) {
    const int column = static_cast<int>(i);
    if (column == source.event_timestamp) continue;
    if (std::find(view.key_columns.begin(), view.key_columns.end(), column) !=
        view.key_columns.end())
      continue;
    std::string name = source.schema.columns[i].name;
    while (!taken.insert(name).second) name = "input_" + name;
    input_columns_.push_back(column);
    names_.push_back(std::move(name));
  }
  for (const int column : input_columns_)
    columns_.push_back(Empty(source.schema.columns[static_cast<size_t>(column)].type));
  for (size_t i = 0; i < view.output_count(); ++i) {
    names_.push_back(view.output_name(i));
    columns_.push_back(Empty(view.output_type(i)));
  }
}

void ViewTable::Add(const Batch& batch, bool keep_rows, uint32_t view, Availability* availability) {
  // A refused record is a row too, though it is never folded: Prepare must tell whether it is one
  // of this view's, so it sees the batch as if all were applied.
  const bool some_refused =
      std::find(batch.applied.begin(), batch.applied.end(), uint8_t{0}) != batch.applied.end();
  Batch all;
  const Batch* seen = &batch;
  if (some_refused) {
    SliceBatch(batch, 0, batch.rows(), &all);
    all.sequence = batch.sequence;
    all.processing_us = batch.processing_us;
    all.available_us = batch.available_us;
    seen = &all;
  }
  kernel_.Prepare(*seen, scratch_, &input_);
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (input_.selected[row] == 0) continue;
    if (batch.applied.empty() || batch.applied[row] != 0) states_.Fold(input_, row);
    if (!keep_rows) continue;
    Timestamp available = batch.available_us[row];
    // A refused record was never to be read anywhere: it keeps the log's time.
    if (availability != nullptr && (batch.applied.empty() || batch.applied[row] != 0)) {
      available = availability->Of(view, input_.keys.key(row), input_.keys.hash[row],
                                   batch.sequence[row], available);
    }
    AddRow(batch, row, available);
  }
}

void ViewTable::AddRow(const Batch& batch, size_t row, Timestamp available_us) {
  hash_.push_back(input_.keys.hash[row]);
  event_.AppendInt(batch.event_us[row]);
  processing_.AppendInt(batch.processing_us[row]);
  available_.AppendInt(available_us);
  sequence_.AppendInt(batch.sequence[row]);
  applied_.AppendInt(batch.applied.empty() ? 1 : batch.applied[row]);
  const auto append = [this](Column& column, ValueView value) {
    value.bytes = strings_.Add(value.bytes);
    AppendValue(column, value);
  };
  for (size_t i = 0; i < input_columns_.size(); ++i) {
    append(columns_[i], ValueAt(batch.columns[static_cast<size_t>(input_columns_[i])], row));
  }
  kernel_.Read(states_.Find(input_.keys.hash[row], input_.keys.key(row)), batch.processing_us[row],
               &vector_);
  for (size_t i = 0; i < vector_.values.size(); ++i)
    append(columns_[input_columns_.size() + i], vector_.values[i]);
}

int64_t ViewTable::bytes() const {
  return rows() * static_cast<int64_t>(6 * 9 + 12 * columns_.size()) +
         static_cast<int64_t>(strings_.bytes_used());
}

// By event date, then entity, then availability: what a partition's file is sorted by.
std::vector<uint32_t> ViewTable::SortedOrder() const {
  std::vector<uint32_t> order(hash_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    const int64_t day_a = FloorDiv(event_.ints[a], kDayUs);
    const int64_t day_b = FloorDiv(event_.ints[b], kDayUs);
    if (day_a != day_b) return day_a < day_b;
    if (hash_[a] != hash_[b]) return hash_[a] < hash_[b];
    // Availability of an entity never decreases along the log, so the sequence orders it too.
    return sequence_.ints[a] < sequence_.ints[b];
  });
  return order;
}

Status ViewTable::Write(FileSystem& files, const std::string& directory, uint64_t writer,
                        OfflineManifest* manifest) {
  if (rows() == 0) return {};
  const std::string temporary =
      JoinPath(JoinPath(directory, kernel_.view().name), kTemporaryFolder);
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(temporary));
  const std::vector<uint32_t> order = SortedOrder();
  for (size_t begin = 0; begin < order.size();) {
    const int64_t day = FloorDiv(event_.ints[order[begin]], kDayUs);
    size_t end = begin;
    while (end < order.size() && FloorDiv(event_.ints[order[end]], kDayUs) == day) ++end;
    SKEWLESS_RETURN_IF_ERROR(WritePartition(
        files, directory, writer, std::span(order).subspan(begin, end - begin), manifest));
    begin = end;
  }
  return files.SyncDirectory(temporary);
}

Status ViewTable::WritePartition(FileSystem& files, const std::string& directory, uint64_t writer,
                                 std::span<const uint32_t> order, OfflineManifest* manifest) const {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, const Column& column) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto array, ArrowArray(column, order));
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
    return arrow::Status::OK();
  };
  const size_t keys = definition_.entities[static_cast<size_t>(kernel_.view().entity)].keys.size();
  arrow::Status made;
  for (size_t i = 0; i < keys; ++i) made &= add(names_[i], columns_[i]);
  made &= add("event_timestamp", event_);
  made &= add("processing_timestamp", processing_);
  made &= add("available_timestamp", available_);
  made &= add("sequence", sequence_);
  made &= add("applied", applied_);
  for (size_t i = keys; i < columns_.size(); ++i) made &= add(names_[i], columns_[i]);
  OfflineFileInfo file;
  file.view = kernel_.view().name;
  file.event_date = FormatDate(event_.ints[order[0]]);
  file.rows = static_cast<int64_t>(order.size());
  file.first_sequence = kMaxTimestamp;
  for (const uint32_t row : order) {
    file.first_sequence = std::min(file.first_sequence, sequence_.ints[row]);
    file.last_sequence = std::max(file.last_sequence, sequence_.ints[row]);
  }
  file.path = fmt::format("{}/event_date={}/part-{:016x}.parquet", file.view, file.event_date,
                          file.first_sequence);
  if (!made.ok()) return Fail(ErrorCode::kInternal, file.path + ": " + made.message());
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto bytes = ParquetBytes(*table);
  if (!bytes.ok()) return Fail(ErrorCode::kInternal, file.path + ": " + bytes.status().message());

  const ByteView view((*bytes)->data(), static_cast<size_t>((*bytes)->size()));
  const std::string temporary = TemporaryName(file.path, writer);
  SKEWLESS_ASSIGN_OR_RETURN(auto out, files.Create(JoinPath(directory, temporary)));
  SKEWLESS_RETURN_IF_ERROR(out->Append(view));
  SKEWLESS_RETURN_IF_ERROR(out->Sync());
  file.bytes = static_cast<int64_t>(view.size());
  manifest->Add(std::move(file), Hash64(view), writer);
  return {};
}

void ViewTable::Clear() {
  hash_.clear();
  for (Column* column : {&event_, &processing_, &available_, &sequence_, &applied_}) {
    const Type type = column->type;
    column->Clear();
    column->type = type;
  }
  for (Column& column : columns_) {
    const Type type = column.type;
    column.Clear();
    column.type = type;
  }
  strings_.Clear();
}

}  // namespace skewless
