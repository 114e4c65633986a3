#include "kernel/history_scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/check.h"
#include "kernel/read_outputs.h"
#include "kernel/record_order.h"
#include "kernel/scan_at_once.h"
#include "kernel/scan_one.h"

namespace skewless {

static_assert(HistoryScan::kMostTimes == kReadsAtOnce);

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
  void Look(std::span<const Timestamp> times);
  void Read(size_t i, FeatureVector* out);

 private:
  // One accumulator over one window.
  struct OneRead {
    const Accumulator* accumulator = nullptr;
    const Tier* tier = nullptr;  // null: all time
    int64_t tiles = 0;
    uint32_t begin = 0, end = 0;  // of plan_.output_reads
    size_t order = 0;
    size_t like =
        0;  // the first read of the same window and filter; mostly their stretches are one
    Stretch stretch;
    // By time of the last Look.
    ReadsAtOnce at_once;
    std::array<MergedNumeric, kReadsAtOnce> merged;

    bool counts() const {
      return accumulator->kind != AccumulatorKind::kFirst &&
             accumulator->kind != AccumulatorKind::kLast;
    }
  };
  size_t FindOrder(const Accumulator& a, const Tier* tier);
  size_t FindOrder(RecordOrder wanted);
  bool TakesAll(const RecordOrder& order) const;
  void FillOrders();
  void MoveStretch(OneRead* read, Timestamp t) const;
  void FindLikes();
  const OneRead* SameStretches(const OneRead& read) const;
  void LookOne(OneRead* read) const;
  bool IsFasterAtOnce(const OneRead& read) const;
  void ReadOne(const OneRead& read, size_t i, FeatureVector* out) const;
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
  // By order: the first one that differs in nothing but which argument has to be valid, and whether
  // that has the same records, or else the order itself.
  std::vector<size_t> like_, same_as_;
  size_t by_event_ = 0;  // of orders_, where needs_newest_
  Stretch by_event_stretch_;
  bool has_derived_ = false;

  const ViewInput* input_ = nullptr;
  Timestamp earliest_available_ = kMaxTimestamp;
  // No record's event is further past its availability.
  DurationUs lead_ = 0;
  int64_t span_us_ = 1;               // of the events
  std::span<const Timestamp> times_;  // of the last Look
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
          {&a, tier, window.tiles, read.begin, read.end, FindOrder(a, tier), 0, {}, {}, {}});
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
  FindLikes();
  return true;
}

void HistoryScan::Impl::FindLikes() {
  for (const RecordOrder& order : orders_) {
    const auto like = std::find_if(orders_.begin(), orders_.end(), [&](const RecordOrder& other) {
      return other.by == order.by && other.clock.hop_us() == order.clock.hop_us() &&
             other.filter == order.filter;
    });
    like_.push_back(static_cast<size_t>(like - orders_.begin()));
  }
  same_as_.resize(orders_.size());
  // Counts come last, behind what counts anyway.
  std::stable_partition(reads_.begin(), reads_.end(), [](const OneRead& read) {
    return read.accumulator->kind != AccumulatorKind::kCount;
  });
  for (size_t i = 0; i < reads_.size(); ++i) {
    OneRead& read = reads_[i];
    for (read.like = 0; read.like < i; ++read.like) {
      const OneRead& other = reads_[read.like];
      if (other.tier == read.tier && other.tiles == read.tiles &&
          orders_[other.order].by == orders_[read.order].by &&
          orders_[other.order].filter == orders_[read.order].filter)
        break;
    }
  }
}

bool HistoryScan::Impl::TakesAll(const RecordOrder& order) const {
  if (order.argument < 0) return true;
  const std::vector<uint8_t>& valid = input_->arguments[static_cast<size_t>(order.argument)]->valid;
  return input_->rows == 0 || std::memchr(valid.data(), 0, input_->rows) == nullptr;
}

// Nulls are few: mostly the order that one argument's values need is that of the others, and of
// count(*).
void HistoryScan::Impl::FillOrders() {
  for (size_t i = 0; i < orders_.size(); ++i) {
    RecordOrder& order = orders_[i];
    const RecordOrder& like = orders_[like_[i]];
    const bool same =
        &like != &order && (like.argument == order.argument || (TakesAll(like) && TakesAll(order)));
    same_as_[i] = same ? like_[i] : i;
    if (same) {
      order.FillLike(like, *input_);
    } else {
      order.Fill(*input_);
    }
  }
}

