#include "model/batch_slice.h"

#include "base/check.h"

namespace skewless {
namespace {

template <typename T>
void CopyRange(const std::vector<T>& from, size_t begin, size_t end, std::vector<T>* to) {
  if (from.empty()) {
    to->clear();
    return;
  }
  to->assign(from.begin() + static_cast<std::ptrdiff_t>(begin),
             from.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace

void SliceBatch(const Batch& from, size_t begin, size_t end, Batch* slice) {
  SKEWLESS_CHECK(begin <= end && end <= from.rows());
  slice->Reset(from.schema, from.source);
  slice->columns.resize(from.columns.size());
  for (size_t i = 0; i < from.columns.size(); ++i) {
    slice->columns[i].type = from.columns[i].type;
    CopyRange(from.columns[i].ints, begin, end, &slice->columns[i].ints);
    CopyRange(from.columns[i].doubles, begin, end, &slice->columns[i].doubles);
    CopyRange(from.columns[i].strings, begin, end, &slice->columns[i].strings);
    CopyRange(from.columns[i].valid, begin, end, &slice->columns[i].valid);
  }
  CopyRange(from.event_us, begin, end, &slice->event_us);
  CopyRange(from.arrival_us, begin, end, &slice->arrival_us);
  slice->positions = from.positions;
  if (!slice->positions.empty()) {
    slice->positions[0].offset -= static_cast<int64_t>(from.rows() - end);
  }
}

}  // namespace skewless
