// Which views of a store can't be read, for OnlineReader::ClosedViews.
#pragma once

#include <utility>
#include <vector>

#include "base/result.h"

namespace skewless {

// Those below `views` that check(view) is an error for; where there is no other, the last one's.
template <typename Check>
Result<std::vector<int>> ClosedAmong(int views, const Check& check) {
  std::vector<int> closed;
  Status why;
  for (int view = 0; view < views; ++view) {
    Status open = check(view);
    if (open) continue;
    closed.push_back(view);
    why = std::move(open);
  }
  if (!why && closed.size() == static_cast<size_t>(views))
    return tl::unexpected<Error>(why.error());
  return closed;
}

}  // namespace skewless
