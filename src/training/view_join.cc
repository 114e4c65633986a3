#include "training/view_join.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <functional>
#include <mutex>
#include <thread>

#include "training/entity_lookup.h"
#include "training/sweep.h"

namespace skewless {
namespace {

// Enough partitions that one of a large history fits in a core's cache, and few enough that each
// has a write stream of its own.
constexpr unsigned kMaxPartitionBits = 9;
constexpr unsigned kMinPositionBits = 6;
constexpr int64_t kMaxBlockBytes = 64 << 10;
constexpr int64_t kMinBlockBytes = 1 << 10;

unsigned ShiftFor(uint32_t positions) {
  const auto bits = static_cast<unsigned>(std::bit_width(positions));
  return std::max(kMinPositionBits, bits > kMaxPartitionBits ? bits - kMaxPartitionBits : 0);
}

// Calls `work(thread)` in so many threads, this one among them.
void RunInThreads(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
}

}  // namespace

ViewJoin::ViewJoin(const ViewKernel& kernel, const ViewLabels& labels,
                   const std::vector<int>& outputs, const JoinOptions& options,
                   std::string spill_path)
    : kernel_(kernel),
      labels_(labels),
      outputs_(outputs),
      options_(options),
      index_(std::make_unique<LabelIndex>(labels.keys, labels.time_us)),
      layout_(kernel, options.provenance),
      partition_shift_(ShiftFor(index_->positions())) {
  const bool ascends = options.available_ascends && options.as_of == AsOf::kAvailable &&
                       !options.delay_us.has_value();
  std::vector<ViewKernel::LastValue> values;
  if (ascends && !options.provenance && !kernel.view().ttl_us &&
      kernel.IsLastValuesOnly(outputs, &values) && values.size() <= kMaxLastValues) {
    last_values_ = std::make_unique<LastValues>(kernel, std::move(values), index_.get());
    return;
  }
  const size_t count = (index_->positions() >> partition_shift_) + 1;
  const int64_t block = std::clamp(options.memory_bytes / static_cast<int64_t>(8 * count),
                                   kMinBlockBytes, kMaxBlockBytes);
  partitions_ =
      std::make_unique<RecordPartitions>(count, static_cast<size_t>(block), std::move(spill_path));
  if (!ascends) return;
  const auto scan = HistoryScan::Make(kernel, outputs, options.provenance);
  if (scan) reach_ = scan->reach();
}

Timestamp ViewJoin::AvailableOf(size_t row) const {
  if (options_.delay_us) return SaturatingAdd(input_.event_us[row], *options_.delay_us);
  return options_.as_of == AsOf::kEvent ? input_.event_us[row] : input_.available_us[row];
}

// Whether some label is at or after the record's availability, and the windows of the first such
// one (those behind it are later still) reach back to the event. Which of an entity's labels that
// is, is anyone's guess: the common cases are decided without a branch.
bool ViewJoin::IsNeeded(LabelIndex::Entity* entity, size_t row, Timestamp available_us) {
  if (!reach_) return available_us <= entity->last_time;
  const Timestamp out_of_reach = SaturatingAdd(input_.event_us[row], *reach_);
  const bool before_first = available_us <= entity->first_time;
  Timestamp next = before_first ? entity->first_time : entity->last_time;
  if (entity->count > 2 && !before_first && available_us <= entity->last_time) {
    // Labels so close to each other that their windows overlap leave nothing to drop.
    const DurationUs apart = SaturatingSub(entity->last_time, entity->first_time) / entity->count;
    if (apart < *reach_) return true;
    next = index_->time(index_->FirstLabelAt(*entity, available_us));
  }
  const bool seen =
      static_cast<int>(available_us <= entity->last_time) &
      (static_cast<int>(next < out_of_reach) | static_cast<int>(out_of_reach == kMaxTimestamp));
  if (seen) return true;
  if (entity->mark != 0 || available_us > entity->last_time) return false;
  entity->mark = 1;
  return true;
}

void ViewJoin::Distribute() {
  LookUpEntities(input_, index_.get(), [this](size_t begin, size_t end, const auto& found) {
    for (size_t row = begin; row < end; ++row) {
      LabelIndex::Entity* const entity = found[row - begin];
      if (entity == nullptr) continue;
      const Timestamp available = AvailableOf(row);
      if (!IsNeeded(entity, row, available)) continue;
      const size_t size = layout_.SizeOf(input_, row);
      layout_.Write(input_, row, entity->first, available, size,
                    partitions_->Add(entity->first >> partition_shift_, size));
      ++kept_;
    }
  });
}

void ViewJoin::Add(const Batch& batch, EvaluationScratch& scratch) {
  if (kernel_.view().source != static_cast<int>(batch.source)) return;
  kernel_.Prepare(batch, scratch, &input_);
  if (last_values_) {
    last_values_->Add(input_);
    kept_ = last_values_->added();
  } else {
    Distribute();
  }
}

void ViewJoin::AnswerLastValues(uint32_t begin, uint32_t end, AnswerSheet* sheet,
                                StringArena* strings) const {
  LastValues::Reader reader(*last_values_);
  FeatureVector vector;
  // From the first entity that begins here to the end of the last one that does.
  while (begin < end && !index_->is_first(begin)) ++begin;
  if (begin == end) return;  // all of it belongs to an entity that began before
  for (uint32_t position = begin; position < index_->positions(); ++position) {
    if (position >= end && index_->is_first(position)) break;
    reader.Read(position, index_->time(position), &vector);
    sheet->Write(position, vector, strings);
  }
}

Status ViewJoin::AnswerFromPartition(size_t partition, Sweeper* sweeper) const {
  RecordPartitions::Records records;
  SKEWLESS_RETURN_IF_ERROR(partitions_->Load(partition, &records));
  if (records.runs.empty()) return {};
  sweeper->SweepPartition(records, partition_begin(partition),
                          std::min(index_->positions(), partition_begin(partition + 1)));
  return {};
}

// Threads take partitions in turn; each has its own state, rows and texts.
Status ViewJoin::AnswerInThreads(int threads, AnswerSheet* sheet, ViewAnswers* answers) {
  if (partitions_) SKEWLESS_RETURN_IF_ERROR(partitions_->FinishSpilling());
  for (int i = 0; i < threads; ++i) answers->strings.push_back(std::make_unique<StringArena>());
  const size_t count = (index_->positions() >> partition_shift_) + 1;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status failed;
  RunInThreads(threads, [&](int thread) {
    StringArena* const strings = answers->strings[static_cast<size_t>(thread)].get();
    Sweeper sweeper(kernel_, layout_, *index_,
                    HistoryScan::Make(kernel_, outputs_, options_.provenance), sheet, strings);
    for (size_t partition = next++; partition < count; partition = next++) {
      if (last_values_) {
        AnswerLastValues(partition_begin(partition),
                         std::min(index_->positions(), partition_begin(partition + 1)), sheet,
                         strings);
        continue;
      }
      Status answered = AnswerFromPartition(partition, &sweeper);
      if (answered.has_value()) continue;
      const std::lock_guard lock(mutex);
      failed = std::move(answered);
      return;
    }
  });
  return failed;
}

Status ViewJoin::AnswerAll(int threads, ViewAnswers* answers) {
  AnswerSheet sheet(kernel_.view(), outputs_, options_.provenance, index_->positions());
  SKEWLESS_RETURN_IF_ERROR(AnswerInThreads(threads, &sheet, answers));
  const std::vector<uint32_t> position_of = index_->PositionsOfLabels();
  // Makes room for the columns.
  if (partitions_) partitions_->Clear();
  last_values_.reset();
  index_.reset();
  sheet.Finish(position_of, threads, answers);
  return {};
}

}  // namespace skewless
