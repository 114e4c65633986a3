#include "source/definition_error.h"

#include <utility>

#include "base/file.h"

namespace skewless {

tl::unexpected<Error> FailAtPlace(const Place& place, size_t length, std::string message,
                                  std::string remedy) {
  const Result<std::string> text = ReadWholeFile(SystemFiles(), place.file);
  return tl::unexpected<Error>(ErrorAt(place, text ? *text : "", static_cast<int>(length),
                                       std::move(message), std::move(remedy)));
}

}  // namespace skewless
