#include "training/sweep.h"

#include <algorithm>
#include <numeric>

#include "kernel/growing_state.h"

namespace skewless {

void PrepareAnswers(const FeatureViewDefinition& view, const ViewLabels& labels,
                    const std::vector<int>& outputs, ViewAnswers* answers) {
  const size_t rows = labels.time_us.size();
  answers->outputs.resize(view.output_count());
  for (size_t i = 0; i < view.output_count(); ++i) answers->outputs[i].type = view.output_type(i);
  for (const int output : outputs) answers->outputs[static_cast<size_t>(output)].Resize(rows);
  answers->status.assign(rows, static_cast<uint8_t>(RowStatus::kNotFound));
  answers->sequence.assign(rows, 0);
  answers->newest_event_us.assign(rows, 0);
}

Sweeper::Sweeper(const ViewKernel& kernel, const RecordLayout& layout, const LabelIndex& index,
                 AnswerSheet sheet, StringArena* strings)
    : kernel_(kernel), layout_(layout), index_(index), sheet_(sheet), strings_(strings) {
  layout_.InitRows(&rows_);
}

void Sweeper::SweepPartition(const Bytes& records, uint32_t first, uint32_t last) {
  // A counting sort keeps each entity's records in the order of the history.
  first_record_.assign(last - first + 1, 0);
  size_t count = 0;
  for (const uint8_t* at = records.data(); at != records.data() + records.size();
       at += layout_.SizeOf(at)) {
    ++first_record_[RecordLayout::EntityOf(at) - first + 1];
    ++count;
  }
  for (uint32_t i = 0; i < last - first; ++i) first_record_[i + 1] += first_record_[i];
  grouped_.resize(count);
  std::vector<uint32_t> next(first_record_.begin(), first_record_.end() - 1);
  for (const uint8_t* at = records.data(); at != records.data() + records.size();
       at += layout_.SizeOf(at)) {
    grouped_[next[RecordLayout::EntityOf(at) - first]++] = at;
  }
  for (uint32_t entity = first; entity < last; ++entity) {
    layout_.ClearRows(&rows_);
    for (uint32_t i = first_record_[entity - first]; i < first_record_[entity - first + 1]; ++i) {
      layout_.AddRow(grouped_[i], &rows_);
    }
    layout_.FinishRows(&rows_);
    SweepEntity(entity);
  }
}

void Sweeper::Restart() {
  InitState(kernel_, &state_);
  has_records_ = false;
}

void Sweeper::Fold(size_t row) {
  FoldRow(kernel_, rows_.input, row, &state_);
  has_records_ = true;
  ++folded_;
}

// S is the fold in sequence order of what is available: where a record became available after one
// of a greater sequence, what was folded so far is not a prefix of it.
void Sweeper::Refold(Timestamp t) {
  Restart();
  for (size_t row = 0; row < rows_.input.rows; ++row) {
    if (rows_.available_us[row] <= t) Fold(row);
  }
}

void Sweeper::SweepEntity(uint32_t entity) {
  const size_t rows = rows_.input.rows;
  Restart();
  const bool ordered = std::is_sorted(rows_.available_us.begin(), rows_.available_us.end());
  by_available_.resize(ordered ? 0 : rows);
  if (!ordered) {
    std::iota(by_available_.begin(), by_available_.end(), 0u);
    std::stable_sort(by_available_.begin(), by_available_.end(), [&](uint32_t a, uint32_t b) {
      return rows_.available_us[a] < rows_.available_us[b];
    });
  }
  size_t next = 0;
  Sequence greatest = 0;
  bool out_of_order = false;
  for (const uint32_t* label = index_.begin(entity); label != index_.end(entity); ++label) {
    const Timestamp t = sheet_.labels->time_us[*label];
    for (; next < rows; ++next) {
      const size_t row = ordered ? next : by_available_[next];
      if (rows_.available_us[row] > t) break;
      out_of_order |= rows_.sequence[row] < greatest;
      greatest = std::max(greatest, rows_.sequence[row]);
      if (!out_of_order) Fold(row);
    }
    if (out_of_order) {
      Refold(t);
      // From here on the state is a fold in sequence order again.
      out_of_order = false;
    }
    Answer(*label);
  }
}

void Sweeper::Answer(uint32_t label) {
  const ByteView state = has_records_ ? StateBytes(state_) : ByteView{};
  kernel_.Read(state, sheet_.labels->time_us[label], &vector_);
  ViewAnswers& answers = *sheet_.answers;
  answers.status[label] = static_cast<uint8_t>(vector_.status);
  answers.sequence[label] = vector_.sequence;
  answers.newest_event_us[label] = vector_.newest_event_us;
  for (const int output : *sheet_.outputs) {
    const ValueView& value = vector_.values[static_cast<size_t>(output)];
    if (!value.valid) continue;
    Column& column = answers.outputs[static_cast<size_t>(output)];
    column.valid[label] = 1;
    switch (column.physical()) {
      case Physical::kInt:
        column.ints[label] = value.int_value;
        break;
      case Physical::kDouble:
        column.doubles[label] = value.double_value;
        break;
      case Physical::kBytes:
        column.strings[label] = strings_->Add(value.bytes);
        break;
    }
  }
}

}  // namespace skewless
