// Text of an expression to tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expression/expression.h"

namespace skewless {

enum class TokenKind {
  kEnd,
  kWord,    // an identifier or a keyword: the parser tells which
  kQuoted,  // "an identifier"
  kInteger,
  kFloat,
  kString,
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t offset = 0;
  size_t length = 0;
  std::string text;      // without quotes and escapes; symbols by their main spelling (= for ==)
  std::string keyword;   // kWord: the text in lower case
  uint64_t integer = 0;  // kInteger: at most 2^63, the magnitude of the smallest int64
  double number = 0;     // kFloat
};

// Ends with a kEnd token.
ExpressionResult<std::vector<Token>> Tokenize(std::string_view text);

// Words that can name a column only in double quotes.
bool IsReservedWord(std::string_view lower_case);
// Whether `name` is read back as one identifier without quotes.
bool IsPlainIdentifier(std::string_view name);
// As an error shows it: 'name', a number, end of the expression.
std::string DescribeToken(const Token& token);

}  // namespace skewless
