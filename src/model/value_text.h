// Values as text: what CSV, command lines and JSON responses hold.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/schema.h"
#include "model/value.h"

namespace skewless {

// `text` as a value of `type`. It is never null: whether an empty field is one is for the caller to
// say. The error says what was expected and what was found, but not where.
//   bool        true, false (in any case), 1, 0
//   int32, ...  decimal
//   float32, .. decimal, nan, inf
//   string      the text itself
//   bytes       base64
//   timestamp   RFC 3339, or by `unit` a number
//   lists       a JSON array: [1, null, 2], ["a", "b"]
Result<Value> ParseValue(std::string_view text, Type type,
                         TimestampUnit unit = TimestampUnit::kText);

// A number of `unit`s (kText: microseconds) as a time. Nanoseconds are floored to microseconds.
Result<Timestamp> TimestampFromNumber(int64_t number, TimestampUnit unit);
// The same of text, which may have a fraction: "1700000000.25". Digits below the microsecond are
// dropped towards the past.
Result<Timestamp> ParseTimestampNumber(std::string_view text, TimestampUnit unit);

// Integers bare, doubles with a point or an exponent (NaN and infinities are null), bytes in
// base64, timestamps as RFC 3339 strings, lists as arrays.
void AppendJsonValue(std::string& out, const ValueView& value);
// The same, but for floats that JSON does not have, which are NaN, Infinity and -Infinity, as
// Python's json reads and writes them: ParseValue has any value back.
void AppendListText(std::string& out, const ValueView& list);

}  // namespace skewless
