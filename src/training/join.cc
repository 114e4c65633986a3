#include "training/join.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "training/read_ahead.h"
#include "training/view_join.h"

namespace skewless {
namespace {

using ViewJoins = std::vector<std::unique_ptr<ViewJoin>>;

// Reading the history takes most of the time; answering the labels the rest.
constexpr double kReadingShare = 0.8;

class HistoryReader {
 public:
  HistoryReader(const JoinOptions& options, ViewJoins* joins, JoinCounts* counts)
      : options_(options), joins_(*joins), counts_(counts) {
    // Seldom enough to cost nothing, often enough that a small allowance is not overrun by long
    // rows.
    constexpr int64_t kLongRow = 1024;
    rows_between_checks_ = std::clamp<int64_t>(RecordBytes(options) / kLongRow, 1, 1 << 20);
  }

  Status Read(const HistoryStream& history, int threads) {
    if (threads > 1) {
      ReadAhead ahead(history);
      for (;;) {
        SKEWLESS_ASSIGN_OR_RETURN(const Batch* batch, ahead.Next());
        if (batch == nullptr) return {};
        SKEWLESS_RETURN_IF_ERROR(Add(*batch));
      }
    }
    Batch batch;
    for (;;) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool more, history(&batch));
      if (!more) return {};
      SKEWLESS_RETURN_IF_ERROR(Add(batch));
    }
  }

 private:
  Status Add(const Batch& batch) {
    const auto rows = static_cast<int64_t>(batch.rows());
    counts_->history_records += rows;
    counts_->refused += std::count(batch.applied.begin(), batch.applied.end(), uint8_t{0});
    if (options_.available_ascends) SKEWLESS_RETURN_IF_ERROR(CheckAscends(batch));
    if (options_.availability != nullptr) {
      SKEWLESS_RETURN_IF_ERROR(options_.availability->Advance(batch));
    }
    for (auto& join : joins_) join->Add(batch, scratch_);
    if (options_.progress) {
      const double expected = static_cast<double>(std::max<int64_t>(options_.expected_records, 1));
      const double read = static_cast<double>(counts_->history_records) / expected;
      options_.progress(options_.expected_records > 0 ? kReadingShare * read : 0,
                        counts_->history_records);
    }
    since_check_ += rows;
    return since_check_ < rows_between_checks_ ? Status{} : CheckMemory();
  }

  Status CheckAscends(const Batch& batch) {
    if (batch.rows() == 0) return {};
    const std::vector<Timestamp>& available = batch.available_us;
    if (batch.source >= last_available_.size())
      last_available_.resize(batch.source + 1, kMinTimestamp);
    Timestamp& last = last_available_[batch.source];
    if (available.front() < last || !std::is_sorted(available.begin(), available.end())) {
      return Fail(ErrorCode::kCorrupt,
                  "a record of the history became available before the one in front of it, near " +
                      FormatTimestamp(available.front()));
    }
    last = available.back();
    return {};
  }

  Status CheckMemory() {
    since_check_ = 0;
    int64_t bytes = 0;
    for (auto& join : joins_) bytes += join->bytes_in_memory();
    if (bytes <= RecordBytes(options_)) return {};
    for (auto& join : joins_) SKEWLESS_RETURN_IF_ERROR(join->Spill());
    return {};
  }

  const JoinOptions& options_;
  ViewJoins& joins_;
  JoinCounts* counts_;
  EvaluationScratch scratch_;
  int64_t rows_between_checks_ = 1;
  int64_t since_check_ = 0;
  std::vector<Timestamp> last_available_;  // by source
};

}  // namespace

Result<std::vector<ViewAnswers>> JoinHistory(const KernelSet& kernels, const HistoryStream& history,
                                             const std::vector<ViewLabels>& labels,
                                             const std::vector<std::vector<int>>& outputs,
                                             const JoinOptions& options, JoinCounts* counts) {
  SKEWLESS_CHECK(labels.size() == outputs.size());
  const int machine = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : machine;
  ViewJoins joins;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string spill =
        JoinPath(options.spill_directory.empty() ? "." : options.spill_directory,
                 "join-" + std::to_string(getpid()) + "-" + std::to_string(i) + ".spill");
    joins.push_back(std::make_unique<ViewJoin>(*kernels[static_cast<size_t>(labels[i].view)],
                                               labels[i], outputs[i], options, threads, spill));
    counts->labels += static_cast<int64_t>(labels[i].time_us.size());
  }
  SKEWLESS_RETURN_IF_ERROR(HistoryReader(options, &joins, counts).Read(history, threads));
  std::vector<ViewAnswers> answers(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    SKEWLESS_RETURN_IF_ERROR(joins[i]->AnswerAll(&answers[i]));
    counts->kept += joins[i]->kept();
    counts->spilled_bytes += joins[i]->spilled_bytes();
    ViewCounts view = joins[i]->counts();
    view.labels = static_cast<int64_t>(answers[i].status.size());
    view.not_found = std::count(answers[i].status.begin(), answers[i].status.end(),
                                static_cast<uint8_t>(RowStatus::kNotFound));
    counts->not_found += view.not_found;
    counts->views.push_back(view);
    joins[i].reset();
    if (options.progress) {
      const double answered = static_cast<double>(i + 1) / static_cast<double>(labels.size());
      options.progress(kReadingShare + (1 - kReadingShare) * answered, counts->history_records);
    }
  }
  return answers;
}

}  // namespace skewless
