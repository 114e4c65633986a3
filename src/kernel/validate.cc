// ViewKernel::Validate: after it, Apply and Read stay inside the state whatever its bytes are.
#include <algorithm>
#include <utility>

#include "kernel/state_access.h"
#include "kernel/value_counts.h"
#include "kernel/value_list.h"
#include "kernel/view_kernel.h"
#include "model/list.h"

namespace skewless {
namespace {

tl::unexpected<Error> Corrupt(const std::string& what) {
  return Fail(ErrorCode::kCorrupt, "the state of an entity is damaged: " + what,
              "rebuild the online store from the log");
}

class StateCheck {
 public:
  StateCheck(const KernelPlan& plan, const uint8_t* state) : plan_(plan), state_(state) {}

  Status Run() {
    uint64_t at = plan_.empty_state.size();
    for (const Tier& tier : plan_.tiers) SKEWLESS_RETURN_IF_ERROR(CheckTier(tier, &at));
    if (!plan_.has_heap) {
      return at == StateSize(state_) ? Status() : Corrupt("its size is not that of its tiles");
    }
    if (LoadHeapHead(state_, plan_).begin != at) return Corrupt("its heap is out of place");
    SKEWLESS_RETURN_IF_ERROR(CheckHeap());
    SKEWLESS_RETURN_IF_ERROR(CheckLayout(plan_.all_time, state_ + plan_.all_time.payload_at));
    Status status;
    for (const Tier& tier : plan_.tiers) {
      ForEachTile(state_, tier, [&](const uint8_t* payload) {
        if (status) status = CheckLayout(tier, payload);
      });
    }
    return status;
  }

 private:
  Status CheckTier(const Tier& tier, uint64_t* at) {
    const TierHead head = LoadTierHead(state_, tier);
    if (head.offset != *at || head.reserved != 0) return Corrupt("tiles are out of place");
    *at += uint64_t{head.capacity} * tier.tile_size();
    if (*at > StateSize(state_) || head.array_count() > head.capacity) {
      return Corrupt("it is shorter than its tiles");
    }
    const uint8_t* tile = state_ + head.offset;
    for (uint32_t i = 0; i < head.array_count(); ++i, tile += tier.tile_size()) {
      const bool is_last = i + 1 == head.array_count();
      const int64_t next = is_last ? head.newest : TileIndex(tile + tier.tile_size());
      if (TileIndex(tile) >= next) return Corrupt("tiles are out of order");
    }
    return {};
  }

  // Blocks fill the heap; every reference names one of its own; the rest is the garbage.
  Status CheckHeap() {
    const HeapHead heap = LoadHeapHead(state_, plan_);
    const uint64_t end = StateSize(state_) - heap.begin;
    std::vector<Reference> references;
    bool is_sound = true;
    ForEachReference(state_, plan_, [&](const uint8_t* slot) {
      const auto reference = LoadLe<Reference>(slot);
      if (reference.offset != 0) references.push_back(reference);
      is_sound = is_sound && (reference.offset != 0 || reference.length == 0);
    });
    std::sort(references.begin(), references.end(),
              [](Reference a, Reference b) { return a.offset < b.offset; });
    auto next = references.begin();
    uint64_t garbage = 0;
    for (uint64_t at = 0; at < end;) {
      if (end - at < sizeof(BlockHead)) return Corrupt("its heap ends inside a block");
      const auto block = LoadLe<BlockHead>(state_ + heap.begin + at);
      at += sizeof(BlockHead);
      if (block.owner != 0 || block.capacity % 8 != 0 || block.capacity > end - at) {
        return Corrupt("a block of its heap is malformed");
      }
      if (next != references.end() && next->offset == at) {
        is_sound = is_sound && next->length <= block.capacity;
        ++next;
      } else {
        garbage += sizeof(BlockHead) + block.capacity;
      }
      at += block.capacity;
    }
    is_sound = is_sound && next == references.end() && garbage == heap.garbage;
    return is_sound ? Status() : Corrupt("a value lies outside its heap");
  }

  // Values that are walked when they are read.
  Status CheckLayout(const TileLayout& layout, const uint8_t* payload) {
    for (const Accumulator& a : layout.accumulators) {
      bool is_sound = true;
      if (a.kind == AccumulatorKind::kCountBy) {
        is_sound = IsCountBlock(BytesAt(state_, plan_, payload + a.offset));
      } else if (a.is_list()) {
        is_sound = IsListBlock(a, BytesAt(state_, plan_, payload + a.offset));
      } else if (a.argument_type.is_list && a.kind != AccumulatorKind::kCount) {
        is_sound = IsListValue(a, payload);
      }
      if (!is_sound) return Corrupt("a list in it is malformed");
    }
    return {};
  }

  bool IsListValue(const Accumulator& a, const uint8_t* payload) {
    if ((LoadFlags(payload, a) & kValidFlag) == 0) return true;
    const bool is_bare =
        a.kind == AccumulatorKind::kMinBytes || a.kind == AccumulatorKind::kMaxBytes;
    const uint8_t* slot = payload + a.offset + (a.is_by() ? 16 : is_bare ? 0 : 8);
    return DecodeList(a.argument_type.kind, BytesAt(state_, plan_, slot), &elements_);
  }

  const KernelPlan& plan_;
  const uint8_t* state_;
  std::vector<ValueView> elements_;
};

}  // namespace

Status ViewKernel::Validate(ByteView state) const {
  if (state.size() < sizeof(StateHeader)) return Corrupt("it is too short");
  const StateHeader header = LoadStateHeader(state.data());
  if ((header.magic & 0x00FFFFFF) != (kStateMagic & 0x00FFFFFF)) return Corrupt("it is no state");
  if (header.magic != kStateMagic) {
    return Fail(ErrorCode::kVersion, "the state of an entity has a format that is not known here",
                "use the program that wrote it, or a newer one");
  }
  if (header.fingerprint != plan_->fingerprint) {
    return Fail(
        ErrorCode::kInvalid,
        "the state of an entity belongs to another definition of view '" + plan_->view->name + "'",
        "rebuild the online store from the log");
  }
  if (header.size < plan_->empty_state.size() || header.size > state.size() ||
      header.size > kMaxStateBytes || header.size % 8 != 0 || header.records < 0) {
    return Corrupt("its size or number of records makes no sense");
  }
  return StateCheck(*plan_, state.data()).Run();
}

}  // namespace skewless
