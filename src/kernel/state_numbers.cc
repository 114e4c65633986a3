#include "kernel/state_numbers.h"

#include <algorithm>
#include <limits>

#include "kernel/state_access.h"

namespace skewless {
namespace {

using Part = StateNumber::Part;
constexpr Int128 kLeastInt = std::numeric_limits<int64_t>::min();
constexpr Int128 kGreatestInt = std::numeric_limits<int64_t>::max();

tl::unexpected<Error> Senseless(const char* what) {
  return Fail(ErrorCode::kCorrupt, std::string("the numbers of an entity make no sense: ") + what);
}

bool HasPart(const Accumulator& a, Part part) {
  switch (part) {
    case Part::kCount:
      return true;
    case Part::kSum:
      return (a.parts & kSumPart) != 0;
    case Part::kLeast:
      return (a.parts & kMinPart) != 0;
    case Part::kGreatest:
      return (a.parts & kMaxPart) != 0;
  }
  return false;
}

uint32_t PlaceOf(const Accumulator& a, Part part) {
  const NumericLayout at = LayoutOfParts(true, a.parts);
  const uint32_t places[] = {0, at.sum, at.min, at.max};
  return a.offset + places[static_cast<size_t>(part)];
}

Int128 LoadNumber(const Accumulator& a, Part part, const uint8_t* payload) {
  const uint8_t* const at = payload + PlaceOf(a, part);
  if (part == Part::kCount) return static_cast<Int128>(LoadLe<uint64_t>(at));
  if (part == Part::kSum) return LoadLe<Int128>(at);
  return LoadLe<int64_t>(at);
}

bool Fits(Part part, Int128 value) {
  if (part == Part::kSum) return true;
  if (part == Part::kCount) return value >= 0 && value <= kGreatestInt;
  return value >= kLeastInt && value <= kGreatestInt;
}

void StoreNumber(const Accumulator& a, Part part, Int128 value, uint8_t* payload) {
  uint8_t* const at = payload + PlaceOf(a, part);
  if (part == Part::kSum) return StoreLe(at, value);
  StoreLe(at, static_cast<int64_t>(value));
}

// Of one tile and accumulator: what differs from an empty tile.
void ListTile(const TileLayout& layout, size_t index, uint32_t number, int64_t tile,
              const uint8_t* payload, std::vector<StateNumber>* numbers) {
  const Accumulator& a = layout.accumulators[index];
  for (const Part part : {Part::kCount, Part::kSum, Part::kLeast, Part::kGreatest}) {
    if (!HasPart(a, part)) continue;
    const Int128 value = LoadNumber(a, part, payload);
    if (value == LoadNumber(a, part, layout.fresh.data())) continue;
    numbers->push_back({number, part, tile, value});
  }
}

class StateMaker {
 public:
  StateMaker(const KernelPlan& plan, std::span<const StateNumber> numbers, Bytes* state)
      : plan_(plan), numbers_(numbers), state_(*state) {}

  Status Make(const StateHeader& head) {
    if (head.records < 0) return Senseless("there are less than none");
    SKEWLESS_RETURN_IF_ERROR(CheckOrder());
    state_ = plan_.empty_state;
    SKEWLESS_RETURN_IF_ERROR(FillAllTime());
    for (const Tier& tier : plan_.tiers) SKEWLESS_RETURN_IF_ERROR(AddTier(tier));
    if (next_ != numbers_.size()) return Senseless("there is no such accumulator");
    StateHeader made = LoadStateHeader(state_.data());
    made.size = static_cast<uint32_t>(state_.size());
    made.sequence = head.sequence;
    made.available_us = head.available_us;
    made.newest_event_us = head.newest_event_us;
    made.records = head.records;
    StoreLe(state_.data(), made);
    return {};
  }

 private:
  Status CheckOrder() const {
    for (size_t i = 1; i < numbers_.size(); ++i) {
      if (numbers_[i - 1].place() >= numbers_[i].place()) return Senseless("they are out of order");
    }
    return {};
  }

  // Those of the layout's accumulators, and what comes behind them is next.
  std::span<const StateNumber> TakeOf(const TileLayout& layout) {
    begin_ = end_;
    end_ += static_cast<uint32_t>(layout.accumulators.size());
    const size_t first = next_;
    while (next_ < numbers_.size() && numbers_[next_].accumulator < end_) ++next_;
    return numbers_.subspan(first, next_ - first);
  }

