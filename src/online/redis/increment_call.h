// Calls of the increments' script: rows of one slot, each by what was added since its base or
// whole.
#pragma once

#include "online/redis/hash_row.h"
#include "online/redis/increments.h"
#include "online/redis/write_call.h"

namespace skewless::redis {

struct IncrementWrite {
  const RowWrite* row = nullptr;
  const ViewKernel* kernel = nullptr;
  ByteView base;  // the state that the row is known to hold; empty: it is written whole
};

// Keeps its memory from call to call.
class IncrementEncoder {
 public:
  // As EncodeCall does it.
  void Encode(const std::string& clock_key, std::span<const IncrementWrite> writes,
              std::span<const std::string> keys, std::span<const int64_t> expire_at_ms,
              WriteCall* call);

 private:
  struct Plan {
    Bytes head;
    Bytes plan;
    Increments changes;
  };
  void MakePlan(const IncrementWrite& write, Plan* plan);
  void Append(const Plan& plan, Bytes* out);

  std::vector<Plan> plans_;
  std::vector<StateNumber> before_, after_;
  std::string text_;
};

}  // namespace skewless::redis
