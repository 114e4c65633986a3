// The operating system's files without their syncs: for tests that open a log a thousand times and
// lose no power. tests/simulation has those that do.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace skewless {

class UnsyncedFiles : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    return Wrap(SystemFiles().OpenAppend(path));
  }
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    return Wrap(SystemFiles().Create(path));
  }
  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override {
    return SystemFiles().OpenRead(path);
  }
  Status Truncate(const std::string& path, uint64_t size) override {
    std::error_code error;
    std::filesystem::resize_file(path, size, error);
    if (error) return FailErrno("truncate", path, error.value());
    return {};
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return SystemFiles().Rename(from, to);
  }
  Status Remove(const std::string& path) override { return SystemFiles().Remove(path); }
  Status CreateDirectories(const std::string& path) override {
    return SystemFiles().CreateDirectories(path);
  }
  Status SyncDirectory(const std::string&) override { return {}; }
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    return SystemFiles().List(path);
  }
  bool Exists(const std::string& path) override { return SystemFiles().Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return SystemFiles().Lock(path);
  }
  Result<std::unique_ptr<FileLock>> TakeLock(const std::string& path) override {
    return SystemFiles().TakeLock(path);
  }

 private:
  class Unsynced : public AppendFile {
   public:
    explicit Unsynced(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
    Status Append(std::span<const uint8_t> bytes) override { return file_->Append(bytes); }
    Status Sync() override { return {}; }
    Status Truncate(uint64_t size) override { return file_->Truncate(size); }
    uint64_t size() const override { return file_->size(); }

   private:
    std::unique_ptr<AppendFile> file_;
  };
  static Result<std::unique_ptr<AppendFile>> Wrap(Result<std::unique_ptr<AppendFile>> file) {
    if (!file) return file;
    return std::make_unique<Unsynced>(std::move(*file));
  }
};

}  // namespace skewless
