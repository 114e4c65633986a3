// XXH3-64 of bytes that come in parts: the same as Hash64 of all of them.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace skewless {

class RunningHash {
 public:
  RunningHash();
  ~RunningHash();
  void Add(ByteView bytes);
  uint64_t value() const;  // of what was added so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skewless
