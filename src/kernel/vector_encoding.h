// A feature vector as bytes: what the C interface gives. See docs/formats/vector.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "kernel/view_kernel.h"

namespace skewless {

// Replaces the contents of `out`.
void EncodeVector(const FeatureVector& vector, Bytes* out);

// Text and lists in `out` point into `bytes`. Malformed bytes are kCorrupt, a newer version
// kVersion.
Status DecodeVector(ByteView bytes, FeatureVector* out);

}  // namespace skewless
