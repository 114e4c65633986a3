#include "kernel/history_scan.h"

#include <algorithm>
#include <limits>
#include <set>

#include "kernel/fold_fixed.h"
#include "kernel/merge_numeric.h"
#include "kernel/read_outputs.h"
#include "kernel/record_order.h"

namespace skewless {
namespace {

bool CanScan(AccumulatorKind kind, AggregateKind aggregate) {
  switch (kind) {
    case AccumulatorKind::kCount:
    case AccumulatorKind::kFirst:
    case AccumulatorKind::kLast:
      return true;
    case AccumulatorKind::kNumericDouble:
    case AccumulatorKind::kNumericInt:
      return aggregate != AggregateKind::kVarPop && aggregate != AggregateKind::kVarSamp &&
             aggregate != AggregateKind::kStddevPop && aggregate != AggregateKind::kStddevSamp;
    default:
      return false;
  }
}

uint64_t CountAvailable(const RecordOrder& order, const Stretch& in, Timestamp t) {
  uint64_t count = 0;
  for (size_t i = in.begin; i < in.end; ++i)
    count += static_cast<uint64_t>(order.available_us[i] <= t ? 1 : 0);
  return count;
}

// As FoldDouble and MergeDoubles do it, from the values that they start at: a tile's sum, and then
// the sum of those. Least and greatest come out the same without that detour.
MergedNumeric ScanDoubles(const RecordOrder& order, const Stretch& in, Timestamp t) {
  uint64_t count = 0;
  double sum = -0.0, tile_sum = -0.0;
  double least = std::numeric_limits<double>::quiet_NaN();
  double greatest = -std::numeric_limits<double>::infinity();
  for (size_t i = in.begin; i < in.end; ++i) {
    if (!order.one_each && i > in.begin && order.tile[i] != order.tile[i - 1]) {
      sum += tile_sum;
      tile_sum = -0.0;
    }
    if (order.available_us[i] > t) continue;
    const double x = order.doubles[i];
    ++count;
    if (order.one_each) {
      sum += x;
    } else {
      tile_sum += x;
    }
    if (ReplacesMin(x, least)) least = x;
    if (ReplacesMax(x, greatest)) greatest = x;
  }
  MergedNumeric merged;
  merged.count = count;
  merged.double_sum = sum + tile_sum;
  merged.double_min = least;
  merged.double_max = greatest;
  return merged;
}

MergedNumeric ScanInts(const RecordOrder& order, const Stretch& in, Timestamp t) {
  MergedNumeric merged;
  merged.int_min = std::numeric_limits<int64_t>::max();
  merged.int_max = std::numeric_limits<int64_t>::min();
  for (size_t i = in.begin; i < in.end; ++i) {
    if (order.available_us[i] > t) continue;
    const int64_t x = order.ints[i];
    ++merged.count;
    merged.int_sum += static_cast<UInt128>(static_cast<Int128>(x));
    merged.int_min = std::min(merged.int_min, x);
    merged.int_max = std::max(merged.int_max, x);
  }
  return merged;
}

constexpr size_t kNone = SIZE_MAX;

// The available record of the least event, of equal ones the first: somewhere in the first tile
// that has one.
size_t FindFirst(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                 Timestamp t) {
  size_t found = kNone;
  for (size_t i = in.begin; i < in.end; ++i) {
    if (found != kNone && order.tile[i] != order.tile[found]) break;
    if (order.available_us[i] > t) continue;
    if (found == kNone || event_us[order.row[i]] < event_us[order.row[found]]) found = i;
  }
  return found;
}

// The same from the other end: the greatest event, of equal ones the last.
size_t FindLast(const RecordOrder& order, const Stretch& in, const Timestamp* event_us,
                Timestamp t) {
  size_t found = kNone;
  for (size_t i = in.end; i > in.begin; --i) {
    if (found != kNone && order.tile[i - 1] != order.tile[found]) break;
    if (order.available_us[i - 1] > t) continue;
    if (found == kNone || event_us[order.row[i - 1]] > event_us[order.row[found]]) found = i - 1;
  }
  return found;
}

}  // namespace

class HistoryScan::Impl {
 public:
  Impl(const KernelPlan& plan, bool provenance)
      : plan_(plan),
        provenance_(provenance),
        needs_newest_(provenance || plan.view->ttl_us || plan.view->expire_after_us) {}

  bool AddOutputs(std::span<const int> outputs);
  std::optional<DurationUs> reach() const { return reach_; }
  void SetRecords(const ViewInput& input);
  int64_t EstimateLooks(int64_t reads) const;
  void Read(Timestamp t, FeatureVector* out);

