#include "training/join_passes.h"

#include <algorithm>

#include "base/check.h"

namespace skewless {
namespace {

// What a pass holds for a label beside its columns: its key and time, its share of the index, its
// packed answer, and the last values or the cost of a partition's sweep.
constexpr int64_t kLabelBytes = 160;
constexpr int64_t kOutputBytes = 24;
// What stays through all passes: key, time, and 9 bytes an output.
constexpr int64_t kKeptLabelBytes = 64;
constexpr int64_t kKeptOutputBytes = 9;

// The labels of one pass, and which of all labels each is.
struct PassLabels {
  std::vector<ViewLabels> labels;
  std::vector<std::vector<uint32_t>> rows;  // by view
};

// Keys of one entity always come to the same pass. Labels without a key come to the first.
bool IsOfPass(const KeyColumn& keys, size_t row, int pass, int passes) {
  const uint64_t share = (keys.hash[row] >> 32) * static_cast<uint64_t>(passes) >> 32;
  return share == static_cast<uint64_t>(pass);
}

ViewLabels Select(const ViewLabels& all, std::span<const uint32_t> rows) {
  ViewLabels some;
  some.view = all.view;
  some.keys.offsets.push_back(0);
  for (const uint32_t row : rows) {
    some.time_us.push_back(all.time_us[row]);
    some.keys.hash.push_back(all.keys.hash[row]);
    some.keys.valid.push_back(all.keys.valid[row]);
    PutRaw(some.keys.bytes, all.keys.key(row));
    some.keys.offsets.push_back(static_cast<uint32_t>(some.keys.bytes.size()));
  }
  return some;
}

PassLabels LabelsOfPass(const std::vector<ViewLabels>& labels, int pass, int passes) {
  PassLabels some;
  for (const ViewLabels& all : labels) {
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < all.time_us.size(); ++row) {
      if (IsOfPass(all.keys, row, pass, passes)) rows.push_back(static_cast<uint32_t>(row));
    }
    some.labels.push_back(Select(all, rows));
    some.rows.push_back(std::move(rows));
  }
  return some;
}

// Makes room for all labels; every row starts as NOT_FOUND with nulls.
void Prepare(size_t rows, const ViewAnswers& like, bool provenance, ViewAnswers* all) {
  all->outputs.resize(like.outputs.size());
  all->status.assign(rows, static_cast<uint8_t>(RowStatus::kNotFound));
  if (!provenance) return;
  all->sequence.assign(rows, 0);
  all->newest_event_us.assign(rows, 0);
}

void ScatterColumn(const Column& some, std::span<const uint32_t> rows, size_t all_rows,
                   Column* all) {
  all->type = some.type;
  if (some.size() != rows.size()) return;  // not asked for
  all->Resize(all_rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    all->valid[rows[i]] = some.valid[i];
    switch (some.physical()) {
      case Physical::kInt:
        all->ints[rows[i]] = some.ints[i];
        break;
      case Physical::kDouble:
        all->doubles[rows[i]] = some.doubles[i];
        break;
      case Physical::kBytes:
        all->strings[rows[i]] = some.strings[i];
        break;
    }
  }
}

void Scatter(ViewAnswers some, std::span<const uint32_t> rows, ViewAnswers* all) {
  const size_t all_rows = all->status.size();
  for (size_t i = 0; i < rows.size(); ++i) all->status[rows[i]] = some.status[i];
  for (size_t i = 0; i < some.sequence.size(); ++i) {
    all->sequence[rows[i]] = some.sequence[i];
    all->newest_event_us[rows[i]] = some.newest_event_us[i];
  }
  for (size_t i = 0; i < some.outputs.size(); ++i)
    ScatterColumn(some.outputs[i], rows, all_rows, &all->outputs[i]);
  for (auto& arena : some.strings) all->strings.push_back(std::move(arena));
}

void AddCounts(const JoinCounts& pass, JoinCounts* all) {
  all->history_records = pass.history_records;  // the same in each
  all->refused_late = pass.refused_late;
  all->kept += pass.kept;
  all->labels += pass.labels;
  all->not_found += pass.not_found;
  all->spilled_bytes += pass.spilled_bytes;
}

}  // namespace

int CountJoinPasses(const KernelSet& kernels, const std::vector<ViewLabels>& labels,
                    const std::vector<std::vector<int>>& outputs, const JoinOptions& options) {
  SKEWLESS_CHECK(labels.size() == outputs.size() && labels.size() <= kernels.size() * 2);
  int64_t passing = 0, kept = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto rows = static_cast<int64_t>(labels[i].time_us.size());
    const auto columns = static_cast<int64_t>(outputs[i].size());
    passing += rows * (kLabelBytes + kOutputBytes * columns);
    kept += rows * (kKeptLabelBytes + kKeptOutputBytes * columns);
  }
  // Half of it is for records.
  const int64_t room = std::max(options.memory_bytes / 2 - kept, options.memory_bytes / 8);
  return static_cast<int>(
      std::clamp<int64_t>(passing / std::max<int64_t>(room, 1) + 1, 1, kMaxJoinPasses));
}

void UseAvailability(const History& history, JoinOptions* options) {
  const bool asked = options->as_of == AsOf::kAvailable && !options->delay_us.has_value();
  options->availability = asked ? history.availability.get() : nullptr;
  if (options->availability != nullptr) options->available_ascends = false;
}

Result<std::vector<ViewAnswers>> JoinInPasses(const KernelSet& kernels,
                                              const OpenHistoryAgain& open_history,
                                              const std::vector<ViewLabels>& labels,
                                              const std::vector<std::vector<int>>& outputs,
                                              JoinOptions options, JoinCounts* counts,
                                              bool* out_of_order) {
  const int passes = CountJoinPasses(kernels, labels, outputs, options);
  std::vector<ViewAnswers> all(labels.size());
  const auto progress = options.progress;
  for (int pass = 0; pass < passes; ++pass) {
    SKEWLESS_ASSIGN_OR_RETURN(History history, open_history());
    options.expected_records = history.expected_records;
    UseAvailability(history, &options);
    if (progress) {
      options.progress = [&](double fraction, int64_t records) {
        progress((pass + fraction) / passes, records);
      };
    }
    PassLabels some;
    if (passes > 1) some = LabelsOfPass(labels, pass, passes);
    JoinCounts pass_counts;
    auto answers = JoinHistory(kernels, history.next, passes > 1 ? some.labels : labels, outputs,
                               options, &pass_counts);
    *out_of_order = *history.out_of_order;
    if (!answers) return answers;
    AddCounts(pass_counts, counts);
    if (passes == 1) return answers;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (pass == 0) Prepare(labels[i].time_us.size(), (*answers)[i], options.provenance, &all[i]);
      Scatter(std::move((*answers)[i]), some.rows[i], &all[i]);
    }
  }
  return all;
}

}  // namespace skewless
