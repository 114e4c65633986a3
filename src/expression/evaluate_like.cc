#include <string_view>

#include "expression/characters.h"
#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

string_view Lowered(const Frame& frame, string_view text) {
  char* to = frame.strings->Allocate(text.size());
  LowerCase(text, to);
  return {to, text.size()};
}

}  // namespace

void LikePrepared(const Frame& frame, const Instruction& instruction) {
  const auto* pattern = static_cast<const LikePayload*>(instruction.payload);
  const bool ignore_case = pattern->ignore_case;
  const bool negated = pattern->negated;
  ForRows<int64_t, string_view>(frame, instruction, [&](string_view text, int64_t* out) {
    const bool matches = pattern->Matches(ignore_case ? Lowered(frame, text) : text);
    *out = matches != negated ? 1 : 0;
    return Outcome::kValue;
  });
}

void Like(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view, string_view>(
      frame, instruction, [](string_view text, string_view pattern, int64_t* out) {
        if (!IsLikePattern(pattern)) return Outcome::kDomain;
        *out = MatchesLike(text, pattern) ? 1 : 0;
        return Outcome::kValue;
      });
}

void Ilike(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view, string_view>(
      frame, instruction, [&](string_view text, string_view pattern, int64_t* out) {
        if (!IsLikePattern(pattern)) return Outcome::kDomain;
        *out = MatchesLike(Lowered(frame, text), Lowered(frame, pattern)) ? 1 : 0;
        return Outcome::kValue;
      });
}

}  // namespace skewless::operations
