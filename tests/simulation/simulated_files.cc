#include "simulation/simulated_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace skewless {

// A file's bytes as a running program sees them, and which of them are not durable.
struct SimulatedFiles::Node {
  struct Append {
    uint64_t offset = 0;
    uint64_t size = 0;
    bool lost = false;  // a sync failed since: no later one makes it durable
  };
  std::string data;
  std::vector<Append> unsynced;
  uint64_t durable_size = 0;
  uint64_t old_size = 0;  // durable before the last sync that made more so

  void Settle(std::mt19937_64& random);
};

struct SimulatedFiles::NameChange {
  // Path -> what it names afterwards (null: nothing). Both of a rename happen, or none.
  std::vector<std::pair<std::string, std::shared_ptr<Node>>> names;
};

namespace {

uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

// Overwrites what was never written with what a disk may show there.
void Spoil(std::mt19937_64& random, std::string* data, uint64_t begin, uint64_t end) {
  const bool zeros = Below(random, 2) == 0;
  for (uint64_t i = begin; i < end; ++i) {
    (*data)[i] = zeros ? '\0' : static_cast<char>(random());
  }
}

std::string Normal(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

// After a power cut: each append for itself came to the disk wholly, in part or not at all.
void SimulatedFiles::Node::Settle(std::mt19937_64& random) {
  enum Mode { kAll, kNone, kEach };
  const Mode mode = static_cast<Mode>(std::min<uint64_t>(Below(random, 4), kEach));
  uint64_t end = durable_size;
  for (const Append& append : unsynced) {
    uint64_t kept = append.size;
    if (append.lost || mode == kNone) {
      kept = 0;
    } else if (mode == kEach) {
      const uint64_t choice = Below(random, 3);
      kept = choice == 0 ? 0 : choice == 1 ? append.size : Below(random, append.size + 1);
    }
    Spoil(random, &data, append.offset + kept, append.offset + append.size);
    if (kept > 0) end = std::max(end, append.offset + kept);
    // The file may have grown without the bytes that it grew for.
    if (kept < append.size && mode == kEach && Below(random, 2) == 0) {
      end = std::max(end, append.offset + kept + Below(random, append.size - kept + 1));
    }
  }
  data.resize(end);
  old_size = std::min(old_size, end);
  durable_size = end;
  unsynced.clear();
}

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

void SimulatedFiles::EndProcess() {
  ++life_;
  locks_.clear();
  stop_at_ = fail_at_ = 0;
  operations_ = 0;
  trace_.clear();
}

// Each change of a name not made durable happened or not, one for itself.
void SimulatedFiles::SettleNames(std::mt19937_64& random) {
  const uint64_t mode = Below(random, 4);  // 0: all happened, 1: none, else each for itself
  for (const NameChange& change : changes_) {
    const bool happened = mode == 0 || (mode > 1 && Below(random, 2) == 0);
    for (const auto& [name, node] : change.names) {
      if (!happened) continue;
      if (node == nullptr) {
        durable_.erase(name);
      } else {
        durable_[name] = node;
      }
    }
  }
  changes_.clear();
  names_ = durable_;
}

void SimulatedFiles::Crash(uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  std::mt19937_64 random(seed);
  SettleNames(random);
  for (const auto& [name, node] : names_) node->Settle(random);
  EndProcess();
}

void SimulatedFiles::Kill() {
  const std::scoped_lock lock(mutex_);
  EndProcess();
}

void SimulatedFiles::StopAt(int64_t number) {
  const std::scoped_lock lock(mutex_);
  stop_at_ = number;
}

void SimulatedFiles::FailAt(int64_t number, int errno_value) {
  const std::scoped_lock lock(mutex_);
  fail_at_ = number;
  fail_errno_ = errno_value;
}

void SimulatedFiles::SetFreeBytes(std::optional<uint64_t> bytes) {
  const std::scoped_lock lock(mutex_);
  free_bytes_ = bytes;
}

void SimulatedFiles::FailReads(int errno_value) {
  const std::scoped_lock lock(mutex_);
  read_errno_ = errno_value;
}

int64_t SimulatedFiles::operations() const {
  const std::scoped_lock lock(mutex_);
  return operations_;
}

std::vector<std::string> SimulatedFiles::trace() const {
  const std::scoped_lock lock(mutex_);
  return trace_;
}

std::optional<std::string> SimulatedFiles::Contents(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return std::nullopt;
  return node->data;
}

std::unique_ptr<SimulatedFiles> SimulatedFiles::Durable() const {
  const std::scoped_lock lock(mutex_);
  auto durable = std::make_unique<SimulatedFiles>();
  durable->directories_ = directories_;
  for (const auto& [name, node] : durable_) {
    auto copy = std::make_shared<Node>();
    copy->data = node->data.substr(0, node->durable_size);
    copy->durable_size = node->durable_size;
    durable->names_[name] = durable->durable_[name] = std::move(copy);
  }
  return durable;
}

void SimulatedFiles::SetContents(const std::string& path, std::string_view contents) {
  const std::scoped_lock lock(mutex_);
  auto node = std::make_shared<Node>();
  node->data = contents;
  node->durable_size = contents.size();
  names_[path] = node;
  durable_[path] = node;
}

void SimulatedFiles::FlipBit(const std::string& path, uint64_t offset, int bit) {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr || offset >= node->data.size()) return;
  node->data[offset] = static_cast<char>(node->data[offset] ^ (1 << bit));
}

void SimulatedFiles::SetObserver(std::function<void(const std::string&)> observer) {
  observer_ = std::move(observer);
}

void SimulatedFiles::Observe(const std::string& operation) {
  if (observer_) observer_(operation);
}

Status SimulatedFiles::Touch(const std::string& operation, bool can_fail,
                             const std::function<Status()>& effect) {
  Observe(operation);
  Fate fate = Fate::kHappens;
  bool acts = true;
  {
    const std::scoped_lock lock(mutex_);
    fate = Begin(operation);
    const bool dead = stop_at_ > 0 && operations_ > stop_at_;
    if (stop_at_ == 0 && !can_fail) fate = Fate::kHappens;
    acts = !dead && (fate == Fate::kHappens || operations_ % 2 == 0);
  }
  const Status status = acts ? effect() : Status{};
  if (fate != Fate::kHappens) return FailErrno(operation, "the online store", error_now_);
  return status;
}

bool SimulatedFiles::stopped() const {
  const std::scoped_lock lock(mutex_);
  return stop_at_ > 0 && operations_ >= stop_at_;
}

std::vector<std::string> SimulatedFiles::Paths() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [name, node] : names_) paths.push_back(name);
  return paths;
}

uint64_t SimulatedFiles::DurableBytes(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  return node == nullptr ? 0 : node->durable_size;
}

uint64_t SimulatedFiles::OldBytes(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  return node == nullptr ? 0 : node->old_size;
}

void SimulatedFiles::Decay(const Rot& rot) {
  FlipBit(rot.path, rot.offset, rot.bit);
  const std::scoped_lock lock(mutex_);
  rots_.push_back(rot);
  rotten_.push_back(Find(rot.path));
}

void SimulatedFiles::Heal() {
  const std::scoped_lock lock(mutex_);
  for (size_t i = 0; i < rots_.size(); ++i) {
    if (rotten_[i] == nullptr || rots_[i].offset >= rotten_[i]->data.size()) continue;
    char& byte = rotten_[i]->data[rots_[i].offset];
    byte = static_cast<char>(byte ^ (1 << rots_[i].bit));
  }
  rots_.clear();
  rotten_.clear();
}

}  // namespace skewless
