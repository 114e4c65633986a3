// Any bytes as a CSV file: no crash, and the same records however the bytes come.
#include "decode/csv_reader.h"
#include "decode/record_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size < 2) return 0;
  static const Schema schema = FuzzSchema();
  DecodeOptions options;
  options.schema = &schema;
  if ((data[0] & 1) != 0) options.required.push_back({0, "event_timestamp"});
  CsvOptions csv;
  csv.header = (data[0] & 2) != 0;
  csv.null_text = (data[0] & 4) != 0 ? "NA" : "";
  csv.delimiter = (data[0] & 8) != 0 ? ';' : ',';
  const size_t piece = 1 + data[1] % 64u;
  const std::span<const uint8_t> bytes(data + 2, size - 2);
  auto whole =
      ReadCsv(std::make_unique<PieceStream>(bytes, bytes.size() + 1), "whole", options, csv);
  auto pieces = ReadCsv(std::make_unique<PieceStream>(bytes, piece), "pieces", options, csv);
  SKEWLESS_CHECK(whole.has_value() == pieces.has_value());
  if (!whole) return 0;
  SKEWLESS_CHECK(Transcript(**whole, schema, 100) == Transcript(**pieces, schema, 1));
  return 0;
}
