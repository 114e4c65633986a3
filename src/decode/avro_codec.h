// The codecs of Avro's container files. A block that becomes longer than kMaxAvroBlockBytes is
// taken for damage.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skewless {

inline constexpr size_t kMaxAvroBlockBytes = 256 << 20;

// Each replaces `out`; false where the block is damaged, and `what` says how.
bool InflateBlock(std::string_view block, std::string* out, std::string* what);
bool UnsnapBlock(std::string_view block, std::string* out, std::string* what);
bool DecompressZstandardBlock(std::string_view block, std::string* out, std::string* what);

}  // namespace skewless
