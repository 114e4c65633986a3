// The states of one view's entities in this process's memory, by key.
#pragma once

#include <deque>
#include <vector>

#include "kernel/view_kernel.h"

namespace skewless {

class EntityStates {
 public:
  explicit EntityStates(const ViewKernel& kernel) : kernel_(kernel), slots_(1024) {}

  // Folds a selected row of the input.
  void Fold(const ViewInput& input, size_t row);
  // Empty where the entity has no record.
  ByteView Find(uint64_t hash, ByteView key) const;

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t entity = UINT32_MAX;
  };
  struct Entity {
    Bytes key, state;
  };
  size_t SlotOf(uint64_t hash, ByteView key) const;
  void Grow();

  const ViewKernel& kernel_;
  std::vector<Slot> slots_;
  std::deque<Entity> entities_;
};

}  // namespace skewless
