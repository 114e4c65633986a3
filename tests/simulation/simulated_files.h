// A disk in memory that can lose power and fail, for tests of everything durable.
//
// What it takes from real disks and file systems, at their worst:
//   - Bytes appended and not synced may, after a power cut, be there wholly, in part (torn at any
//     byte), as zeros, as garbage, or not at all, each append for itself, in any order.
//   - A file that was made, renamed or removed without a SyncDirectory afterwards may be found with
//     the old name, the new one, or none. Renames are atomic.
//   - A Sync that failed has lost its bytes: a later Sync succeeds without them (as Linux does).
//   - An operation under way when the power goes may or may not have happened.
//
// Operations that change something are numbered from 1, so that a test can stop or fail each one
// in turn. Thread-safe. Directories themselves are durable once made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"

namespace skewless {

class SimulatedFiles : public FileSystem {
 public:
  SimulatedFiles();
  ~SimulatedFiles() override;

  // FileSystem
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) override;
  Status Truncate(const std::string& path, uint64_t size) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status CreateDirectories(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override;
  bool Exists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TakeLock(const std::string& path) override;

  // ---- The end of a process
  // Power is cut: what was not durable is decided by `seed`. Every open file and lock of before is
  // dead (its calls fail with EIO); the disk works again for who opens files anew.
  void Crash(uint64_t seed);
  // The process dies and the machine lives on: nothing is lost but open files and locks.
  void Kill();

  // ---- Failures. Numbers are those of operations(), which counts from 1.
  // Operation `number` and all after it fail with EIO, as if the machine died within it: its effect
  // is left to the Crash that must follow.
  void StopAt(int64_t number);
  // Operation `number` alone fails with this errno. A failing append first writes a part of its
  // bytes; other operations have no effect.
  void FailAt(int64_t number, int errno_value);
  // From then on the disk has only that many bytes left; an append beyond writes what fits and
  // fails with ENOSPC. Removing and truncating files gives bytes back.
  void SetFreeBytes(std::optional<uint64_t> bytes);
  // All reads fail with this errno; 0: they work again.
  void FailReads(int errno_value);

  // ---- Company
  // Called before each operation is begun: what other threads, processes and clocks do meanwhile.
  void SetObserver(std::function<void(const std::string& operation)> observer);
  // An operation of something else in the same process, counted and stopped like the disk's own.
  // Where it fails, `effect` was there all the same for every other number. What cannot fail only
  // ends with the process.
  Status Touch(const std::string& operation, bool can_fail, const std::function<Status()>& effect);
  // The process is dead already, or dies in this operation: StopAt's number was reached.
  bool stopped() const;

  // ---- Rot
  struct Rot {
    std::string path;
    uint64_t offset = 0;
    int bit = 0;
  };
  // Every file's name, and how many of its bytes were durable before its last sync but one.
  std::vector<std::string> Paths() const;
  uint64_t DurableBytes(const std::string& path) const;
  uint64_t OldBytes(const std::string& path) const;
  // Flips a bit of what is on the disk, until it is healed.
  void Decay(const Rot& rot);
  // Whether the path still names the file that it was: it may have gone, and another come.
  bool IsThere(size_t rot) const;
  // Flips all of them back that are still there, and forgets them.
  void Heal();
  const std::vector<Rot>& rots() const { return rots_; }

  // ---- Looking and damaging
  int64_t operations() const;
  // One line an operation since the last Crash or Kill, for messages of failed tests.
  std::vector<std::string> trace() const;
  std::optional<std::string> Contents(const std::string& path) const;
  // Another disk with what a power cut now would leave of this one, if nothing unsynced came to it.
  std::unique_ptr<SimulatedFiles> Durable() const;
  // Durable at once.
  void SetContents(const std::string& path, std::string_view contents);
  void FlipBit(const std::string& path, uint64_t offset, int bit);

 private:
  struct Node;
  struct NameChange;
  class Appender;
  class Reader;
  class Held;
  enum class Fate { kHappens, kFails, kStops };

  Fate Begin(std::string operation);
  void Observe(const std::string& operation);
  tl::unexpected<Error> Fail(std::string_view what, std::string_view path) const;
  void ChangeName(const std::string& path, std::shared_ptr<Node> node);
  std::shared_ptr<Node> Find(const std::string& path) const;
  void CarryRot(const std::shared_ptr<Node>& from, const std::shared_ptr<Node>& to);
  void EndProcess();
  void SettleNames(std::mt19937_64& random);
  uint64_t TakeSpace(uint64_t wanted);
  void GiveSpace(uint64_t bytes);
  Status AppendTo(Node* node, const std::string& path, std::span<const uint8_t> bytes);
  Status SyncNode(Node* node, const std::string& path);
  Status TruncateNode(Node* node, const std::string& path, uint64_t size);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_;    // as a running program sees them
  std::map<std::string, std::shared_ptr<Node>> durable_;  // as they are on the disk
  std::vector<NameChange> changes_;                       // from the one to the other, in order
  std::map<std::string, bool> directories_;
  std::map<std::string, uint64_t> locks_;  // path -> the number of who holds it
  uint64_t last_lock_ = 0;
  int64_t life_ = 1;  // of processes: Crash and Kill begin the next
  int64_t operations_ = 0;
  int64_t stop_at_ = 0;
  int64_t fail_at_ = 0;
  int fail_errno_ = 0;
  int error_now_ = 0;
  int read_errno_ = 0;
  std::optional<uint64_t> free_bytes_;
  std::vector<std::string> trace_;
  std::function<void(const std::string&)> observer_;
  std::vector<Rot> rots_;
  std::vector<std::shared_ptr<Node>> rotten_;  // by rots_
};

}  // namespace skewless
