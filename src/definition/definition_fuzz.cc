// Any text is either a definition that describes itself or an error with a place: never a crash.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "definition/definition.h"
#include "definition/describe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto definition = skewless::ParseDefinition(text, "fuzz.yaml", ".");
  if (!definition) {
    SKEWLESS_CHECK(definition.error().message.starts_with("fuzz.yaml:"));
    return 0;
  }
  SKEWLESS_CHECK(!skewless::DescribeDefinition(**definition).empty());
  SKEWLESS_CHECK(!skewless::DescribeDefinitionJson(**definition).dump().empty());
  return 0;
}
