#include "training/record_layout.h"

#include <bit>

namespace skewless {
RecordLayout::RecordLayout(const ViewKernel& kernel, bool keep_sequence)
    : types_(kernel.argument_types()),
      filters_(kernel.filter_count()),
      keep_sequence_(keep_sequence) {
  for (const Type type : types_) has_texts_ |= PhysicalOf(type) == Physical::kBytes;
  const size_t bits = types_.size() + filters_;
  bits_in_head_ = !has_texts_ && bits <= 32;
  arguments_at_ = kSequenceAt + (keep_sequence_ ? 8 : 0);
  bits_at_ = bits_in_head_ ? 4 : arguments_at_ + 8 * types_.size();
  fixed_bytes_ = arguments_at_ + 8 * types_.size() + (bits_in_head_ ? 0 : (bits + 63) / 64 * 8);
}

size_t RecordLayout::SizeOf(const ViewInput& input, size_t row) const {
  size_t size = fixed_bytes_;
  if (!has_texts_) return size;
  for (size_t i = 0; i < types_.size(); ++i) {
    if (PhysicalOf(types_[i]) == Physical::kBytes && input.arguments[i]->valid[row] != 0)
      size += input.arguments[i]->strings[row].size();
  }
  return size;
}

void RecordLayout::Write(const ViewInput& input, size_t row, uint32_t entity,
                         Timestamp available_us, size_t size, uint8_t* record) const {
  StoreLe<uint32_t>(record, entity);
  if (!bits_in_head_) StoreLe<uint32_t>(record + 4, static_cast<uint32_t>(size));
  StoreLe<int64_t>(record + kEventAt, input.event_us[row]);
  StoreLe<int64_t>(record + kAvailableAt, available_us);
  if (keep_sequence_) StoreLe<int64_t>(record + kSequenceAt, input.sequence[row]);
  uint64_t word = 0;
  size_t bit = 0;
  const auto add_bit = [&](bool set) {
    word |= static_cast<uint64_t>(set) << (bit % 64);
    if (++bit % 64 == 0) {
      StoreLe<uint64_t>(record + bits_at_ + (bit / 64 - 1) * 8, word);
      word = 0;
    }
  };
  size_t text_at = fixed_bytes_;
  for (size_t i = 0; i < types_.size(); ++i) {
    const Column& column = *input.arguments[i];
    const bool valid = column.valid[row] != 0;
    uint8_t* const slot = record + arguments_at_ + 8 * i;
    if (!valid) {
      StoreLe<uint64_t>(slot, 0);
    } else if (PhysicalOf(types_[i]) == Physical::kInt) {
      StoreLe<int64_t>(slot, column.ints[row]);
    } else if (PhysicalOf(types_[i]) == Physical::kDouble) {
      StoreLe<double>(slot, column.doubles[row]);
    } else {
      const std::string_view text = column.strings[row];
      StoreLe<uint32_t>(slot, static_cast<uint32_t>(text_at));
      StoreLe<uint32_t>(slot + 4, static_cast<uint32_t>(text.size()));
      if (!text.empty()) std::memcpy(record + text_at, text.data(), text.size());
      text_at += text.size();
    }
    add_bit(valid);
  }
  for (size_t i = 0; i < filters_; ++i) add_bit(input.filters[i][row] != 0);
  if (bits_in_head_) {
    StoreLe<uint32_t>(record + 4, static_cast<uint32_t>(word));
  } else if (bit % 64 != 0) {
    StoreLe<uint64_t>(record + bits_at_ + bit / 64 * 8, word);
  }
}

void RecordLayout::ReadArgument(std::span<const uint8_t* const> records, size_t argument,
                                Column* column) const {
  const size_t at = arguments_at_ + 8 * argument;
  const size_t rows = records.size();
  column->type = types_[argument];
  column->Resize(rows);
  for (size_t row = 0; row < rows; ++row) column->valid[row] = Bit(records[row], argument) ? 1 : 0;
  switch (column->physical()) {
    case Physical::kInt:
      for (size_t row = 0; row < rows; ++row)
        column->ints[row] = LoadLe<int64_t>(records[row] + at);
      break;
    case Physical::kDouble:
      for (size_t row = 0; row < rows; ++row)
        column->doubles[row] = LoadLe<double>(records[row] + at);
      break;
    case Physical::kBytes:
      for (size_t row = 0; row < rows; ++row) {
        const uint8_t* const slot = records[row] + at;
        column->strings[row] =
            AsText({records[row] + LoadLe<uint32_t>(slot), LoadLe<uint32_t>(slot + 4)});
      }
      break;
  }
}

void RecordLayout::Read(std::span<const uint8_t* const> records, Rows* rows) const {
  const size_t count = records.size();
  ViewInput& input = rows->input;
  input.rows = count;
  rows->event_us.resize(count);
  rows->available_us.resize(count);
  rows->sequence.resize(count);
  for (size_t row = 0; row < count; ++row) {
    rows->event_us[row] = LoadLe<int64_t>(records[row] + kEventAt);
    rows->available_us[row] = LoadLe<int64_t>(records[row] + kAvailableAt);
    rows->sequence[row] = keep_sequence_ ? LoadLe<int64_t>(records[row] + kSequenceAt)
                                         : static_cast<Sequence>(row) + 1;
  }
  input.owned_arguments.resize(types_.size());
  input.arguments.clear();
  for (size_t i = 0; i < types_.size(); ++i) {
    ReadArgument(records, i, &input.owned_arguments[i]);
    input.arguments.push_back(&input.owned_arguments[i]);
  }
  input.owned_filters.resize(filters_);
  input.filters.clear();
  for (size_t i = 0; i < filters_; ++i) {
    input.owned_filters[i].resize(count);
    for (size_t row = 0; row < count; ++row)
      input.owned_filters[i][row] = Bit(records[row], types_.size() + i) ? 1 : 0;
    input.filters.push_back(input.owned_filters[i].data());
  }
  input.selected.assign(count, 1);
  input.sequence = rows->sequence.data();
  input.event_us = rows->event_us.data();
  input.available_us = rows->available_us.data();
}

}  // namespace skewless
