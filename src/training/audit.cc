#include "training/audit.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "kernel/service_kernel.h"
#include "log/served_log.h"
#include "training/history.h"
#include "training/join_passes.h"
#include "training/read_times.h"

namespace skewless {
namespace {

// Rows compared in one pass over the history: bounds the memory.
constexpr size_t kRowsAPass = 1 << 20;

// What the replay says to one served row.
struct Question {
  ServedRow row;
  std::vector<int> view;        // by row.views; -1: the definition lacks it
  std::vector<uint32_t> label;  // by row.views: where in the view's labels
};

class Auditor {
 public:
  Auditor(const Definition& definition, const KernelSet& kernels, AuditReport* report)
      : definition_(definition), kernels_(kernels), report_(report) {}

  Status Ask(ServedRow row);
  size_t size() const { return questions_.size(); }
  Status Compare(FileSystem& files, const JoinOptions& options);

 private:
  Result<Bytes> KeyOf(const ServedRow& row, int view) const;
  void AddLabel(int view, ByteView key, Timestamp t, uint32_t* label);
  Status Replay(FileSystem& files, const JoinOptions& options);
  void CompareRow(const Question& question);
  bool CompareViews(const Question& question, Difference* found) const;
  bool CompareValues(const Question& question, Difference* found);
  Value Replayed(const Question& question, const std::string& output, bool* known);
  Value ReplayedDerived(const Question& question, int service, const std::string& name,
                        bool* known);
  const ViewAnswers& AnswersOf(int view) const {
    return answers_[static_cast<size_t>(labels_of_view_[static_cast<size_t>(view)])];
  }
  int LabelOf(const Question& question, int view) const;
  void Report(const Question& question, Difference difference);

