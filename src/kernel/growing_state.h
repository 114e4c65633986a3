// A state in memory of its own, that grows as the kernel asks.
#pragma once

#include <algorithm>

#include "kernel/view_kernel.h"

namespace skewless {

inline void InitState(const ViewKernel& kernel, Bytes* state) {
  state->resize(std::max(state->size(), kernel.empty_state_size()));
  kernel.InitState(state->data());
}

inline void FoldRow(const ViewKernel& kernel, const ViewInput& input, size_t row, Bytes* state) {
  while (const size_t needed = kernel.Apply(state->data(), state->size(), input, row))
    state->resize(needed);
}

// Its bytes, without the room behind them.
inline ByteView StateBytes(const Bytes& state) {
  return {state.data(), LoadStateHeader(state.data()).size};
}

}  // namespace skewless