void HistoryScan::Impl::SetRecords(const ViewInput& input) {
  input_ = &input;
  FillOrders();
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

// Side by side a record is looked at for all reads, and costs about as much as for two of them.
bool HistoryScan::Impl::IsFasterAtOnce(const OneRead& read) const {
  const RecordOrder& order = orders_[read.order];
  const AccumulatorKind kind = read.accumulator->kind;
  if (FindScanAtOnce() == nullptr || kind == AccumulatorKind::kNumericInt ||
      (kind == AccumulatorKind::kNumericDouble && !order.one_each))
    return false;
  const std::span<const Stretch> stretches(read.at_once.stretch, read.at_once.count);
  size_t looks = 0;
  for (const Stretch& stretch : stretches) looks += stretch.end - stretch.begin;
  return looks > 2 * (stretches.back().end - stretches.front().begin);
}

// The read that has found the same stretches, if any has.
const HistoryScan::Impl::OneRead* HistoryScan::Impl::SameStretches(const OneRead& read) const {
  const OneRead* const like = &reads_[read.like];
  return like != &read && same_as_[like->order] == same_as_[read.order] ? like : nullptr;
}

void HistoryScan::Impl::LookOne(OneRead* read) const {
  const Accumulator& a = *read->accumulator;
  const RecordOrder& order = orders_[read->order];
  ReadsAtOnce& reads = read->at_once;
  const OneRead* const same = SameStretches(*read);
  if (same != nullptr) {
    reads = same->at_once;
    if (a.kind == AccumulatorKind::kCount && same->counts()) {
      read->merged = same->merged;
      return;
    }
  } else {
    reads.count = times_.size();
    for (size_t i = 0; i < times_.size(); ++i) {
      MoveStretch(read, times_[i]);
      reads.stretch[i] = read->stretch;
      reads.t[i] = times_[i];
    }
  }
  if (!read->counts()) return;
  if (IsFasterAtOnce(*read)) {
    const unsigned parts = a.kind == AccumulatorKind::kCount ? 0 : unsigned{kSumPart} | a.parts;
    return FindScanAtOnce()(order, reads, parts, read->merged.data());
  }
  for (size_t i = 0; i < reads.count; ++i) {
    MergedNumeric& merged = read->merged[i];
    if (a.kind == AccumulatorKind::kCount) {
      merged.count = CountAvailable(order, reads.stretch[i], reads.t[i]);
    } else if (a.kind == AccumulatorKind::kNumericDouble) {
      merged = ScanDoubles(order, reads.stretch[i], reads.t[i]);
    } else {
      merged = ScanInts(order, reads.stretch[i], reads.t[i]);
    }
  }
}

void HistoryScan::Impl::ReadOne(const OneRead& read, size_t i, FeatureVector* out) const {
  const Accumulator& a = *read.accumulator;
  const RecordOrder& order = orders_[read.order];
  const Timestamp t = times_[i];
  const std::span<const OutputRead> outputs(plan_.output_reads.data() + read.begin,
                                            read.end - read.begin);
  switch (a.kind) {
    case AccumulatorKind::kCount:
      return SetCount(read.merged[i].count, outputs, out);
    case AccumulatorKind::kNumericDouble:
    case AccumulatorKind::kNumericInt:
      return SetNumeric(a, read.merged[i], t, outputs, out);
    default:
      break;
  }
  const Stretch& stretch = read.at_once.stretch[i];
  const size_t found = a.kind == AccumulatorKind::kFirst
                           ? FindFirst(order, stretch, input_->event_us, t)
                           : FindLast(order, stretch, input_->event_us, t);
  if (found == kNoRecord) return;
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

void HistoryScan::Impl::Look(std::span<const Timestamp> times) {
  SKEWLESS_CHECK(!times.empty() && times.size() <= kMostTimes);
  times_ = times;
  for (OneRead& read : reads_) LookOne(&read);
}

void HistoryScan::Impl::Read(size_t i, FeatureVector* out) {
  const Timestamp t = times_[i];
  ClearValues(*plan_.view, out);
  out->read_us = t;
  if (!ReadStatus(t, out)) return;
  for (const OneRead& read : reads_) ReadOne(read, i, out);
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
void HistoryScan::Look(std::span<const Timestamp> times) { impl_->Look(times); }
void HistoryScan::Read(size_t i, FeatureVector* out) { impl_->Read(i, out); }

}  // namespace skewless
