// Views, or parts of them, that are last values and nothing else: what is known of an entity is one
// record a feature, and needs no state.
#include <bit>
#include <set>

#include "kernel/kernel_plan.h"
#include "kernel/read_outputs.h"
#include "kernel/view_kernel.h"

namespace skewless {

bool ViewKernel::IsLastValuesOnly(std::span<const int> outputs,
                                  std::vector<LastValue>* values) const {
  values->clear();
  const size_t features = plan_->view->features.size();
  std::set<uint32_t> wanted;
  for (const int output : outputs) {
    if (static_cast<size_t>(output) < features) {
      wanted.insert(static_cast<uint32_t>(output));
    } else {
      wanted.insert(plan_->derived_inputs.begin(), plan_->derived_inputs.end());
    }
  }
  for (const WindowRead& window : plan_->windows) {
    for (uint32_t i = window.begin; i < window.end; ++i) {
      const AccumulatorRead& read = plan_->accumulator_reads[i];
      for (uint32_t o = read.begin; o < read.end; ++o) {
        const OutputRead& output = plan_->output_reads[o];
        if (!wanted.contains(output.output)) continue;
        if (window.tier >= 0) return false;
        const Accumulator& a = plan_->all_time.accumulators[read.accumulator];
        if (a.kind != AccumulatorKind::kLast || a.respect_nulls || a.physical == Physical::kBytes)
          return false;
        values->push_back({output.output, a.argument, a.filter});
      }
    }
  }
  return !values->empty();
}

void ViewKernel::SetLastValues(Timestamp t, std::span<const LastValue> values, const uint64_t* raw,
                               const uint8_t* present, FeatureVector* out) const {
  ClearValues(*plan_->view, out);
  out->read_us = t;
  out->status = RowStatus::kPresent;
  for (size_t i = 0; i < values.size(); ++i) {
    if (present[i] == 0) continue;
    ValueView& value = out->values[values[i].output];
    if (PhysicalOf(value.type) == Physical::kDouble) {
      SetDouble(std::bit_cast<double>(raw[i]), &value);
    } else {
      value.valid = true;
      value.int_value = static_cast<int64_t>(raw[i]);
    }
  }
  ReadDerived(*plan_, out);
}

}  // namespace skewless
