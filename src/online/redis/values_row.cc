#include "online/redis/values_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "base/check.h"
#include "base/number_text.h"
#include "kernel/vector_encoding.h"
#include "online/redis/redis_row.h"
#include "online/redis/values_text.h"

namespace skewless::redis {
namespace {

constexpr std::string_view kPresent = "present";
constexpr std::string_view kOutsideMaxAge = "outside_max_age";

// What the row says of itself and the checksum covers, in this order.
enum Meta {
  kSequence,
  kComputedFor,
  kLayout,
  kRecords,
  kWriter,
  kNewestEvent,
  kStatus,
  kUnlogged,
  kMetas
};
constexpr std::array<std::string_view, kMetas> kMetaNames = {
    ":sequence", ":computed_for", ":layout", ":records",
    ":writer",   ":newest_event", ":status", ":unlogged"};
using MetaTexts = std::array<std::string_view, kMetas>;

// Of texts: what their values are follows from them.
class Checksum {
 public:
  void Add(std::string_view text) { PutLengthPrefixed(bytes_, text); }
  std::string Finish() const { return fmt::format("{:016x}", Hash64(bytes_)); }

 private:
  Bytes bytes_;
};

std::string ChecksumOf(const MetaTexts& meta, const ValuesView& view,
                       std::span<const std::string_view> values, std::span<const uint8_t> valid) {
  Checksum checksum;
  for (const std::string_view text : meta) checksum.Add(text);
  for (size_t i = 0; i < view.outputs.size(); ++i) {
    if (valid[i] == 0) continue;
    checksum.Add(view.outputs[i].name);
    checksum.Add(values[i]);
  }
  return checksum.Finish();
}

bool ParseStamp(std::string_view text, Stamp* stamp) {
  int64_t* const numbers[] = {&stamp->sequence, &stamp->available_us, &stamp->computed_us};
  for (size_t i = 0; i < 3; ++i) {
    const size_t space = i < 2 ? text.find(' ') : text.size();
    if (space == std::string_view::npos) return false;
    const auto number = ParseInt64(text.substr(0, space));
    if (!number) return false;
    *numbers[i] = *number;
    text.remove_prefix(std::min(text.size(), space + 1));
  }
  return stamp->sequence >= 0;
}

// A hash's fields by their names.
class Fields {
 public:
  // False where it is no answer of HGETALL.
  bool Take(const redisReply& hash, const ValuesView& view) {
    values.resize(view.outputs.size());
    valid.assign(view.outputs.size(), 0);
    if (hash.type != REDIS_REPLY_ARRAY || hash.elements % 2 != 0) return false;
    for (size_t i = 0; i < hash.elements; i += 2) {
      if (!IsText(*hash.element[i]) || !IsText(*hash.element[i + 1])) return false;
      TakeField(TextOf(*hash.element[i]), TextOf(*hash.element[i + 1]), view);
    }
    return true;
  }

  std::vector<std::string_view> values;  // by output
  std::vector<uint8_t> valid;
  MetaTexts meta;
  std::string_view format, checksum, available;
  bool unknown = false;  // a field that is no output and no word of ours

