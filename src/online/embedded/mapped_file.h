// A file in memory, shared with other processes. The whole of an address range is mapped at once
// and the file grows under it, so that addresses never change.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace skewless::embedded {

class MappedFile {
 public:
  // A new file of `file_bytes` zeros in a range of `range_bytes`; an existing one is an error.
  static Result<std::unique_ptr<MappedFile>> Create(const std::string& path, uint64_t file_bytes,
                                                    uint64_t range_bytes);
  static Result<std::unique_ptr<MappedFile>> OpenToWrite(const std::string& path,
                                                         uint64_t range_bytes);
  // Read-only. Readers of one process share one mapping of a file.
  static Result<std::shared_ptr<const MappedFile>> OpenToRead(const std::string& path,
                                                              uint64_t range_bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  const std::string& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }
  // Whether the path is another file by now. Where there is none it isn't.
  bool was_replaced() const;
  // Makes the file at least this large, on disk too: a full disk is an error here, where a sparse
  // file would kill the process that writes to it.
  Status Grow(uint64_t file_bytes);

 private:
  MappedFile(std::string path, int fd, uint8_t* data, uint64_t range_bytes,
             const struct stat& status);
  static Result<std::unique_ptr<MappedFile>> Open(const std::string& path, int flags,
                                                  uint64_t range_bytes);

  std::string path_;
  int fd_;
  uint8_t* data_;
  uint64_t range_bytes_;
  uint64_t file_bytes_;
  std::pair<dev_t, ino_t> inode_;
};

}  // namespace skewless::embedded
