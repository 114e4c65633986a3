#include "decode/csv_record.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace skewless {
namespace {

// The first delimiter or line end at or after `at`, or `end`.
inline const char* FindFieldEnd(const char* at, const char* end, char delimiter) {
#if defined(__SSE2__)
  const __m128i delimiters = _mm_set1_epi8(delimiter);
  const __m128i newlines = _mm_set1_epi8('\n');
  while (at < end) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hits =
        _mm_or_si128(_mm_cmpeq_epi8(block, delimiters), _mm_cmpeq_epi8(block, newlines));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return std::min(at + std::countr_zero(mask), end);
    at += 16;
  }
  return end;
#else
  while (at < end && *at != delimiter && *at != '\n') ++at;
  return at;
#endif
}

// Cuts a quoted field that begins after its opening quote. Returns where its closing quote stands,
// or null where there is none before `end`, or none that can be told from half of a doubled one.
const char* CutQuoted(const char* at, const char* end, bool complete, CsvField* field) {
  const char* const begin = at;
  field->quoted = true;
  while (true) {
    const void* const found =
        at == end ? nullptr : std::memchr(at, '"', static_cast<size_t>(end - at));
    if (found == nullptr) return nullptr;
    const char* const quote = static_cast<const char*>(found);
    if (quote + 1 == end && !complete) return nullptr;
    if (quote + 1 == end || quote[1] != '"') {
      field->text = {begin, static_cast<size_t>(quote - begin)};
      return quote;
    }
    field->has_doubled_quotes = true;
    at = quote + 2;
  }
}

}  // namespace

CsvCut CutCsvRecord(const char* begin, const char* end, bool complete, char delimiter,
                    CsvRecord* record) {
  record->fields.clear();
  record->lines = 1;
  record->text_after_quote = false;
  const char* at = begin;
  while (true) {
    CsvField field;
    const char* stop = nullptr;
    if (at < end && *at == '"') {
      const char* const quote = CutQuoted(at + 1, end, complete, &field);
      if (quote == nullptr) return CsvCut::kOpenQuote;
      record->lines += std::count(field.text.begin(), field.text.end(), '\n');
      stop = FindFieldEnd(quote + 1, end, delimiter);
      const std::string_view rest(quote + 1, static_cast<size_t>(stop - quote - 1));
      const bool ends_line = stop == end ? complete : *stop == '\n';
      if (!rest.empty() && !(rest == "\r" && ends_line)) record->text_after_quote = true;
    } else {
      stop = FindFieldEnd(at, end, delimiter);
      field.text = {at, static_cast<size_t>(stop - at)};
    }
    if (stop == end && !complete) return CsvCut::kNeedsMore;
    const bool ends_record = stop == end || *stop == '\n';
    if (ends_record && !field.quoted && field.text.ends_with('\r')) field.text.remove_suffix(1);
    record->fields.push_back(field);
    if (ends_record) {
      record->next = stop == end ? end : stop + 1;
      record->text = {begin, static_cast<size_t>(stop - begin)};
      if (record->text.ends_with('\r')) record->text.remove_suffix(1);
      return CsvCut::kRecord;
    }
    at = stop + 1;
  }
}

std::string_view CsvValue(const CsvField& field, std::string* scratch) {
  if (!field.has_doubled_quotes) return field.text;
  scratch->clear();
  for (size_t i = 0; i < field.text.size(); ++i) {
    scratch->push_back(field.text[i]);
    if (field.text[i] == '"') ++i;
  }
  return *scratch;
}

}  // namespace skewless
