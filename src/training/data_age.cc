#include "training/data_age.h"

#include <algorithm>

#include "base/latency_histogram.h"
#include "kernel/tile_clock.h"
#include "log/log.h"
#include "training/history.h"

namespace skewless {
namespace {

// Events may be of any time: near the ends of time an age is the longest there is.
DurationUs AgeAt(Timestamp time, Timestamp event) {
  return std::max<DurationUs>(0, SaturatingSub(time, event));
}

Timestamp NextMidnight(Timestamp time) {
  const DurationUs since = time % kDayUs;
  return SaturatingAdd(time, since < 0 ? -since : kDayUs - since);
}

// Records of a view, in the log's order, which is about that of availability.
class ViewAgeMeter {
 public:
  ViewAgeMeter(const ViewKernel& kernel, Timestamp from, Timestamp to, int points)
      : kernel_(kernel) {
    age_.view = kernel.view().name;
    // The last one is `to`, where all of the log counts.
    const Int128 span = static_cast<Int128>(to) - from;
    for (int i = points - 1; i >= 0; --i) {
      const auto time = static_cast<Timestamp>(to - span * i / std::max(1, points - 1));
      if (age_.points.empty() || time > age_.points.back().time_us)
        age_.points.push_back({time, 0, -1});
    }
  }

  void Add(const Batch& batch, int view, RecordAvailability* availability) {
    if (kernel_.view().source != static_cast<int>(batch.source)) return;
    kernel_.Prepare(batch, scratch_, &input_);
    if (availability != nullptr) availability->Set(view, &input_);
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (input_.selected[row] != 0) AddRecord(batch.event_us[row], input_.available_us[row]);
    }
  }

  ViewAge Finish() {
    MovePointsTo(kMaxTimestamp);
    age_.points.erase(age_.points.begin(),
                      age_.points.begin() + static_cast<std::ptrdiff_t>(empty_points_));
    age_.streaming_p50_us = streaming_.QuantileNanos(0.5);
    age_.streaming_p99_us = streaming_.QuantileNanos(0.99);
    age_.batch_p50_us = batch_.QuantileNanos(0.5);
    age_.batch_p99_us = batch_.QuantileNanos(0.99);
    return std::move(age_);
  }

 private:
  void AddRecord(Timestamp event, Timestamp available) {
    // Entities are written in an order of the store's: a point counts what came before it here.
    latest_ = std::max(latest_, available);
    MovePointsTo(latest_);
    MoveMidnightTo(latest_);
    newest_ = std::max(newest_, event);
    ++age_.records;
    // The histogram counts whole numbers; here they are microseconds.
    streaming_.Record(SaturatingSub(available, event));
    batch_.Record(SaturatingSub(NextMidnight(available), event));
  }

  // What the midnights up to `time` loaded: all that was available before each.
  void MoveMidnightTo(Timestamp time) {
    const int64_t day = FloorDiv(time, kDayUs);
    if (day == day_) return;
    loaded_ = newest_;
    day_ = day;
  }

  // Points before `time` see what has been added so far.
  void MovePointsTo(Timestamp time) {
    for (; point_ < age_.points.size() && age_.points[point_].time_us < time; ++point_) {
      AgePoint& point = age_.points[point_];
      MoveMidnightTo(point.time_us);
      if (newest_ == kMinTimestamp) {
        empty_points_ = point_ + 1;
        continue;
      }
      point.streaming_us = AgeAt(point.time_us, newest_);
      point.batch_us = loaded_ == kMinTimestamp ? -1 : AgeAt(point.time_us, loaded_);
    }
  }

  const ViewKernel& kernel_;
  ViewAge age_;
  ViewInput input_;
  EvaluationScratch scratch_;
  size_t point_ = 0, empty_points_ = 0;
  Timestamp newest_ = kMinTimestamp, loaded_ = kMinTimestamp;
  Timestamp latest_ = kMinTimestamp;
  int64_t day_ = kMinTimestamp;
  LatencyHistogram streaming_, batch_;
};

}  // namespace

Result<std::vector<ViewAge>> MeasureDataAge(FileSystem& files, const Definition& definition,
                                            const KernelSet& kernels, const AgeRequest& request) {
  const std::string directory = definition.ResolvePath(definition.log_path);
  SKEWLESS_ASSIGN_OR_RETURN(const auto segments, InspectLog(files, directory, /*verify=*/false));
  Timestamp first = kMaxTimestamp;
  Timestamp last = kMinTimestamp;
  for (const SegmentInfo& segment : segments) {
    if (segment.records == 0) continue;
    first = std::min(first, segment.first_processing_us);
    last = std::max(last, segment.last_processing_us);
  }
  if (first > last) {
    return Fail(
        ErrorCode::kNotFound, "the log at " + directory + " has no records",
        "`skewless run` reads the sources. Where it did, none of their records could be read: "
        "their dead letters say why.");
  }
  const Timestamp to = std::min(last, request.to_us);
  Timestamp from = std::max(first, request.from_us);
  if (request.last_us > 0) from = std::max(from, SaturatingSub(to, request.last_us));
  std::vector<std::unique_ptr<ViewAgeMeter>> meters;
  std::vector<int> views;
  for (size_t view = 0; view < kernels.size(); ++view) {
    meters.push_back(std::make_unique<ViewAgeMeter>(*kernels[view], from, to, request.points));
    views.push_back(static_cast<int>(view));
  }
  SKEWLESS_ASSIGN_OR_RETURN(History history,
                            OpenHistory(files, definition, HistoryKind::kLog, views));
  SKEWLESS_ASSIGN_OR_RETURN(const auto availability,
                            OpenAvailability(files, definition, kernels, StampTime::kAvailable));
  Batch batch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, history.next(&batch));
    if (!more) break;
    if (availability) SKEWLESS_RETURN_IF_ERROR(availability->Advance(batch));
    for (size_t view = 0; view < meters.size(); ++view) {
      meters[view]->Add(batch, static_cast<int>(view), availability.get());
    }
  }
  std::vector<ViewAge> ages;
  for (auto& meter : meters) ages.push_back(meter->Finish());
  return ages;
}

}  // namespace skewless
