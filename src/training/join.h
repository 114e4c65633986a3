// The point-in-time join: for each label row (entity, t) the vector read(S(view, entity, t), t), to
// the bit what a model asking at t was given. A partitioned sweep over the history: each partition
// holds whole entities, is sorted by (entity, availability, sequence), and is swept once with the
// labels of those entities by the same Apply and Read as everywhere.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "training/record_availability.h"

namespace skewless {

enum class AsOf { kAvailable, kEvent };

// Gives the history batch by batch in sequence order; rows carry sequence, event_us, available_us
// and applied. Called from one thread.
using HistoryStream = std::function<Result<bool>(Batch*)>;

// What is asked of one view: keys and times, in any order; answers come in the same order.
struct ViewLabels {
  int view = 0;
  KeyColumn keys;                  // valid = 0: the answer is NOT_FOUND
  std::vector<Timestamp> time_us;  // t of each label
};

// Answers of one view by label row: one column an output of the view (features, derived).
struct ViewAnswers {
  std::vector<Column> outputs;
  std::vector<uint8_t> status;             // RowStatus
  std::vector<Sequence> sequence;          // with JoinOptions::provenance, else empty
  std::vector<Timestamp> newest_event_us;  // the same
  std::vector<std::unique_ptr<StringArena>>
      strings;  // what string outputs point into, one a thread
};

struct JoinOptions {
  AsOf as_of = AsOf::kAvailable;
  std::optional<DurationUs> delay_us;  // available = event + delay, in place of the logged one
  // The available_us of a source's records never decreases, as in every log: then much need not be
  // kept. A history that doesn't keep to it is an error.
  bool available_ascends = false;
  // The log's history of a store with a clock of its own: what tells from when its records were
  // readable. Of one entity and view they still ascend.
  RecordAvailability* availability = nullptr;
  bool provenance = true;  // answers tell their sequence and newest event
  int threads = 0;         // 0: the machine's
  int64_t memory_bytes = 4LL << 30;
  // What records may take of it; beyond that partitions spill to `spill_directory`. 0: half.
  int64_t record_bytes = 0;
  std::string spill_directory;
  // So many bytes of records, and the labels that the history has gone by are answered, so that
  // records which only they could see make room. Less where memory asks for it.
  int64_t answer_after_bytes = 64 << 20;
  int64_t expected_records = 0;  // of the history, for progress; 0: unknown
  std::function<void(double fraction, int64_t records)> progress;  // may be empty
};

// What `options` lets records take.
constexpr int64_t RecordBytes(const JoinOptions& options) {
  return options.record_bytes > 0 ? options.record_bytes : options.memory_bytes / 2;
}

// What a view's labels met.
struct ViewCounts {
  int64_t labels = 0, not_found = 0;
  int64_t records = 0;  // that the view takes
  // When its source's records became available, by the time that counts; no record: above last.
  Timestamp first_available_us = kMaxTimestamp, last_available_us = kMinTimestamp;
};

struct JoinCounts {
  int64_t history_records = 0, kept = 0, refused = 0, labels = 0, not_found = 0, spilled_bytes = 0;
  std::vector<ViewCounts> views;  // as the labels asked
};

// Reads the history once and answers all views' labels. `outputs[v]` lists which outputs of
// labels[v]'s view are wanted (others come back as empty columns).
Result<std::vector<ViewAnswers>> JoinHistory(const KernelSet& kernels, const HistoryStream& history,
                                             const std::vector<ViewLabels>& labels,
                                             const std::vector<std::vector<int>>& outputs,
                                             const JoinOptions& options, JoinCounts* counts);

}  // namespace skewless
