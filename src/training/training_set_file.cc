// Writing a training set: the labels' table with the features' columns behind it.
#include <unistd.h>

#include <arrow/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <parquet/arrow/writer.h>

#include "base/file.h"
#include "model/list.h"
#include "model/value_text.h"
#include "training/label_file.h"

namespace skewless {
namespace {

std::shared_ptr<arrow::DataType> ScalarType(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool: return arrow::boolean();
    case TypeKind::kInt32: return arrow::int32();
    case TypeKind::kInt64: return arrow::int64();
    case TypeKind::kFloat32: return arrow::float32();
    case TypeKind::kFloat64: return arrow::float64();
    case TypeKind::kString: return arrow::utf8();
    case TypeKind::kBytes: return arrow::binary();
    case TypeKind::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  return arrow::null();
}

arrow::Status AppendScalar(TypeKind kind, const ValueView& value, arrow::ArrayBuilder* builder) {
  if (!value.valid) return builder->AppendNull();
  switch (kind) {
    case TypeKind::kBool: return static_cast<arrow::BooleanBuilder*>(builder)->Append(value.int_value != 0);
    case TypeKind::kInt32: return static_cast<arrow::Int32Builder*>(builder)->Append(static_cast<int32_t>(value.int_value));
    case TypeKind::kInt64: return static_cast<arrow::Int64Builder*>(builder)->Append(value.int_value);
    case TypeKind::kFloat32:
      return static_cast<arrow::FloatBuilder*>(builder)->Append(static_cast<float>(value.double_value));
    case TypeKind::kFloat64: return static_cast<arrow::DoubleBuilder*>(builder)->Append(value.double_value);
    case TypeKind::kString:
    case TypeKind::kBytes: return static_cast<arrow::BinaryBuilder*>(builder)->Append(value.bytes);
    case TypeKind::kTimestamp: return static_cast<arrow::TimestampBuilder*>(builder)->Append(value.int_value);
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> ScalarArray(const Column& column) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(ScalarType(column.type.kind)));
  ARROW_RETURN_NOT_OK(builder->Reserve(static_cast<int64_t>(column.size())));
  for (size_t row = 0; row < column.size(); ++row) {
    ARROW_RETURN_NOT_OK(AppendScalar(column.type.kind, ValueAt(column, row), builder.get()));
  }
  return builder->Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> ListArray(const Column& column) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ArrayBuilder> items, arrow::MakeBuilder(ScalarType(column.type.kind)));
  arrow::ListBuilder lists(arrow::default_memory_pool(), items);
  std::vector<ValueView> elements;
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.valid[row] == 0) {
      ARROW_RETURN_NOT_OK(lists.AppendNull());
      continue;
    }
    ARROW_RETURN_NOT_OK(lists.Append());
    if (!DecodeList(column.type.kind, column.strings[row], &elements)) return arrow::Status::Invalid("malformed list");
    for (const ValueView& element : elements) ARROW_RETURN_NOT_OK(AppendScalar(column.type.kind, element, items.get()));
  }
  return lists.Finish();
}

// CSV has no lists: they become JSON text.
arrow::Result<std::shared_ptr<arrow::Array>> ListText(const Column& column) {
  arrow::StringBuilder builder;
  std::string text;
  for (size_t row = 0; row < column.size(); ++row) {
    text.clear();
    AppendJsonValue(text, ValueAt(column, row));
    ARROW_RETURN_NOT_OK(column.valid[row] != 0 ? builder.Append(text) : builder.AppendNull());
  }
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Table>> WithFeatures(const LabelTable& labels,
                                                          const std::vector<OutputColumn>& features, TableFormat format) {
  std::shared_ptr<arrow::Table> table = labels.table;
  for (const OutputColumn& feature : features) {
    const bool is_list = feature.column->type.is_list;
    auto made = !is_list                        ? ScalarArray(*feature.column)
                : format == TableFormat::kCsv ? ListText(*feature.column)
                                              : ListArray(*feature.column);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Array> array, std::move(made));
    ARROW_ASSIGN_OR_RAISE(table, table->AddColumn(table->num_columns(), arrow::field(feature.name, array->type()),
                                                  std::make_shared<arrow::ChunkedArray>(array)));
  }
  return table;
}

arrow::Status Write(const arrow::Table& table, TableFormat format, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  if (format == TableFormat::kParquet) {
    auto properties = parquet::WriterProperties::Builder().compression(arrow::Compression::ZSTD)->build();
    auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->set_use_threads(true)->build();
    ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file, 256 << 10, properties,
                                                   arrow_properties));
  } else if (format == TableFormat::kCsv) {
    ARROW_RETURN_NOT_OK(arrow::csv::WriteCSV(table, arrow::csv::WriteOptions::Defaults(), file.get()));
  } else {
    ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(file, table.schema()));
    ARROW_RETURN_NOT_OK(writer->WriteTable(table));
    ARROW_RETURN_NOT_OK(writer->Close());
  }
  return file->Close();
}

}  // namespace

Status WriteTrainingSet(const LabelTable& labels, const std::vector<OutputColumn>& features, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  auto table = WithFeatures(labels, features, format);
  if (!table.ok()) return Fail(ErrorCode::kInternal, path + ": " + table.status().message());
  // A reader sees the whole file or none.
  const std::string temporary = path + ".writing-" + std::to_string(getpid());
  if (const arrow::Status written = Write(**table, format, temporary); !written.ok()) {
    static_cast<void>(SystemFiles().Remove(temporary));
    return Fail(ErrorCode::kIo, path + ": cannot write: " + written.message(), "Is there room on the disk, and may you write there?");
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto file, SystemFiles().OpenAppend(temporary));
  SKEWLESS_RETURN_IF_ERROR(file->Sync());
  SKEWLESS_RETURN_IF_ERROR(SystemFiles().Rename(temporary, path));
  return SystemFiles().SyncDirectory(std::string(ParentPath(path)));
}

}  // namespace skewless
