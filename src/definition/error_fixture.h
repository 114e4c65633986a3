// What the tests of errors in a definition share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/result.h"

namespace skewless {

// "11:5: message", of an error in skewless.yaml that shows its line, and the remedy in a line of
// its own.
inline std::string PlaceAndRemedy(const Error& error) {
  EXPECT_NE(error.message.find('^'), std::string::npos) << "the caret is missing";
  const std::string text = error.message.substr(0, error.message.find('\n'));
  const std::string start = "skewless.yaml:";
  const size_t word = text.find(" error: ");
  return text.substr(start.size(), word - start.size()) + text.substr(word + 7) + "\n" +
         error.remedy;
}

}  // namespace skewless
