// RFC 4180: cuts one record out of text. A quoted field may hold delimiters, line ends and doubled
// quotes; a quote inside an unquoted field is an ordinary character.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skewless {

struct CsvField {
  std::string_view text;  // without the quotes around it, doubled quotes still doubled
  bool quoted = false;
  bool has_doubled_quotes = false;
};

struct CsvRecord {
  std::vector<CsvField> fields;
  std::string_view text;          // the whole record without its line end
  const char* next = nullptr;     // where the next one begins
  int64_t lines = 1;              // physical lines that it takes up
  bool text_after_quote = false;  // "a"b: the record is bad, though its end is known
};

enum class CsvCut : uint8_t {
  kRecord,
  kNeedsMore,  // the record goes on beyond `end`
  kOpenQuote,  // it goes on beyond `end` because a quote is open
};

// From `begin` < `end`. `complete`: nothing comes after `end`, so it ends a record. 16 bytes after
// `end` must be readable. All views point into the text.
CsvCut CutCsvRecord(const char* begin, const char* end, bool complete, char delimiter,
                    CsvRecord* record);

// The value of a field: doubled quotes made single, in `scratch` where there are any.
std::string_view CsvValue(const CsvField& field, std::string* scratch);

}  // namespace skewless
