#include "source/source_watermark.h"

#include <algorithm>

#include "source/watermark.h"

namespace skewless {
namespace {

constexpr std::string_view kPrefix = "watermark:";
constexpr std::string_view kSource = "watermark:";  // of no stream: the source's own

}  // namespace

SourceWatermark::SourceWatermark(const SourceDefinition& source)
    : out_of_orderness_(source.out_of_orderness_us),
      allowed_lateness_(source.allowed_lateness_us),
      max_ahead_(source.max_ahead_us),
      idle_after_(source.idle_after_us) {}

RefusedEvents SourceWatermark::Decide(Timestamp now, Batch* batch) {
  RefusedEvents refused;
  batch->applied.assign(batch->rows(), 1);
  if (batch->runs.empty()) {
    TakeRun(streams_[""], 0, batch->rows(), now, batch, &refused);
    return refused;
  }
  // All streams of the batch hold the watermark from its first row on.
  for (const StreamRun& run : batch->runs) {
    Stream& stream = streams_[run.stream];
    stream.open = !run.ended;
    stream.last_came = now;
  }
  size_t begin = 0;
  for (const StreamRun& run : batch->runs) {
    if (run.rows > 0) {
      TakeRun(streams_[run.stream], begin, begin + run.rows, now, batch, &refused);
    }
    begin += run.rows;
  }
  return refused;
}

void SourceWatermark::TakeRun(Stream& stream, size_t begin, size_t end, Timestamp now, Batch* batch,
                              RefusedEvents* refused) {
  stream.open = true;
  stream.last_came = now;
  const Timestamp others = LeastOfOthers(stream, now);
  // A replay decides as the source's files do without an engine, by the arrivals that they tell.
  const std::vector<Timestamp>& came =
      batch->arrival_us.empty() ? batch->processing_us : batch->arrival_us;
  for (size_t row = begin; row < end; ++row) {
    const Timestamp event = batch->event_us[row];
    if (allowed_lateness_ && event < SaturatingSub(held_, *allowed_lateness_)) {
      batch->applied[row] = 0;
      ++refused->late;
      refused->last_late = row;
      continue;
    }
    if (max_ahead_ && IsAhead(event, came[row], max_ahead_)) {
      batch->applied[row] = 0;
      ++refused->ahead;
      refused->last_ahead = row;
      continue;
    }
    stream.greatest_event = std::max(stream.greatest_event, event);
    const Timestamp least = std::min(others, stream.greatest_event);
    held_ = std::max(held_, SaturatingSub(least, out_of_orderness_));
  }
}

// The least greatest event of the streams that hold the watermark beside this one.
Timestamp SourceWatermark::LeastOfOthers(const Stream& stream, Timestamp now) const {
  Timestamp least = kMaxTimestamp;
  for (const auto& [name, other] : streams_) {
    if (&other == &stream || !other.open) continue;
    if (idle_after_ && SaturatingSub(now, other.last_came) >= *idle_after_) continue;
    least = std::min(least, other.greatest_event);
  }
  return least;
}

void SourceWatermark::Recover(const Batch& batch) {
  Stream& stream = streams_[""];
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (!batch.applied.empty() && batch.applied[row] == 0) continue;
    stream.greatest_event = std::max(stream.greatest_event, batch.event_us[row]);
  }
  held_ = std::max(held_, SaturatingSub(stream.greatest_event, out_of_orderness_));
}

void SourceWatermark::TellPositions(Batch* batch) const {
  if (batch->runs.empty() || !refuses_late()) return;
  batch->positions.push_back({std::string(kSource), held_});
  const size_t count = batch->positions.size();
  for (const StreamRun& run : batch->runs) {
    if (run.rows == 0) continue;
    std::string name = std::string(kPrefix) + run.stream;
    const auto begin = batch->positions.begin() + static_cast<std::ptrdiff_t>(count);
    if (std::any_of(begin, batch->positions.end(),
                    [&](const SourcePosition& told) { return told.stream == name; })) {
      continue;
    }
    batch->positions.push_back({std::move(name), streams_.find(run.stream)->second.greatest_event});
  }
}

bool SourceWatermark::IsPosition(std::string_view stream) { return stream.starts_with(kPrefix); }

void SourceWatermark::RecoverPosition(std::string_view stream, int64_t offset) {
  if (stream == kSource) {
    held_ = std::max(held_, offset);
    return;
  }
  streams_[std::string(stream.substr(kPrefix.size()))].greatest_event = offset;
}

}  // namespace skewless
