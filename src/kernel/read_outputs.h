// From merged accumulators to the values of a vector, and from those to the derived ones. Shared by
// all ways of reading. Private to this room.
#pragma once

#include <span>

#include "kernel/merge_numeric.h"
#include "kernel/view_kernel.h"

namespace skewless {

// Every value null and of its type; a vector may have served another view before.
void ClearValues(const FeatureViewDefinition& view, FeatureVector* out);

void SetCount(uint64_t count, std::span<const OutputRead> outputs, FeatureVector* out);
void SetNumeric(const Accumulator& a, const MergedNumeric& merged, Timestamp t,
                std::span<const OutputRead> outputs, FeatureVector* out);
// `value` of a record to `out`, whose type is set; null stays null.
void SetValue(const ValueView& value, ValueView* out);

// Once the features' values are set.
void ReadDerived(const KernelPlan& plan, FeatureVector* out);

}  // namespace skewless
