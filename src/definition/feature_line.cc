#include "definition/feature_line.h"

#include <algorithm>

#include "base/source_text.h"

namespace skewless {
namespace {

constexpr std::string_view kGrammar =
    "A feature is aggregate(argument) [filter (where ...)] [over W [hop H | exact]].";

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameWord(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return Lower(a) == b; });
}

tl::unexpected<ExpressionError> FailPart(const LinePart& part, std::string message,
                                         std::string remedy = {}) {
  return tl::unexpected(ExpressionError{part.offset, std::max<size_t>(part.text.size(), 1),
                                        std::move(message), std::move(remedy)});
}

class LineScanner {
 public:
  explicit LineScanner(std::string_view text) : text_(text) {}

  ExpressionResult<FeatureLine> Scan() {
    FeatureLine line;
    SkipSpace();
    line.aggregate = Word();
    if (line.aggregate.text.empty()) {
      return FailPart(Rest(), "expected an aggregate such as count(*), found " + Found(),
                      std::string(kGrammar));
    }
    SkipSpace();
    if (Peek() != '(') {
      return FailPart(
          Rest(), "expected '(' after '" + std::string(line.aggregate.text) + "', found " + Found(),
          std::string(kGrammar));
    }
    ExpressionResult<LinePart> parentheses = Parentheses();
    if (!parentheses) return tl::unexpected(parentheses.error());
    line.parentheses = *parentheses;
    line.arguments = CutAtCommas(Inside(*parentheses));
    for (SkipSpace(); at_ < text_.size(); SkipSpace()) {
      if (auto clause = Clause(&line); !clause) return tl::unexpected(clause.error());
    }
    return line;
  }

 private:
  using Step = tl::expected<void, ExpressionError>;

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  LinePart Part(size_t begin, size_t end) const {
    return {text_.substr(begin, end - begin), begin};
  }

