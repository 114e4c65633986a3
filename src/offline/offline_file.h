// A Parquet file of the offline tables, as their manifest lists it.
#pragma once

#include <string>

#include "model/batch.h"

namespace skewless {

struct OfflineFileInfo {
  std::string view, path, event_date;
  int64_t rows = 0, bytes = 0;
  Sequence first_sequence = 0, last_sequence = 0;
};

}  // namespace skewless
