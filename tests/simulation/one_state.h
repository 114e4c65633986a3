// The engine's own store, with one row.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "online/online_store.h"

namespace skewless::simulation {

class OneState : public OnlineReader {
 public:
  explicit OneState(const Bytes* state) : state_(*state) {}
  Result<Timestamp> Read(std::span<const RowKey> keys) override {
    SKEWLESS_CHECK(keys.size() == 1);
    return kMaxTimestamp;
  }
  ByteView state(size_t /*i*/) const override { return state_; }
  Result<std::vector<int>> ClosedViews() override { return std::vector<int>(); }
  Sequence last_committed() const override { return 1; }

 private:
  const Bytes& state_;
};

}  // namespace skewless::simulation
