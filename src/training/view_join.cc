#include "training/view_join.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "training/entity_lookup.h"
#include "training/sweep.h"

namespace skewless {
namespace {

// Enough partitions that one of a large history fits in a core's cache, and few enough that each
// has a write stream of its own.
constexpr unsigned kMaxPartitionBits = 9;
constexpr int64_t kMaxBlockBytes = 64 << 10;
constexpr int64_t kMinBlockBytes = 1 << 10;

unsigned ShiftFor(uint32_t entities) {
  const auto bits = static_cast<unsigned>(std::bit_width(entities));
  return bits > kMaxPartitionBits ? bits - kMaxPartitionBits : 0;
}

// Calls `work(thread, task)` for each task, in so many threads, this one among them, which take
// tasks in turn. A thread goes on for as long as `work` says true.
void ShareOut(int threads, size_t tasks, const std::function<bool(int, size_t)>& work) {
  std::atomic<size_t> next{0};
  const auto run = [&](int thread) {
    for (size_t task = next++; task < tasks && work(thread, task);) task = next++;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(run, i);
  run(0);
  for (std::thread& other : others) other.join();
}

}  // namespace

ViewJoin::ViewJoin(const ViewKernel& kernel, const ViewLabels& labels,
                   const std::vector<int>& outputs, const JoinOptions& options, int threads,
                   std::string spill_path)
    : kernel_(kernel),
      labels_(labels),
      outputs_(outputs),
      options_(options),
      index_(std::make_unique<LabelIndex>(labels.keys, labels.time_us)),
      threads_(threads),
      sheet_(kernel.view(), outputs, options.provenance, index_->positions()),
      layout_(kernel, options.provenance),
      partition_shift_(ShiftFor(index_->entity_count())) {
  for (int i = 0; i < threads; ++i) strings_.push_back(std::make_unique<StringArena>());
  const bool ascends = options.available_ascends && options.as_of == AsOf::kAvailable &&
                       !options.delay_us.has_value();
  std::vector<ViewKernel::LastValue> values;
  if (ascends && !options.provenance && !kernel.view().ttl_us && !kernel.view().expire_after_us &&
      kernel.IsLastValuesOnly(outputs, &values) && values.size() <= kMaxLastValues) {
    last_values_ = std::make_unique<LastValues>(kernel, std::move(values), index_.get(), &sheet_);
    return;
  }
  answered_.resize(index_->entity_count());
  for (uint32_t i = 0; i < index_->entity_count(); ++i) answered_[i] = index_->begin(i);
  const size_t count = partition_count();
  const int64_t block = std::clamp(options.memory_bytes / static_cast<int64_t>(8 * count),
                                   kMinBlockBytes, kMaxBlockBytes);
  partitions_ =
      std::make_unique<RecordPartitions>(count, static_cast<size_t>(block), std::move(spill_path));
  if (!ascends) return;
  const auto scan = HistoryScan::Make(kernel, outputs, options.provenance);
  if (scan) reach_ = scan->reach();
  answer_at_bytes_ = std::min(options.answer_after_bytes, options.memory_bytes / 4);
}

Timestamp ViewJoin::AvailableOf(size_t row) const {
  if (options_.delay_us) return SaturatingAdd(input_.event_us[row], *options_.delay_us);
  return options_.as_of == AsOf::kEvent ? input_.event_us[row] : input_.available_us[row];
}

// Whether some label is at or after the record's availability, and the windows of the first such
// one (those behind it are later still) reach back to the event.
bool ViewJoin::IsNeeded(LabelIndex::Entity* entity, size_t row, Timestamp available_us) {
  if (!reach_) return available_us <= entity->last_time;
  const Timestamp out_of_reach = SaturatingAdd(input_.event_us[row], *reach_);
  if (available_us > entity->next_time) index_->Pass(entity, available_us);
  // Which of the two says no is anyone's guess, so no branch depends on it.
  const bool seen = static_cast<int>(available_us <= entity->last_time) &
                    (static_cast<int>(entity->next_time < out_of_reach) |
                     static_cast<int>(out_of_reach == kMaxTimestamp));
  if (seen) return true;
  if (entity->mark != 0 || available_us > entity->last_time) return false;
  entity->mark = 1;
  return true;
}

void ViewJoin::Distribute() {
  LookUpEntities(
      input_, index_.get(),
      [this](size_t row, const LabelIndex::Entity& entity) {
        if (reach_ && input_.available_us[row] > entity.next_time) index_->PrefetchNext(entity);
      },
      [this](size_t row, LabelIndex::Entity* entity) {
        const Timestamp available = AvailableOf(row);
        if (!IsNeeded(entity, row, available)) return;
        const size_t size = layout_.SizeOf(input_, row);
        layout_.Write(input_, row, entity->number, available, size,
                      partitions_->Add(entity->number >> partition_shift_, size));
        ++kept_;
      });
}

void ViewJoin::Add(const Batch& batch, EvaluationScratch& scratch) {
  if (kernel_.view().source != static_cast<int>(batch.source)) return;
  kernel_.Prepare(batch, scratch, &input_);
  if (options_.availability != nullptr) options_.availability->Set(labels_.view, &input_);
  if (last_values_) {
    last_values_->Add(input_, strings_[0].get());
    kept_ = last_values_->added();
    return;
  }
  Distribute();
  if (batch.rows() > 0 && IsTimeToAnswer()) AnswerUntil(batch.available_us.back());
}

// What was spilled is read once, in the end.
bool ViewJoin::IsTimeToAnswer() const {
  return reach_ && partitions_->spilled_bytes() == 0 &&
         partitions_->bytes_in_memory() > answer_at_bytes_;
}

std::unique_ptr<Sweeper> ViewJoin::MakeSweeper(int thread) {
  return std::make_unique<Sweeper>(kernel_, layout_, *index_,
                                   HistoryScan::Make(kernel_, outputs_, options_.provenance),
                                   answered_, &sheet_, strings_[static_cast<size_t>(thread)].get());
}

// No record to come is available before `t`.
void ViewJoin::AnswerUntil(Timestamp t) {
  std::vector<std::unique_ptr<Sweeper>> sweepers;
  for (int i = 0; i < threads_; ++i) sweepers.push_back(MakeSweeper(i));
  std::vector<Bytes> kept(partition_count());
  ShareOut(threads_, kept.size(), [&](int thread, size_t partition) {
    RecordPartitions::Records records;
    // Nothing was spilled: there is nothing to fail.
    SKEWLESS_CHECK(partitions_->Load(partition, &records).has_value());
    sweepers[static_cast<size_t>(thread)]->SweepUntil(
        t, *reach_, {records, partition_begin(partition), partition_begin(partition + 1)},
        &kept[partition]);
    return true;
  });
  partitions_->Empty();
  for (size_t partition = 0; partition < kept.size(); ++partition) {
    const Bytes& bytes = kept[partition];
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = layout_.SizeOf(bytes.data() + at);
      std::memcpy(partitions_->Add(partition, size), bytes.data() + at, size);
      at += size;
    }
  }
  // Where most is needed again, the next time comes when there is twice as much.
  answer_at_bytes_ = std::max(answer_at_bytes_, 2 * partitions_->bytes_in_memory());
}

void ViewJoin::AnswerLastValues() {
  constexpr size_t kSlotsATask = 1 << 14;
  const size_t slots = index_->slots().size();
  ShareOut(threads_, slots / kSlotsATask + 1, [&](int thread, size_t task) {
    last_values_->AnswerRest(task * kSlotsATask, std::min(slots, (task + 1) * kSlotsATask),
                             strings_[static_cast<size_t>(thread)].get());
    return true;
  });
}

Status ViewJoin::AnswerFromPartitions() {
  SKEWLESS_RETURN_IF_ERROR(partitions_->FinishSpilling());
  std::vector<std::unique_ptr<Sweeper>> sweepers;
  for (int i = 0; i < threads_; ++i) sweepers.push_back(MakeSweeper(i));
  std::mutex mutex;
  Status failed;
  ShareOut(threads_, partition_count(), [&](int thread, size_t partition) {
    RecordPartitions::Records records;
    Status loaded = partitions_->Load(partition, &records);
    if (!loaded.has_value()) {
      const std::lock_guard lock(mutex);
      failed = std::move(loaded);
      return false;
    }
    sweepers[static_cast<size_t>(thread)]->SweepAll(
        {records, partition_begin(partition), partition_begin(partition + 1)});
    return true;
  });
  return failed;
}

Status ViewJoin::AnswerAll(ViewAnswers* answers) {
  if (last_values_) {
    AnswerLastValues();
  } else {
    SKEWLESS_RETURN_IF_ERROR(AnswerFromPartitions());
  }
  answers->strings = std::move(strings_);
  const std::vector<uint32_t> position_of = index_->PositionsOfLabels();
  // Makes room for the columns.
  if (partitions_) partitions_->Clear();
  last_values_.reset();
  index_.reset();
  sheet_.Finish(position_of, threads_, answers);
  return {};
}

}  // namespace skewless
