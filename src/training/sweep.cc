#include "training/sweep.h"

#include <algorithm>
#include <numeric>

#include "kernel/growing_state.h"

namespace skewless {
namespace {

// What the two ways cost, in the time of looking at one record in a scan (about a nanosecond):
// folding a record, and reading a state.
constexpr int64_t kFoldCost = 80;
constexpr int64_t kReadCost = 300;

}  // namespace

Sweeper::Sweeper(const ViewKernel& kernel, const RecordLayout& layout, const LabelIndex& index,
                 std::unique_ptr<HistoryScan> scan, std::span<uint32_t> answered,
                 AnswerSheet* sheet, StringArena* strings)
    : kernel_(kernel),
      layout_(layout),
      index_(index),
      answered_(answered),
      sheet_(sheet),
      strings_(strings),
      scan_(std::move(scan)) {}

// A counting sort keeps each entity's records in the order of the history.
void Sweeper::Group(const Partition& partition) {
  const RecordPartitions::Records& records = partition.records;
  const EntityPartition& by_entity = partition.by_entity;
  ends_.assign(by_entity.Size() + 1, 0);
  size_t count = 0;
  for (const ByteView run : records.runs) {
    for (const uint8_t* at = run.data(); at != run.data() + run.size(); at += layout_.SizeOf(at)) {
      ++ends_[by_entity.IndexOf(RecordLayout::EntityOf(at)) + 1];
      ++count;
    }
  }
  for (size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
  grouped_.resize(count);
  // From here on ends_[i] is where the next record of i goes, and in the end where they end.
  for (const ByteView run : records.runs) {
    for (const uint8_t* at = run.data(); at != run.data() + run.size(); at += layout_.SizeOf(at))
      grouped_[ends_[by_entity.IndexOf(RecordLayout::EntityOf(at))]++] = at;
  }
}

// Calls `visit(entity, its records)` for each entity that has any.
template <typename Visit>
void Sweeper::VisitEntities(const Partition& partition, const Visit& visit) {
  Group(partition);
  uint32_t done = 0;
  for (size_t i = 0; i < ends_.size(); ++i) {
    const uint32_t until = ends_[i];
    if (until == done) continue;
    visit(partition.by_entity.EntityOf(partition.partition, i),
          std::span<const uint8_t* const>(grouped_).subspan(done, until - done));
    done = until;
  }
}

void Sweeper::SweepAll(const Partition& partition) {
  VisitEntities(partition, [this](uint32_t entity, std::span<const uint8_t* const> records) {
    Answer(records, {answered_[entity], index_.end(entity)});
  });
}

void Sweeper::SweepUntil(Timestamp t, DurationUs reach, const Partition& partition, Bytes* kept) {
  VisitEntities(partition, [&](uint32_t entity, std::span<const uint8_t* const> records) {
    const uint32_t begin = answered_[entity], end = index_.end(entity);
    uint32_t next = begin;
    while (next < end && time_of(next) < t) ++next;
    answered_[entity] = next;
    Answer(records, {begin, next});
    if (next < end) KeepReached(records, time_of(next), reach, kept);
  });
}

// Those that a window at `t` or later may hold, or else the last one: that the entity has records
// tells NOT_FOUND from windows without any.
void Sweeper::KeepReached(std::span<const uint8_t* const> records, Timestamp t, DurationUs reach,
                          Bytes* kept) const {
  const size_t before = kept->size();
  for (const uint8_t* record : records) {
    const Timestamp out_of_reach = SaturatingAdd(RecordLayout::EventOf(record), reach);
    if (out_of_reach > t || out_of_reach == kMaxTimestamp)
      PutRaw(*kept, ByteView(record, layout_.SizeOf(record)));
  }
  if (kept->size() == before)
    PutRaw(*kept, ByteView(records.back(), layout_.SizeOf(records.back())));
}

bool Sweeper::IsScanCheaper(Labels labels) {
  const auto reads = static_cast<int64_t>(labels.end - labels.begin);
  const auto records = static_cast<int64_t>(rows_.input.rows);
  return scan_->EstimateLooks(reads) <= records * kFoldCost + reads * kReadCost;
}

void Sweeper::Answer(std::span<const uint8_t* const> records, Labels labels) {
  if (labels.begin == labels.end) return;
  layout_.Read(records, &rows_);
  if (!scan_) return AnswerByFolding(labels);
  scan_->SetRecords(rows_.input);
  if (!IsScanCheaper(labels)) return AnswerByFolding(labels);
  for (uint32_t begin = labels.begin; begin < labels.end; begin += HistoryScan::kMostTimes) {
    const uint32_t count = std::min<uint32_t>(HistoryScan::kMostTimes, labels.end - begin);
    scan_->Look(index_.times(begin, count));
    for (uint32_t i = 0; i < count; ++i) {
      scan_->Read(i, &vector_);
      sheet_->Write(begin + i, vector_, strings_);
    }
  }
}

void Sweeper::Restart() {
  InitState(kernel_, &state_);
  has_records_ = false;
}

void Sweeper::Fold(size_t row) {
  FoldRow(kernel_, rows_.input, row, &state_);
  has_records_ = true;
}

// S is the fold in sequence order of what is available: where a record became available after one
// of a greater sequence, what was folded so far is not a prefix of it.
void Sweeper::Refold(Timestamp t) {
  Restart();
  for (size_t row = 0; row < rows_.input.rows; ++row) {
    if (rows_.available_us[row] <= t) Fold(row);
  }
}

void Sweeper::AnswerByFolding(Labels labels) {
  const size_t rows = rows_.input.rows;
  Restart();
  const bool ordered = std::is_sorted(rows_.available_us.begin(), rows_.available_us.end());
  by_available_.resize(ordered ? 0 : rows);
  if (!ordered) {
    std::iota(by_available_.begin(), by_available_.end(), 0u);
    std::stable_sort(by_available_.begin(), by_available_.end(), [&](uint32_t a, uint32_t b) {
      return rows_.available_us[a] < rows_.available_us[b];
    });
  }
  size_t next = 0;
  Sequence greatest = 0;
  bool out_of_order = false;
  for (uint32_t position = labels.begin; position < labels.end; ++position) {
    const Timestamp t = time_of(position);
    for (; next < rows; ++next) {
      const size_t row = ordered ? next : by_available_[next];
      if (rows_.available_us[row] > t) break;
      out_of_order |= rows_.sequence[row] < greatest;
      greatest = std::max(greatest, rows_.sequence[row]);
      if (!out_of_order) Fold(row);
    }
    if (out_of_order) {
      Refold(t);
      // From here on the state is a fold in sequence order again.
      out_of_order = false;
    }
    kernel_.Read(has_records_ ? StateBytes(state_) : ByteView{}, t, &vector_);
    sheet_->Write(position, vector_, strings_);
  }
}

}  // namespace skewless