  const Definition& definition_;
  const KernelSet& kernels_;
  AuditReport* report_;
  std::vector<Question> questions_;
  std::vector<int> labels_of_view_;  // by view: index in labels_, -1: none
  std::vector<ViewLabels> labels_;
  std::vector<ViewAnswers> answers_;
  Sequence last_history_ = 0;
  Timestamp known_to_us_ = kMaxTimestamp;  // later reads may rest on stamps that are still to come
  EvaluationScratch scratch_;
};

Result<Bytes> Auditor::KeyOf(const ServedRow& row, int view) const {
  const int entity = definition_.views[static_cast<size_t>(view)].entity;
  std::vector<Value> values;
  for (const ColumnSpec& column : definition_.entities[static_cast<size_t>(entity)].keys) {
    const auto found = std::find_if(row.inputs.begin(), row.inputs.end(),
                                    [&](const auto& input) { return input.first == column.name; });
    if (found == row.inputs.end()) {
      return Fail(ErrorCode::kInvalid, "a served row of view '" +
                                           definition_.views[static_cast<size_t>(view)].name +
                                           "' has no key '" + column.name + "'");
    }
    if (!found->second.valid) return Bytes{};  // a null key: NOT_FOUND
    values.push_back(found->second);
  }
  return EncodeKey(values);
}

void Auditor::AddLabel(int view, ByteView key, Timestamp t, uint32_t* label) {
  labels_of_view_.resize(definition_.views.size(), -1);
  int& at = labels_of_view_[static_cast<size_t>(view)];
  if (at < 0) {
    at = static_cast<int>(labels_.size());
    labels_.emplace_back();
    labels_.back().view = view;
    labels_.back().keys.offsets.push_back(0);
  }
  ViewLabels& labels = labels_[static_cast<size_t>(at)];
  *label = static_cast<uint32_t>(labels.time_us.size());
  PutRaw(labels.keys.bytes, key);
  labels.keys.offsets.push_back(static_cast<uint32_t>(labels.keys.bytes.size()));
  labels.keys.valid.push_back(key.empty() ? 0 : 1);
  labels.keys.hash.push_back(key.empty() ? 0 : HashKey(key));
  labels.time_us.push_back(t);
}

Status Auditor::Ask(ServedRow row) {
  Question question;
  for (const ServedRow::ViewRead& read : row.views) {
    const int view = definition_.FindView(read.view);
    question.view.push_back(view);
    question.label.push_back(0);
    if (view < 0) continue;
    SKEWLESS_ASSIGN_OR_RETURN(const Bytes key, KeyOf(row, view));
    AddLabel(view, key, row.read_us, &question.label.back());
  }
  question.row = std::move(row);
  questions_.push_back(std::move(question));
  return {};
}

Status Auditor::Replay(FileSystem& files, const JoinOptions& options) {
  std::vector<int> views;
  std::vector<std::vector<int>> outputs;
  for (const ViewLabels& labels : labels_) {
    views.push_back(labels.view);
    outputs.emplace_back();
    const size_t count = definition_.views[static_cast<size_t>(labels.view)].output_count();
    for (size_t i = 0; i < count; ++i) outputs.back().push_back(static_cast<int>(i));
  }
  SKEWLESS_RETURN_IF_ERROR(MoveToReadTimes(files, definition_, kernels_, labels_));
  SKEWLESS_ASSIGN_OR_RETURN(History history,
                            OpenHistory(files, definition_, HistoryKind::kLog, views));
  SKEWLESS_ASSIGN_OR_RETURN(history.availability,
                            OpenAvailability(files, definition_, kernels_, StampTime::kComputed));
  JoinOptions with_total = options;
  UseAvailability(history, &with_total);
  with_total.expected_records = history.expected_records;
  const HistoryStream noting_last = [&](Batch* batch) -> Result<bool> {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, history.next(batch));
    if (more && batch->rows() > 0) last_history_ = std::max(last_history_, batch->sequence.back());
    return more;
  };
  report_->counts = {};
  SKEWLESS_ASSIGN_OR_RETURN(
      answers_, JoinHistory(kernels_, noting_last, labels_, outputs, with_total, &report_->counts));
  return {};
}

Status Auditor::Compare(FileSystem& files, const JoinOptions& options) {
  if (questions_.empty()) return {};
  // Before the log is read: whatever was readable by then is in it.
  SKEWLESS_ASSIGN_OR_RETURN(
      const auto known,
      ReadStampKnowledge(files, StampDirectory(definition_.ResolvePath(definition_.log_path))));
  known_to_us_ = known && !known->closed ? known->complete_us : kMaxTimestamp;
  SKEWLESS_RETURN_IF_ERROR(Replay(files, options));
  for (const Question& question : questions_) CompareRow(question);
  questions_.clear();
  labels_.clear();
  labels_of_view_.clear();
  answers_.clear();
  return {};
}

int Auditor::LabelOf(const Question& question, int view) const {
  for (size_t i = 0; i < question.view.size(); ++i) {
    if (question.view[i] == view) return static_cast<int>(question.label[i]);
  }
  return -1;
}

// What each view's read rested on. False, and the difference, where the replay rests on another.
bool Auditor::CompareViews(const Question& question, Difference* found) const {
  for (size_t i = 0; i < question.view.size(); ++i) {
    const ServedRow::ViewRead& served = question.row.views[i];
    found->output = served.view;
    found->served_sequence = served.sequence;
    if (question.view[i] < 0) {
      found->cause = DifferenceCause::kUnknownFeature;
      return false;
    }
    const ViewAnswers& answers = AnswersOf(question.view[i]);
    found->replayed_sequence = answers.sequence[question.label[i]];
    if (served.sequence > last_history_) {
      found->cause = DifferenceCause::kMissingHistory;
      return false;
    }
    if (served.sequence != found->replayed_sequence) {
      found->cause = DifferenceCause::kSequence;
      return false;
    }
    if (served.status != answers.status[question.label[i]]) {
      found->cause = DifferenceCause::kStatus;
      return false;
    }
  }
  return true;
}

Value Auditor::ReplayedDerived(const Question& question, int service, const std::string& name,
                               bool* known) {
  const FeatureServiceDefinition& definition = definition_.services[static_cast<size_t>(service)];
  std::vector<Column> request(definition.request.size());
  std::vector<const Column*> request_columns;
  for (size_t i = 0; i < request.size(); ++i) {
    request[i].type = definition.request[i].type;
    for (const auto& [input, value] : question.row.inputs) {
      if (input == definition.request[i].name) AppendValue(request[i], value.view());
    }
    if (request[i].size() == 0) request[i].AppendNull();
    request_columns.push_back(&request[i]);
  }
  std::deque<Column> features;
  const auto feature = [&](FeatureReference wanted) -> const Column* {
    const Column& all = AnswersOf(wanted.view).outputs[static_cast<size_t>(wanted.output)];
    features.emplace_back().type = all.type;
    AppendValue(features.back(), ValueAt(all, static_cast<size_t>(LabelOf(question, wanted.view))));
    return &features.back();
  };
  ServiceKernel kernel(definition);
  for (const FeatureReference& need : kernel.needed_features()) {
    // The service reads a view today that it did not read when it answered.
    if (LabelOf(question, need.view) >= 0) continue;
    *known = false;
    return {};
  }
  const auto& derived = kernel.Evaluate(request_columns, feature, 1, scratch_);
  for (size_t i = 0; i < definition.derived.size(); ++i) {
    if (definition.derived[i].name == name) return Value::Of(ValueAt(derived[i], 0));
  }
  *known = false;
  return {};
}

Value Auditor::Replayed(const Question& question, const std::string& output, bool* known) {
  *known = true;
  const size_t colon = output.find(':');
  const std::string owner = output.substr(0, colon);
  const std::string name = output.substr(colon + 1);
  const int view = definition_.FindView(owner);
  if (view >= 0 && owner != question.row.service) {
    const int index = definition_.views[static_cast<size_t>(view)].FindOutput(name);
    const int label = LabelOf(question, view);
    if (index >= 0 && label >= 0) {
      return Value::Of(
          ValueAt(AnswersOf(view).outputs[static_cast<size_t>(index)], static_cast<size_t>(label)));
    }
  }
  const int service = definition_.FindService(owner);
  if (service >= 0) return ReplayedDerived(question, service, name, known);
  *known = false;
  return {};
}

bool Auditor::CompareValues(const Question& question, Difference* found) {
  for (size_t i = 0; i < question.row.outputs.size(); ++i) {
    ++report_->values;
    bool known = false;
    const Value replayed = Replayed(question, question.row.outputs[i], &known);
    const Value& served = question.row.values[i];
    if (known && SameBits(served.view(), replayed.view())) continue;
    found->cause = known ? DifferenceCause::kValue : DifferenceCause::kUnknownFeature;
    found->output = question.row.outputs[i];
    found->served = FormatValue(served.view());
    found->replayed = known ? FormatValue(replayed.view()) : "no such feature";
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
    Report(question, difference);
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
