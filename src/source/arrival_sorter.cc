#include "source/arrival_sorter.h"

#include <algorithm>

#include "base/check.h"

namespace skewless {
namespace {

constexpr size_t kMinChunkRows = 64;
constexpr size_t kMaxChunkRows = 16384;

bool Before(const RowReference& a, const RowReference& b) {
  if (a.arrival != b.arrival) return a.arrival < b.arrival;
  if (a.batch != b.batch) return a.batch < b.batch;
  return a.row < b.row;
}

// std's heaps keep the greatest in front.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.arrival != b.arrival ? a.arrival > b.arrival : a.run > b.run;
};

}  // namespace

void SetArrivals(int arrival_column, DurationUs delay_us, Batch* batch) {
  if (arrival_column >= 0) {
    batch->arrival_us = batch->columns[static_cast<size_t>(arrival_column)].ints;
    return;
  }
  batch->arrival_us.resize(batch->rows());
  for (size_t i = 0; i < batch->rows(); ++i) {
    batch->arrival_us[i] = SaturatingAdd(batch->event_us[i], delay_us);
  }
}

ArrivalSorter::ArrivalSorter(const Schema& schema, uint32_t source, Options options)
    : schema_(schema), source_(source), options_(std::move(options)) {
  row_bytes_ = 2 * sizeof(Timestamp) + sizeof(RowReference);
  for (const ColumnSpec& spec : schema.columns) {
    row_bytes_ += 1 + (PhysicalOf(spec.type) == Physical::kBytes ? 16 : 8);
  }
  const auto affordable = static_cast<size_t>(options_.memory_bytes) / (4 * row_bytes_);
  chunk_rows_ = std::clamp(affordable, kMinChunkRows, kMaxChunkRows);
}

std::unique_ptr<Batch> ArrivalSorter::NewChunk() {
  std::unique_ptr<Batch> chunk;
  if (free_chunks_.empty()) {
    chunk = std::make_unique<Batch>();
  } else {
    chunk = std::move(free_chunks_.back());
    free_chunks_.pop_back();
  }
  chunk->Reset(&schema_, source_);
  return chunk;
}

int64_t ArrivalSorter::BytesOf(const Batch& batch) const {
  return static_cast<int64_t>(batch.rows() * row_bytes_ + batch.strings.bytes_used());
}

Status ArrivalSorter::Add(std::unique_ptr<Batch> chunk, bool is_new) {
  if (chunk->rows() == 0) return {};
  // A run is new or known as a whole, so that merging needs to know no more.
  if (!chunks_.empty() && (chunk_is_new_.back() != 0) != is_new) SKEWLESS_RETURN_IF_ERROR(Spill());
  SetArrivals(chunk.get());
  const auto index = static_cast<uint32_t>(chunks_.size());
  for (size_t i = 0; i < chunk->rows(); ++i) {
    const Timestamp arrival = chunk->arrival_us[i];
    in_order_ = in_order_ && (references_.empty() || references_.back().arrival <= arrival);
    references_.push_back({arrival, index, static_cast<uint32_t>(i)});
  }
  used_bytes_ += BytesOf(*chunk);
  rows_ += static_cast<int64_t>(chunk->rows());
  if (!is_new) known_rows_ += static_cast<int64_t>(chunk->rows());
  chunks_.push_back(std::move(chunk));
  chunk_is_new_.push_back(is_new ? 1 : 0);
  return used_bytes_ > options_.memory_bytes ? Spill() : Status{};
}

void ArrivalSorter::SortReferences() {
  if (!in_order_) std::sort(references_.begin(), references_.end(), Before);
}

Status ArrivalSorter::Spill() {
  SortReferences();
  if (!runs_) {
    SKEWLESS_ASSIGN_OR_RETURN(runs_, SpillRuns::Create(options_.spill_path));
  }
  runs_->BeginRun();
  run_is_new_.push_back(chunk_is_new_.back());
  Batch frame;
  for (size_t i = 0; i < references_.size(); i += SpillRuns::kFrameRows) {
    frame.Reset(&schema_, source_);
    CopyRows(chunks_, &references_[i], std::min(SpillRuns::kFrameRows, references_.size() - i),
             &frame);
    SKEWLESS_RETURN_IF_ERROR(runs_->Append(frame));
  }
  for (auto& chunk : chunks_) free_chunks_.push_back(std::move(chunk));
  chunks_.clear();
  chunk_is_new_.clear();
  references_.clear();
  in_order_ = true;
  used_bytes_ = 0;
  return {};
}

