// ServedLogReader: the files of a folder by name, each up to its last whole record.
#include <algorithm>
#include <cstring>

#include "log/served_format.h"
#include "log/served_log.h"

namespace skewless {
namespace {

constexpr size_t kReadAhead = 1 << 20;

class FileServedLogReader : public ServedLogReader {
 public:
  FileServedLogReader(FileSystem& files, std::vector<std::string> paths)
      : files_(files), paths_(std::move(paths)) {}

  Result<bool> Next(ServedRow* row) override {
    for (;;) {
      if (file_ == nullptr) {
        if (next_path_ == paths_.size()) return false;
        SKEWLESS_RETURN_IF_ERROR(OpenFile(paths_[next_path_]));
        if (file_ == nullptr) continue;
      }
      SKEWLESS_ASSIGN_OR_RETURN(const ByteView content, NextContent());
      if (content.empty()) {
        CloseFile();
        continue;
      }
      SKEWLESS_ASSIGN_OR_RETURN(const bool is_row, Decode(content, row));
      offset_ += kServedRecordHeadBytes + content.size();
      if (is_row) return true;
    }
  }

  int64_t torn_bytes() const override { return torn_bytes_; }

 private:
  // Leaves file_ null where the file ends within its header: its writer died at once.
  Status OpenFile(const std::string& path) {
    SKEWLESS_ASSIGN_OR_RETURN(auto file, files_.OpenRead(path));
    SKEWLESS_ASSIGN_OR_RETURN(size_, file->Size());
    file_ = std::move(file);
    offset_ = 0;
    buffer_offset_ = 0;
    buffered_ = 0;
    shapes_.clear();
    SKEWLESS_ASSIGN_OR_RETURN(const ByteView header, View(kServedHeaderBytes));
    if (header.size() < kServedHeaderBytes) {
      CloseFile();
      return {};
    }
    Status status = CheckServedHeader(header, path);
    if (!status) {
      file_.reset();
      return status;
    }
    offset_ = kServedHeaderBytes;
    return {};
  }

  void CloseFile() {
    torn_bytes_ += static_cast<int64_t>(size_ - offset_);
    file_.reset();
    ++next_path_;
  }

  // Up to `size` bytes from offset_; fewer only at the end that the file had when it was opened.
  Result<ByteView> View(size_t size) {
    auto start = static_cast<size_t>(offset_ - buffer_offset_);
    if (start > buffered_ || buffered_ - start < size) {
      const size_t kept = start > buffered_ ? 0 : buffered_ - start;
      if (kept > 0) std::memmove(buffer_.data(), buffer_.data() + start, kept);
      buffer_offset_ = offset_;
      buffered_ = kept;
      start = 0;
      const uint64_t left = size_ - offset_;
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(left, std::max(size, kReadAhead)));
      if (buffer_.size() < wanted) buffer_.resize(wanted);
      SKEWLESS_ASSIGN_OR_RETURN(
          const size_t read,
          file_->Read(offset_ + kept, std::span<uint8_t>(buffer_.data() + kept, wanted - kept)));
      buffered_ += read;
    }
    return ByteView(buffer_.data() + start, std::min(size, buffered_ - start));
  }

  // The content of the record at offset_, or nothing at the file's end, torn or not.
  Result<ByteView> NextContent() {
    SKEWLESS_ASSIGN_OR_RETURN(const ByteView head_bytes, View(kServedRecordHeadBytes));
    if (head_bytes.size() < kServedRecordHeadBytes) return ByteView();
    const auto head = DecodeServedRecordHead(head_bytes.data());
    if (!head) return EndOfZeros("the head of a record fails its checksum");
    const uint64_t end = offset_ + kServedRecordHeadBytes + head->bytes;
    if (end > size_) return ByteView();
    SKEWLESS_ASSIGN_OR_RETURN(const ByteView record, View(kServedRecordHeadBytes + head->bytes));
    const ByteView content = record.subspan(std::min(record.size(), kServedRecordHeadBytes));
    if (content.size() == head->bytes && !content.empty() && Hash64(content) == head->checksum) {
      return content;
    }
    if (end == size_) return ByteView();
    return Corrupt("a record fails its checksum");
  }

  // A power cut can leave a file longer than what was written of it, in zeros.
  Result<ByteView> EndOfZeros(std::string_view otherwise) {
    const uint64_t begin = offset_;
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(const ByteView bytes, View(kReadAhead));
      if (bytes.empty()) break;
      const bool zeros = std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
      offset_ = zeros ? offset_ + bytes.size() : begin;
      if (!zeros) return Corrupt(otherwise);
    }
    offset_ = begin;
    buffered_ = 0;
    buffer_offset_ = begin;
    return ByteView();
  }

  Result<bool> Decode(ByteView content, ServedRow* row) {
    ByteReader reader(content);
    const auto kind = reader.Get<uint8_t>();
    if (kind == static_cast<uint8_t>(ServedRecordKind::kShape)) {
      if (!GetServedShape(reader, &shapes_.emplace_back())) {
        return Corrupt("a record of names makes no sense");
      }
      return false;
    }
    if (kind != static_cast<uint8_t>(ServedRecordKind::kRow)) {
      return Corrupt("a record is of no known kind");
    }
    const uint64_t shape = reader.GetVarint();
    if (shape >= shapes_.size() || !GetServedRow(reader, shapes_[shape], row)) {
      return Corrupt("a row makes no sense");
    }
    return true;
  }

  tl::unexpected<Error> Corrupt(std::string_view what) const {
    return Fail(
        ErrorCode::kCorrupt,
        paths_[next_path_] + ": offset " + std::to_string(offset_) + ": " + std::string(what),
        "Restore this file from a backup. Without one, keep what comes before: truncate -s " +
            std::to_string(offset_) + ".");
  }

  FileSystem& files_;
  const std::vector<std::string> paths_;
  size_t next_path_ = 0;  // the open file's, while one is open
  std::unique_ptr<RandomFile> file_;
  uint64_t size_ = 0;
  uint64_t offset_ = 0;
  std::vector<ServedShape> shapes_;
  int64_t torn_bytes_ = 0;

  std::vector<uint8_t> buffer_;
  uint64_t buffer_offset_ = 0;
  size_t buffered_ = 0;
};

}  // namespace

Result<std::unique_ptr<ServedLogReader>> ServedLogReader::Open(FileSystem& files,
                                                               const std::string& directory) {
  const auto entries = files.List(directory);
  if (!entries && entries.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound, "there are no served vectors at " + directory,
                "`skewless run` keeps what it answers there, with serving.served_log set.");
  }
  if (!entries) return tl::unexpected<Error>(entries.error());
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.is_directory && entry.name.ends_with(kServedSuffix)) {
      paths.push_back(JoinPath(directory, entry.name));
    }
  }
  return std::make_unique<FileServedLogReader>(files, std::move(paths));
}

}  // namespace skewless
