// A text file that others append to, handed out in pieces of whole lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace skewless {

// What a file keeps under another name, for as long as nobody writes to it. What is made in the
// place of one that is gone differs in some of it.
struct FileIdentity {
  uint64_t device = 0, number = 0;
  int64_t bytes = 0, modified_nanos = 0;
  bool operator==(const FileIdentity&) const = default;
};
// Of no file: zeros.
FileIdentity IdentityOf(const std::string& path);

class GrowingFile {
 public:
  static Result<std::unique_ptr<GrowingFile>> Open(const std::string& path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  // The whole lines after those returned before, as many as fit; empty where no further line has
  // been ended. With `finished` nothing more will be appended, and what stands after the last line
  // end is a line, too. Of a line longer than kMaxRecordBytes only as much is kept as it takes to
  // tell that it is. Valid until the next call.
  Result<std::string_view> ReadLines(bool finished);

  // Until something is appended, at most `wait_us`; it may return early.
  void Wait(DurationUs wait_us);

  // Another file stands where this one was opened.
  bool IsReplaced() const;
  // The file at `path` is this one, under whichever name.
  bool IsAt(const std::string& path) const;
  FileIdentity identity() const;

  // How much of the file as it was last seen has been read.
  double fraction() const;

 private:
  GrowingFile(std::string path, int fd);
  Status Fill();
  void MakeRoom();
  Status CheckNotCut() const;

  const std::string path_;
  const int fd_;
  int notify_ = -1;  // inotify; without it Wait sleeps
  uint64_t offset_ = 0;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  size_t given_ = 0;     // of the buffer, by the last ReadLines
  size_t filled_ = 0;    // of the buffer
  size_t searched_ = 0;  // of the buffer, in vain, for a line end
  bool at_end_ = false;
  int64_t last_wake_nanos_ = 0;
};

}  // namespace skewless
