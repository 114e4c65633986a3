#include "training/view_join.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "training/entity_lookup.h"
#include "training/sweep.h"

namespace skewless {
namespace {

constexpr int64_t kMaxBlockBytes = 64 << 10;
constexpr int64_t kMinBlockBytes = 1 << 10;

// Whether the history comes in the order of the times that count.
bool Ascends(const JoinOptions& options) {
  return options.available_ascends && options.as_of == AsOf::kAvailable &&
         !options.delay_us.has_value();
}

// Empty where there is more to keep than last values.
std::vector<ViewKernel::LastValue> LastValuesOf(const ViewKernel& kernel,
                                                std::span<const int> outputs,
                                                const JoinOptions& options) {
  std::vector<ViewKernel::LastValue> values;
  if (!Ascends(options) || options.provenance || kernel.view().ttl_us ||
      kernel.view().expire_after_us || !kernel.IsLastValuesOnly(outputs, &values) ||
      values.size() > kMaxLastValues)
    values.clear();
  return values;
}

std::optional<DurationUs> ReachOf(const ViewKernel& kernel, std::span<const int> outputs,
                                  const JoinOptions& options) {
  if (!Ascends(options)) return std::nullopt;
  const auto scan = HistoryScan::Make(kernel, outputs, options.provenance);
  return scan ? scan->reach() : std::nullopt;
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
      last_only_(LastValuesOf(kernel, outputs, options)),
      reach_(ReachOf(kernel, outputs, options)),
      index_(std::make_unique<LabelIndex>(labels.keys, labels.time_us,
                                          !last_only_.empty() || reach_
                                              ? LabelIndex::Bound::kNextLabel
                                              : LabelIndex::Bound::kLastLabel)),
      threads_(threads),
      sheet_(kernel.view(), outputs, options.provenance, index_->positions()),
      layout_(kernel, options.provenance),
      by_entity_(index_->entity_count()) {
  for (int i = 0; i < threads; ++i) strings_.push_back(std::make_unique<StringArena>());
  if (!last_only_.empty()) {
    last_values_ = std::make_unique<LastValues>(kernel, last_only_, index_.get(), &sheet_);
    return;
  }
  answered_.resize(index_->entity_count());
  for (uint32_t i = 0; i < index_->entity_count(); ++i) answered_[i] = index_->begin(i);
  const size_t count = by_entity_.count();
  const int64_t block = std::clamp(RecordBytes(options) / static_cast<int64_t>(4 * count),
                                   kMinBlockBytes, kMaxBlockBytes);
  partitions_ =
      std::make_unique<RecordPartitions>(count, static_cast<size_t>(block), std::move(spill_path));
  answer_at_bytes_ = std::min(options.answer_after_bytes, RecordBytes(options) / 2);
}

Timestamp ViewJoin::AvailableOf(size_t row) const {
  if (options_.delay_us) return SaturatingAdd(input_.event_us[row], *options_.delay_us);
  return options_.as_of == AsOf::kEvent ? input_.event_us[row] : input_.available_us[row];
}

// A record has come that may be past the entity's next label, or be its first one. Whether some
// label is at or after its availability, and the windows of the first such one (those behind it are
// later still) reach back to the event, or it is that first one.
bool ViewJoin::PassTo(Timestamp available_us, LabelIndex::Slot slot, Timestamp out_of_reach) {
  const bool is_first = index_->bound(slot) == kMinTimestamp;
  index_->Pass(slot, available_us);
  const Timestamp next_time = index_->bound(slot);
  return next_time < out_of_reach || (is_first && next_time != kMaxTimestamp);
}

void ViewJoin::Keep(size_t row, uint32_t entity, Timestamp available_us) {
  const size_t size = layout_.SizeOf(input_, row);
  layout_.Write(input_, row, entity, available_us, size,
                partitions_->Add(by_entity_.Of(entity), size));
  ++kept_;
}

void ViewJoin::DistributeReached() {
  const Timestamp* const available = input_.available_us;
  const auto out_of_reach = [this](size_t row) {
    return SaturatingAdd(input_.event_us[row], *reach_);
  };
  const auto is_passing = [&](const WantedRow& wanted) {
    return available[wanted.row] >= index_->bound(wanted.slot);
  };
  LookUpEntities(
      input_, *index_,
      [&](size_t row, Timestamp bound) {
        return (static_cast<int>(bound != kMaxTimestamp) &
                (static_cast<int>(available[row] >= bound) |
                 static_cast<int>(bound < out_of_reach(row)))) != 0;
      },
      [&](const WantedRow& wanted) {
        if (is_passing(wanted)) index_->PrefetchNext(index_->number(wanted.slot));
      },
      [&](const WantedRow& wanted) {
        const uint32_t entity = index_->number(wanted.slot);
        partitions_->Prefetch(by_entity_.Of(entity));
        if (is_passing(wanted)) index_->PrefetchTime(index_->next(entity));
      },
      [&](const WantedRow& wanted) {
        const auto& [row, slot] = wanted;
        const bool is_needed = is_passing(wanted) ? PassTo(available[row], slot, out_of_reach(row))
                                                  : index_->bound(slot) < out_of_reach(row);
        if (is_needed) Keep(row, index_->number(slot), available[row]);
      });
}

// Of no more than what some label is late enough for.
void ViewJoin::Distribute() {
  if (reach_) return DistributeReached();
  LookUpEntities(
      input_, *index_, [this](size_t row, Timestamp bound) { return AvailableOf(row) <= bound; },
      [](const WantedRow&) {}, [](const WantedRow&) {},
      [this](const WantedRow& wanted) {
        const uint32_t entity = index_->number(wanted.slot);
        if (entity != LabelIndex::kNone) Keep(wanted.row, entity, AvailableOf(wanted.row));
      });
}

void ViewJoin::Count() {
  if (input_.rows == 0) return;
  counts_.records += std::count_if(
      input_.selected.begin(), input_.selected.begin() + static_cast<std::ptrdiff_t>(input_.rows),
      [](uint8_t selected) { return selected != 0; });
  const auto see = [this](Timestamp available_us) {
    if (available_us == kMaxTimestamp) return;  // nobody can read it yet
    counts_.first_available_us = std::min(counts_.first_available_us, available_us);
    counts_.last_available_us = std::max(counts_.last_available_us, available_us);
  };
  if (Ascends(options_)) {
    see(input_.available_us[0]);
    return see(input_.available_us[input_.rows - 1]);
  }
  for (size_t row = 0; row < input_.rows; ++row) see(AvailableOf(row));
}

void ViewJoin::Add(const Batch& batch, EvaluationScratch& scratch) {
  if (kernel_.view().source != static_cast<int>(batch.source)) return;
  kernel_.Prepare(batch, scratch, &input_);
  if (options_.availability != nullptr) options_.availability->Set(labels_.view, &input_);
  Count();
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
  std::vector<Bytes> kept(partitions_->count());
  ShareOut(threads_, kept.size(), [&](int thread, size_t partition) {
    RecordPartitions::Records records;
    // Nothing was spilled: there is nothing to fail.
    SKEWLESS_CHECK(partitions_->Load(partition, &records).has_value());
    sweepers[static_cast<size_t>(thread)]->SweepUntil(t, *reach_, {records, partition, by_entity_},
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
  constexpr uint32_t kEntitiesATask = 1 << 14;
  const uint32_t entities = index_->entity_count();
  ShareOut(threads_, entities / kEntitiesATask + 1, [&](int thread, size_t task) {
    const uint32_t begin = static_cast<uint32_t>(task) * kEntitiesATask;
    last_values_->AnswerRest(begin, begin + std::min(entities - begin, kEntitiesATask),
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
  ShareOut(threads_, partitions_->count(), [&](int thread, size_t partition) {
    RecordPartitions::Records records;
    Status loaded = partitions_->Load(partition, &records);
    if (!loaded.has_value()) {
      const std::lock_guard lock(mutex);
      failed = std::move(loaded);
      return false;
    }
    sweepers[static_cast<size_t>(thread)]->SweepAll({records, partition, by_entity_});
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
