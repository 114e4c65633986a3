#include "decode/csv_reader.h"

#include <algorithm>

#include "decode/byte_stream.h"
#include "decode/csv_record.h"
#include "decode/json_decoder.h"
#include "decode/row_builder.h"
#include "decode/scalar_text.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

std::string_view Trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

class CsvReader final : public RecordReader {
 public:
  CsvReader(std::string path, std::unique_ptr<ByteStream> stream, const DecodeOptions& options,
            CsvOptions csv)
      : path_(std::move(path)),
        schema_(*options.schema),
        csv_(std::move(csv)),
        input_(std::move(stream)),
        lists_(schema_),
        rows_(schema_, options.required) {
    for (const ColumnSpec& spec : schema_.columns) kinds_.push_back(FieldKindOf(spec));
  }

  // Learns which field is which column.
  Status ReadHeader();

  Result<bool> Read(size_t max_records, Batch* batch, std::vector<BadRecord>* bad) override {
    rows_.Begin(batch, max_records);
    const Result<bool> any = ReadRows(max_records, bad);
    rows_.End();
    return any;
  }

  Status Skip(int64_t records) override {
    for (int64_t i = 0; i < records; ++i) {
      SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextRecord());
      if (!found) return TooFewRecords(path_, next_record_, records - i);
      ++next_record_;
    }
    return {};
  }

  int64_t next_record() const override { return next_record_; }
  uint64_t bytes_read() const override { return input_.bytes_read(); }
  uint64_t file_bytes() const override { return input_.file_bytes(); }

 private:
  Result<bool> ReadRows(size_t max_records, std::vector<BadRecord>* bad);
  // The next record that isn't a blank line, in record_; problem_ is empty unless it is bad as a
  // whole, and then kept_ holds it. False at the end.
  Result<bool> NextRecord();
  Result<bool> CutRecord();
  Status TakeBadLine(std::string problem);
  bool DecodeRecord();
  bool DecodeField(size_t column, const CsvField& field);
  std::string_view kept_text() const {
    return problem_.empty() ? KeptPart(record_.text) : std::string_view(kept_);
  }

  std::string path_;
  const Schema& schema_;
  CsvOptions csv_;
  TextInput input_;
  JsonDecoder lists_;
  RowBuilder rows_;
  std::vector<FieldKind> kinds_;
  std::vector<size_t> field_of_;  // by column
  size_t fields_ = 0;             // that every record has
  CsvRecord record_;
  int64_t next_record_ = 0;
  int64_t line_ = 0;  // that record_ begins in
  int64_t next_line_ = 1;
  std::string problem_;
  std::string kept_;
  std::string reason_;
  std::string scratch_;
};

Status CsvReader::ReadHeader() {
  for (size_t i = 0; i < schema_.columns.size(); ++i) field_of_.push_back(i);
  fields_ = schema_.columns.size();
  if (!csv_.header) return {};
  SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextRecord());
  if (!found) return {};
  if (!problem_.empty() || record_.text_after_quote) {
    return Fail(ErrorCode::kInvalid,
                path_ + ":" + std::to_string(line_) + ": bad header: " +
                    (problem_.empty() ? "text follows a closing quote" : problem_));
  }
  std::vector<std::string> names;
  std::string listed;
  for (const CsvField& field : record_.fields) {
    names.emplace_back(Trimmed(CsvValue(field, &scratch_)));
    listed += (listed.empty() ? "'" : ", '") + names.back() + "'";
  }
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    const std::string& name = schema_.columns[i].name;
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      return Fail(ErrorCode::kInvalid,
                  path_ + ": the header has no column '" + name + "'; it has " + listed,
                  "Declare the columns by the names that the file gives them, or set header: false "
                  "if its first line is data.");
    }
    if (std::find(at + 1, names.end(), name) != names.end()) {
      return Fail(ErrorCode::kInvalid, path_ + ": the header names column '" + name + "' twice");
    }
    field_of_[i] = static_cast<size_t>(at - names.begin());
  }
  fields_ = names.size();
  return {};
}

Result<bool> CsvReader::ReadRows(size_t max_records, std::vector<BadRecord>* bad) {
  size_t read = 0;
  for (; read < max_records; ++read) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool found, NextRecord());
    if (!found) break;
    if (!DecodeRecord()) [[unlikely]] {
      rows_.Discard();
      bad->push_back({next_record_, line_, reason_, std::string(kept_text())});
    } else if (!rows_.Keep(&reason_)) [[unlikely]] {
      bad->push_back({next_record_, line_, reason_, std::string(kept_text())});
    }
    ++next_record_;
  }
  return read > 0;
}