  Status Store(const TileLayout& layout, const StateNumber& number, uint8_t* payload) const {
    const Accumulator& a = layout.accumulators[number.accumulator - begin_];
    if (!HasPart(a, number.part)) return Senseless("an accumulator has no such part");
    if (!Fits(number.part, number.value)) return Senseless("one is out of range");
    StoreNumber(a, number.part, number.value, payload);
    return {};
  }

  Status FillAllTime() {
    for (const StateNumber& number : TakeOf(plan_.all_time)) {
      if (number.tile != 0) return Senseless("all time has no tiles");
      SKEWLESS_RETURN_IF_ERROR(
          Store(plan_.all_time, number, state_.data() + plan_.all_time.payload_at));
    }
    return {};
  }

  Status AddTier(const Tier& tier) {
    const std::span<const StateNumber> numbers = TakeOf(tier);
    tiles_.clear();
    for (const StateNumber& number : numbers) tiles_.push_back(number.tile);
    std::sort(tiles_.begin(), tiles_.end());
    tiles_.erase(std::unique(tiles_.begin(), tiles_.end()), tiles_.end());
    const auto offset = static_cast<uint32_t>(state_.size());
    if (tiles_.empty()) {
      StoreTierHead(state_.data(), tier, TierHead{0, offset, 0, 0, 0});
      return {};
    }
    const auto older = static_cast<uint32_t>(tiles_.size() - 1);
    if (state_.size() + uint64_t{older} * tier.tile_size() >= kMaxStateBytes)
      return Senseless("there are too many");
    for (uint32_t i = 0; i < older; ++i) {
      PutLe(state_, tiles_[i]);
      PutRaw(state_, tier.fresh);
    }
    StoreTierHead(state_.data(), tier, TierHead{tiles_[older], offset, older + 1, older, 0});
    for (const StateNumber& number : numbers) {
      const auto at = static_cast<size_t>(
          std::lower_bound(tiles_.begin(), tiles_.end(), number.tile) - tiles_.begin());
      uint8_t* const payload =
          state_.data() + (at == older ? tier.payload_at : offset + at * tier.tile_size() + 8);
      SKEWLESS_RETURN_IF_ERROR(Store(tier, number, payload));
    }
    return {};
  }

  const KernelPlan& plan_;
  const std::span<const StateNumber> numbers_;
  Bytes& state_;
  size_t next_ = 0;
  uint32_t begin_ = 0, end_ = 0;  // accumulators of the layout
  std::vector<int64_t> tiles_;
};

}  // namespace

bool HoldsNumbersOnly(const ViewKernel& kernel) {
  for (const TileLayout* layout : kernel.plan().layouts) {
    for (const Accumulator& a : layout->accumulators) {
      const bool counts = a.kind == AccumulatorKind::kCount;
      const bool adds = a.kind == AccumulatorKind::kNumericInt && (a.parts & kMomentsPart) == 0;
      if (!counts && !adds) return false;
    }
  }
  return true;
}

void ListNumbers(const ViewKernel& kernel, ByteView state, std::vector<StateNumber>* numbers) {
  const KernelPlan& plan = kernel.plan();
  numbers->clear();
  uint32_t number = 0;
  for (size_t i = 0; i < plan.all_time.accumulators.size(); ++i, ++number)
    ListTile(plan.all_time, i, number, 0, state.data() + plan.all_time.payload_at, numbers);
  for (const Tier& tier : plan.tiers) {
    const TierHead head = LoadTierHead(state.data(), tier);
    for (size_t i = 0; i < tier.accumulators.size(); ++i, ++number) {
      const uint8_t* tile = state.data() + head.offset;
      for (uint32_t at = 0; at < head.array_count(); ++at, tile += tier.tile_size())
        ListTile(tier, i, number, TileIndex(tile), tile + sizeof(int64_t), numbers);
      if (head.count == 0) continue;
      ListTile(tier, i, number, head.newest, state.data() + tier.payload_at, numbers);
    }
  }
}

Status StateOfNumbers(const ViewKernel& kernel, const StateHeader& head,
                      std::span<const StateNumber> numbers, Bytes* state) {
  return StateMaker(kernel.plan(), numbers, state).Make(head);
}

}  // namespace skewless
