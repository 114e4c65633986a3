#include "expression/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace skewless {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// Bytes above ASCII are letters, so that names in any language need no quotes.
bool StartsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesWord(char c) { return StartsWord(c) || IsDigit(c); }

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

struct Symbol {
  std::string_view spelling;
  std::string_view main_spelling;
};
// Longer ones first.
constexpr std::array<Symbol, 24> kSymbols = {{
    {"||", "||"}, {"//", "//"}, {"::", "::"}, {"==", "="}, {"<>", "<>"}, {"!=", "<>"},
    {"<=", "<="}, {">=", ">="}, {"(", "("},   {")", ")"},  {"[", "["},   {"]", "]"},
    {",", ","},   {":", ":"},   {"+", "+"},   {"-", "-"},  {"*", "*"},   {"/", "/"},
    {"%", "%"},   {"=", "="},   {"<", "<"},   {">", ">"},  {".", "."},   {";", ";"},
}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  ExpressionResult<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      auto token = Next();
      if (!token) return tl::unexpected(std::move(token).error());
      token->length = at_ - token->offset;
      tokens.push_back(std::move(*token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  tl::unexpected<ExpressionError> Error(size_t from, std::string message,
                                        std::string remedy = {}) const {
    const size_t length = std::max<size_t>(1, at_ - from);
    return tl::unexpected(ExpressionError{from, length, std::move(message), std::move(remedy)});
  }

  ExpressionResult<Token> Next() {
    Token token;
    token.offset = at_;
    if (at_ == text_.size()) return token;
    const char c = text_[at_];
    if (StartsWord(c)) return Word(std::move(token));
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(std::move(token));
    if (c == '\'') return Quoted(std::move(token), TokenKind::kString);
    if (c == '"') return Quoted(std::move(token), TokenKind::kQuoted);
    for (const Symbol& symbol : kSymbols) {
      if (text_.substr(at_, symbol.spelling.size()) != symbol.spelling) continue;
      at_ += symbol.spelling.size();
      token.kind = TokenKind::kSymbol;
      token.text = symbol.main_spelling;
      return token;
    }
    return UnknownCharacter(c);
  }

  ExpressionResult<Token> Word(Token token) {
    while (at_ < text_.size() && ContinuesWord(text_[at_])) ++at_;
    token.kind = TokenKind::kWord;
    token.text = text_.substr(token.offset, at_ - token.offset);
    token.keyword = LowerAscii(token.text);
    return token;
  }

  ExpressionResult<Token> Number(Token token) {
    while (IsDigit(Peek())) ++at_;
    token.kind = TokenKind::kInteger;
    if (Peek() == '.') {
      token.kind = TokenKind::kFloat;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    const size_t sign = (Peek(1) == '+' || Peek(1) == '-') ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      token.kind = TokenKind::kFloat;
      at_ += 1 + sign;
      while (IsDigit(Peek())) ++at_;
    }
    if (ContinuesWord(Peek())) {
      while (ContinuesWord(Peek())) ++at_;
      return Error(
          token.offset,
          "expected a number, found '" +
              std::string(text_.substr(token.offset, at_ - token.offset)) + "'",
          "put a space or an operator after the number; write a duration as interval '5 minutes'");
    }
    return ParseNumber(std::move(token));
  }

  ExpressionResult<Token> ParseNumber(Token token) {
    const char* first = text_.data() + token.offset;
    const char* last = text_.data() + at_;
    token.text.assign(first, last);
    if (token.kind == TokenKind::kInteger) {
      const auto [end, status] = std::from_chars(first, last, token.integer);
      if (status != std::errc() || token.integer > uint64_t{1} << 63) {
        return Error(token.offset, "the number " + token.text + " does not fit in int64",
                     "write it as a float64: " + token.text + ".0");
      }
      return token;
    }
    const auto [end, status] = std::from_chars(first, last, token.number);
    if (status != std::errc() || !std::isfinite(token.number)) {
      return Error(token.offset, "the number " + token.text + " does not fit in float64");
    }
    return token;
  }

  // Two quotes in a row stand for one.
  ExpressionResult<Token> Quoted(Token token, TokenKind kind) {
    const char quote = text_[at_];
    token.kind = kind;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        token.text.push_back(text_[at_]);
      } else if (Peek(1) == quote) {
        token.text.push_back(quote);
        ++at_;
      } else {
        ++at_;
        if (kind == TokenKind::kQuoted && token.text.empty()) {
          return Error(token.offset, "expected a name between the double quotes");
        }
        return token;
      }
    }
    const std::string shown(1, quote);
    at_ = token.offset + 1;
    return Error(token.offset,
                 kind == TokenKind::kString ? "this text has no closing quote"
                                            : "this name has no closing quote",
                 "close it with " + shown + "; a " + shown + " inside is written twice");
  }

  ExpressionResult<Token> UnknownCharacter(char c) {
    const size_t from = at_++;
    std::string shown = "'" + std::string(1, c) + "'";
    if (c < ' ' || c == 0x7f) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      shown = std::string("the byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
    }
    std::string remedy;
    if (c == '`') remedy = "write a name in double quotes: \"name\"";
    if (c == '&') remedy = "write 'and'";
    if (c == '|') remedy = "write 'or', or || to join texts";
    if (c == '!') remedy = "write 'not'";
    if (c == '^') remedy = "write power(x, y)";
    return Error(from, "no expression has " + shown + " here", std::move(remedy));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

ExpressionResult<std::vector<Token>> Tokenize(std::string_view text) { return Lexer(text).Run(); }

bool IsReservedWord(std::string_view lower_case) {
  static constexpr std::array<std::string_view, 17> kReserved = {
      "and",  "or",    "not",  "is",   "null", "true", "false", "in",  "between",
      "like", "ilike", "case", "when", "then", "else", "end",   "cast"};
  return std::find(kReserved.begin(), kReserved.end(), lower_case) != kReserved.end();
}

bool IsPlainIdentifier(std::string_view name) {
  if (name.empty() || !StartsWord(name[0])) return false;
  if (!std::all_of(name.begin(), name.end(), ContinuesWord)) return false;
  return !IsReservedWord(LowerAscii(name));
}

std::string DescribeToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the expression";
    case TokenKind::kString:
      return "the text '" + token.text + "'";
    case TokenKind::kQuoted:
      return "\"" + token.text + "\"";
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return "the number " + token.text;
    default:
      return "'" + token.text + "'";
  }
}

}  // namespace skewless
