// A row of finished values as Redis holds it: a hash of features' names and values in plain text,
// and, with a colon before their names, what the row says of itself. docs/formats/redis-values.md
// is the specification.
#pragma once

#include <string>
#include <vector>

#include "online/redis/redis_store.h"
#include "online/redis/reply.h"
#include "online/remote_rows.h"

namespace skewless::redis {

inline constexpr std::string_view kValuesFormat = "1";

// What the script is given of a row: what it compares, and then the hash's other fields, name and
// value in turn.
struct ValuesRow {
  std::string sequence, computed_us, layout, writer;
  std::vector<std::string> fields;
};
// `row.state` is a vector (docs/formats/vector.md) of the view's outputs.
void MakeValuesRow(const ValuesView& view, uint64_t layout, const RowWrite& row, ValuesRow* out);

// Stamps in text, "<sequence> <available> <computed>" each, separated by commas.
void AppendStampsText(std::span<const Stamp> stamps, std::string* out);
// False where it is no such text.
bool ParseStampsText(std::string_view text, std::vector<Stamp>* stamps);

struct DecodedValues {
  bool other_layout = false;  // then there is nothing else
  Stamp stamp;
  Bytes vector;
};
// `hash` is what HGETALL answers, and not empty. Verifies all of it: an Error where it is damaged,
// or of a newer version.
Result<DecodedValues> DecodeValuesRow(const ValuesView& view, uint64_t layout,
                                      const redisReply& hash);

// Of a row, for who compares: the answer of HMGET with kVersionFields.
inline constexpr std::string_view kVersionFields[] = {
    ":format", ":layout", ":sequence", ":computed_for", ":available", ":unlogged", ":records"};
Result<StoredRow> StoredValuesOf(const ValuesView& view, uint64_t layout, const redisReply& fields);

}  // namespace skewless::redis
