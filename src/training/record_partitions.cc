#include "training/record_partitions.h"

namespace skewless {

RecordLayout::RecordLayout(const ViewKernel& kernel)
    : types_(kernel.argument_types()), filters_(kernel.filter_count()) {
  constexpr size_t kHead = 32;
  bits_at_ = kHead + 8 * types_.size();
  fixed_bytes_ = bits_at_ + (types_.size() + filters_ + 63) / 64 * 8;
  for (const Type type : types_) has_strings_ |= PhysicalOf(type) == Physical::kBytes;
}

void RecordLayout::Append(const ViewInput& input, size_t row, uint32_t entity,
                          Timestamp available_us, Bytes* out) const {
  const size_t start = out->size();
  out->resize(start + fixed_bytes_);
  uint8_t* record = out->data() + start;
  StoreLe<uint32_t>(record, entity);
  StoreLe<uint32_t>(record + 4, 0);
  StoreLe<int64_t>(record + 8, input.sequence[row]);
  StoreLe<int64_t>(record + 16, input.event_us[row]);
  StoreLe<int64_t>(record + 24, available_us);
  uint64_t word = 0;
  size_t bit = 0;
  const auto add_bit = [&](bool set) {
    word |= static_cast<uint64_t>(set) << (bit % 64);
    if (++bit % 64 == 0) {
      StoreLe<uint64_t>(record + bits_at_ + (bit / 64 - 1) * 8, word);
      word = 0;
    }
  };
  for (size_t i = 0; i < types_.size(); ++i) {
    const Column& column = *input.arguments[i];
    uint8_t* slot = record + 32 + 8 * i;
    switch (PhysicalOf(types_[i])) {
      case Physical::kInt:
        StoreLe<int64_t>(slot, column.ints[row]);
        break;
      case Physical::kDouble:
        StoreLe<double>(slot, column.doubles[row]);
        break;
      case Physical::kBytes:
        StoreLe<uint64_t>(slot, 0);
        break;
    }
    add_bit(column.valid[row] != 0);
  }
  for (size_t i = 0; i < filters_; ++i) add_bit(input.filters[i][row] != 0);
  if (bit % 64 != 0) StoreLe<uint64_t>(record + bits_at_ + bit / 64 * 8, word);
  if (!has_strings_) return;
  for (size_t i = 0; i < types_.size(); ++i) {
    if (PhysicalOf(types_[i]) != Physical::kBytes || input.arguments[i]->valid[row] == 0) continue;
    const std::string_view text = input.arguments[i]->strings[row];
    const auto offset = static_cast<uint32_t>(out->size() - start);
    PutRaw(*out, AsBytes(text));
    record = out->data() + start;  // the buffer may have moved
    StoreLe<uint32_t>(record + 32 + 8 * i, offset);
    StoreLe<uint32_t>(record + 36 + 8 * i, static_cast<uint32_t>(text.size()));
  }
  StoreLe<uint32_t>(out->data() + start + 4,
                    static_cast<uint32_t>(out->size() - start - fixed_bytes_));
}

void RecordLayout::InitRows(Rows* rows) const {
  rows->input.owned_arguments.resize(types_.size());
  for (size_t i = 0; i < types_.size(); ++i) rows->input.owned_arguments[i].type = types_[i];
  rows->input.owned_filters.resize(filters_);
}

void RecordLayout::ClearRows(Rows* rows) const {
  for (size_t i = 0; i < types_.size(); ++i) {
    rows->input.owned_arguments[i].Clear();
    rows->input.owned_arguments[i].type = types_[i];
  }
  for (auto& filter : rows->input.owned_filters) filter.clear();
  rows->sequence.clear();
  rows->event_us.clear();
  rows->available_us.clear();
}

void RecordLayout::AddRow(const uint8_t* record, Rows* rows) const {
  rows->sequence.push_back(LoadLe<int64_t>(record + 8));
  rows->event_us.push_back(LoadLe<int64_t>(record + 16));
  rows->available_us.push_back(LoadLe<int64_t>(record + 24));
  const auto bit = [&](size_t at) {
    return static_cast<uint8_t>((record[bits_at_ + at / 8] >> (at % 8)) & 1);
  };
  for (size_t i = 0; i < types_.size(); ++i) {
    Column& column = rows->input.owned_arguments[i];
    const uint8_t* slot = record + 32 + 8 * i;
    switch (PhysicalOf(types_[i])) {
      case Physical::kInt:
        column.ints.push_back(LoadLe<int64_t>(slot));
        break;
      case Physical::kDouble:
        column.doubles.push_back(LoadLe<double>(slot));
        break;
      case Physical::kBytes: {
        const uint8_t* text = record + LoadLe<uint32_t>(slot);
        column.strings.push_back(AsText({text, LoadLe<uint32_t>(slot + 4)}));
        break;
      }
    }
    column.valid.push_back(bit(i));
  }
  for (size_t i = 0; i < filters_; ++i)
    rows->input.owned_filters[i].push_back(bit(types_.size() + i));
}

void RecordLayout::FinishRows(Rows* rows) const {
  ViewInput& input = rows->input;
  input.rows = rows->sequence.size();
  input.selected.assign(input.rows, 1);
  input.arguments.clear();
  for (const Column& column : input.owned_arguments) input.arguments.push_back(&column);
  input.filters.clear();
  for (const auto& filter : input.owned_filters) input.filters.push_back(filter.data());
  input.sequence = rows->sequence.data();
  input.event_us = rows->event_us.data();
  input.available_us = rows->available_us.data();
}

RecordPartitions::RecordPartitions(size_t partitions, std::string spill_path)
    : buffers_(partitions), extents_(partitions), spill_path_(std::move(spill_path)) {}

RecordPartitions::~RecordPartitions() {
  // Scratch of this process: nobody reads it after us.
  if (spill_ || spilled_) static_cast<void>(SystemFiles().Remove(spill_path_));
}

int64_t RecordPartitions::bytes_in_memory() const {
  int64_t bytes = 0;
  for (const Bytes& buffer : buffers_) bytes += static_cast<int64_t>(buffer.capacity());
  return bytes;
}

Status RecordPartitions::Spill() {
  if (!spill_) {
    SKEWLESS_RETURN_IF_ERROR(SystemFiles().CreateDirectories(std::string(ParentPath(spill_path_))));
    SKEWLESS_ASSIGN_OR_RETURN(spill_, SystemFiles().Create(spill_path_));
  }
  for (size_t i = 0; i < buffers_.size(); ++i) {
    if (buffers_[i].empty()) continue;
    extents_[i].push_back({spill_->size(), buffers_[i].size()});
    SKEWLESS_RETURN_IF_ERROR(spill_->Append(buffers_[i]));
    spilled_bytes_ += static_cast<int64_t>(buffers_[i].size());
    Bytes().swap(buffers_[i]);
  }
  return {};
}

Status RecordPartitions::FinishSpilling() {
  if (!spill_) return {};
  spill_.reset();
  SKEWLESS_ASSIGN_OR_RETURN(spilled_, SystemFiles().OpenRead(spill_path_));
  return {};
}

Result<Bytes> RecordPartitions::Load(size_t partition) {
  if (extents_[partition].empty()) return std::move(buffers_[partition]);
  Bytes all;
  for (const Extent& extent : extents_[partition]) {
    const size_t at = all.size();
    all.resize(at + extent.size);
    SKEWLESS_ASSIGN_OR_RETURN(
        const size_t read, spilled_->Read(extent.offset, std::span(all).subspan(at, extent.size)));
    if (read != extent.size) {
      return Fail(ErrorCode::kCorrupt, spill_path_ + ": the spill file ends early, at offset " +
                                           std::to_string(extent.offset + read));
    }
  }
  PutRaw(all, buffers_[partition]);
  return all;
}

}  // namespace skewless
