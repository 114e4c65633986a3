#include "decode/csv_reader.h"

#include <algorithm>

#include "decode/byte_stream.h"
#include "decode/csv_fields.h"
#include "decode/csv_record.h"
#include "decode/row_builder.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

class CsvReader final : public RecordReader {
 public:
  CsvReader(std::string path, std::unique_ptr<ByteStream> stream, const DecodeOptions& options,
            CsvOptions csv)
      : path_(std::move(path)),
        schema_(*options.schema),
        csv_(std::move(csv)),
        input_(std::move(stream)),
        fields_(schema_, csv_),
        rows_(schema_, options.required) {}

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
  std::string_view kept_text() const {
    return problem_.empty() ? KeptPart(record_.text) : std::string_view(kept_);
  }

  std::string path_;
  const Schema& schema_;
  CsvOptions csv_;
  TextInput input_;
  CsvFields fields_;
  RowBuilder rows_;
  CsvRecord record_;
  int64_t next_record_ = 0;
  int64_t line_ = 0;  // that record_ begins in
  int64_t next_line_ = 1;
  std::string problem_;
  std::string kept_;
  std::string reason_;
};

std::string RemedyForMissingColumn(const std::vector<std::string>& names) {
  // What stands between columns that were taken for one.
  const size_t at = names.size() == 1 ? names[0].find_first_of(";\t|,") : std::string::npos;
  if (at != std::string::npos) {
    const char delimiter = names[0][at];
    return std::string("Say what stands between its columns: csv: {delimiter: \"") +
           (delimiter == '\t' ? "\\t" : std::string(1, delimiter)) + "\"}.";
  }
  return "Declare the columns by the names that the file gives them, say under 'fields' which they "
         "are, or set header: false if its first line is data. A file from before the column was "
         "there gets it added, empty.";
}

Status CsvReader::ReadHeader() {
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
  std::string scratch;
  for (const CsvField& field : record_.fields) {
    names.emplace_back(Trimmed(CsvValue(field, &scratch)));
    listed += (listed.empty() ? "'" : ", '") + names.back() + "'";
  }
  std::vector<size_t> field_of;
  for (const ColumnSpec& spec : schema_.columns) {
    const std::string name = FieldText(spec);
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      return Fail(ErrorCode::kInvalid,
                  path_ + ": the header has no column '" + name + "'; it has " + listed,
                  RemedyForMissingColumn(names));
    }
    if (std::find(at + 1, names.end(), name) != names.end()) {
      return Fail(ErrorCode::kInvalid, path_ + ": the header names column '" + name + "' twice");
    }
    field_of.push_back(static_cast<size_t>(at - names.begin()));
  }
  fields_.Take(std::move(field_of), names.size());
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
  if (problem_.empty()) return fields_.Decode(record_, rows_, &reason_);
  reason_ = problem_;
  return false;
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
