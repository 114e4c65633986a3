// The encoding of a list value, the same in memory, in the log and in an entity's state:
//   u32 count, then for each element: u8 valid, then (valid elements only) its value: 8 bytes
//   little-endian for kInt and kDouble, u32 length + bytes for kBytes.
// Lists of lists do not exist.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "model/value.h"

namespace skewless {

class ListBuilder {
 public:
  explicit ListBuilder(TypeKind element) : element_{element, false} { PutLe<uint32_t>(bytes_, 0); }
  void Add(const ValueView& element);
  std::string_view Finish();  // valid until the builder is changed
  void Clear();

 private:
  Type element_;
  Bytes bytes_;
  uint32_t count_ = 0;
};

// Elements of an encoding made by ListBuilder. False where the bytes are malformed.
bool DecodeList(TypeKind element, std::string_view encoded, std::vector<ValueView>* out);
uint32_t ListLength(std::string_view encoded);

}  // namespace skewless
