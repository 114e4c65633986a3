// The head of an entity's state: what can be known of a row without its view's plan.
// The whole encoding is in docs/formats/state.md.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "model/batch.h"

namespace skewless {

inline constexpr uint32_t kStateMagic = 0x31534B53;  // "SKS1": magic and version in one

// A state's size and every offset in it stay below this: an entity that needs more (some tens of
// millions of tiles of an exact window) can't be held, and whoever grows states says so.
inline constexpr size_t kMaxStateBytes = size_t{1} << 30;

struct StateHeader {
  uint32_t magic;             // kStateMagic
  uint32_t size;              // bytes used, header included
  uint64_t fingerprint;       // of the view's layout
  Sequence sequence;          // newest record folded; 0 in a state without records
  Timestamp available_us;     // greatest available_timestamp folded
  Timestamp newest_event_us;  // greatest event_timestamp folded
  int64_t records;            // how many
};
static_assert(sizeof(StateHeader) == 48);

inline StateHeader LoadStateHeader(const uint8_t* state) { return LoadLe<StateHeader>(state); }

}  // namespace skewless
