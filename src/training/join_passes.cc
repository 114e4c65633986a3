#include "training/join_passes.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace skewless {
namespace {

// What a pass holds for a label: its key and time, its share of the index, its packed answer; and
// for an entity: its slot in the table and its last values.
constexpr int64_t kLabelBytes = 88;
constexpr int64_t kOutputBytes = 17;
constexpr int64_t kEntityBytes = 80;
constexpr int64_t kEntityOutputBytes = 16;
// What stays through all passes: key, time, and 9 bytes an output.
constexpr int64_t kKeptLabelBytes = 64;
constexpr int64_t kKeptOutputBytes = 9;
// So much of the memory is for records at least, and so much where labels leave it.
constexpr int64_t kLeastForRecords = 8, kMostForRecords = 2;
// Batches on their way, the libraries and their code.
constexpr int64_t kOtherBytes = 64 << 20;

// About how many different hashes there are: of many bits each hash sets one, and the share of
// those that stay clear tells.
int64_t EstimateEntities(const KeyColumn& keys) {
  const size_t bits = std::bit_ceil(2 * keys.hash.size() + 64);
  std::vector<uint64_t> set(bits / 64);
  for (size_t row = 0; row < keys.hash.size(); ++row) {
    if (keys.valid[row] == 0) continue;
    const size_t bit = keys.hash[row] & (bits - 1);
    set[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  size_t clear = bits;
  for (const uint64_t word : set) clear -= static_cast<size_t>(std::popcount(word));
  const auto all = static_cast<double>(bits);
  return static_cast<int64_t>(-all * std::log(static_cast<double>(clear) / all));
}

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
    some.keys.offsets.push_back(some.keys.bytes.size());
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
  all->refused = pass.refused;
  all->kept += pass.kept;
  all->labels += pass.labels;
  all->not_found += pass.not_found;
  all->spilled_bytes += pass.spilled_bytes;
  std::vector<ViewCounts> views = pass.views;
  for (size_t i = 0; i < all->views.size(); ++i) {
    views[i].labels += all->views[i].labels;
    views[i].not_found += all->views[i].not_found;
  }
  all->views = std::move(views);
}

}  // namespace

JoinPasses PlanJoinPasses(const std::vector<ViewLabels>& labels,
                          const std::vector<std::vector<int>>& outputs, int64_t memory_bytes) {
  SKEWLESS_CHECK(labels.size() == outputs.size());
  int64_t passing = 0, kept = std::min(kOtherBytes, memory_bytes / kLeastForRecords);
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto rows = static_cast<int64_t>(labels[i].time_us.size());
    const auto columns = static_cast<int64_t>(outputs[i].size());
    passing += rows * (kLabelBytes + kOutputBytes * columns) +
               EstimateEntities(labels[i].keys) * (kEntityBytes + kEntityOutputBytes * columns);
    kept += rows * (kKeptLabelBytes + kKeptOutputBytes * columns);
  }
  const int64_t for_records = memory_bytes / kLeastForRecords;
  const int64_t room = std::max({memory_bytes - kept - for_records, for_records, int64_t{1}});
  JoinPasses passes;
  passes.count = static_cast<int>(std::clamp<int64_t>(passing / room + 1, 1, kMaxJoinPasses));
  passes.record_bytes = std::clamp(memory_bytes - kept - passing / passes.count, for_records,
                                   std::max(for_records, memory_bytes / kMostForRecords));
  return passes;
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
  const JoinPasses plan = PlanJoinPasses(labels, outputs, options.memory_bytes);
  const int passes = plan.count;
  options.record_bytes = plan.record_bytes;
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
