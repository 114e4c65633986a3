// What happens to a simulated disk: the end of a process, power cuts, failures, rot; and what it
// holds, for who looks.
#include <algorithm>
#include <cerrno>

#include "simulation/simulated_files_node.h"

namespace skewless {
namespace {

// Overwrites what was never written with what a disk may show there.
void Spoil(std::mt19937_64& random, std::string* data, uint64_t begin, uint64_t end) {
  const bool zeros = Below(random, 2) == 0;
  for (uint64_t i = begin; i < end; ++i) {
    (*data)[i] = zeros ? '\0' : static_cast<char>(random());
  }
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

bool SimulatedFiles::IsThere(size_t rot) const {
  const std::scoped_lock lock(mutex_);
  return rotten_[rot] != nullptr && Find(rots_[rot].path) == rotten_[rot];
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
