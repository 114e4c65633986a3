// What a program does with its files.
#include "simulation/simulated_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "simulation/simulated_files_node.h"

namespace skewless {

class SimulatedFiles::Appender : public AppendFile {
 public:
  Appender(SimulatedFiles* files, std::shared_ptr<Node> node, std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)), life_(files->life_) {}

  Status Append(std::span<const uint8_t> bytes) override {
    files_->Observe("append to " + path_);
    const std::scoped_lock lock(files_->mutex_);
    if (life_ != files_->life_) return FailErrno("write", path_, EIO);
    return files_->AppendTo(node_.get(), path_, bytes);
  }
  Status Sync() override {
    files_->Observe("sync " + path_);
    const std::scoped_lock lock(files_->mutex_);
    if (life_ != files_->life_) return FailErrno("sync", path_, EIO);
    return files_->SyncNode(node_.get(), path_);
  }
  Status Truncate(uint64_t size) override {
    files_->Observe("truncate " + path_);
    const std::scoped_lock lock(files_->mutex_);
    if (life_ != files_->life_) return FailErrno("truncate", path_, EIO);
    return files_->TruncateNode(node_.get(), path_, size);
  }
  uint64_t size() const override {
    const std::scoped_lock lock(files_->mutex_);
    return node_->data.size();
  }

 private:
  SimulatedFiles* files_;
  std::shared_ptr<Node> node_;
  std::string path_;
  int64_t life_;
};

class SimulatedFiles::Reader : public RandomFile {
 public:
  Reader(const SimulatedFiles* files, std::shared_ptr<Node> node, std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)), life_(files->life_) {}

  Result<size_t> Read(uint64_t offset, std::span<uint8_t> out) const override {
    const std::scoped_lock lock(files_->mutex_);
    if (life_ != files_->life_) return FailErrno("read", path_, EIO);
    if (files_->read_errno_ != 0) return FailErrno("read", path_, files_->read_errno_);
    if (offset >= node_->data.size()) return size_t{0};
    const size_t size = std::min<size_t>(out.size(), node_->data.size() - offset);
    if (size > 0) std::memcpy(out.data(), node_->data.data() + offset, size);
    return size;
  }
  Result<uint64_t> Size() const override {
    const std::scoped_lock lock(files_->mutex_);
    return uint64_t{node_->data.size()};
  }

 private:
  const SimulatedFiles* files_;
  std::shared_ptr<Node> node_;
  std::string path_;
  int64_t life_;
};

class SimulatedFiles::Held : public FileLock {
 public:
  Held(SimulatedFiles* files, std::string path)
      : files_(files), path_(std::move(path)), number_(++files->last_lock_) {
    files_->locks_[path_] = number_;
  }
  ~Held() override {
    const std::scoped_lock lock(files_->mutex_);
    const auto found = files_->locks_.find(path_);
    if (found != files_->locks_.end() && found->second == number_) files_->locks_.erase(found);
  }
  bool held() const override {
    const std::scoped_lock lock(files_->mutex_);
    const auto found = files_->locks_.find(path_);
    return found != files_->locks_.end() && found->second == number_;
  }
  uint64_t number() const override { return number_; }

 private:
  SimulatedFiles* files_;
  std::string path_;
  uint64_t number_;
};

SimulatedFiles::SimulatedFiles() = default;
SimulatedFiles::~SimulatedFiles() = default;

// Counts the operation and says what becomes of it.
SimulatedFiles::Fate SimulatedFiles::Begin(std::string operation) {
  ++operations_;
  trace_.push_back(std::to_string(operations_) + " " + std::move(operation));
  if (stop_at_ > 0 && operations_ >= stop_at_) {
    trace_.back() += operations_ == stop_at_ ? " (power lost)" : " (without power)";
    error_now_ = EIO;
    return operations_ == stop_at_ ? Fate::kStops : Fate::kFails;
  }
  if (operations_ == fail_at_) {
    trace_.back() += " (fails)";
    error_now_ = fail_errno_;
    return Fate::kFails;
  }
  return Fate::kHappens;
}

tl::unexpected<Error> SimulatedFiles::Fail(std::string_view what, std::string_view path) const {
  return FailErrno(what, path, error_now_);
}

std::shared_ptr<SimulatedFiles::Node> SimulatedFiles::Find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void SimulatedFiles::ChangeName(const std::string& path, std::shared_ptr<Node> node) {
  changes_.push_back({{{path, node}}});
  if (node == nullptr) {
    names_.erase(path);
  } else {
    names_[path] = std::move(node);
  }
}

