// A feature's value as a field of a Redis hash, and back to the bit: docs/formats/redis-values.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/value.h"

namespace skewless::redis {

// Not for null: that is a field that isn't there.
void AppendValueText(const ValueView& value, std::string* out);
Result<Value> ParseValueText(std::string_view text, Type type);

}  // namespace skewless::redis