 private:
  void TakeField(std::string_view name, std::string_view value, const ValuesView& view) {
    if (name.starts_with(':')) return TakeMeta(name, value);
    const auto found = view.index.find(name);
    if (found == view.index.end()) {
      unknown = true;
      return;
    }
    values[found->second] = value;
    valid[found->second] = 1;
  }
  void TakeMeta(std::string_view name, std::string_view value) {
    if (name == ":format") format = value;
    if (name == ":checksum") checksum = value;
    if (name == ":available") available = value;
    for (size_t i = 0; i < kMetas; ++i) {
      if (name == kMetaNames[i]) meta[i] = value;
    }
  }
};

// Values whose texts outlive their use.
Status ParseValues(const ValuesView& view, const Fields& fields, std::deque<Value>* values,
                   FeatureVector* vector) {
  for (size_t i = 0; i < view.outputs.size(); ++i) {
    const Type type = view.outputs[i].type;
    if (fields.valid[i] == 0) {
      values->push_back(Value::Null(type));
    } else {
      auto value = ParseValueText(fields.values[i], type);
      if (!value) return DamagedRow("a value is none of its feature's type");
      values->push_back(std::move(*value));
    }
    vector->values.push_back(values->back().view());
  }
  return {};
}

std::string LayoutText(uint64_t layout) { return fmt::format("{:016x}", layout); }

bool IsLayoutText(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Status CheckFormat(std::string_view format) {
  if (format == kValuesFormat) return {};
  if (ParseInt64(format).value_or(0) > ParseInt64(kValuesFormat)) return NewerRow();
  return DamagedRow("it has no format");
}

}  // namespace

void AppendStampsText(std::span<const Stamp> stamps, std::string* out) {
  for (size_t i = 0; i < stamps.size(); ++i) {
    fmt::format_to(std::back_inserter(*out), "{}{} {} {}", i > 0 ? "," : "", stamps[i].sequence,
                   stamps[i].available_us, stamps[i].computed_us);
  }
}

bool ParseStampsText(std::string_view text, std::vector<Stamp>* stamps) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (!ParseStamp(text.substr(0, comma), &stamps->emplace_back())) return false;
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return true;
}

void MakeValuesRow(const ValuesView& view, uint64_t layout, const RowWrite& row, ValuesRow* out) {
  FeatureVector vector;
  SKEWLESS_CHECK(DecodeVector(row.state, &vector).has_value());
  SKEWLESS_CHECK(vector.values.size() == view.outputs.size());
  out->sequence = std::to_string(row.sequence);
  out->computed_us = std::to_string(row.computed_us);
  out->layout = LayoutText(layout);
  out->writer = std::to_string(row.writer);
  out->fields.clear();
  std::vector<std::string> texts(view.outputs.size());
  std::vector<uint8_t> valid(view.outputs.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    valid[i] = vector.values[i].valid ? 1 : 0;
    if (valid[i] == 0) continue;
    AppendValueText(vector.values[i], &texts[i]);
    out->fields.push_back(view.outputs[i].name);
    out->fields.push_back(texts[i]);
  }
  const std::string newest = std::to_string(vector.newest_event_us);
  std::string unlogged;
  AppendStampsText(row.unlogged, &unlogged);
  MetaTexts meta;
  meta[kSequence] = out->sequence;
  meta[kComputedFor] = out->computed_us;
  meta[kLayout] = out->layout;
  const std::string records = LayoutText(view.records);
  meta[kRecords] = records;
  meta[kWriter] = out->writer;
  meta[kNewestEvent] = newest;
  meta[kStatus] = vector.status == RowStatus::kOutsideMaxAge ? kOutsideMaxAge : kPresent;
  meta[kUnlogged] = unlogged;
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  const auto add = [out](std::string_view name, std::string_view value) {
    out->fields.emplace_back(name);
    out->fields.emplace_back(value);
  };
  for (const Meta one : {kNewestEvent, kStatus, kRecords}) add(kMetaNames[one], meta[one]);
  if (!unlogged.empty()) add(kMetaNames[kUnlogged], unlogged);
  add(":format", kValuesFormat);
  add(":checksum", ChecksumOf(meta, view, values, valid));
}

Result<DecodedValues> DecodeValuesRow(const ValuesView& view, uint64_t layout,
                                      const redisReply& hash) {
  DecodedValues decoded;
  Fields fields;
  if (!fields.Take(hash, view)) return DamagedRow("it is no hash");
  SKEWLESS_RETURN_IF_ERROR(CheckFormat(fields.format));
  if (!IsLayoutText(fields.meta[kLayout])) return DamagedRow("it names no layout");
  if (fields.meta[kLayout] != LayoutText(layout)) {
    decoded.other_layout = true;
    return decoded;
  }
  if (fields.unknown ||
      fields.checksum != ChecksumOf(fields.meta, view, fields.values, fields.valid))
    return DamagedRow("its checksum fails");
  const auto sequence = ParseInt64(fields.meta[kSequence]);
  const auto computed = ParseInt64(fields.meta[kComputedFor]);
  const auto newest = ParseInt64(fields.meta[kNewestEvent]);
  const auto available = ParseInt64(fields.available);
  const bool outside = fields.meta[kStatus] == kOutsideMaxAge;
  if (!sequence || !computed || !newest || !available || *sequence < 0 ||
      (!outside && fields.meta[kStatus] != kPresent))
    return DamagedRow("what it says of itself makes no sense");
  decoded.stamp = {*sequence, *available, *computed};
  std::deque<Value> values;
  FeatureVector vector;
  SKEWLESS_RETURN_IF_ERROR(ParseValues(view, fields, &values, &vector));
  vector.read_us = *computed;
  vector.sequence = *sequence;
  vector.newest_event_us = *newest;
  vector.status = outside ? RowStatus::kOutsideMaxAge : RowStatus::kPresent;
  EncodeVector(vector, &decoded.vector);
  return decoded;
}

Result<StoredRow> StoredValuesOf(const ValuesView& view, uint64_t layout,
                                 const redisReply& fields) {
  StoredRow row;
  constexpr size_t kCount = std::size(kVersionFields);
  if (!IsArray(fields, kCount)) return DamagedRow("it is no hash");
  const auto text = [&](size_t i) {
    return IsText(*fields.element[i]) ? TextOf(*fields.element[i]) : std::string_view();
  };
  const bool any = std::any_of(fields.element, fields.element + kCount,
                               [](const redisReply* one) { return IsText(*one); });
  if (!any) return row;
  SKEWLESS_RETURN_IF_ERROR(CheckFormat(text(0)));
  Stamp own;
  const std::string stamp =
      std::string(text(2)) + " " + std::string(text(4)) + " " + std::string(text(3));
  if (!ParseStamp(stamp, &own)) return DamagedRow("what it says of itself makes no sense");
  row.found = true;
  row.sequence = own.sequence;
  row.other_layout = text(1) != LayoutText(layout);
  // Of other records its stamps say nothing of ours.
  if (row.other_layout && text(6) != LayoutText(view.records)) return row;
  if (!ParseStampsText(text(5), &row.stamps)) return DamagedRow("its stamps make no sense");
  row.stamps.push_back(own);
  return row;
}

}  // namespace skewless::redis
