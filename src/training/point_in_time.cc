#include "training/point_in_time.h"

#include "kernel/growing_state.h"
#include "training/history.h"
#include "training/read_times.h"

namespace skewless {
namespace {

struct WantedRow {
  int view = 0;
  Bytes key;
  bool has_key = false;
  Timestamp read_us = 0;
  Bytes state;
  ViewInput input;
};

Result<WantedRow> Want(const Definition& definition, int view,
                       const std::map<std::string, Value>& keys) {
  WantedRow wanted;
  wanted.view = view;
  const int entity = definition.views[static_cast<size_t>(view)].entity;
  std::vector<Value> values;
  for (const ColumnSpec& column : definition.entities[static_cast<size_t>(entity)].keys) {
    const auto found = keys.find(column.name);
    if (found == keys.end()) {
      return Fail(ErrorCode::kInvalid, "key '" + column.name + "' is missing",
                  "Give it, as in " + column.name + "=...");
    }
    if (!found->second.valid) return wanted;
    values.push_back(found->second);
  }
  SKEWLESS_ASSIGN_OR_RETURN(wanted.key, EncodeKey(values));
  wanted.has_key = true;
  return wanted;
}

bool IsRow(const WantedRow& wanted, const ViewInput& input, size_t row) {
  if (input.selected[row] == 0 || input.available_us[row] > wanted.read_us) return false;
  const ByteView key = input.keys.key(row);
  return key.size() == wanted.key.size() && std::equal(key.begin(), key.end(), wanted.key.begin());
}

void Fold(const ViewKernel& kernel, size_t row, WantedRow* wanted) {
  if (wanted->state.empty()) InitState(kernel, &wanted->state);
  FoldRow(kernel, wanted->input, row, &wanted->state);
}

// Of all views at once: the stamp log is read for it.
Status FindReadTimes(FileSystem& files, const Definition& definition, const KernelSet& kernels,
                     Timestamp t, std::vector<WantedRow>* wanted) {
  std::vector<ViewLabels> labels;
  for (WantedRow& one : *wanted) {
    one.read_us = t;
    if (!one.has_key) continue;
    ViewLabels& label = labels.emplace_back();
    label.view = one.view;
    label.keys.bytes = one.key;
    label.keys.offsets = {0, one.key.size()};
    label.keys.hash = {HashKey(one.key)};
    label.keys.valid = {1};
    label.time_us = {t};
  }
  SKEWLESS_RETURN_IF_ERROR(MoveToReadTimes(files, definition, kernels, labels));
  auto label = labels.begin();
  for (WantedRow& one : *wanted) {
    if (one.has_key) one.read_us = (label++)->time_us[0];
  }
  return {};
}

}  // namespace

Result<std::vector<StateAt>> StatesAt(FileSystem& files, const Definition& definition,
                                      const KernelSet& kernels, const std::vector<int>& views,
                                      const std::map<std::string, Value>& keys, Timestamp t) {
  std::vector<WantedRow> wanted;
  for (const int view : views) {
    SKEWLESS_ASSIGN_OR_RETURN(WantedRow one, Want(definition, view, keys));
    wanted.push_back(std::move(one));
  }
  SKEWLESS_RETURN_IF_ERROR(FindReadTimes(files, definition, kernels, t, &wanted));
  SKEWLESS_ASSIGN_OR_RETURN(History history,
                            OpenHistory(files, definition, HistoryKind::kLog, views));
  SKEWLESS_ASSIGN_OR_RETURN(const auto availability,
                            OpenAvailability(files, definition, kernels, StampTime::kComputed));
  Batch batch;
  EvaluationScratch scratch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, history.next(&batch));
    if (!more) break;
    // Availability never decreases along the log, by its own times.
    if (!availability && batch.rows() > 0 && batch.available_us.front() > t) break;
    if (availability) SKEWLESS_RETURN_IF_ERROR(availability->Advance(batch));
    for (WantedRow& one : wanted) {
      const ViewKernel& kernel = *kernels[static_cast<size_t>(one.view)];
      if (!one.has_key || kernel.view().source != static_cast<int>(batch.source)) continue;
      kernel.Prepare(batch, scratch, &one.input);
      if (availability) availability->Set(one.view, &one.input);
      for (size_t row = 0; row < batch.rows(); ++row) {
        if (IsRow(one, one.input, row)) Fold(kernel, row, &one);
      }
    }
  }
  std::vector<StateAt> states;
  for (WantedRow& one : wanted) {
    if (!one.state.empty()) one.state.resize(StateBytes(one.state).size());
    states.push_back({std::move(one.state), one.read_us});
  }
  return states;
}

}  // namespace skewless
