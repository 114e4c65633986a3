#include "training/answer_sheet.h"

#include <algorithm>
#include <thread>

namespace skewless {
namespace {

// So that a row of zeros is NOT_FOUND.
constexpr auto kStatusMask = static_cast<uint8_t>(RowStatus::kNotFound);
constexpr uint32_t kProvenanceBytes = 16;

}  // namespace

AnswerSheet::AnswerSheet(const FeatureViewDefinition& view, const std::vector<int>& outputs,
                         bool provenance, uint32_t positions)
    : view_(view), provenance_(provenance) {
  auto at = static_cast<uint32_t>((8 + outputs.size() + 63) / 64 * 8);
  provenance_at_ = at;
  if (provenance_) at += kProvenanceBytes;
  for (const int output : outputs) {
    const Physical physical = PhysicalOf(view.output_type(static_cast<size_t>(output)));
    slots_.push_back({output, physical, at});
    at += physical == Physical::kBytes ? 16 : 8;
  }
  row_bytes_ = at;
  rows_.resize(row_bytes_ * positions);
}

void AnswerSheet::Write(uint32_t position, const FeatureVector& vector, StringArena* strings) {
  uint8_t* const row = rows_.data() + row_bytes_ * position;
  row[0] = static_cast<uint8_t>(vector.status) ^ kStatusMask;
  if (provenance_) {
    StoreLe(row + provenance_at_, vector.sequence);
    StoreLe(row + provenance_at_ + 8, vector.newest_event_us);
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const ValueView& value = vector.values[static_cast<size_t>(slot.output)];
    if (!value.valid) continue;
    row[1 + i / 8] |= static_cast<uint8_t>(1U << (i % 8));
    switch (slot.physical) {
      case Physical::kInt:
        StoreLe(row + slot.at, value.int_value);
        break;
      case Physical::kDouble:
        StoreLe(row + slot.at, value.double_value);
        break;
      case Physical::kBytes:
        StoreLe(row + slot.at, strings->Add(value.bytes));
        break;
    }
  }
}

void AnswerSheet::FinishRows(std::span<const uint32_t> position_of, size_t begin, size_t end,
                             ViewAnswers* answers) const {
  constexpr size_t kAhead = 16;
  constexpr size_t kCacheLine = 64;
  for (size_t label = begin; label < end; ++label) {
    if (label + kAhead < end && position_of[label + kAhead] != LabelIndex::kNoPosition) {
      const uint8_t* const ahead = rows_.data() + row_bytes_ * position_of[label + kAhead];
      for (size_t at = 0; at < row_bytes_; at += kCacheLine) skewless::Prefetch(ahead + at);
    }
    if (position_of[label] == LabelIndex::kNoPosition) continue;
    const uint8_t* const row = rows_.data() + row_bytes_ * position_of[label];
    answers->status[label] = row[0] ^ kStatusMask;
    if (provenance_ && row[0] != 0) {
      answers->sequence[label] = LoadLe<Sequence>(row + provenance_at_);
      answers->newest_event_us[label] = LoadLe<Timestamp>(row + provenance_at_ + 8);
    }
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (((row[1 + i / 8] >> (i % 8)) & 1) == 0) continue;
      const Slot& slot = slots_[i];
      Column& column = answers->outputs[static_cast<size_t>(slot.output)];
      column.valid[label] = 1;
      switch (slot.physical) {
        case Physical::kInt:
          column.ints[label] = LoadLe<int64_t>(row + slot.at);
          break;
        case Physical::kDouble:
          column.doubles[label] = LoadLe<double>(row + slot.at);
          break;
        case Physical::kBytes:
          column.strings[label] = LoadLe<std::string_view>(row + slot.at);
          break;
      }
    }
  }
}

void AnswerSheet::Finish(std::span<const uint32_t> position_of, int threads,
                         ViewAnswers* answers) const {
  const size_t rows = position_of.size();
  answers->outputs.resize(view_.output_count());
  for (size_t i = 0; i < view_.output_count(); ++i) answers->outputs[i].type = view_.output_type(i);
  for (const Slot& slot : slots_) answers->outputs[static_cast<size_t>(slot.output)].Resize(rows);
  answers->status.assign(rows, static_cast<uint8_t>(RowStatus::kNotFound));
  if (provenance_) {
    answers->sequence.assign(rows, 0);
    answers->newest_event_us.assign(rows, 0);
  }
  const size_t share = rows / static_cast<size_t>(threads) + 1;
  std::vector<std::thread> others;
  for (size_t begin = share; begin < rows; begin += share) {
    others.emplace_back([this, position_of, begin, end = std::min(rows, begin + share), answers] {
      FinishRows(position_of, begin, end, answers);
    });
  }
  FinishRows(position_of, 0, std::min(rows, share), answers);
  for (std::thread& other : others) other.join();
}

}  // namespace skewless
