// ViewKernel::Read: the status, then each window's features, then what is derived from them.
#include "kernel/decayed_sum.h"
#include "kernel/merge_numeric.h"
#include "kernel/merge_records.h"
#include "kernel/read_outputs.h"
#include "kernel/view_kernel.h"

namespace skewless {
namespace {

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
    const std::span<const OutputRead> wanted(outputs + read.begin, read.end - read.begin);
    switch (a.kind) {
      case AccumulatorKind::kCount: {
        SetCount(MergeCount(a, tiles), wanted, out);
        break;
      }
      case AccumulatorKind::kNumericDouble:
      case AccumulatorKind::kNumericInt: {
        SetNumeric(a, MergeNumeric(a, tiles), t, wanted, out);
        break;
      }
      case AccumulatorKind::kDecayed: {
        DecayedSum sum;
        tiles.ForEach([&](const uint8_t* payload) {
          MergeDecayed(LoadLe<DecayedSum>(payload + a.offset), a.half_life_us, &sum);
        });
        if (sum.count == 0) break;
        for (const OutputRead& o : wanted)
          SetDouble(DecayedSumAt(sum, a.half_life_us, t), &out->values[o.output]);
        break;
      }
      default:
        for (const OutputRead& o : wanted)
          ReadRecord(a, tiles, StateText{state, plan}, &out->arena, &out->values[o.output]);
    }
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
  const auto expire = plan.view->expire_after_us;
  if (expire && header.newest_event_us < SaturatingSub(t, *expire)) return;
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