  LinePart Word() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
    return Part(begin, at_);
  }
  // What stands at the cursor, for messages: a word or one character.
  LinePart Rest() const {
    size_t end = at_;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    if (end == at_ && end < text_.size()) ++end;
    return Part(at_, end);
  }
  std::string Found() const {
    if (at_ >= text_.size()) return "the end of the line";
    std::string out = "'";
    out.append(Rest().text).append("'");
    return out;
  }
  bool TakeWord(std::string_view lower_case) {
    const size_t before = at_;
    if (SameWord(Word().text, lower_case)) return true;
    at_ = before;
    return false;
  }

  // The place after the quote that closes the one at `open`; npos where it is never closed.
  size_t AfterQuote(size_t open) const {
    for (size_t at = open + 1; at < text_.size(); ++at) {
      if (text_[at] != text_[open]) continue;
      if (at + 1 >= text_.size() || text_[at + 1] != text_[open]) return at + 1;
      ++at;
    }
    return std::string_view::npos;
  }

  // "(...)" at the cursor, whatever is inside.
  ExpressionResult<LinePart> Parentheses() {
    const size_t open = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        const size_t after = AfterQuote(at_);
        if (after == std::string_view::npos) {
          return FailPart(
              Part(at_, at_ + 1), "this quote is never closed",
              "Close the text with " + std::string(1, c) + "; a quote inside it is written twice.");
        }
        at_ = after;
        continue;
      }
      ++at_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return Part(open, at_);
    }
    return FailPart(Part(open, open + 1), "this parenthesis is never closed", "Add ')'.");
  }

  LinePart Inside(const LinePart& parentheses) const {
    return Part(parentheses.offset + 1, parentheses.offset + parentheses.text.size() - 1);
  }
  LinePart Trim(LinePart part) const {
    while (!part.text.empty() && IsSpace(part.text.front())) {
      part.text.remove_prefix(1);
      ++part.offset;
    }
    while (!part.text.empty() && IsSpace(part.text.back())) part.text.remove_suffix(1);
    return part;
  }

  std::vector<LinePart> CutAtCommas(const LinePart& inside) const {
    std::vector<LinePart> parts;
    if (Trim(inside).text.empty()) return parts;
    size_t begin = inside.offset;
    const size_t end = inside.offset + inside.text.size();
    int depth = 0;
    for (size_t at = begin; at < end; ++at) {
      const char c = text_[at];
      if (c == '\'' || c == '"') at = AfterQuote(at) - 1;  // closed: Parentheses() saw to it
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if (c == ',' && depth == 0) {
        parts.push_back(Trim(Part(begin, at)));
        begin = at + 1;
      }
    }
    parts.push_back(Trim(Part(begin, end)));
    return parts;
  }

  Step Clause(FeatureLine* line) {
    const LinePart start = Rest();
    if (TakeWord("respect")) {
      if (line->filter || line->window) {
        return FailPart(start, "'respect nulls' stands after its place",
                        "Write it right after the arguments: last(x) respect nulls over 5m.");
      }
      return RespectNulls(start, line);
    }
    if (TakeWord("filter")) {
      if (line->filter) return FailPart(start, "a second filter", "Join the two with 'and'.");
      if (line->window) {
        return FailPart(start, "the filter stands after the window",
                        "Write the filter first: count(*) filter (where ...) over 5m.");
      }
      return Filter(line);
    }
    if (TakeWord("over")) {
      if (line->window) return FailPart(start, "a second 'over'", "Name one window a feature.");
      return Over(line);
    }
    return Unexpected(start, *line);
  }

  Step Unexpected(const LinePart& start, const FeatureLine& line) const {
    const std::string found = "found " + Found();
    if (start.text.size() == 1 &&
        std::string_view("+-*/%|=<>").find(start.text[0]) != std::string_view::npos) {
      return FailPart(
          start, "a feature is one aggregate; " + found + " after it",
          "Name each aggregate as a feature, and combine the features under 'derived'.");
    }
    if (SameWord(start.text, "hop") || SameWord(start.text, "exact")) {
      if (!line.window) {
        return FailPart(start, "'" + std::string(start.text) + "' needs a window",
                        "Write over W before it: over 5m hop 10s.");
      }
      return FailPart(start, "a second hop", "A window has one hop, or is exact.");
    }
    if (SameWord(start.text, "where")) {
      return FailPart(start, "expected 'filter' before 'where'", "Write filter (where ...).");
    }
    const std::string text = line.window ? "the end of the line" : "'filter', 'over' or the end";
    const std::string nearest = NearestClause(start.text);
    return FailPart(start, "expected " + text + ", " + found,
                    nearest.empty() ? std::string(kGrammar) : "Did you mean '" + nearest + "'?");
  }

  static std::string NearestClause(std::string_view word) {
    return NearestName(word, {"filter", "over", "respect", "hop", "exact"});
  }

  Step RespectNulls(const LinePart& start, FeatureLine* line) {
    SkipSpace();
    if (!TakeWord("nulls")) {
      return FailPart(Rest(), "expected 'nulls' after 'respect', found " + Found(),
                      "Write last(x) respect nulls.");
    }
    if (line->respect_nulls) return FailPart(start, "'respect nulls' stands here twice");
    line->respect_nulls = Part(start.offset, at_);
    return {};
  }

  Step Filter(FeatureLine* line) {
    SkipSpace();
    const std::string remedy = "Write filter (where kind = 'click').";
    if (Peek() != '(') {
      return FailPart(Rest(), "expected '(' after 'filter', found " + Found(), remedy);
    }
    ExpressionResult<LinePart> parentheses = Parentheses();
    if (!parentheses) return tl::unexpected(parentheses.error());
    LinePart inside = Trim(Inside(*parentheses));
    const size_t after = at_;
    at_ = inside.offset;
    if (!TakeWord("where")) {
      return FailPart(inside.text.empty() ? *parentheses : Rest(),
                      "expected 'where' in the filter's parentheses", remedy);
    }
    inside = Trim(Part(at_, inside.offset + inside.text.size()));
    at_ = after;
    if (inside.text.empty()) {
      return FailPart(*parentheses, "expected a condition after 'where'", remedy);
    }
    line->filter = inside;
    return {};
  }

  // "over 5 minutes", "over 5": the unit belongs to the number.
  static Step CheckUnit(const LinePart& part) {
    const bool bare = std::all_of(part.text.begin(), part.text.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
    if (!bare) return {};
    return FailPart(part,
                    "expected a duration, found '" + std::string(part.text) + "' without a unit",
                    "Write a whole number and the unit right behind it: 5s, 5m, 5h, 5d.");
  }

  Step Over(FeatureLine* line) {
    SkipSpace();
    line->window = Word();
    if (line->window->text.empty()) {
      return FailPart(Rest(), "expected a duration after 'over', found " + Found(),
                      "Write a whole number and a unit: over 5m, over 24h, over 7d.");
    }
    if (auto step = CheckUnit(*line->window); !step) return step;
    SkipSpace();
    if (TakeWord("exact")) {
      line->exact = true;
    } else if (TakeWord("hop")) {
      SkipSpace();
      line->hop = Word();
      if (line->hop->text.empty()) {
        return FailPart(Rest(), "expected a duration after 'hop', found " + Found(),
                        "Write a whole number and a unit: over 5m hop 10s.");
      }
      return CheckUnit(*line->hop);
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

ExpressionResult<FeatureLine> ScanFeatureLine(std::string_view text) {
  return LineScanner(text).Scan();
}

}  // namespace skewless
