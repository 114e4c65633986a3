// The one seam to the disk. Everything durable (log, offline tables, online arena's metadata,
// served log) goes through FileSystem, so that a simulation can tear, lose, reorder and fail each
// step.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skewless {

// Appends only. Not thread-safe. Closing does not sync.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status Append(std::span<const uint8_t> bytes) = 0;
  virtual Status Sync() = 0;  // fdatasync: all that was appended is durable when this returns
  // Of this file, whatever its path names by now; and syncs it.
  virtual Status Truncate(uint64_t size) = 0;
  virtual uint64_t size() const = 0;
};

// Reads at any offset; many threads may read at once.
class RandomFile {
 public:
  virtual ~RandomFile() = default;
  // Fills `out` from `offset`; returns how many bytes were there (fewer only at the end).
  virtual Result<size_t> Read(uint64_t offset, std::span<uint8_t> out) const = 0;
  virtual Result<uint64_t> Size() const = 0;
};

// Held until destroyed, or until somebody takes it over (FileSystem::TakeLock): a process that
// stands still holds it, and can't be asked to let go. Who holds one asks held() before anything
// counts that it did; docs/decisions/taking-over.md has what makes that enough.
class FileLock {
 public:
  virtual ~FileLock() = default;
  virtual bool held() const { return true; }
  // No two that live have the same: for names of files that nobody else makes.
  virtual uint64_t number() const { return 0; }
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  uint64_t size = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Creates the file, or opens it to append at its end.
  virtual Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) = 0;
  // Creates the file empty; an existing one is truncated.
  virtual Result<std::unique_ptr<AppendFile>> Create(const std::string& path) = 0;
  virtual Result<std::unique_ptr<RandomFile>> OpenRead(const std::string& path) = 0;
  virtual Status Truncate(const std::string& path, uint64_t size) = 0;        // and sync it
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // atomic
  virtual Status Remove(const std::string& path) = 0;
  virtual Status CreateDirectories(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& path) = 0;  // sorted by name
  virtual bool Exists(const std::string& path) = 0;
  // Exclusive, advisory, freed by the kernel when the process dies. kLocked names the holder's pid.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // From whoever holds it: theirs is no longer held() once this returns.
  virtual Result<std::unique_ptr<FileLock>> TakeLock(const std::string& path) = 0;
};

// The operating system's files. One for the process.
FileSystem& SystemFiles();

Result<std::string> ReadWholeFile(FileSystem& files, const std::string& path);
// Temporary name, write, sync, rename, sync of the directory: readers see the old or the new.
Status WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view contents);

// ---- For files that belong to who holds a lock (docs/decisions/taking-over.md)
// `path`, the lock's number and `suffix`: what is written under it becomes `path` by Publish.
std::string UnfinishedPath(const std::string& path, const FileLock& lock, std::string_view suffix);
// Renames a file that lay there before the lock was asked for, and syncs the directory. kLocked
// where it is no longer held.
Status Publish(FileSystem& files, const FileLock& lock, const std::string& unfinished,
               const std::string& path);
// Puts a copy of the file in its place, as long as it is now: what another process still appends to
// it goes nowhere.
Status ReplaceByCopy(FileSystem& files, const FileLock& lock, const std::string& path,
                     std::string_view suffix);
// kLocked where the lock is no longer held; `what` it is of.
Status CheckHeld(const FileLock& lock, const std::string& what);

std::string JoinPath(std::string_view directory, std::string_view name);
std::string_view ParentPath(std::string_view path);  // "." where there is none

}  // namespace skewless
