#include "training/join.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "training/label_index.h"
#include "training/record_partitions.h"
#include "training/sweep.h"

namespace skewless {
namespace {

// One view's part of a join.
struct ViewJoin {
  const ViewKernel* kernel = nullptr;
  RecordLayout layout;
  LabelIndex index;
  uint32_t entities_per_partition = 1;
  RecordPartitions partitions;
  ViewInput input;

  ViewJoin(const ViewKernel& k, const ViewLabels& labels, size_t partition_count,
           std::string spill_path)
      : kernel(&k),
        layout(k),
        index(labels.keys, labels.time_us),
        entities_per_partition(std::max<uint32_t>(
            1, (index.entity_count() + static_cast<uint32_t>(partition_count) - 1) /
                   static_cast<uint32_t>(partition_count))),
        partitions((index.entity_count() + entities_per_partition - 1) / entities_per_partition,
                   std::move(spill_path)) {}

  uint32_t first_entity(size_t partition) const {
    return static_cast<uint32_t>(partition) * entities_per_partition;
  }
  uint32_t last_entity(size_t partition) const {
    return std::min(index.entity_count(), first_entity(partition) + entities_per_partition);
  }
};

// Enough partitions that one of a large history fits in a core's cache, and few enough that each
// has a write stream of its own.
constexpr size_t kPartitions = 512;

Timestamp AvailableOf(const JoinOptions& options, const ViewInput& input, size_t row) {
  if (options.delay_us) return SaturatingAdd(input.event_us[row], *options.delay_us);
  return options.as_of == AsOf::kEvent ? input.event_us[row] : input.available_us[row];
}

int64_t Distribute(const JoinOptions& options, ViewJoin* join) {
  const ViewInput& input = join->input;
  constexpr size_t kAhead = 16;
  int64_t kept = 0;
  for (size_t row = 0; row < input.rows; ++row) {
    if (row + kAhead < input.rows) join->index.Prefetch(input.keys.hash[row + kAhead]);
    if (input.selected[row] == 0) continue;
    const uint32_t entity = join->index.Find(input.keys.hash[row], input.keys.key(row));
    if (entity == LabelIndex::kNone) continue;
    const Timestamp available = AvailableOf(options, input, row);
    if (available > join->index.last_time(entity)) continue;
    join->layout.Append(input, row, entity, available,
                        &join->partitions.buffer(entity / join->entities_per_partition));
    ++kept;
  }
  return kept;
}

Status ReadHistory(const HistoryStream& history, const JoinOptions& options,
                   std::vector<std::unique_ptr<ViewJoin>>& joins, JoinCounts* counts) {
  Batch batch;
  EvaluationScratch scratch;
  // Seldom enough to cost nothing, often enough that a small allowance is not overrun by long rows.
  constexpr int64_t kLongRow = 1024;
  const int64_t rows_between_checks =
      std::clamp<int64_t>(options.memory_bytes / kLongRow, 1, 1 << 20);
  int64_t since_check = 0;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, history(&batch));
    if (!more) return {};
    const auto rows = static_cast<int64_t>(batch.rows());
    counts->history_records += rows;
    counts->refused_late += std::count(batch.applied.begin(), batch.applied.end(), uint8_t{0});
    for (auto& join : joins) {
      if (join->kernel->view().source != static_cast<int>(batch.source)) continue;
      join->kernel->Prepare(batch, scratch, &join->input);
      Distribute(options, join.get());
    }
    if (options.progress) {
      const double expected = static_cast<double>(std::max<int64_t>(options.expected_records, 1));
      options.progress(options.expected_records > 0
                           ? 0.7 * static_cast<double>(counts->history_records) / expected
                           : 0,
                       counts->history_records);
    }
    since_check += rows;
    if (since_check < rows_between_checks) continue;
    since_check = 0;
    int64_t bytes = 0;
    for (auto& join : joins) bytes += join->partitions.bytes_in_memory();
    if (bytes <= options.memory_bytes / 2) continue;
    for (auto& join : joins) SKEWLESS_RETURN_IF_ERROR(join->partitions.Spill());
  }
}

// Threads take partitions in turn; each has its own state, rows and strings.
Status SweepAll(ViewJoin* join, const AnswerSheet& sheet, int threads, JoinCounts* counts) {
  SKEWLESS_RETURN_IF_ERROR(join->partitions.FinishSpilling());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status failed;
  const auto work = [&](StringArena* strings) {
    Sweeper sweeper(*join->kernel, join->layout, join->index, sheet, strings);
    for (size_t partition = next.fetch_add(1); partition < join->partitions.count();
         partition = next.fetch_add(1)) {
      Result<Bytes> records = join->partitions.Load(partition);
      if (!records) {
        const std::lock_guard lock(mutex);
        failed = tl::unexpected<Error>(std::move(records).error());
        return;
      }
      sweeper.SweepPartition(*records, join->first_entity(partition), join->last_entity(partition));
    }
    const std::lock_guard lock(mutex);
    counts->folded += sweeper.folded();
  };
  std::vector<std::thread> others;
  for (int i = 0; i < threads; ++i)
    sheet.answers->strings.push_back(std::make_unique<StringArena>());
  for (int i = 1; i < threads; ++i) {
    others.emplace_back(work, sheet.answers->strings[static_cast<size_t>(i)].get());
  }
  work(sheet.answers->strings[0].get());
  for (std::thread& other : others) other.join();
  return failed;
}

}  // namespace

Result<std::vector<ViewAnswers>> JoinHistory(const KernelSet& kernels, const HistoryStream& history,
                                             std::vector<ViewLabels> labels,
                                             const std::vector<std::vector<int>>& outputs,
                                             const JoinOptions& options, JoinCounts* counts) {
  SKEWLESS_CHECK(labels.size() == outputs.size());
  const int machine = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : machine;
  std::vector<std::unique_ptr<ViewJoin>> joins;
  std::vector<ViewAnswers> answers(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const ViewKernel& kernel = *kernels[static_cast<size_t>(labels[i].view)];
    const std::string spill =
        JoinPath(options.spill_directory.empty() ? "." : options.spill_directory,
                 "join-" + std::to_string(getpid()) + "-" + std::to_string(i) + ".spill");
    joins.push_back(std::make_unique<ViewJoin>(kernel, labels[i], kPartitions, spill));
    counts->labels += static_cast<int64_t>(labels[i].time_us.size());
  }
  SKEWLESS_RETURN_IF_ERROR(ReadHistory(history, options, joins, counts));
  for (size_t i = 0; i < labels.size(); ++i) {
    PrepareAnswers(joins[i]->kernel->view(), labels[i], outputs[i], &answers[i]);
    SKEWLESS_RETURN_IF_ERROR(
        SweepAll(joins[i].get(), {&labels[i], &outputs[i], &answers[i]}, threads, counts));
    counts->spilled_bytes += joins[i]->partitions.spilled_bytes();
    counts->not_found += std::count(answers[i].status.begin(), answers[i].status.end(),
                                    static_cast<uint8_t>(RowStatus::kNotFound));
    joins[i].reset();
    if (options.progress) {
      options.progress(0.7 + 0.3 * static_cast<double>(i + 1) / static_cast<double>(labels.size()),
                       counts->history_records);
    }
  }
  return answers;
}

}  // namespace skewless
