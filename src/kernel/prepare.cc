// ViewKernel::Prepare: the view's programs over a batch, each distinct one once.
#include "kernel/kernel_plan.h"
#include "kernel/view_kernel.h"

namespace skewless {
namespace {

bool IsColumnOf(const Batch& batch, const Column& column) {
  const Column* const begin = batch.columns.data();
  const std::less<const Column*> before;
  return !before(&column, begin) && before(&column, begin + batch.columns.size());
}

// An evaluation's result lives until the next one: what is not the batch's own is kept.
const Column* Keep(const Batch& batch, const Column& result, Column* own, StringArena* strings) {
  if (IsColumnOf(batch, result)) return &result;
  *own = result;
  for (std::string_view& text : own->strings) text = strings->Add(text);
  return own;
}

// 1 where a condition is true; null is not.
void KeepCondition(const Column& result, size_t rows, uint8_t* out) {
  for (size_t i = 0; i < rows; ++i) {
    out[i] = result.valid[i] & static_cast<uint8_t>(result.ints[i] != 0 ? 1 : 0);
  }
}

}  // namespace

void ViewKernel::Prepare(const Batch& batch, EvaluationScratch& scratch, ViewInput* input) const {
  const KernelPlan& plan = *plan_;
  const size_t rows = batch.rows();
  SKEWLESS_CHECK(batch.columns.size() == plan.schema_columns);
  std::vector<const Column*>& columns = input->columns;
  columns.clear();
  for (const Column& column : batch.columns) columns.push_back(&column);

  input->rows = rows;
  input->sequence = batch.sequence.data();
  input->event_us = batch.event_us.data();
  input->available_us = batch.available_us.data();
  input->owned_strings.Clear();

  input->arguments.resize(plan.arguments.size());
  input->owned_arguments.resize(plan.arguments.size());
  for (size_t i = 0; i < plan.arguments.size(); ++i) {
    const Column& result = plan.arguments[i]->Evaluate(columns, rows, scratch);
    input->arguments[i] = Keep(batch, result, &input->owned_arguments[i], &input->owned_strings);
  }
  input->filters.resize(plan.filters.size());
  input->owned_filters.resize(plan.filters.size());
  for (size_t i = 0; i < plan.filters.size(); ++i) {
    input->owned_filters[i].resize(rows);
    KeepCondition(plan.filters[i]->Evaluate(columns, rows, scratch), rows,
                  input->owned_filters[i].data());
    input->filters[i] = input->owned_filters[i].data();
  }
  Select(batch, scratch, input);
}

void ViewKernel::Select(const Batch& batch, EvaluationScratch& scratch, ViewInput* input) const {
  const FeatureViewDefinition& definition = *plan_->view;
  const size_t rows = batch.rows();
  std::vector<uint8_t>& selected = input->selected;
  selected.assign(rows, 1);
  if (definition.where_program != nullptr) {
    KeepCondition(definition.where_program->Evaluate(input->columns, rows, scratch), rows,
                  selected.data());
  }
  std::vector<const Column*>& keys = input->key_columns;
  keys.clear();
  for (const int column : definition.key_columns) {
    keys.push_back(&batch.columns[static_cast<size_t>(column)]);
  }
  EncodeKeys(keys, rows, &input->keys);
  for (size_t i = 0; i < rows; ++i) selected[i] &= input->keys.valid[i];
  if (batch.applied.empty()) return;
  for (size_t i = 0; i < rows; ++i) selected[i] &= batch.applied[i];
}

}  // namespace skewless
