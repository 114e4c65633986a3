#include "base/running_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace skewless {

struct RunningHash::State {
  XXH3_state_t xxh;
};

RunningHash::RunningHash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh); }
RunningHash::~RunningHash() = default;

void RunningHash::Add(ByteView bytes) {
  XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size());
}

uint64_t RunningHash::value() const { return XXH3_64bits_digest(&state_->xxh); }

}  // namespace skewless
