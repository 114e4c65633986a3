// A column of a batch: one array of one physical shape and one validity byte a row.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/type.h"

namespace skewless {

// Bytes of strings. Addresses stay valid until Clear(); Clear() keeps the memory for the next
// batch.
class StringArena {
 public:
  StringArena() = default;
  // A move exchanges the two, so that either stays usable and keeps its memory after a Clear().
  StringArena(StringArena&& other) noexcept { Swap(other); }
  StringArena& operator=(StringArena&& other) noexcept {
    Swap(other);
    return *this;
  }

  std::string_view Add(std::string_view text);
  char* Allocate(size_t size);
  void Clear();
  size_t bytes_used() const { return used_; }
  size_t bytes_reserved() const { return reserved_; }

 private:
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size = 0;
  };
  void Swap(StringArena& other) noexcept;
  Block NewBlock(size_t size);
  char* AllocateBig(size_t size);
  void NextBlock();

  std::vector<Block> blocks_;
  size_t block_ = 0;        // the one being filled
  size_t offset_ = 0;       // within it
  std::vector<Block> big_;  // of one string each
  size_t big_used_ = 0;     // so many of them hold one
  size_t next_size_ = 0;    // of the next block to be made
  size_t used_ = 0;
  size_t reserved_ = 0;
};

// Exactly one of ints, doubles and strings is used, by PhysicalOf(type); its size is the number of
// rows. `valid` holds 1 for a value and 0 for null; a null's value slot is 0, 0.0 or empty.
struct Column {
  Type type;
  std::vector<int64_t> ints;
  std::vector<double> doubles;
  std::vector<std::string_view> strings;
  std::vector<uint8_t> valid;

  Physical physical() const { return PhysicalOf(type); }
  size_t size() const { return valid.size(); }
  void Clear();
  void Resize(size_t rows);  // new rows are null
  void AppendNull();
  void AppendInt(int64_t v) {
    ints.push_back(v);
    valid.push_back(1);
  }
  void AppendDouble(double v) {
    doubles.push_back(v);
    valid.push_back(1);
  }
  void AppendString(std::string_view v) {
    strings.push_back(v);
    valid.push_back(1);
  }
};

}  // namespace skewless
