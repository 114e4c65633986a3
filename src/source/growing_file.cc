#include "source/growing_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

constexpr size_t kFirstCapacity = 1 << 20;
// One byte more than a record may have tells that it is too long; what is passed over comes after.
constexpr size_t kTooLong = kMaxRecordBytes + 1;
constexpr size_t kMostCapacity = kTooLong + (64 << 10);
// A writer that flushes every line would otherwise have each line travel alone.
constexpr int64_t kBetweenWakesNanos = 500'000;

FileIdentity IdentityOf(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size,
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

FileIdentity IdentityOf(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? IdentityOf(status) : FileIdentity();
}

Result<std::unique_ptr<GrowingFile>> GrowingFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FailErrno("open", path, errno);
  return std::unique_ptr<GrowingFile>(new GrowingFile(path, fd));
}

GrowingFile::GrowingFile(std::string path, int fd)
    : path_(std::move(path)),
      fd_(fd),
      notify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      buffer_(std::make_unique_for_overwrite<char[]>(kFirstCapacity)),
      capacity_(kFirstCapacity) {
  if (notify_ >= 0) ::inotify_add_watch(notify_, path_.c_str(), IN_MODIFY);
}

GrowingFile::~GrowingFile() {
  ::close(fd_);
  if (notify_ >= 0) ::close(notify_);
}

Result<std::string_view> GrowingFile::ReadLines(bool finished) {
  std::memmove(buffer_.get(), buffer_.get() + given_, filled_ - given_);
  filled_ -= given_;
  searched_ -= std::min(searched_, given_);
  given_ = 0;
  while (true) {
    MakeRoom();
    SKEWLESS_RETURN_IF_ERROR(Fill());
    const char* const begin = buffer_.get();
    const void* const newline = ::memrchr(begin + searched_, '\n', filled_ - searched_);
    if (newline != nullptr) {
      given_ = static_cast<size_t>(static_cast<const char*>(newline) - begin) + 1;
      searched_ = filled_;
      return std::string_view(begin, given_);
    }
    searched_ = filled_;
    if (at_end_) break;
  }
  if (finished) given_ = filled_;
  return std::string_view(buffer_.get(), given_);
}

void GrowingFile::MakeRoom() {
  if (filled_ < capacity_) return;
  if (capacity_ == kMostCapacity) {  // the rest of this line is passed over
    filled_ = searched_ = kTooLong;
    return;
  }
  const size_t capacity = std::min(2 * capacity_, kMostCapacity);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(larger.get(), buffer_.get(), filled_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
}

Status GrowingFile::Fill() {
  ssize_t got;
  do {
    got = ::pread(fd_, buffer_.get() + filled_, capacity_ - filled_, static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return FailErrno("read", path_, errno);
  at_end_ = got == 0;
  if (at_end_) return CheckNotCut();
  const bool first = offset_ == 0;
  offset_ += static_cast<uint64_t>(got);
  filled_ += static_cast<size_t>(got);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (first && std::string_view(buffer_.get(), filled_).starts_with(kByteOrderMark)) {
    filled_ -= kByteOrderMark.size();
    std::memmove(buffer_.get(), buffer_.get() + kByteOrderMark.size(), filled_);
  }
  return {};
}

Status GrowingFile::CheckNotCut() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return FailErrno("read the size of", path_, errno);
  if (static_cast<uint64_t>(status.st_size) >= offset_) return {};
  return Fail(ErrorCode::kInvalid,
              path_ + ": has " + std::to_string(status.st_size) + " bytes, but " +
                  std::to_string(offset_) + " were read from it",
              "A followed file may only grow: to begin anew, write to a new file that the source's "
              "path matches.");
}

void GrowingFile::Wait(DurationUs wait_us) {
  const int64_t start = MonotonicNanos();
  if (notify_ < 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(std::min<DurationUs>(wait_us, 2000)));
    return;
  }
  pollfd poll_for{notify_, POLLIN, 0};
  const timespec timeout{wait_us / 1'000'000, wait_us % 1'000'000 * 1000};
  if (::ppoll(&poll_for, 1, &timeout, nullptr) > 0) {
    const int64_t early = last_wake_nanos_ + kBetweenWakesNanos - MonotonicNanos();
    const int64_t left = start + wait_us * 1000 - MonotonicNanos();
    if (const int64_t sleep = std::min(early, left); sleep > 0)
      std::this_thread::sleep_for(std::chrono::nanoseconds(sleep));
    alignas(inotify_event) char events[4096];
    while (::read(notify_, events, sizeof events) > 0) {
    }
  }
  last_wake_nanos_ = MonotonicNanos();
}

bool GrowingFile::IsAt(const std::string& path) const {
  struct stat ours {};
  struct stat there {};
  return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

FileIdentity GrowingFile::identity() const {
  struct stat status {};
  return ::fstat(fd_, &status) == 0 ? IdentityOf(status) : FileIdentity();
}

bool GrowingFile::IsReplaced() const {
  struct stat there {};
  return ::stat(path_.c_str(), &there) == 0 && !IsAt(path_);
}

double GrowingFile::fraction() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || status.st_size <= 0) return 1;
  return std::min(1.0, static_cast<double>(offset_) / static_cast<double>(status.st_size));
}

}  // namespace skewless