Status ArrivalSorter::Finish() {
  if (!runs_) {
    free_chunks_.clear();
    SortReferences();
    return {};
  }
  if (!chunks_.empty()) SKEWLESS_RETURN_IF_ERROR(Spill());
  free_chunks_.clear();
  return StartMerge();
}

Status ArrivalSorter::StartMerge() {
  SKEWLESS_RETURN_IF_ERROR(runs_->Finish());
  heads_.resize(runs_->runs());
  for (size_t run = 0; run < heads_.size(); ++run) {
    heads_[run].batch = std::make_unique<Batch>();
    SKEWLESS_ASSIGN_OR_RETURN(const bool any, LoadHead(run));
    SKEWLESS_CHECK(any);
    heap_.push_back({heads_[run].batch->arrival_us[0], static_cast<uint32_t>(run)});
  }
  std::make_heap(heap_.begin(), heap_.end(), kLater);
  return {};
}

Result<bool> ArrivalSorter::LoadHead(size_t run) {
  RunHead& head = heads_[run];
  head.row = 0;
  head.batch->Reset(&schema_, source_);
  SKEWLESS_ASSIGN_OR_RETURN(const bool any, runs_->Read(run, head.batch.get()));
  if (any) SetArrivals(head.batch.get());
  return any;
}

ArrivalSorter::Segment ArrivalSorter::NextSegment(size_t max_rows) {
  if (heap_.empty()) return {};
  std::pop_heap(heap_.begin(), heap_.end(), kLater);
  const uint32_t run = heap_.back().run;
  const RunHead& head = heads_[run];
  const std::vector<Timestamp>& arrivals = head.batch->arrival_us;
  size_t end = std::min(arrivals.size(), head.row + max_rows);
  if (heap_.size() > 1) {
    // On a tie with another run's head the earlier run goes first.
    const HeapEntry& other = heap_.front();
    const Timestamp last = run < other.run ? other.arrival : SaturatingSub(other.arrival, 1);
    const auto stop = std::upper_bound(arrivals.begin() + static_cast<std::ptrdiff_t>(head.row),
                                       arrivals.begin() + static_cast<std::ptrdiff_t>(end), last);
    end = static_cast<size_t>(stop - arrivals.begin());
  }
  return {run, head.row, end - head.row};
}

// After NextSegment, whose run is at the heap's back.
Status ArrivalSorter::Advance(const Segment& segment) {
  RunHead& head = heads_[segment.run];
  head.row += segment.count;
  taken_ += static_cast<int64_t>(segment.count);
  if (head.row == head.batch->rows()) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool any, LoadHead(segment.run));
    if (!any) {
      heap_.pop_back();
      head.batch.reset();
      return {};
    }
  }
  heap_.back().arrival = head.batch->arrival_us[head.row];
  std::push_heap(heap_.begin(), heap_.end(), kLater);
  return {};
}

Result<bool> ArrivalSorter::Take(size_t max_rows, Batch* to) {
  if (taken_ == rows_) return false;
  if (!runs_) {
    const size_t count = std::min(max_rows, static_cast<size_t>(rows_ - taken_));
    CopyRows(chunks_, &references_[static_cast<size_t>(taken_)], count, to);
    taken_ += static_cast<int64_t>(count);
    return true;
  }
  for (size_t left = max_rows; left > 0;) {
    const Segment segment = NextSegment(left);
    if (segment.count == 0) break;
    CopyRows(*heads_[segment.run].batch, segment.begin, segment.begin + segment.count, to);
    SKEWLESS_RETURN_IF_ERROR(Advance(segment));
    left -= segment.count;
  }
  return true;
}

Status ArrivalSorter::Skip(int64_t count) {
  if (count > rows_) {
    return Fail(ErrorCode::kInvalid, "the files hold " + std::to_string(rows_) +
                                         " good records, but " + std::to_string(count) +
                                         " were replayed before");
  }
  const auto new_before = [](Timestamp arrival) {
    return Fail(ErrorCode::kInvalid, "a record that was added arrived at " +
                                         FormatTimestamp(arrival) +
                                         ", before others that were replayed already");
  };
  while (taken_ < count) {
    if (!runs_) {
      const RowReference& row = references_[static_cast<size_t>(taken_)];
      if (chunk_is_new_[row.batch] != 0) return new_before(row.arrival);
      ++taken_;
      continue;
    }
    const Segment segment = NextSegment(static_cast<size_t>(count - taken_));
    if (run_is_new_[segment.run] != 0) {
      return new_before(heads_[segment.run].batch->arrival_us[segment.begin]);
    }
    SKEWLESS_RETURN_IF_ERROR(Advance(segment));
  }
  return {};
}

}  // namespace skewless
