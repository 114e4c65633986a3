#include "kernel/view_kernel.h"

#include "kernel/state_access.h"

namespace skewless {

ViewKernel::ViewKernel(std::unique_ptr<const KernelPlan> plan) : plan_(std::move(plan)) {}
ViewKernel::~ViewKernel() = default;

Result<std::unique_ptr<ViewKernel>> ViewKernel::Compile(const Definition& definition, int view) {
  SKEWLESS_ASSIGN_OR_RETURN(auto plan, BuildKernelPlan(definition, view));
  return std::unique_ptr<ViewKernel>(new ViewKernel(std::move(plan)));
}

const FeatureViewDefinition& ViewKernel::view() const { return *plan_->view; }
uint64_t ViewKernel::fingerprint() const { return plan_->fingerprint; }
bool ViewKernel::depends_on_order() const { return plan_->depends_on_order; }
const std::vector<Type>& ViewKernel::argument_types() const { return plan_->argument_types; }
size_t ViewKernel::filter_count() const { return plan_->filters.size(); }
size_t ViewKernel::empty_state_size() const { return plan_->empty_state.size(); }

void ViewKernel::InitState(uint8_t* state) const {
  std::memcpy(state, plan_->empty_state.data(), plan_->empty_state.size());
}

void ViewKernel::Prefetch(const uint8_t* state) const {
  constexpr size_t kCacheLine = 64;
  for (size_t at = 0; at < plan_->empty_state.size(); at += kCacheLine) {
    __builtin_prefetch(state + at, 1);
  }
}

ViewKernel::Footprint ViewKernel::footprint() const {
  // What a text of 16 bytes takes, and a list of single values that is full.
  constexpr size_t kTextBytes = sizeof(BlockHead) + 16;
  const auto heap_bytes = [&](const TileLayout& layout, bool full) {
    size_t bytes = layout.references.size() * kTextBytes;
    for (const Accumulator& a : layout.accumulators) {
      if (!a.is_list()) continue;
      const size_t entry = a.physical == Physical::kBytes ? 32 : a.list_entry_size();
      bytes += entry * (full ? a.list_size : 1) - 16;
    }
    return bytes;
  };
  Footprint result{};
  result.empty_bytes = plan_->empty_state.size();
  result.one_event_bytes = result.empty_bytes + heap_bytes(plan_->all_time, false);
  result.dense_bytes = result.empty_bytes + heap_bytes(plan_->all_time, true);
  for (const Tier& tier : plan_->tiers) {
    result.one_event_bytes += heap_bytes(tier, false);
    // An exact window has a tile an event, not one a microsecond: a thousand stand for it.
    const bool exact = tier.clock.hop_us() == 1;
    const size_t tiles =
        exact ? std::min<uint32_t>(tier.steady_capacity, 1000) : tier.steady_capacity;
    result.dense_bytes += tiles * (tier.tile_size() + heap_bytes(tier, true));
    result.tiers.push_back(
        {tier.clock.hop_us(), tier.clock.hop_us() * tier.tiles, tier.tiles, tier.tile_size()});
  }
  return result;
}

}  // namespace skewless
