// ViewKernel::Read: the status, then each window's features, then what is derived from them.
#include "kernel/decayed_sum.h"
#include "kernel/merge_numeric.h"
#include "kernel/merge_records.h"
#include "kernel/view_kernel.h"

namespace skewless {
namespace {

// Every value null and of its type; a vector may have served another view before.
void ClearValues(const FeatureViewDefinition& view, FeatureVector* out) {
  const size_t count = view.output_count();
  out->values.resize(count);
  for (size_t i = 0; i < count; ++i) {
    ValueView& value = out->values[i];
    value.type = i < view.features.size() ? view.features[i].type
                                          : view.derived[i - view.features.size()].type;
    value.valid = false;
  }
  out->arena.Clear();
}

// time_since_last(): an event that is still to come was just now.
void SetTimeSince(const MergedNumeric& newest_event, Timestamp t, ValueView* value) {
  if (newest_event.count == 0) return;
  value->valid = true;
  value->int_value = std::max<DurationUs>(0, SaturatingSub(t, newest_event.int_max));
}

void ReadWindow(const KernelPlan& plan, const uint8_t* state, const WindowRead& window, Timestamp t,
                FeatureVector* out) {
  TileRange tiles;
  const TileLayout* layout = &plan.all_time;
  if (window.tier < 0) {
    tiles.newest = state + plan.all_time.payload_at;
  } else {
    const Tier& tier = plan.tiers[static_cast<size_t>(window.tier)];
    layout = &tier;
    tiles = FindWindow(state, tier, window.tiles, t);
  }
  const OutputRead* const outputs = plan.output_reads.data();
  for (uint32_t i = window.begin; i < window.end; ++i) {
    const AccumulatorRead& read = plan.accumulator_reads[i];
    const Accumulator& a = layout->accumulators[read.accumulator];
    switch (a.kind) {
      case AccumulatorKind::kCount: {
        const auto count = static_cast<int64_t>(MergeCount(a, tiles));
        for (uint32_t o = read.begin; o < read.end; ++o) {
          ValueView& value = out->values[outputs[o].output];
          value.valid = true;
          value.int_value = count;
        }
        break;
      }
      case AccumulatorKind::kNumericDouble:
      case AccumulatorKind::kNumericInt: {
        const MergedNumeric merged = MergeNumeric(a, tiles);
        for (uint32_t o = read.begin; o < read.end; ++o) {
          ValueView& value = out->values[outputs[o].output];
          if (outputs[o].aggregate == AggregateKind::kTimeSinceLast) {
            SetTimeSince(merged, t, &value);
          } else {
            FinishNumeric(a, merged, outputs[o].aggregate, &out->evaluation.counts.overflow,
                          &value);
          }
        }
        break;
      }
      case AccumulatorKind::kDecayed: {
        DecayedSum sum;
        tiles.ForEach([&](const uint8_t* payload) {
          MergeDecayed(LoadLe<DecayedSum>(payload + a.offset), a.half_life_us, &sum);
        });
        if (sum.count == 0) break;
        for (uint32_t o = read.begin; o < read.end; ++o) {
          SetDouble(DecayedSumAt(sum, a.half_life_us, t), &out->values[outputs[o].output]);
        }
        break;
      }
      default:
        for (uint32_t o = read.begin; o < read.end; ++o) {
          ReadRecord(a, tiles, StateText{state, plan}, &out->arena,
                     &out->values[outputs[o].output]);
        }
    }
  }
}

// A column of one row, for the programs of derived features.
void SetColumn(const ValueView& value, Column* column) {
  column->type = value.type;
  column->Clear();
  AppendValue(*column, value);
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

}  // namespace

void ViewKernel::Read(ByteView state, Timestamp t, FeatureVector* out) const {
  const KernelPlan& plan = *plan_;
  ClearValues(*plan.view, out);
  out->read_us = t;
  out->status = RowStatus::kNotFound;
  out->sequence = 0;
  out->newest_event_us = 0;
  if (state.empty()) return;
  const StateHeader header = LoadStateHeader(state.data());
  if (header.records == 0) return;
  out->sequence = header.sequence;
  out->newest_event_us = header.newest_event_us;
  const auto ttl = plan.view->ttl_us;
  if (ttl && header.newest_event_us < SaturatingSub(t, *ttl)) {
    out->status = RowStatus::kOutsideMaxAge;
    return;
  }
  out->status = RowStatus::kPresent;
  for (const WindowRead& window : plan.windows) ReadWindow(plan, state.data(), window, t, out);
  ReadDerived(plan, out);
}

}  // namespace skewless
