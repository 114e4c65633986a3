// Any bytes as JSON lines: no crash, and the same records however the bytes come.
#include "decode/json_lines.h"
#include "decode/record_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size < 1) return 0;
  static const Schema schema = FuzzSchema();
  DecodeOptions options;
  options.schema = &schema;
  const size_t piece = 1 + data[0] % 64u;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  const auto whole =
      ReadJsonLines(std::make_unique<PieceStream>(bytes, bytes.size() + 1), "whole", options);
  const auto pieces = ReadJsonLines(std::make_unique<PieceStream>(bytes, piece), "pieces", options);
  SKEWLESS_CHECK(Transcript(*whole, schema, 100) == Transcript(*pieces, schema, 1));
  return 0;
}
