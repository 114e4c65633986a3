// A feature vector as bytes: what the C interface gives. See docs/formats/vector.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "kernel/view_kernel.h"

namespace skewless {

// Replaces the contents of `out`.
void EncodeVector(const FeatureVector& vector, Bytes* out);

// What every encoded vector has at its beginning, for who wants no more. `bytes` are
// EncodeVector's.
struct VectorHead {
  Timestamp read_us = 0;
  Sequence sequence = 0;
  Timestamp newest_event_us = 0;
};
VectorHead LoadVectorHead(ByteView bytes);
// Of the same bytes: the checksum that they end with.
uint64_t LoadVectorChecksum(ByteView bytes);

// Text and lists in `out` point into `bytes`. Malformed bytes are kCorrupt, a newer version
// kVersion.
Status DecodeVector(ByteView bytes, FeatureVector* out);

}  // namespace skewless
