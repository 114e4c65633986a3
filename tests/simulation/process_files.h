// The disk as one process sees it: after the end of the process nothing that it still does counts.
#pragma once

#include <cerrno>

#include "simulation/simulated_files.h"

namespace skewless::simulation {

class ProcessFiles : public FileSystem {
 public:
  explicit ProcessFiles(SimulatedFiles* files) : files_(*files) {}
  void End() { ended_ = true; }

  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    if (ended_) return Refuse(path);
    return files_.OpenAppend(path);
  }
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    if (ended_) return Refuse(path);
    return files_.Create(path);
  }
  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override {
    if (ended_) return Refuse(path);
    return files_.OpenRead(path);
  }
  Status Truncate(const std::string& path, uint64_t size) override {
    return ended_ ? Refuse(path) : files_.Truncate(path, size);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return ended_ ? Refuse(from) : files_.Rename(from, to);
  }
  Status Remove(const std::string& path) override {
    return ended_ ? Refuse(path) : files_.Remove(path);
  }
  Status CreateDirectories(const std::string& path) override {
    return ended_ ? Refuse(path) : files_.CreateDirectories(path);
  }
  Status SyncDirectory(const std::string& path) override {
    return ended_ ? Refuse(path) : files_.SyncDirectory(path);
  }
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    if (ended_) return Refuse(path);
    return files_.List(path);
  }
  bool Exists(const std::string& path) override { return files_.Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    if (ended_) return Refuse(path);
    return files_.Lock(path);
  }

 private:
  static tl::unexpected<Error> Refuse(const std::string& path) {
    return FailErrno("reach", path, EIO);
  }

  SimulatedFiles& files_;
  bool ended_ = false;
};

}  // namespace skewless::simulation
