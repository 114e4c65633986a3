// Patterns of LIKE: % stands for any bytes, _ for one character (a byte and those that continue
// it), \ takes the next byte as it is. ILIKE compares the lower-case forms.
#pragma once

#include <string>
#include <string_view>

#include "expression/operation.h"

namespace skewless {

// False where the pattern ends with a lone escape.
bool IsLikePattern(std::string_view pattern);

// Whether `text` matches a well-formed pattern.
bool MatchesLike(std::string_view text, std::string_view pattern);

// A pattern known in advance, with the common shapes told apart.
struct LikePayload : Payload {
  LikePayload(std::string_view pattern, bool ignore_case, bool negated);
  bool Matches(std::string_view text) const;

  enum class Shape { kEqual, kPrefix, kSuffix, kContains, kGeneral };
  Shape shape = Shape::kGeneral;
  std::string pattern;  // kGeneral: the pattern; otherwise the text to look for
  bool ignore_case = false;
  bool negated = false;
};

}  // namespace skewless
