#include "offline/table_file.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <parquet/arrow/reader.h>

#include <optional>
#include <utility>

#include "base/running_hash.h"

namespace skewless {
namespace {

// What the disk said, for whoever gets Arrow's version of it.
class DiskWords {
 public:
  arrow::Status Tell(const Status& status) {
    if (status.has_value()) return arrow::Status::OK();
    error_ = status.error();
    return arrow::Status::IOError(error_->message);
  }
  // Of `code` where it was not the disk.
  tl::unexpected<Error> Failed(ErrorCode code, const std::string& path,
                               const arrow::Status& status) const {
    if (error_) return tl::unexpected<Error>(*error_);
    return Fail(code, path + ": " + status.message());
  }

 private:
  std::optional<Error> error_;
};

class DiskInput : public arrow::io::RandomAccessFile {
 public:
  DiskInput(std::unique_ptr<RandomFile> file, int64_t size) : file_(std::move(file)), size_(size) {}
  const DiskWords& words() const { return words_; }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Result<int64_t> Tell() const override { return at_; }
  arrow::Status Seek(int64_t position) override {
    at_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(at_, bytes, out));
    at_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(at_, bytes));
    at_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    const auto read = file_->Read(static_cast<uint64_t>(position),
                                  {static_cast<uint8_t*>(out), static_cast<size_t>(bytes)});
    if (!read) return words_.Tell(tl::unexpected<Error>(read.error()));
    return static_cast<int64_t>(*read);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position, bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(read));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::unique_ptr<RandomFile> file_;
  int64_t size_, at_ = 0;
  bool closed_ = false;
  DiskWords words_;
};

// Parquet writes page by page, the disk gets it by the mebibyte.
class DiskOutput : public arrow::io::OutputStream {
 public:
  explicit DiskOutput(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
  const DiskWords& words() const { return words_; }
  FileDigest digest() const { return {hash_.value(), size_}; }

  arrow::Status Write(const void* data, int64_t bytes) override {
    const ByteView view(static_cast<const uint8_t*>(data), static_cast<size_t>(bytes));
    size_ += bytes;
    hash_.Add(view);
    buffered_.insert(buffered_.end(), view.begin(), view.end());
    return buffered_.size() < kBuffer ? arrow::Status::OK() : Flush();
  }
  arrow::Status Flush() override {
    if (buffered_.empty()) return arrow::Status::OK();
    const Status appended = file_->Append(buffered_);
    buffered_.clear();
    return words_.Tell(appended);
  }
  arrow::Status Sync() {
    ARROW_RETURN_NOT_OK(Flush());
    return words_.Tell(file_->Sync());
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return size_; }

 private:
  static constexpr size_t kBuffer = 1 << 20;
  std::unique_ptr<AppendFile> file_;
  Bytes buffered_;
  RunningHash hash_;
  int64_t size_ = 0;
  bool closed_ = false;
  DiskWords words_;
};

class ParquetReader : public TableFileReader {
 public:
  ParquetReader(std::string path, std::shared_ptr<DiskInput> input)
      : path_(std::move(path)), input_(std::move(input)) {}

  Status Begin(int64_t batch_rows) {
    const arrow::Status begun = OpenBatches(batch_rows);
    if (!begun.ok()) return input_->words().Failed(ErrorCode::kCorrupt, path_, begun);
    return {};
  }
  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    const arrow::Status read = batches_->ReadNext(&batch);
    if (!read.ok()) return input_->words().Failed(ErrorCode::kCorrupt, path_, read);
    return batch;
  }

 private:
  arrow::Status OpenBatches(int64_t batch_rows) {
    ARROW_ASSIGN_OR_RAISE(file_, parquet::arrow::OpenFile(input_, arrow::default_memory_pool()));
    file_->set_use_threads(false);
    file_->set_batch_size(batch_rows);
    ARROW_ASSIGN_OR_RAISE(batches_, file_->GetRecordBatchReader());
    return arrow::Status::OK();
  }

  std::string path_;
  std::shared_ptr<DiskInput> input_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

class ParquetWriter : public TableFileWriter {
 public:
  ParquetWriter(std::string path, std::unique_ptr<AppendFile> file)
      : path_(std::move(path)), output_(std::make_shared<DiskOutput>(std::move(file))) {}

  Status Begin(const arrow::Schema& schema) {
    auto made = parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), output_,
                                                 TableFileProperties(), TableFileArrowProperties());
    if (!made.ok()) return Failed(made.status());
    file_ = std::move(*made);
    return {};
  }
  Status Append(const arrow::RecordBatch& rows) override {
    return Failed(file_->WriteRecordBatch(rows));
  }
  Result<FileDigest> Finish() override {
    SKEWLESS_RETURN_IF_ERROR(Failed(file_->Close()));
    SKEWLESS_RETURN_IF_ERROR(Failed(output_->Sync()));
    return output_->digest();
  }

 private:
  Status Failed(const arrow::Status& status) const {
    if (status.ok()) return {};
    return output_->words().Failed(ErrorCode::kInternal, path_, status);
  }

  std::string path_;
  std::shared_ptr<DiskOutput> output_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
};

}  // namespace

std::shared_ptr<parquet::WriterProperties> TableFileProperties() {
  return parquet::WriterProperties::Builder()
      .compression(arrow::Compression::ZSTD)
      ->created_by("skewless")
      ->enable_write_page_index()
      ->max_row_group_length(kRowGroupRows)
      ->build();
}

std::shared_ptr<parquet::ArrowWriterProperties> TableFileArrowProperties() {
  return parquet::ArrowWriterProperties::Builder().store_schema()->build();
}

Result<FileDigest> DigestOf(FileSystem& files, const std::string& path) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto file, files.OpenRead(path));
  RunningHash hash;
  Bytes part(1 << 20);
  FileDigest digest;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t read,
                              file->Read(static_cast<uint64_t>(digest.bytes), part));
    hash.Add(ByteView(part).first(read));
    digest.bytes += static_cast<int64_t>(read);
    if (read < part.size()) break;
  }
  digest.checksum = hash.value();
  return digest;
}

Result<std::unique_ptr<TableFileReader>> TableFileReader::Open(FileSystem& files,
                                                               const std::string& path,
                                                               int64_t batch_rows) {
  SKEWLESS_ASSIGN_OR_RETURN(auto file, files.OpenRead(path));
  SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  auto reader = std::make_unique<ParquetReader>(
      path, std::make_shared<DiskInput>(std::move(file), static_cast<int64_t>(size)));
  SKEWLESS_RETURN_IF_ERROR(reader->Begin(batch_rows));
  return std::unique_ptr<TableFileReader>(std::move(reader));
}

Result<std::unique_ptr<TableFileWriter>> TableFileWriter::Create(FileSystem& files,
                                                                 const std::string& path,
                                                                 const arrow::Schema& schema) {
  SKEWLESS_ASSIGN_OR_RETURN(auto file, files.Create(path));
  auto writer = std::make_unique<ParquetWriter>(path, std::move(file));
  SKEWLESS_RETURN_IF_ERROR(writer->Begin(schema));
  return std::unique_ptr<TableFileWriter>(std::move(writer));
}

}  // namespace skewless