Result<bool> CsvReader::NextRecord() {
  while (true) {
    problem_.clear();
    line_ = next_line_;
    SKEWLESS_ASSIGN_OR_RETURN(const bool found, CutRecord());
    if (!found) return false;
    if (!problem_.empty() || !record_.text.empty()) return true;
  }
}

Result<bool> CsvReader::CutRecord() {
  while (true) {
    const size_t size = std::min(input_.size(), kMaxRecordBytes);
    const bool complete = input_.complete() && input_.size() <= kMaxRecordBytes;
    if (size == 0 && complete) return false;
    CsvCut cut = CsvCut::kNeedsMore;
    if (size > 0) {
      cut = CutCsvRecord(input_.begin(), input_.begin() + size, complete, csv_.delimiter, &record_);
    }
    if (cut == CsvCut::kRecord) {
      input_.Advance(record_.next);
      next_line_ += record_.lines;
      return true;
    }
    if (complete || size == kMaxRecordBytes) {
      // A stray quote must not swallow the rest of the file: its line alone is bad.
      SKEWLESS_RETURN_IF_ERROR(
          TakeBadLine(cut == CsvCut::kOpenQuote ? "a quote is never closed" : TooLongReason()));
      return true;
    }
    SKEWLESS_RETURN_IF_ERROR(input_.More());
  }
}

Status CsvReader::TakeBadLine(std::string problem) {
  problem_ = std::move(problem);
  SKEWLESS_ASSIGN_OR_RETURN(kept_, input_.TakeLine());
  ++next_line_;
  return {};
}

bool CsvReader::DecodeRecord() {
  if (!problem_.empty()) {
    reason_ = problem_;
    return false;
  }
  if (record_.text_after_quote) {
    reason_ = "text follows a closing quote";
    return false;
  }
  if (record_.fields.size() != fields_) {
    reason_ = "expected " + std::to_string(fields_) + " fields, found " +
              std::to_string(record_.fields.size());
    return false;
  }
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const CsvField& field = record_.fields[field_of_[i]];
    if (!field.quoted && (field.text.empty() || field.text == csv_.null_text)) continue;
    if (!DecodeField(i, field)) return false;
  }
  return true;
}

bool CsvReader::DecodeField(size_t column, const CsvField& field) {
  const FieldKind kind = kinds_[column];
  const ColumnSpec& spec = schema_.columns[column];
  const std::string_view whole = CsvValue(field, &scratch_);
  if (kind == FieldKind::kString || kind == FieldKind::kBytes) {
    if (kind == FieldKind::kString && !IsUtf8(whole)) {
      reason_ = ValueReason(spec, {}, Parsed::kNotUtf8);
      return false;
    }
    rows_.SetString(column, rows_.strings().Add(whole));
    return true;
  }
  const std::string_view text = Trimmed(whole);
  if (kind == FieldKind::kList) return lists_.DecodeList(column, text, rows_, &reason_);
  int64_t number = 0;
  double real = 0;
  Parsed parsed = Parsed::kMalformed;
  switch (kind) {
    case FieldKind::kBool:
      parsed = DecodeBool(text, &number);
      break;
    case FieldKind::kInt32:
      parsed = DecodeInt32(text, &number);
      break;
    case FieldKind::kInt64:
      parsed = DecodeInt64(text, &number);
      break;
    case FieldKind::kTimestampText:
      parsed = DecodeTimestampText(text, &number);
      break;
    case FieldKind::kTimestampNumber:
      parsed = DecodeTimestampNumber(text, spec.unit, &number);
      break;
    case FieldKind::kFloat32:
      parsed = DecodeDouble(text, &real);
      if (parsed == Parsed::kOk) parsed = RoundToFloat(&real);
      break;
    case FieldKind::kFloat64:
      parsed = DecodeDouble(text, &real);
      break;
    default:
      break;
  }
  if (parsed != Parsed::kOk) [[unlikely]] {
    reason_ = ValueReason(spec, parsed == Parsed::kOutOfRange ? std::string(text) : Quoted(whole),
                          parsed);
    return false;
  }
  if (IsFloat(spec.type)) {
    rows_.SetDouble(column, real);
  } else {
    rows_.SetInt(column, number);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenCsv(FileSystem& files, const std::string& path,
                                              const DecodeOptions& options, const CsvOptions& csv) {
  SKEWLESS_ASSIGN_OR_RETURN(auto stream, OpenByteStream(files, path, options.compression));
  return ReadCsv(std::move(stream), path, options, csv);
}

Result<std::unique_ptr<RecordReader>> ReadCsv(std::unique_ptr<ByteStream> stream,
                                              const std::string& name, const DecodeOptions& options,
                                              const CsvOptions& csv) {
  auto reader = std::make_unique<CsvReader>(name, std::move(stream), options, csv);
  SKEWLESS_RETURN_IF_ERROR(reader->ReadHeader());
  return reader;
}

}  // namespace skewless
