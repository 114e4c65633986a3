// Tokens to a tree.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expression/expression.h"
#include "expression/lexer.h"

namespace skewless {

using Node = std::unique_ptr<Ast>;
using NodeResult = ExpressionResult<Node>;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  NodeResult Run();

  // How tightly operators bind.
  enum Precedence : int {
    kLoosest = 0,
    kOr,
    kAnd,
    kNot,
    kIs,
    kComparison,
    kMatching,
    kConcatenation,
    kSum,
    kProduct,
    kNegation,
  };

 private:
  // Counts a level of nesting for as long as it lives.
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool too_deep() const { return depth_ > kMaxParentheses; }

   private:
    int& depth_;
  };

  // An operand and the operators behind it that bind at least as tightly as `loosest`.
  NodeResult Expression(int loosest);
  NodeResult Prefix(int loosest);
  NodeResult Binary(Node left, std::string_view name, int precedence);
  NodeResult CastOperator(Node operand);
  NodeResult Is(Node operand);
  bool StartsMatching() const;
  NodeResult Matching(Node operand);
  ExpressionResult<Type> TypeReference();
  ExpressionResult<bool> List(Ast& node, const Token& token);

  // In parse_primary.cc.
  NodeResult Primary();
  NodeResult Word();
  NodeResult Number();
  NodeResult TimestampLiteral();
  NodeResult IntervalLiteral();
  NodeResult Parenthesised();
  NodeResult Column();
  NodeResult Case();
  NodeResult CastCall();
  NodeResult Call();
  NodeResult Extract(const Token& name);
  NodeResult Position(const Token& name);

  const Token& Current() const { return tokens_[at_]; }
  const Token& Following() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  static bool IsSymbol(const Token& token, std::string_view text) {
    return token.kind == TokenKind::kSymbol && token.text == text;
  }
  static bool IsKeyword(const Token& token, std::string_view word) {
    return token.kind == TokenKind::kWord && token.keyword == word;
  }
  bool TakeSymbol(std::string_view text);
  bool TakeKeyword(std::string_view word);
  ExpressionResult<bool> ExpectSymbol(std::string_view symbol);
  ExpressionResult<bool> ExpectKeyword(std::string_view word);

  static tl::unexpected<ExpressionError> ErrorAtToken(const Token& token, std::string message,
                                                      std::string remedy = {});
  tl::unexpected<ExpressionError> Unexpected(std::string_view expected,
                                             std::string remedy = {}) const;
  static tl::unexpected<ExpressionError> TooDeep(const Token& token);

  static Node NewNode(AstKind kind, const Token& token, std::string name = {});
  // Every inner node goes through here once its children are complete.
  static NodeResult Finish(Node node, const Token& token);

  std::vector<Token> tokens_;  // ends with kEnd
  size_t at_ = 0;
  int parentheses_ = 0;
  int prefixes_ = 0;
};

}  // namespace skewless