uint64_t SimulatedFiles::TakeSpace(uint64_t wanted) {
  if (!free_bytes_) return wanted;
  const uint64_t taken = std::min(wanted, *free_bytes_);
  *free_bytes_ -= taken;
  return taken;
}

void SimulatedFiles::GiveSpace(uint64_t bytes) {
  if (free_bytes_) *free_bytes_ += bytes;
}

Status SimulatedFiles::AppendTo(Node* node, const std::string& path,
                                std::span<const uint8_t> bytes) {
  const Fate fate = Begin("append " + std::to_string(bytes.size()) + " bytes to " + path);
  // Without power nothing happens any more; the operation it was lost in may have happened.
  if (fate == Fate::kFails && stop_at_ > 0 && operations_ > stop_at_) return Fail("write", path);
  uint64_t size = bytes.size();
  // Short by a number that differs from one operation to the next.
  if (fate == Fate::kFails) size = size * (static_cast<uint64_t>(operations_) * 7 % 10) / 10;
  const uint64_t written = TakeSpace(size);
  if (written > 0) {
    node->unsynced.push_back({node->data.size(), written, false});
    node->data.append(reinterpret_cast<const char*>(bytes.data()), written);
  }
  if (fate != Fate::kHappens) return Fail("write", path);
  if (written < size) return FailErrno("write", path, ENOSPC);
  return {};
}

Status SimulatedFiles::SyncNode(Node* node, const std::string& path) {
  const Fate fate = Begin("sync " + path);
  if (fate == Fate::kHappens) {
    std::erase_if(node->unsynced, [](const Node::Append& append) { return !append.lost; });
    if (node->durable_size < node->data.size()) node->old_size = node->durable_size;
    node->durable_size = node->data.size();
    return {};
  }
  // A sync that fails loses; one that the power cut interrupts leaves it to chance.
  if (stop_at_ == 0) {
    for (Node::Append& append : node->unsynced) append.lost = true;
  }
  return Fail("sync", path);
}

Result<std::unique_ptr<AppendFile>> SimulatedFiles::OpenAppend(const std::string& path) {
  Observe("open " + path);
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) {
    const Fate fate = Begin("create " + path);
    if (!directories_.contains(std::string(ParentPath(path)))) {
      return FailErrno("open", path, ENOENT);
    }
    if (fate != Fate::kFails) ChangeName(path, node = std::make_shared<Node>());
    if (fate != Fate::kHappens) return Fail("open", path);
  }
  return std::make_unique<Appender>(this, std::move(node), path);
}

Result<std::unique_ptr<AppendFile>> SimulatedFiles::Create(const std::string& path) {
  Observe("create " + path);
  const std::scoped_lock lock(mutex_);
  const Fate fate = Begin("create " + path);
  if (!directories_.contains(std::string(ParentPath(path)))) {
    return FailErrno("create", path, ENOENT);
  }
  auto node = std::make_shared<Node>();
  if (fate != Fate::kFails) {
    if (const auto old = Find(path)) GiveSpace(old->data.size());
    ChangeName(path, node);
  }
  if (fate != Fate::kHappens) return Fail("create", path);
  return std::make_unique<Appender>(this, std::move(node), path);
}

Result<std::unique_ptr<RandomFile>> SimulatedFiles::OpenRead(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return FailErrno("open", path, ENOENT);
  if (read_errno_ != 0) return FailErrno("open", path, read_errno_);
  return std::make_unique<Reader>(this, std::move(node), path);
}

Status SimulatedFiles::Truncate(const std::string& path, uint64_t size) {
  Observe("truncate " + path);
  const std::scoped_lock lock(mutex_);
  return TruncateNode(Find(path).get(), path, size);
}

Status SimulatedFiles::TruncateNode(Node* node, const std::string& path, uint64_t size) {
  const Fate fate = Begin("truncate " + path + " to " + std::to_string(size));
  if (node == nullptr) return FailErrno("truncate", path, ENOENT);
  // Where the power goes meanwhile, it has happened for every other number of the operation.
  if (fate == Fate::kFails || (fate == Fate::kStops && operations_ % 2 == 0)) {
    return Fail("truncate", path);
  }
  if (size < node->data.size()) GiveSpace(node->data.size() - size);
  node->data.resize(size);
  // What a failed sync lost stays lost; all else is synced.
  std::erase_if(node->unsynced, [size](const Node::Append& append) {
    return !append.lost || append.offset >= size;
  });
  for (Node::Append& append : node->unsynced) {
    append.size = std::min(append.size, size - append.offset);
  }
  node->durable_size = size;
  node->old_size = std::min(node->old_size, size);
  if (fate != Fate::kHappens) return Fail("truncate", path);
  return {};
}

