#include "online/embedded/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>

namespace skewless::embedded {
namespace {

// The mappings that readers of this process hold, by device and inode.
class ReaderMappings {
 public:
  std::mutex mutex;
  std::map<std::pair<dev_t, ino_t>, std::weak_ptr<const MappedFile>> files;
};

ReaderMappings& SharedMappings() {
  static ReaderMappings mappings;
  return mappings;
}

}  // namespace

MappedFile::MappedFile(std::string path, int fd, uint8_t* data, uint64_t range_bytes,
                       const struct stat& status)
    : path_(std::move(path)),
      fd_(fd),
      data_(data),
      range_bytes_(range_bytes),
      file_bytes_(static_cast<uint64_t>(status.st_size)),
      inode_(status.st_dev, status.st_ino) {}

MappedFile::~MappedFile() {
  ::munmap(data_, range_bytes_);
  ::close(fd_);
}

Result<std::unique_ptr<MappedFile>> MappedFile::Open(const std::string& path, int flags,
                                                     uint64_t range_bytes) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return FailErrno("open", path, errno);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    return FailErrno("look at", path, error);
  }
  const int protection = (flags & O_ACCMODE) == O_RDONLY ? PROT_READ : PROT_READ | PROT_WRITE;
  void* data = ::mmap(nullptr, range_bytes, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    ::close(fd);
    if (error != ENOMEM) return FailErrno("map", path, error);
    return Fail(ErrorCode::kIo,
                "cannot map '" + path + "': no room for " + std::to_string(range_bytes >> 30) +
                    " GiB of addresses",
                "Lift the limit on this process's address space (ulimit -v unlimited).");
  }
  return std::unique_ptr<MappedFile>(
      new MappedFile(path, fd, static_cast<uint8_t*>(data), range_bytes, status));
}

Result<std::unique_ptr<MappedFile>> MappedFile::Create(const std::string& path, uint64_t file_bytes,
                                                       uint64_t range_bytes) {
  SKEWLESS_ASSIGN_OR_RETURN(auto file, Open(path, O_RDWR | O_CREAT | O_EXCL, range_bytes));
  SKEWLESS_RETURN_IF_ERROR(file->Grow(file_bytes));
  return file;
}

Result<std::unique_ptr<MappedFile>> MappedFile::OpenToWrite(const std::string& path,
                                                            uint64_t range_bytes) {
  return Open(path, O_RDWR, range_bytes);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::OpenToRead(const std::string& path,
                                                                 uint64_t range_bytes) {
  ReaderMappings& shared = SharedMappings();
  const std::lock_guard lock(shared.mutex);
  std::erase_if(shared.files, [](const auto& entry) { return entry.second.expired(); });
  SKEWLESS_ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file,
                            Open(path, O_RDONLY, range_bytes));
  auto& known = shared.files[file->inode_];
  if (auto shared_already = known.lock()) return shared_already;
  known = file;
  return file;
}

bool MappedFile::was_replaced() const {
  struct stat status {};
  return ::stat(path_.c_str(), &status) == 0 &&
         std::pair(status.st_dev, status.st_ino) != inode_;  // open here: no other has its number
}

Status MappedFile::Grow(uint64_t file_bytes) {
  if (file_bytes <= file_bytes_) return {};
  const auto from = static_cast<off_t>(file_bytes_);
  const auto size = static_cast<off_t>(file_bytes - file_bytes_);
  int failed = 0;
  do {
    failed = ::fallocate(fd_, 0, from, size) == 0 ? 0 : errno;
  } while (failed == EINTR);
  // A file system that cannot reserve room can still grow the file.
  if (failed == EOPNOTSUPP || failed == ENOSYS) {
    failed = ::ftruncate(fd_, static_cast<off_t>(file_bytes)) == 0 ? 0 : errno;
  }
  if (failed != 0) return FailErrno("grow", path_, failed);
  file_bytes_ = file_bytes;
  return {};
}

}  // namespace skewless::embedded
