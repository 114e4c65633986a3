// A history record on its way to the sweep: packed, so that a partition is one stream of bytes.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "kernel/view_kernel.h"

namespace skewless {

// A record: u32 entity, u32 size; i64 event, i64 available; i64 sequence where it is kept; 8 bytes
// an argument (texts: u32 offset, u32 length behind the record); a bit an argument (valid) and a
// bit a filter (true), in whole 8 bytes; then the texts. Where nothing but the bits could make
// sizes differ and 32 are enough, they stand in place of the size.
class RecordLayout {
 public:
  RecordLayout(const ViewKernel& kernel, bool keep_sequence);

  // Room for a record of this row.
  size_t SizeOf(const ViewInput& input, size_t row) const;
  void Write(const ViewInput& input, size_t row, uint32_t entity, Timestamp available_us,
             size_t size, uint8_t* record) const;

  static uint32_t EntityOf(const uint8_t* record) { return LoadLe<uint32_t>(record); }
  static Timestamp EventOf(const uint8_t* record) { return LoadLe<int64_t>(record + kEventAt); }
  size_t SizeOf(const uint8_t* record) const {
    return bits_in_head_ ? fixed_bytes_ : LoadLe<uint32_t>(record + 4);
  }

  // Records of one entity as the kernel wants them.
  struct Rows {
    ViewInput input;
    std::vector<Sequence> sequence;
    std::vector<Timestamp> event_us, available_us;
  };
  // `records`: in sequence order; where no sequence is kept they are numbered from 1. Texts stay
  // where they are.
  void Read(std::span<const uint8_t* const> records, Rows* rows) const;

 private:
  static constexpr size_t kEventAt = 8, kAvailableAt = 16, kSequenceAt = 24;
  void ReadArgument(std::span<const uint8_t* const> records, size_t argument, Column* column) const;
  bool Bit(const uint8_t* record, size_t bit) const {
    return ((record[bits_at_ + bit / 8] >> (bit % 8)) & 1) != 0;
  }

  std::vector<Type> types_;
  size_t filters_ = 0;
  bool keep_sequence_ = true;
  bool has_texts_ = false;
  bool bits_in_head_ = false;
  size_t arguments_at_ = 0;
  size_t bits_at_ = 0;
  size_t fixed_bytes_ = 0;
};

}  // namespace skewless