 private:
  // One accumulator over one window.
  struct OneRead {
    const Accumulator* accumulator = nullptr;
    const Tier* tier = nullptr;  // null: all time
    int64_t tiles = 0;
    uint32_t begin = 0, end = 0;  // of plan_.output_reads
    size_t order = 0;
    Stretch stretch;
  };
  size_t FindOrder(const Accumulator& a, const Tier* tier);
  size_t FindOrder(RecordOrder wanted);
  void MoveStretch(OneRead* read, Timestamp t) const;
  void ReadOne(const OneRead& read, Timestamp t, FeatureVector* out) const;
  bool ReadStatus(Timestamp t, FeatureVector* out);
  Sequence NewestSequence(Timestamp t) const;
  // No later event is available at t. A lead that saturated says nothing.
  Timestamp LatestEvent(Timestamp t) const {
    return lead_ == kMaxTimestamp ? kMaxTimestamp : SaturatingAdd(t, lead_);
  }

  const KernelPlan& plan_;
  const bool provenance_;
  const bool needs_newest_;
  std::optional<DurationUs> reach_ = 0;
  std::vector<OneRead> reads_;
  std::vector<RecordOrder> orders_;
  size_t by_event_ = 0;  // of orders_, where needs_newest_
  Stretch by_event_stretch_;
  bool has_derived_ = false;

