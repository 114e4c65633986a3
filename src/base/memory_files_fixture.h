// A file system in memory, for fuzzers: nothing is torn or lost, and there are no locks to wait
// for.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace skewless {

class MemoryFiles : public FileSystem {
 public:
  void Put(const std::string& path, Bytes contents) {
    contents_[path] = std::make_shared<Bytes>(std::move(contents));
  }

  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    auto& contents = contents_[path];
    if (!contents) contents = std::make_shared<Bytes>();
    return std::make_unique<Appended>(contents);
  }
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    Put(path, {});
    return OpenAppend(path);
  }
  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override {
    const auto found = contents_.find(path);
    if (found == contents_.end()) return Missing(path);
    return std::make_unique<ReadAtWill>(found->second);
  }
  Status Truncate(const std::string& path, uint64_t size) override {
    const auto found = contents_.find(path);
    if (found == contents_.end()) return Missing(path);
    found->second->resize(size);
    return {};
  }
  Status Rename(const std::string& from, const std::string& to) override {
    const auto found = contents_.find(from);
    if (found == contents_.end()) return Missing(from);
    contents_[to] = found->second;
    contents_.erase(from);
    return {};
  }
  Status Remove(const std::string& path) override {
    if (contents_.erase(path) == 0) return Missing(path);
    return {};
  }
  Status CreateDirectories(const std::string&) override { return {}; }
  Status SyncDirectory(const std::string&) override { return {}; }
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    std::vector<DirectoryEntry> entries;
    for (const auto& [path, contents] : contents_) {
      if (ParentPath(path) == directory)
        entries.push_back({path.substr(directory.size() + 1), false, contents->size()});
    }
    return entries;
  }
  bool Exists(const std::string& path) override {
    return std::any_of(contents_.begin(), contents_.end(), [&](const auto& file) {
      return file.first == path || file.first.starts_with(path + "/");
    });
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string&) override {
    return std::make_unique<FileLock>();
  }
  Result<std::unique_ptr<FileLock>> TakeLock(const std::string& path) override {
    return Lock(path);
  }

 private:
  using Contents = std::shared_ptr<Bytes>;

  class Appended final : public AppendFile {
   public:
    explicit Appended(Contents contents) : contents_(std::move(contents)) {}
    Status Append(std::span<const uint8_t> bytes) override {
      PutRaw(*contents_, bytes);
      return {};
    }
    Status Sync() override { return {}; }
    Status Truncate(uint64_t size) override {
      contents_->resize(size);
      return {};
    }
    uint64_t size() const override { return contents_->size(); }

   private:
    Contents contents_;
  };

  class ReadAtWill final : public RandomFile {
   public:
    explicit ReadAtWill(Contents contents) : contents_(std::move(contents)) {}
    Result<size_t> Read(uint64_t offset, std::span<uint8_t> out) const override {
      if (offset >= contents_->size()) return size_t{0};
      const size_t size = std::min<size_t>(out.size(), contents_->size() - offset);
      if (size > 0) std::memcpy(out.data(), contents_->data() + offset, size);
      return size;
    }
    Result<uint64_t> Size() const override { return uint64_t{contents_->size()}; }

   private:
    Contents contents_;
  };

  static tl::unexpected<Error> Missing(const std::string& path) {
    return Fail(ErrorCode::kNotFound, "no file '" + path + "'");
  }
  std::map<std::string, Contents> contents_;
};

}  // namespace skewless
