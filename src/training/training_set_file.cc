// Writing a training set: the labels' table with the features' columns behind it.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "training/extension_column.h"
#include "training/label_file.h"
#include "training/output_columns.h"

namespace skewless {
namespace {

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> AsCsvHasIt(
    const std::shared_ptr<arrow::ChunkedArray>& column) {
  if (column->type()->id() == arrow::Type::TIMESTAMP) return TimesAsText(*column);
  if (IsUuid(*column->type())) return UuidsAsText(*column);
  return WithoutExtension(column);
}

arrow::Result<std::shared_ptr<arrow::Table>> AsCsvHasIt(std::shared_ptr<arrow::Table> table) {
  for (int i = 0; i < table->num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto column, AsCsvHasIt(table->column(i)));
    if (column == table->column(i)) continue;
    ARROW_ASSIGN_OR_RAISE(
        table, table->SetColumn(i, arrow::field(table->field(i)->name(), column->type()), column));
  }
  return table;
}

arrow::Result<std::shared_ptr<arrow::Table>> WithFeatures(const LabelTable& labels,
                                                          const std::vector<OutputColumn>& features,
                                                          TableFormat format) {
  std::shared_ptr<arrow::Table> table = labels.table;
  for (const OutputColumn& feature : features) {
    ARROW_ASSIGN_OR_RAISE(auto column, FeatureColumn(*feature.column, format == TableFormat::kCsv));
    ARROW_ASSIGN_OR_RAISE(
        table,
        table->AddColumn(table->num_columns(), arrow::field(feature.name, column->type()), column));
  }
  return format == TableFormat::kCsv ? AsCsvHasIt(table) : table;
}

arrow::Status WriteTo(const arrow::Table& table, TableFormat format,
                      const std::shared_ptr<arrow::io::OutputStream>& file) {
  if (format == TableFormat::kParquet) {
    parquet::WriterProperties::Builder builder;
    builder.compression(arrow::Compression::ZSTD);
    // Numbers mostly differ from row to row: looking for a dictionary costs more than all else.
    for (const auto& field : table.schema()->fields()) {
      if (arrow::is_primitive(field->type()->id())) builder.disable_dictionary(field->name());
    }
    auto properties = builder.build();
    auto arrow_properties =
        parquet::ArrowWriterProperties::Builder().store_schema()->set_use_threads(true)->build();
    ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file,
                                                   256 << 10, properties, arrow_properties));
  } else if (format == TableFormat::kCsv) {
    ARROW_RETURN_NOT_OK(
        arrow::csv::WriteCSV(table, arrow::csv::WriteOptions::Defaults(), file.get()));
  } else {
    ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(file, table.schema()));
    ARROW_RETURN_NOT_OK(writer->WriteTable(table));
    ARROW_RETURN_NOT_OK(writer->Close());
  }
  return file->Close();
}

arrow::Status Write(const arrow::Table& table, TableFormat format, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  return WriteTo(table, format, file);
}

// Whether the format has the column's type, as its writer says of no rows of it.
arrow::Status TryWriting(const arrow::Table& table, int column, TableFormat format) {
  ARROW_ASSIGN_OR_RAISE(auto one, table.SelectColumns({column}));
  one = one->Slice(0, 0);
  if (format == TableFormat::kCsv) {
    ARROW_ASSIGN_OR_RAISE(one, AsCsvHasIt(one));
  }
  ARROW_ASSIGN_OR_RAISE(auto nowhere, arrow::io::BufferOutputStream::Create());
  return WriteTo(*one, format, nowhere);
}

Status PutInPlace(const std::string& temporary, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(auto file, SystemFiles().OpenAppend(temporary));
  SKEWLESS_RETURN_IF_ERROR(file->Sync());
  return SystemFiles().Rename(temporary, path);
}

bool IsBytes(const arrow::ChunkedArray& column) {
  const auto id = column.type()->id();
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY;
}

// The columns from `first` on, of what is in `place`, in a file of that format.
Status CheckColumns(const arrow::Table& table, int first, const std::string& place,
                    TableFormat format) {
  if (format == TableFormat::kArrow) return {};  // which has all that Arrow has
  for (int i = first; i < table.num_columns(); ++i) {
    const auto& column = table.column(i);
    const bool is_held = TryWriting(table, i, format).ok();
    const bool is_text = format != TableFormat::kCsv || !IsBytes(*column) ||
                         arrow::compute::Cast(column, arrow::utf8()).ok();
    if (is_held && is_text) continue;
    return Fail(ErrorCode::kInvalid,
                place + ": column '" + table.field(i)->name() + "' " +
                    (is_held ? "has bytes that are no text" : "is " + column->type()->ToString()) +
                    ", which " + (format == TableFormat::kCsv ? "a CSV" : "Parquet") +
                    " can't hold",
                format == TableFormat::kCsv
                    ? "Name the training set .parquet or .arrow, or leave the column out."
                    : "Name the training set .arrow, or leave the column out.");
  }
  return {};
}

}  // namespace

Status CheckOutputPath(const std::string& labels_path, const std::string& path) {
  const std::string folder(ParentPath(path));
  std::error_code unknown;
  if (!std::filesystem::is_directory(folder, unknown)) {
    return Fail(ErrorCode::kNotFound, path + ": there is no folder '" + folder + "'",
                "Make it, or name another file with --output.");
  }
  if (access(folder.c_str(), W_OK) != 0) {
    return Fail(ErrorCode::kIo,
                path + ": cannot write in the folder '" + folder + "': " + std::strerror(errno),
                "Name a file where you may write with --output.");
  }
  if (std::filesystem::is_directory(path, unknown))
    return Fail(ErrorCode::kInvalid, path + ": is a folder", "Name a file with --output.");
  if (!std::filesystem::equivalent(labels_path, path, unknown)) return {};
  return Fail(ErrorCode::kInvalid, path + ": the training set would take the place of its labels",
              "Name another file with --output.");
}

Status CheckCanHold(const LabelTable& labels, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  return CheckColumns(*labels.table, 0, labels.path, format);
}

Status WriteTrainingSet(const LabelTable& labels, const std::vector<OutputColumn>& features,
                        const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  auto table = WithFeatures(labels, features, format);
  if (!table.ok()) return Fail(ErrorCode::kInternal, path + ": " + table.status().message());
  SKEWLESS_RETURN_IF_ERROR(CheckColumns(**table, labels.table->num_columns(), path, format));
  // A reader sees the whole file or none.
  const std::string temporary = path + ".writing-" + std::to_string(getpid());
  Status stands;
  if (const arrow::Status written = Write(**table, format, temporary); !written.ok()) {
    stands = Fail(ErrorCode::kIo, path + ": cannot write: " + written.message(),
                  written.IsIOError() ? "Is there room on the disk, and may you write there?"
                                      : "Name the training set .arrow, or leave the column out.");
  } else {
    stands = PutInPlace(temporary, path);
  }
  if (!stands) {
    static_cast<void>(SystemFiles().Remove(temporary));
    return stands;
  }
  return SystemFiles().SyncDirectory(std::string(ParentPath(path)));
}

}  // namespace skewless
