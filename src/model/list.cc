#include "model/list.h"

#include <cmath>
#include <limits>

#include "base/check.h"

namespace skewless {

void ListBuilder::Add(const ValueView& element) {
  ++count_;
  PutLe<uint8_t>(bytes_, element.valid ? 1 : 0);
  if (!element.valid) return;
  SKEWLESS_DCHECK(PhysicalOf(element.type) == PhysicalOf(element_));
  switch (PhysicalOf(element_)) {
    case Physical::kInt:
      PutLe<int64_t>(bytes_, element.int_value);
      return;
    case Physical::kDouble: {
      // All NaNs are one value, and lists are compared as bytes.
      const double number = element.double_value;
      PutLe<double>(bytes_, std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number);
      return;
    }
    case Physical::kBytes:
      SKEWLESS_CHECK(element.bytes.size() <= std::numeric_limits<uint32_t>::max());
      PutLe<uint32_t>(bytes_, static_cast<uint32_t>(element.bytes.size()));
      PutRaw(bytes_, AsBytes(element.bytes));
      return;
  }
}

std::string_view ListBuilder::Finish() {
  StoreLe<uint32_t>(bytes_.data(), count_);
  return AsText(bytes_);
}

void ListBuilder::Clear() {
  bytes_.resize(sizeof(uint32_t));
  count_ = 0;
}

bool DecodeList(TypeKind element, std::string_view encoded, std::vector<ValueView>* out) {
  out->clear();
  const Type type{element, false};
  const Physical physical = PhysicalOf(type);
  ByteReader reader(AsBytes(encoded));
  const auto count = reader.Get<uint32_t>();
  // Every element has a byte at least, so a wrong count can't ask for more memory than that.
  if (count > reader.remaining()) return false;
  out->reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    ValueView value;
    value.type = type;
    const auto valid = reader.Get<uint8_t>();
    if (valid > 1) return false;
    value.valid = valid == 1;
    if (value.valid) {
      switch (physical) {
        case Physical::kInt:
          value.int_value = reader.Get<int64_t>();
          break;
        case Physical::kDouble:
          value.double_value = reader.Get<double>();
          break;
        case Physical::kBytes:
          value.bytes = AsText(reader.GetRaw(reader.Get<uint32_t>()));
          break;
      }
    }
    if (!reader.ok()) return false;
    out->push_back(value);
  }
  return reader.ok() && reader.remaining() == 0;
}

uint32_t ListLength(std::string_view encoded) {
  if (encoded.size() < sizeof(uint32_t)) return 0;
  return LoadLe<uint32_t>(AsBytes(encoded).data());
}

}  // namespace skewless
