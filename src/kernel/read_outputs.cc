#include "kernel/read_outputs.h"

#include <algorithm>

namespace skewless {
namespace {

// time_since_last(): an event that is still to come was just now.
void SetTimeSince(const MergedNumeric& newest_event, Timestamp t, ValueView* value) {
  if (newest_event.count == 0) return;
  value->valid = true;
  value->int_value = std::max<DurationUs>(0, SaturatingSub(t, newest_event.int_max));
}

// A column of one row, for the programs of derived features.
void SetColumn(const ValueView& value, Column* column) {
  column->type = value.type;
  column->Clear();
  AppendValue(*column, value);
}

}  // namespace

// Every value null and of its type; a vector may have served another view before, and the text of
// a state that is gone since.
void ClearValues(const FeatureViewDefinition& view, FeatureVector* out) {
  const size_t count = view.output_count();
  out->values.resize(count);
  for (size_t i = 0; i < count; ++i) {
    ValueView& value = out->values[i];
    value.type = i < view.features.size() ? view.features[i].type
                                          : view.derived[i - view.features.size()].type;
    value.valid = false;
    value.bytes = {};
  }
  out->arena.Clear();
}

void SetCount(uint64_t count, std::span<const OutputRead> outputs, FeatureVector* out) {
  for (const OutputRead& output : outputs) {
    ValueView& value = out->values[output.output];
    value.valid = true;
    value.int_value = static_cast<int64_t>(count);
  }
}

void SetNumeric(const Accumulator& a, const MergedNumeric& merged, Timestamp t,
                std::span<const OutputRead> outputs, FeatureVector* out) {
  for (const OutputRead& output : outputs) {
    ValueView& value = out->values[output.output];
    if (output.aggregate == AggregateKind::kTimeSinceLast) {
      SetTimeSince(merged, t, &value);
    } else {
      FinishNumeric(a, merged, output.aggregate, &out->evaluation.counts.overflow, &value);
    }
  }
}

void SetValue(const ValueView& value, ValueView* out) {
  if (!value.valid) return;
  switch (PhysicalOf(out->type)) {
    case Physical::kInt:
      out->int_value = value.int_value;
      break;
    case Physical::kDouble:
      return SetDouble(value.double_value, out);
    case Physical::kBytes:
      out->bytes = value.bytes;
      break;
  }
  out->valid = true;
}

void ReadDerived(const KernelPlan& plan, FeatureVector* out) {
  const FeatureViewDefinition& view = *plan.view;
  if (view.derived.empty()) return;
  const size_t features = view.features.size();
  out->columns.resize(std::max(out->columns.size(), view.output_count()));
  out->scope.assign(view.output_count(), nullptr);
  for (const uint32_t input : plan.derived_inputs) {
    out->scope[input] = &out->columns[input];
    if (input < features) SetColumn(out->values[input], &out->columns[input]);
  }
  for (size_t i = 0; i < view.derived.size(); ++i) {
    const Program& program = *view.derived[i].program;
    const Column& result = program.Evaluate(out->scope, 1, out->evaluation);
    ValueView& value = out->values[features + i];
    value = ValueAt(result, 0);
    value.type = view.derived[i].type;
    if (value.valid && PhysicalOf(value.type) == Physical::kBytes) {
      value.bytes = out->arena.Add(value.bytes);
    }
    if (value.valid && PhysicalOf(value.type) == Physical::kDouble) {
      SetDouble(value.double_value, &value);
    }
    if (out->scope[features + i] != nullptr) SetColumn(value, &out->columns[features + i]);
  }
}

}  // namespace skewless
