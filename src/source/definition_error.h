// Errors about the definition that are found after it was parsed, shown as its own are.
#pragma once

#include <string>

#include "base/result.h"
#include "base/source_text.h"

namespace skewless {

// At a place of the definition, `length` bytes of it underlined; with the line itself where its
// file can be read.
tl::unexpected<Error> FailAtPlace(const Place& place, size_t length, std::string message,
                                  std::string remedy);

}  // namespace skewless
