// SystemFiles(): FileSystem over POSIX calls.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "base/file.h"
#include "base/number_text.h"

namespace skewless {
namespace {

// Repeats a call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

// A file descriptor and the path that errors name.
class Handle {
 public:
  Handle(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Handle(Handle&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  Handle& operator=(Handle&&) = delete;
  // close() may not be repeated after EINTR: on Linux the descriptor is gone.
  ~Handle() {
    if (fd_ >= 0) ::close(fd_);
  }

  static Result<Handle> Open(const std::string& path, int flags, std::string_view what) {
    const int fd = Retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
    if (fd < 0) return FailErrno(what, path, errno);
    return Handle(fd, path);
  }

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  void Renamed(std::string path) { path_ = std::move(path); }

  Result<uint64_t> Size() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return FailErrno("read the size of", path_, errno);
    return static_cast<uint64_t>(status.st_size);
  }

  Status SyncAll() const {
    if (Retry([&] { return ::fsync(fd_); }) != 0) return FailErrno("sync", path_, errno);
    return {};
  }

 private:
  int fd_;
  std::string path_;
};

class PosixAppendFile : public AppendFile {
 public:
  PosixAppendFile(Handle handle, uint64_t size) : handle_(std::move(handle)), size_(size) {}

  Status Append(std::span<const uint8_t> bytes) override {
    if (sync_error_.has_value()) return tl::unexpected<Error>(*sync_error_);
    while (!bytes.empty()) {
      const ssize_t written =
          Retry([&] { return ::write(handle_.fd(), bytes.data(), bytes.size()); });
      if (written < 0) return FailErrno("write", handle_.path(), errno);
      bytes = bytes.subspan(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
    return {};
  }

  Status Sync() override {
    if (sync_error_.has_value()) return tl::unexpected<Error>(*sync_error_);
    if (Retry([&] { return ::fdatasync(handle_.fd()); }) == 0) return {};
    const int error = errno;
    // The kernel forgets pages that it failed to write, so a later sync would report success
    // without them: from here on nothing in this file can be trusted to become durable.
    sync_error_ = FailErrno("sync", handle_.path(), error).value();
    return tl::unexpected<Error>(*sync_error_);
  }

  Status Truncate(uint64_t size) override {
    const auto length = static_cast<off_t>(size);
    if (Retry([&] { return ::ftruncate(handle_.fd(), length); }) != 0)
      return FailErrno("truncate", handle_.path(), errno);
    size_ = size;
    return handle_.SyncAll();
  }

  uint64_t size() const override { return size_; }

 private:
  Handle handle_;
  uint64_t size_;
  std::optional<Error> sync_error_;
};

class PosixRandomFile : public RandomFile {
 public:
  explicit PosixRandomFile(Handle handle) : handle_(std::move(handle)) {}

  Result<size_t> Read(uint64_t offset, std::span<uint8_t> out) const override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = Retry([&] {
        return ::pread(handle_.fd(), out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return FailErrno("read", handle_.path(), errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Result<uint64_t> Size() const override { return handle_.Size(); }

 private:
  Handle handle_;
};

// Held for as long as the path names the file that is locked: who takes the lock over puts another
// in its place. That one's number is free again only when nobody has this one open any more.
class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Handle handle) : handle_(std::move(handle)) {
    if (::fstat(handle_.fd(), &ours_) != 0) ours_.st_nlink = 0;
  }

  bool held() const override {
    struct stat named {};
    return ours_.st_nlink > 0 && ::stat(handle_.path().c_str(), &named) == 0 &&
           named.st_ino == ours_.st_ino && named.st_dev == ours_.st_dev;
  }
  uint64_t number() const override { return ours_.st_ino; }

  // The pid is for people only: a lock without it is as good.
  void WritePid() const {
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(handle_.fd(), 0) == 0)
      static_cast<void>(::pwrite(handle_.fd(), pid.data(), pid.size(), 0) + 0);
  }

 private:
  Handle handle_;  // closing it frees the lock
  struct stat ours_ {};
};

tl::unexpected<Error> FailLocked(const Handle& handle) {
  char text[32];
  const ssize_t got = Retry([&] { return ::pread(handle.fd(), text, sizeof text, 0); });
  std::string_view holder(text, static_cast<size_t>(std::max<ssize_t>(got, 0)));
  holder = holder.substr(0, holder.find('\n'));
  std::string message = "'" + handle.path() + "' is locked by ";
  if (ParseInt64(holder).has_value()) {
    message.append("process ").append(holder);
  } else {
    message += "another process";
  }
  return Fail(ErrorCode::kLocked, std::move(message),
              "Stop that process, or use another directory.");
}

class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    SKEWLESS_ASSIGN_OR_RETURN(Handle handle,
                              Handle::Open(path, O_WRONLY | O_CREAT | O_APPEND, "open"));
    SKEWLESS_ASSIGN_OR_RETURN(const uint64_t size, handle.Size());
    return std::make_unique<PosixAppendFile>(std::move(handle), size);
  }

  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    SKEWLESS_ASSIGN_OR_RETURN(
        Handle handle, Handle::Open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, "create"));
    return std::make_unique<PosixAppendFile>(std::move(handle), 0);
  }

  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override {
    SKEWLESS_ASSIGN_OR_RETURN(Handle handle, Handle::Open(path, O_RDONLY, "open"));
    return std::make_unique<PosixRandomFile>(std::move(handle));
  }

