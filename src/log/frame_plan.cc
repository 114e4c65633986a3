#include "log/frame_plan.h"

#include <algorithm>

namespace skewless {
namespace {

constexpr size_t kFixedBytes = 1024;     // heads, and what each column has once
constexpr size_t kRowBytes = 4 * 8 + 1;  // times and the decision
constexpr size_t kValueBytes = 8 + 1;    // a number or a length, and whether it is there

size_t StringBytes(const Batch& batch, size_t row) {
  size_t bytes = 0;
  for (const Column& column : batch.columns) {
    if (column.physical() == Physical::kBytes) bytes += column.strings[row].size();
  }
  return bytes;
}

}  // namespace

size_t PlanFrames(const Batch& batch, const FrameLimits& limits, std::vector<size_t>* ends) {
  ends->clear();
  const size_t per_row = kRowBytes + kValueBytes * batch.columns.size();
  const auto max_rows = static_cast<size_t>(std::max<int64_t>(limits.max_rows, 1));
  const auto max_bytes = static_cast<size_t>(std::max<int64_t>(limits.max_bytes, 1));
  const bool strings = std::any_of(batch.columns.begin(), batch.columns.end(), [](const Column& c) {
    return c.physical() == Physical::kBytes;
  });
  size_t total = kFixedBytes;
  size_t begin = 0;
  size_t frame = 0;
  for (size_t row = 0; row < batch.rows(); ++row) {
    const size_t bytes = per_row + (strings ? StringBytes(batch, row) : 0);
    total += bytes;
    if (row > begin && (row - begin >= max_rows || frame + bytes > max_bytes)) {
      ends->push_back(row);
      begin = row;
      frame = 0;
    }
    frame += bytes;
  }
  ends->push_back(batch.rows());
  return total;
}

}  // namespace skewless
