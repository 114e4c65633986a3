#include "training/audit_replay.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "kernel/service_kernel.h"
#include "training/history.h"
#include "training/join_passes.h"
#include "training/read_times.h"

namespace skewless {

Result<Bytes> AuditReplay::KeyOf(const ServedRow& row, int view) const {
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

void AuditReplay::AddLabel(int view, ByteView key, Timestamp t, uint32_t* label) {
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
  labels.keys.offsets.push_back(labels.keys.bytes.size());
  labels.keys.valid.push_back(key.empty() ? 0 : 1);
  labels.keys.hash.push_back(key.empty() ? 0 : HashKey(key));
  labels.time_us.push_back(t);
}

Status AuditReplay::Ask(ServedRow row) {
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

Status AuditReplay::Replay(FileSystem& files, const JoinOptions& options, JoinCounts* counts) {
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
  std::unordered_set<uint64_t> asked;  // rows, by a hash of theirs
  if (history.availability != nullptr) {
    for (const ViewLabels& labels : labels_) {
      for (const uint64_t hash : labels.keys.hash)
        asked.insert(hash + static_cast<uint64_t>(labels.view));
    }
    history.availability->stamps().KeepLost(
        [&asked](uint32_t view, ByteView key) { return asked.contains(HashKey(key) + view); });
  }
  JoinOptions with_total = options;
  UseAvailability(history, &with_total);
  with_total.expected_records = history.expected_records;
  const HistoryStream noting_last = [&](Batch* batch) -> Result<bool> {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, history.next(batch));
    if (more && batch->rows() > 0)
      last_sequence_ = std::max(last_sequence_, batch->sequence.back());
    return more;
  };
  *counts = {};
  SKEWLESS_ASSIGN_OR_RETURN(
      answers_, JoinHistory(kernels_, noting_last, labels_, outputs, with_total, counts));
  if (history.availability != nullptr) {
    // Finished values may be lost that rest on records which all are known.
    SKEWLESS_RETURN_IF_ERROR(history.availability->stamps().ReadToEnd());
    for (const Availability::Lost& lost : history.availability->stamps().lost())
      lost_[{lost.view, lost.key}].push_back(lost);
  }
  return {};
}

bool AuditReplay::MayBeOfLostWrite(const Question& question, size_t read) const {
  const int view = question.view[read];
  const auto& labels = labels_[static_cast<size_t>(labels_of_view_[static_cast<size_t>(view)])];
  const ByteView key = labels.keys.key(question.label[read]);
  const auto found = lost_.find({static_cast<uint32_t>(view), Bytes(key.begin(), key.end())});
  if (found == lost_.end()) return false;
  const Sequence served = question.row.views[read].sequence;
  const Timestamp at = question.row.read_us;
  // A state is the same for as long as its records are; finished values are not.
  const Sequence replayed = SequenceOf(question, read);
  return std::any_of(found->second.begin(), found->second.end(), [&](const auto& lost) {
    return lost.from_us <= at && at < lost.until_us && served <= lost.sequence &&
           (replayed < served || (lost.values && replayed == served));
  });
}

void AuditReplay::Clear() {
  questions_.clear();
  labels_.clear();
  labels_of_view_.clear();
  answers_.clear();
  lost_.clear();
}

int AuditReplay::LabelOf(const Question& question, int view) const {
  for (size_t i = 0; i < question.view.size(); ++i) {
    if (question.view[i] == view) return static_cast<int>(question.label[i]);
  }
  return -1;
}

std::optional<Value> AuditReplay::DerivedOf(const Question& question, int service,
                                            const std::string& name) {
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
    return std::nullopt;
  }
  const auto& derived = kernel.Evaluate(request_columns, feature, 1, scratch_);
  for (size_t i = 0; i < definition.derived.size(); ++i) {
    if (definition.derived[i].name == name) return Value::Of(ValueAt(derived[i], 0));
  }
  return std::nullopt;
}

std::optional<Value> AuditReplay::ValueOf(const Question& question, const std::string& output) {
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
  if (service >= 0) return DerivedOf(question, service, name);
  return std::nullopt;
}

}  // namespace skewless
