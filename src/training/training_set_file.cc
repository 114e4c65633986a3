// Writing a training set: the labels' table with the features' columns behind it.
#include <arrow/api.h>
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
#include "model/value_text.h"
#include "offline/arrow_columns.h"
#include "training/label_file.h"

namespace skewless {
namespace {

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
                                                          const std::vector<OutputColumn>& features,
                                                          TableFormat format) {
  std::shared_ptr<arrow::Table> table = labels.table;
  for (const OutputColumn& feature : features) {
    const bool as_text = feature.column->type.is_list && format == TableFormat::kCsv;
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Array> array,
                          as_text ? ListText(*feature.column) : ArrowView(*feature.column));
    ARROW_ASSIGN_OR_RAISE(
        table, table->AddColumn(table->num_columns(), arrow::field(feature.name, array->type()),
                                std::make_shared<arrow::ChunkedArray>(array)));
  }
  return table;
}

arrow::Status Write(const arrow::Table& table, TableFormat format, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
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
  if (!std::filesystem::equivalent(labels_path, path, unknown)) return {};
  return Fail(ErrorCode::kInvalid, path + ": the training set would take the place of its labels",
              "Name another file with --output.");
}

Status WriteTrainingSet(const LabelTable& labels, const std::vector<OutputColumn>& features,
                        const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  auto table = WithFeatures(labels, features, format);
  if (!table.ok()) return Fail(ErrorCode::kInternal, path + ": " + table.status().message());
  // A reader sees the whole file or none.
  const std::string temporary = path + ".writing-" + std::to_string(getpid());
  if (const arrow::Status written = Write(**table, format, temporary); !written.ok()) {
    static_cast<void>(SystemFiles().Remove(temporary));
    return Fail(ErrorCode::kIo, path + ": cannot write: " + written.message(),
                "Is there room on the disk, and may you write there?");
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto file, SystemFiles().OpenAppend(temporary));
  SKEWLESS_RETURN_IF_ERROR(file->Sync());
  SKEWLESS_RETURN_IF_ERROR(SystemFiles().Rename(temporary, path));
  return SystemFiles().SyncDirectory(std::string(ParentPath(path)));
}

}  // namespace skewless