Status SimulatedFiles::Rename(const std::string& from, const std::string& to) {
  Observe("rename " + from);
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = Find(from);
  const Fate fate = Begin("rename " + from + " to " + to);
  if (node == nullptr) return FailErrno("rename", from, ENOENT);
  if (fate != Fate::kFails) {
    if (const auto old = Find(to)) {
      GiveSpace(old->data.size());
      CarryRot(old, node);
    }
    names_.erase(from);
    names_[to] = node;
    changes_.push_back({{{from, nullptr}, {to, node}}});
  }
  if (fate != Fate::kHappens) return Fail("rename", from);
  return {};
}

// A file that is replaced by a copy of its bytes: the copy has what was wrong with it.
void SimulatedFiles::CarryRot(const std::shared_ptr<Node>& from, const std::shared_ptr<Node>& to) {
  const std::string& copy = to->data;
  if (from->data.compare(0, copy.size(), copy) != 0) return;
  for (size_t i = 0; i < rots_.size(); ++i) {
    if (rotten_[i] == from && rots_[i].offset < copy.size()) rotten_[i] = to;
  }
}

Status SimulatedFiles::Remove(const std::string& path) {
  Observe("remove " + path);
  const std::scoped_lock lock(mutex_);
  const Fate fate = Begin("remove " + path);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return FailErrno("remove", path, ENOENT);
  if (fate != Fate::kFails) {
    GiveSpace(node->data.size());
    ChangeName(path, nullptr);
  }
  if (fate != Fate::kHappens) return Fail("remove", path);
  return {};
}

Status SimulatedFiles::CreateDirectories(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (directories_.contains(Normal(path))) return {};
  if (Begin("create directory " + path) != Fate::kHappens) {
    return Fail("create the directory", path);
  }
  for (std::string each = Normal(path);; each = std::string(ParentPath(each))) {
    directories_[each] = true;
    if (each == "/" || each == ".") break;
  }
  return {};
}

Status SimulatedFiles::SyncDirectory(const std::string& path) {
  Observe("sync directory " + path);
  const std::scoped_lock lock(mutex_);
  const Fate fate = Begin("sync directory " + path);
  const std::string directory = Normal(path);
  if (!directories_.contains(directory)) return FailErrno("open the directory", path, ENOENT);
  if (fate != Fate::kHappens) return Fail("sync the directory", path);
  std::erase_if(changes_, [&](const NameChange& change) {
    if (ParentPath(change.names.back().first) != directory) return false;
    for (const auto& [name, node] : change.names) {
      if (node == nullptr) {
        durable_.erase(name);
      } else {
        durable_[name] = node;
      }
    }
    return true;
  });
  return {};
}

Result<std::vector<DirectoryEntry>> SimulatedFiles::List(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const std::string directory = Normal(path);
  if (!directories_.contains(directory)) return FailErrno("list", path, ENOENT);
  if (read_errno_ != 0) return FailErrno("list", path, read_errno_);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, node] : names_) {
    if (ParentPath(name) != directory) continue;
    entries.push_back({name.substr(name.rfind('/') + 1), false, node->data.size()});
  }
  for (const auto& [name, there] : directories_) {
    if (name == directory || ParentPath(name) != directory) continue;
    entries.push_back({name.substr(name.rfind('/') + 1), there, 0});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

bool SimulatedFiles::Exists(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  return names_.contains(path) || directories_.contains(Normal(path));
}

Result<std::unique_ptr<FileLock>> SimulatedFiles::Lock(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (!directories_.contains(std::string(ParentPath(path)))) {
    return FailErrno("open", path, ENOENT);
  }
  if (locks_.contains(path)) {
    return skewless::Fail(ErrorCode::kLocked, "'" + path + "' is locked by this process");
  }
  return std::make_unique<Held>(this, path);
}

Result<std::unique_ptr<FileLock>> SimulatedFiles::TakeLock(const std::string& path) {
  Observe("take over " + path);
  const std::scoped_lock lock(mutex_);
  if (!directories_.contains(std::string(ParentPath(path)))) {
    return FailErrno("open", path, ENOENT);
  }
  return std::make_unique<Held>(this, path);
}

}  // namespace skewless
