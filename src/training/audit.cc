#include "training/audit.h"

#include <algorithm>

#include "log/stamp_log.h"
#include "training/audit_replay.h"
#include "training/record_availability.h"

namespace skewless {
namespace {

// Rows compared in one pass over the history: bounds the memory.
constexpr size_t kRowsAPass = 1 << 20;

using Question = AuditReplay::Question;

class Auditor {
 public:
  Auditor(const Definition& definition, const KernelSet& kernels, AuditReport* report)
      : definition_(definition), kernels_(kernels), replay_(definition, kernels), report_(report) {}

  Status Ask(ServedRow row) { return replay_.Ask(std::move(row)); }
  size_t size() const { return replay_.questions().size(); }
  Status Compare(FileSystem& files, const JoinOptions& options);

 private:
  void CompareRow(const Question& question);
  bool CompareViews(const Question& question, Difference* found);
  bool RestedOnOtherRecords(int view, Timestamp read_us) const;
  bool CompareValues(const Question& question, Difference* found);
  bool MayBeOfLostWrite(const Question& question, const std::string& output) const;
  void RestOn(const Question& question, Difference* found) const;
  void Report(const Question& question, Difference difference);

  const Definition& definition_;
  const KernelSet& kernels_;
  AuditReplay replay_;
  AuditReport* report_;
  std::vector<StampLogReader::Writer> writers_;  // of stamps, where a store gives some
  Timestamp known_to_us_ = kMaxTimestamp;  // later reads may rest on stamps that are still to come
  bool of_lost_write_ = false;             // the row's difference is that of a lost write
};

Status Auditor::Compare(FileSystem& files, const JoinOptions& options) {
  if (size() == 0) return {};
  // Before the log is read: whatever was readable by then is in it.
  const std::string stamps = StampDirectory(definition_.ResolvePath(definition_.log_path));
  SKEWLESS_ASSIGN_OR_RETURN(const auto known, ReadStampKnowledge(files, stamps));
  known_to_us_ = known && !known->closed ? known->complete_us : kMaxTimestamp;
  SKEWLESS_ASSIGN_OR_RETURN(const auto reader, StampLogReader::Open(files, stamps));
  SKEWLESS_ASSIGN_OR_RETURN(writers_, reader->Writers());
  SKEWLESS_RETURN_IF_ERROR(replay_.Replay(files, options, &report_->counts));
  for (const Question& question : replay_.questions()) CompareRow(question);
  replay_.Clear();
  return {};
}

// By the last writer that had let readers in: another source, other keys or another condition.
bool Auditor::RestedOnOtherRecords(int view, Timestamp read_us) const {
  const StampedView today = StampedViewOf(definition_, *kernels_[static_cast<size_t>(view)]);
  for (auto writer = writers_.rbegin(); writer != writers_.rend(); ++writer) {
    if (writer->opened_us > read_us) continue;
    for (const StampedView& then : writer->views) {
      if (then.name == today.name) return then.keys != 0 && then.records != today.records;
    }
    return false;
  }
  return false;
}

// What each view's read rested on. False, and the difference, where the replay rests on another.
bool Auditor::CompareViews(const Question& question, Difference* found) {
  of_lost_write_ = false;
  for (size_t i = 0; i < question.view.size(); ++i) {
    const ServedRow::ViewRead& served = question.row.views[i];
    found->output = served.view;
    found->served_sequence = served.sequence;
    if (question.view[i] < 0) {
      found->cause = DifferenceCause::kUnknownFeature;
      found->replayed_sequence = std::nullopt;
      found->replayed = "no such view";
      return false;
    }
    found->replayed_sequence = replay_.SequenceOf(question, i);
    if (served.sequence > replay_.last_sequence()) {
      found->cause = DifferenceCause::kMissingHistory;
      return false;
    }
    const bool same_record = served.sequence == *found->replayed_sequence;
    if (same_record && served.status == replay_.StatusOf(question, i)) continue;
    if (replay_.MayBeOfLostWrite(question, i)) {
      of_lost_write_ = true;
      continue;
    }
    found->cause = same_record ? DifferenceCause::kStatus : DifferenceCause::kSequence;
    if (RestedOnOtherRecords(question.view[i], question.row.read_us))
      found->cause = DifferenceCause::kDefinedAnew;
    return false;
  }
  return true;
}

// What the view of a feature rests on; an output of the service's own rests on no view alone.
void Auditor::RestOn(const Question& question, Difference* found) const {
  found->served_sequence = found->replayed_sequence = std::nullopt;
  const std::string view = found->output.substr(0, found->output.find(':'));
  for (size_t i = 0; i < question.view.size(); ++i) {
    if (question.row.views[i].view != view) continue;
    found->served_sequence = question.row.views[i].sequence;
    found->replayed_sequence = replay_.SequenceOf(question, i);
  }
}

// What a view made, or where none has the output's name, a service of its own: of any of them.
bool Auditor::MayBeOfLostWrite(const Question& question, const std::string& output) const {
  const std::string of = output.substr(0, output.find(':'));
  const auto& views = question.row.views;
  const bool of_view =
      std::any_of(views.begin(), views.end(), [&](const auto& read) { return read.view == of; });
  for (size_t i = 0; i < views.size(); ++i) {
    if (question.view[i] < 0 || (of_view && views[i].view != of)) continue;
    if (replay_.MayBeOfLostWrite(question, i)) return true;
  }
  return false;
}

bool Auditor::CompareValues(const Question& question, Difference* found) {
  for (size_t i = 0; i < question.row.outputs.size(); ++i) {
    ++report_->values;
    const std::optional<Value> replayed = replay_.ValueOf(question, question.row.outputs[i]);
    const Value& served = question.row.values[i];
    if (replayed && SameBits(served.view(), replayed->view())) continue;
    if (replayed && MayBeOfLostWrite(question, question.row.outputs[i])) {
      of_lost_write_ = true;
      continue;
    }
    found->cause = replayed ? DifferenceCause::kValue : DifferenceCause::kUnknownFeature;
    found->output = question.row.outputs[i];
    RestOn(question, found);
    found->served = FormatValue(served.view());
    found->replayed = replayed ? FormatValue(replayed->view()) : "no such feature";
    return false;
  }
  return true;
}

void Auditor::Report(const Question& question, Difference difference) {
  ++report_->different_rows;
  ++report_->by_cause[difference.cause];
  constexpr size_t kExamples = 20;
  if (report_->examples.size() >= kExamples) return;
  difference.read_us = question.row.read_us;
  for (const auto& [name, value] : question.row.inputs) {
    difference.key += (difference.key.empty() ? "" : " ") + name + "=" + FormatValue(value.view());
  }
  report_->examples.push_back(std::move(difference));
}

void Auditor::CompareRow(const Question& question) {
  if (question.row.read_us > known_to_us_) {
    ++report_->not_yet_known;
    return;
  }
  if (report_->rows == 0) report_->first_read_us = report_->last_read_us = question.row.read_us;
  report_->first_read_us = std::min(report_->first_read_us, question.row.read_us);
  report_->last_read_us = std::max(report_->last_read_us, question.row.read_us);
  ++report_->rows;
  Difference difference{};
  if (!CompareViews(question, &difference) || !CompareValues(question, &difference))
    return Report(question, difference);
  if (of_lost_write_) ++report_->lost_write_rows;
}

}  // namespace

std::string_view DifferenceCauseName(DifferenceCause cause) {
  switch (cause) {
    case DifferenceCause::kSequence:
      return "rests on another record";
    case DifferenceCause::kValue:
      return "same record, other bits";
    case DifferenceCause::kStatus:
      return "other status";
    case DifferenceCause::kMissingHistory:
      return "the log ends before the record";
    case DifferenceCause::kUnknownFeature:
      return "the definition lacks it";
    case DifferenceCause::kDefinedAnew:
      return "the view was of other records then";
  }
  return "unknown";
}

Result<AuditReport> Audit(FileSystem& files, const Definition& definition,
                          const std::string& served_directory, const JoinOptions& options) {
  SKEWLESS_ASSIGN_OR_RETURN(const KernelSet kernels, CompileKernels(definition));
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, ServedLogReader::Open(files, served_directory));
  AuditReport report;
  Auditor auditor(definition, kernels, &report);
  for (;;) {
    ServedRow row;
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&row));
    if (more) SKEWLESS_RETURN_IF_ERROR(auditor.Ask(std::move(row)));
    if (!more || auditor.size() >= kRowsAPass)
      SKEWLESS_RETURN_IF_ERROR(auditor.Compare(files, options));
    if (!more) return report;
  }
}

}  // namespace skewless