  const ViewInput* input_ = nullptr;
  Timestamp earliest_available_ = kMaxTimestamp;
  // No record's event is further past its availability.
  DurationUs lead_ = 0;
  int64_t span_us_ = 1;  // of the events
};

size_t HistoryScan::Impl::FindOrder(RecordOrder wanted) {
  for (size_t i = 0; i < orders_.size(); ++i) {
    const RecordOrder& order = orders_[i];
    if (order.by == wanted.by && order.clock.hop_us() == wanted.clock.hop_us() &&
        order.argument == wanted.argument && order.filter == wanted.filter &&
        order.values_of == wanted.values_of)
      return i;
  }
  orders_.push_back(std::move(wanted));
  return orders_.size() - 1;
}

size_t HistoryScan::Impl::FindOrder(const Accumulator& a, const Tier* tier) {
  const bool is_record = a.kind == AccumulatorKind::kFirst || a.kind == AccumulatorKind::kLast;
  RecordOrder order;
  if (tier != nullptr) {
    order.by = RecordOrder::By::kTile;
    order.clock = tier->clock;
  } else if (is_record) {
    order.by = RecordOrder::By::kEvent;
  }
  order.filter = a.filter;
  if (!a.respect_nulls) order.argument = a.argument;
  if (!is_record && a.kind != AccumulatorKind::kCount) order.values_of = a.argument;
  return FindOrder(std::move(order));
}

bool HistoryScan::Impl::AddOutputs(std::span<const int> outputs) {
  const size_t features = plan_.view->features.size();
  std::set<uint32_t> wanted;
  for (const int output : outputs) {
    wanted.insert(static_cast<uint32_t>(output));
    has_derived_ |= static_cast<size_t>(output) >= features;
  }
  if (has_derived_) wanted.insert(plan_.derived_inputs.begin(), plan_.derived_inputs.end());
  for (const WindowRead& window : plan_.windows) {
    const Tier* const tier =
        window.tier < 0 ? nullptr : &plan_.tiers[static_cast<size_t>(window.tier)];
    const TileLayout& layout = tier == nullptr ? plan_.all_time : *tier;
    for (uint32_t i = window.begin; i < window.end; ++i) {
      const AccumulatorRead& read = plan_.accumulator_reads[i];
      const Accumulator& a = layout.accumulators[read.accumulator];
      bool any = false;
      for (uint32_t o = read.begin; o < read.end; ++o) {
        const OutputRead& output = plan_.output_reads[o];
        if (!wanted.contains(output.output)) continue;
        if (!CanScan(a.kind, output.aggregate)) return false;
        any = true;
      }
      if (!any) continue;
      reads_.push_back(
          {&a, tier, window.tiles, read.begin, read.end, FindOrder(a, tier), Stretch{}});
      if (tier == nullptr) reach_.reset();
      if (reach_) reach_ = std::max(*reach_, tier->clock.hop_us() * window.tiles);
    }
  }
  if (needs_newest_) {
    reach_.reset();
    RecordOrder order;
    order.by = RecordOrder::By::kEvent;
    by_event_ = FindOrder(std::move(order));
  }
  return true;
}

void HistoryScan::Impl::SetRecords(const ViewInput& input) {
  input_ = &input;
  for (RecordOrder& order : orders_) order.Fill(input);
  for (OneRead& read : reads_) read.stretch = {};
  by_event_stretch_ = {};
  earliest_available_ = kMaxTimestamp;
  lead_ = kMinTimestamp;
  Timestamp first = kMaxTimestamp, last = kMinTimestamp;
  for (size_t row = 0; row < input.rows; ++row) {
    const Timestamp event = input.event_us[row], available = input.available_us[row];
    earliest_available_ = std::min(earliest_available_, available);
    lead_ = std::max(lead_, SaturatingSub(event, available));
    first = std::min(first, event);
    last = std::max(last, event);
  }
  span_us_ = input.rows == 0 ? 1 : std::max<int64_t>(1, SaturatingSub(last, first));
}

int64_t HistoryScan::Impl::EstimateLooks(int64_t reads) const {
  double looks = 0;
  for (const OneRead& read : reads_) {
    const AccumulatorKind kind = read.accumulator->kind;
    const bool looks_at_few = kind == AccumulatorKind::kFirst || kind == AccumulatorKind::kLast;
    const double window = read.tier == nullptr ? static_cast<double>(span_us_) / 2
                                               : static_cast<double>(read.tier->clock.hop_us()) *
                                                     static_cast<double>(read.tiles);
    const double share = std::min(1.0, window / static_cast<double>(span_us_));
    looks += looks_at_few ? 1 : share * static_cast<double>(orders_[read.order].size());
  }
  return static_cast<int64_t>(looks * static_cast<double>(reads));
}

void HistoryScan::Impl::MoveStretch(OneRead* read, Timestamp t) const {
  const RecordOrder& order = orders_[read->order];
  if (read->tier != nullptr) {
    const TileClock& clock = read->tier->clock;
    read->stretch.MoveTo(order, clock.FirstTile(t, read->tiles), clock.TileOf(t));
  } else if (order.by == RecordOrder::By::kEvent) {
    read->stretch.MoveTo(order, kMinTimestamp, LatestEvent(t));
  } else {
    read->stretch = {0, order.size()};
  }
}

void HistoryScan::Impl::ReadOne(const OneRead& read, Timestamp t, FeatureVector* out) const {
  const Accumulator& a = *read.accumulator;
  const RecordOrder& order = orders_[read.order];
  const std::span<const OutputRead> outputs(plan_.output_reads.data() + read.begin,
                                            read.end - read.begin);
  switch (a.kind) {
    case AccumulatorKind::kCount:
      return SetCount(CountAvailable(order, read.stretch, t), outputs, out);
    case AccumulatorKind::kNumericDouble:
      return SetNumeric(a, ScanDoubles(order, read.stretch, t), t, outputs, out);
    case AccumulatorKind::kNumericInt:
      return SetNumeric(a, ScanInts(order, read.stretch, t), t, outputs, out);
    default:
      break;
  }
  const size_t found = a.kind == AccumulatorKind::kFirst
                           ? FindFirst(order, read.stretch, input_->event_us, t)
                           : FindLast(order, read.stretch, input_->event_us, t);
  if (found == kNone) return;
  const Column& column = *input_->arguments[static_cast<size_t>(a.argument)];
  const ValueView value = ValueAt(column, order.row[found]);
  for (const OutputRead& output : outputs) SetValue(value, &out->values[output.output]);
}

Sequence HistoryScan::Impl::NewestSequence(Timestamp t) const {
  for (size_t row = input_->rows; row > 0; --row) {
    if (input_->available_us[row - 1] <= t) return input_->sequence[row - 1];
  }
  return 0;
}

// Whether there is anything to read.
bool HistoryScan::Impl::ReadStatus(Timestamp t, FeatureVector* out) {
  out->status = RowStatus::kNotFound;
  out->sequence = 0;
  out->newest_event_us = 0;
  if (earliest_available_ > t || input_->rows == 0) return false;
  if (!needs_newest_) {
    out->status = RowStatus::kPresent;
    return true;
  }
  const RecordOrder& order = orders_[by_event_];
  by_event_stretch_.MoveTo(order, kMinTimestamp, LatestEvent(t));
  const size_t newest = FindLast(order, by_event_stretch_, input_->event_us, t);
  const Timestamp newest_us = order.tile[newest];
  const auto expire = plan_.view->expire_after_us;
  if (expire && newest_us < SaturatingSub(t, *expire)) return false;
  out->newest_event_us = newest_us;
  if (provenance_) out->sequence = NewestSequence(t);
  const auto ttl = plan_.view->ttl_us;
  const bool is_old = ttl && newest_us < SaturatingSub(t, *ttl);
  out->status = is_old ? RowStatus::kOutsideMaxAge : RowStatus::kPresent;
  return !is_old;
}

void HistoryScan::Impl::Read(Timestamp t, FeatureVector* out) {
  ClearValues(*plan_.view, out);
  out->read_us = t;
  if (!ReadStatus(t, out)) return;
  for (OneRead& read : reads_) {
    MoveStretch(&read, t);
    ReadOne(read, t, out);
  }
  if (has_derived_) ReadDerived(plan_, out);
}

HistoryScan::HistoryScan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HistoryScan::~HistoryScan() = default;

std::unique_ptr<HistoryScan> HistoryScan::Make(const ViewKernel& kernel,
                                               std::span<const int> outputs, bool provenance) {
  auto impl = std::make_unique<Impl>(kernel.plan(), provenance);
  if (!impl->AddOutputs(outputs)) return nullptr;
  return std::unique_ptr<HistoryScan>(new HistoryScan(std::move(impl)));
}

std::optional<DurationUs> HistoryScan::reach() const { return impl_->reach(); }
void HistoryScan::SetRecords(const ViewInput& input) { impl_->SetRecords(input); }
int64_t HistoryScan::EstimateLooks(int64_t reads) const { return impl_->EstimateLooks(reads); }
void HistoryScan::Read(Timestamp t, FeatureVector* out) { impl_->Read(t, out); }

}  // namespace skewless
