// Every part of a scanned feature line is where its offset says; every error lies within the line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "definition/feature_line.h"

namespace skewless {
namespace {

void CheckPart(std::string_view text, const LinePart& part) {
  SKEWLESS_CHECK(part.offset + part.text.size() <= text.size());
  SKEWLESS_CHECK(text.substr(part.offset, part.text.size()) == part.text);
}

void CheckLine(std::string_view text) {
  const auto line = ScanFeatureLine(text);
  if (!line) {
    SKEWLESS_CHECK(line.error().offset <= text.size());
    SKEWLESS_CHECK(!line.error().message.empty());
    return;
  }
  CheckPart(text, line->aggregate);
  CheckPart(text, line->parentheses);
  for (const LinePart& argument : line->arguments) CheckPart(text, argument);
  for (const auto* part : {&line->respect_nulls, &line->filter, &line->window, &line->hop}) {
    if (*part) CheckPart(text, **part);
  }
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::CheckLine({reinterpret_cast<const char*>(data), size});
  return 0;
}
