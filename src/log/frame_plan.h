// How a batch is cut into frames.
#pragma once

#include <cstdint>
#include <vector>

#include "model/batch.h"

namespace skewless {

// What a reader is willing to hold of one frame; only a single record could exceed it.
inline constexpr size_t kMaxPayloadBytes = size_t{1} << 30;

struct FrameLimits {
  int64_t max_rows = 0;
  int64_t max_bytes = 0;
};

// Fills `ends` with the row that ends each frame (one frame for a batch without rows). Sizes are
// upper bounds of the encoding, so that no frame needs encoding twice. Returns that of the batch.
size_t PlanFrames(const Batch& batch, const FrameLimits& limits, std::vector<size_t>* ends);

}  // namespace skewless