  Status Truncate(const std::string& path, uint64_t size) override {
    SKEWLESS_ASSIGN_OR_RETURN(const Handle handle, Handle::Open(path, O_WRONLY, "open"));
    const auto length = static_cast<off_t>(size);
    if (Retry([&] { return ::ftruncate(handle.fd(), length); }) != 0) {
      return FailErrno("truncate", path, errno);
    }
    return handle.SyncAll();
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return FailErrno("rename to '" + to + "' the file", from, errno);
  }

  Status Remove(const std::string& path) override {
    if (std::remove(path.c_str()) == 0) return {};
    return FailErrno("remove", path, errno);
  }

  Status CreateDirectories(const std::string& path) override {
    if (path.empty() || IsDirectory(path)) return {};
    const std::string parent(ParentPath(path));
    if (parent != path) SKEWLESS_RETURN_IF_ERROR(CreateDirectories(parent));
    // Another process may be quicker; what counts is that the directory is there.
    if (::mkdir(path.c_str(), 0755) != 0 && (errno != EEXIST || !IsDirectory(path))) {
      return FailErrno("create the directory", path, errno);
    }
    return SyncDirectory(parent);
  }

  Status SyncDirectory(const std::string& path) override {
    SKEWLESS_ASSIGN_OR_RETURN(const Handle handle,
                              Handle::Open(path, O_RDONLY | O_DIRECTORY, "open the directory"));
    return handle.SyncAll();
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return FailErrno("list", path, errno);
    std::vector<DirectoryEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat status {};
      if (::fstatat(::dirfd(directory.get()), entry->d_name, &status, 0) != 0) {
        if (errno == ENOENT) continue;  // removed since, or a link to nowhere
        return FailErrno("list", JoinPath(path, name), errno);
      }
      entries.push_back(
          {std::string(name), S_ISDIR(status.st_mode), static_cast<uint64_t>(status.st_size)});
    }
    if (errno != 0) return FailErrno("list", path, errno);
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  bool Exists(const std::string& path) override {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(Handle handle, Handle::Open(path, O_RDWR | O_CREAT, "open"));
      if (Retry([&] { return ::flock(handle.fd(), LOCK_EX | LOCK_NB); }) != 0) {
        if (errno == EWOULDBLOCK) return FailLocked(handle);
        return FailErrno("lock", path, errno);
      }
      auto lock = std::make_unique<PosixFileLock>(std::move(handle));
      // It may have been taken over between the two calls.
      if (!lock->held()) continue;
      lock->WritePid();
      return lock;
    }
  }

  Result<std::unique_ptr<FileLock>> TakeLock(const std::string& path) override {
    const std::string mine = path + "." + std::to_string(::getpid());
    ::unlink(mine.c_str());
    SKEWLESS_ASSIGN_OR_RETURN(Handle handle, Handle::Open(mine, O_RDWR | O_CREAT | O_EXCL, "open"));
    if (Retry([&] { return ::flock(handle.fd(), LOCK_EX | LOCK_NB); }) != 0)
      return FailErrno("lock", mine, errno);
    handle.Renamed(path);
    auto lock = std::make_unique<PosixFileLock>(std::move(handle));
    lock->WritePid();
    if (::rename(mine.c_str(), path.c_str()) != 0) return FailErrno("take over", path, errno);
    return lock;
  }

 private:
  static bool IsDirectory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  }
};

}  // namespace

FileSystem& SystemFiles() {
  static PosixFileSystem files;
  return files;
}

}  // namespace skewless
