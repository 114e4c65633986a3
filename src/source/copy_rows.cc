#include "source/copy_rows.h"

namespace skewless {
namespace {

// `from(i)` is the i-th row's column and its place in it.
template <typename From>
void CopyColumn(size_t count, From from, StringArena* strings, Column* to) {
  const size_t first = to->size();
  to->Resize(first + count);
  for (size_t i = 0; i < count; ++i) {
    const auto [column, row] = from(i);
    to->valid[first + i] = column->valid[row];
    switch (to->physical()) {
      case Physical::kInt:
        to->ints[first + i] = column->ints[row];
        break;
      case Physical::kDouble:
        to->doubles[first + i] = column->doubles[row];
        break;
      case Physical::kBytes:
        to->strings[first + i] = strings->Add(column->strings[row]);
        break;
    }
  }
}

}  // namespace

void CopyRows(const std::vector<std::unique_ptr<Batch>>& batches, const RowReference* rows,
              size_t count, Batch* to) {
  for (size_t c = 0; c < to->columns.size(); ++c) {
    const auto from = [&](size_t i) {
      return std::pair(&batches[rows[i].batch]->columns[c], rows[i].row);
    };
    CopyColumn(count, from, &to->strings, &to->columns[c]);
  }
  for (size_t i = 0; i < count; ++i) {
    to->event_us.push_back(batches[rows[i].batch]->event_us[rows[i].row]);
    to->arrival_us.push_back(rows[i].arrival);
  }
}

void CopyRows(const Batch& from, size_t begin, size_t end, Batch* to) {
  for (size_t c = 0; c < to->columns.size(); ++c) {
    const auto row = [&](size_t i) { return std::pair(&from.columns[c], begin + i); };
    CopyColumn(end - begin, row, &to->strings, &to->columns[c]);
  }
  const auto slice = [&](const std::vector<Timestamp>& all, std::vector<Timestamp>& out) {
    out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
               all.begin() + static_cast<std::ptrdiff_t>(end));
  };
  slice(from.event_us, to->event_us);
  slice(from.arrival_us, to->arrival_us);
}

}  // namespace skewless
