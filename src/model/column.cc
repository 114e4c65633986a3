#include "model/column.h"

namespace skewless {

void Column::Clear() {
  ints.clear();
  doubles.clear();
  strings.clear();
  valid.clear();
}

void Column::Resize(size_t rows) {
  switch (physical()) {
    case Physical::kInt:
      ints.resize(rows);
      break;
    case Physical::kDouble:
      doubles.resize(rows);
      break;
    case Physical::kBytes:
      strings.resize(rows);
      break;
  }
  valid.resize(rows);
}

void Column::AppendNull() {
  switch (physical()) {
    case Physical::kInt:
      ints.push_back(0);
      break;
    case Physical::kDouble:
      doubles.push_back(0);
      break;
    case Physical::kBytes:
      strings.emplace_back();
      break;
  }
  valid.push_back(0);
}

}  // namespace skewless
