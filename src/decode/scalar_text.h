// Text to values of the physical shapes: what CSV fields and JSON scalars have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/schema.h"

namespace skewless {

enum class Parsed : uint8_t {
  kOk,
  kMalformed,   // not of this type at all
  kOutOfRange,  // of this type, but too large or too small for it
  kNotUtf8,     // bytes where text belongs
};

// The whole text must be the value; none of these trims blanks.
Parsed DecodeInt64(std::string_view text, int64_t* value);
Parsed DecodeInt32(std::string_view text, int64_t* value);
// Decimal, with or without an exponent; "nan" and "inf" in any case. Too large is kOutOfRange, too
// small rounds to zero.
Parsed DecodeDouble(std::string_view text, double* value);
Parsed DecodeBool(std::string_view text, int64_t* value);  // true, false (in any case), 1, 0
Parsed CheckInt32(int64_t value);
// Rounds to the nearest float; a finite number that becomes infinite is kOutOfRange.
Parsed RoundToFloat(double* value);

// Counts of `unit` since the epoch to microseconds, rounded down.
Parsed ScaleTimestamp(int64_t count, TimestampUnit unit, Timestamp* value);
// The same from text, which may have a fraction and an exponent ("1357034400.25"); exact.
Parsed DecodeTimestampNumber(std::string_view text, TimestampUnit unit, Timestamp* value);
// RFC 3339, as base/time.h reads it; the usual form takes a short way.
Parsed DecodeTimestampText(std::string_view text, Timestamp* value);

// "float64", "timestamp[ms]", "timestamp (RFC 3339)": what a column wants, for people.
std::string ExpectedTypeName(const ColumnSpec& spec);
// "column 'price': expected float64, found \"abc\"" or "column 'n': 5000000000 is out of range for
// int32". `found` is as it stands in the file and is shortened.
std::string ValueReason(const ColumnSpec& spec, std::string_view found, Parsed problem);
// "field 'user.geo': expected an object, found 5", of a field that holds columns.
std::string RecordReason(std::string_view field, std::string_view expected, std::string_view found);

}  // namespace skewless
