// Precedence climbing. Loosest first, as in PostgreSQL:
//   or | and | not | is | comparison | between in like | "||" | + - | * / // % | unary - | ::
#include "expression/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/time.h"
#include "expression/errors.h"
#include "expression/functions.h"
#include "expression/literals.h"

namespace skewless {
namespace {

struct BinaryOperator {
  std::string_view name;
  int precedence;
};
constexpr std::array<BinaryOperator, 15> kBinaryOperators = {{
    {"or", Parser::kOr},
    {"and", Parser::kAnd},
    {"=", Parser::kComparison},
    {"<>", Parser::kComparison},
    {"<", Parser::kComparison},
    {"<=", Parser::kComparison},
    {">", Parser::kComparison},
    {">=", Parser::kComparison},
    {"||", Parser::kConcatenation},
    {"+", Parser::kSum},
    {"-", Parser::kSum},
    {"*", Parser::kProduct},
    {"/", Parser::kProduct},
    {"//", Parser::kProduct},
    {"%", Parser::kProduct},
}};

const BinaryOperator* FindBinaryOperator(const Token& token) {
  const bool word = token.kind == TokenKind::kWord;
  if (!word && token.kind != TokenKind::kSymbol) return nullptr;
  for (const BinaryOperator& op : kBinaryOperators) {
    if (op.name == (word ? token.keyword : token.text)) return &op;
  }
  return nullptr;
}

bool IsNonNegativeNumber(const Ast& node) {
  if (node.kind != AstKind::kLiteral || !node.value.valid) return false;
  if (node.value.type.kind == TypeKind::kInt64) return node.value.int_value >= 0;
  return node.value.type.kind == TypeKind::kFloat64 && !(node.value.double_value < 0);
}

void Negate(Ast& literal) {
  if (literal.value.type.kind == TypeKind::kInt64) {
    literal.value.int_value = -literal.value.int_value;
  } else {
    literal.value.double_value = -literal.value.double_value;
  }
}

}  // namespace

NodeResult Parser::Run() {
  EXPRESSION_ASSIGN_OR_RETURN(Node root, Expression(kLoosest));
  if (Current().kind != TokenKind::kEnd) return Unexpected("an operator or the end");
  return root;
}

NodeResult Parser::Expression(int loosest) {
  EXPRESSION_ASSIGN_OR_RETURN(Node left, Prefix(loosest));
  while (true) {
    const Token& token = Current();
    if (IsSymbol(token, "::")) {
      EXPRESSION_ASSIGN_OR_RETURN(left, CastOperator(std::move(left)));
    } else if (IsKeyword(token, "is") && loosest <= kIs) {
      EXPRESSION_ASSIGN_OR_RETURN(left, Is(std::move(left)));
    } else if (StartsMatching() && loosest <= kMatching) {
      EXPRESSION_ASSIGN_OR_RETURN(left, Matching(std::move(left)));
    } else {
      const BinaryOperator* op = FindBinaryOperator(token);
      if (op == nullptr || op->precedence < loosest) return left;
      EXPRESSION_ASSIGN_OR_RETURN(left, Binary(std::move(left), op->name, op->precedence));
    }
  }
}

NodeResult Parser::Binary(Node left, std::string_view name, int precedence) {
  const Token& token = Take();
  Node node = NewNode(AstKind::kBinary, token, std::string(name));
  EXPRESSION_ASSIGN_OR_RETURN(Node right, Expression(precedence + 1));
  node->children.push_back(std::move(left));
  node->children.push_back(std::move(right));
  if (precedence == kComparison) {
    const BinaryOperator* next = FindBinaryOperator(Current());
    if (next != nullptr && next->precedence == kComparison) {
      return ErrorAtToken(Current(), "comparisons do not chain",
                          "write 'a < b and b < c', or parentheses around one comparison");
    }
  }
  return Finish(std::move(node), token);
}

NodeResult Parser::Prefix(int loosest) {
  const Token& token = Current();
  const bool is_not = IsKeyword(token, "not");
  if (!is_not && !IsSymbol(token, "-")) return Primary();
  if (is_not && loosest > kNot) {
    return Unexpected("a value", "put the 'not' and what follows in parentheses");
  }
  Take();
  const Level level(prefixes_);
  if (level.too_deep()) return TooDeep(token);
  // The magnitude of the smallest int64 is a number only behind a minus.
  if (!is_not && Current().kind == TokenKind::kInteger && Current().integer > INT64_MAX) {
    Node smallest = NewNode(AstKind::kLiteral, Take());
    smallest->value = Value::Int(INT64_MIN);
    return Finish(std::move(smallest), token);
  }
  if (!is_not && (Current().kind == TokenKind::kInteger || Current().kind == TokenKind::kFloat)) {
    EXPRESSION_ASSIGN_OR_RETURN(Node number, Number());
    Negate(*number);
    return number;
  }
  EXPRESSION_ASSIGN_OR_RETURN(Node operand, Expression(is_not ? kNot : kNegation));
  // One spelling of a negative number, so that equal expressions have equal trees.
  if (!is_not && IsNonNegativeNumber(*operand)) {
    Negate(*operand);
    return operand;
  }
  Node node = NewNode(AstKind::kUnary, token, is_not ? "not" : "-");
  node->children.push_back(std::move(operand));
  return Finish(std::move(node), token);
}

NodeResult Parser::CastOperator(Node operand) {
  const Token& token = Take();
  Node node = NewNode(AstKind::kCast, token);
  EXPRESSION_ASSIGN_OR_RETURN(node->cast_type, TypeReference());
  node->children.push_back(std::move(operand));
  return Finish(std::move(node), token);
}

NodeResult Parser::Is(Node operand) {
  const Token& token = Take();
  const bool negated = TakeKeyword("not");
  Node node = NewNode(AstKind::kIsNull, token);
  node->negated = negated;
  node->children.push_back(std::move(operand));
  if (TakeKeyword("null")) return Finish(std::move(node), token);
  if (IsKeyword(Current(), "true") || IsKeyword(Current(), "false")) {
    node->kind = AstKind::kIsTruth;
    node->value = Value::Int(Take().keyword == "true" ? 1 : 0, {TypeKind::kBool, false});
    return Finish(std::move(node), token);
  }
  if (!TakeKeyword("distinct")) {
    return Unexpected("null, true, false or 'distinct from' after 'is'",
                      "to compare values, write =");
  }
  EXPRESSION_RETURN_IF_ERROR(ExpectKeyword("from"));
  node->kind = AstKind::kIsDistinct;
  EXPRESSION_ASSIGN_OR_RETURN(Node right, Expression(kIs + 1));
  node->children.push_back(std::move(right));
  return Finish(std::move(node), token);
}

bool Parser::StartsMatching() const {
  const Token& token = IsKeyword(Current(), "not") ? Following() : Current();
  return IsKeyword(token, "in") || IsKeyword(token, "between") || IsKeyword(token, "like") ||
         IsKeyword(token, "ilike");
}

NodeResult Parser::Matching(Node operand) {
  const bool negated = TakeKeyword("not");
  const Token& token = Take();
  Node node = NewNode(AstKind::kLike, token);
  node->negated = negated;
  node->children.push_back(std::move(operand));
  if (token.keyword == "in") {
    node->kind = AstKind::kIn;
    EXPRESSION_RETURN_IF_ERROR(ExpectSymbol("("));
    EXPRESSION_RETURN_IF_ERROR(List(*node, token));
  } else if (token.keyword == "between") {
    node->kind = AstKind::kBetween;
    EXPRESSION_ASSIGN_OR_RETURN(Node low, Expression(kMatching + 1));
    EXPRESSION_RETURN_IF_ERROR(ExpectKeyword("and"));
    EXPRESSION_ASSIGN_OR_RETURN(Node high, Expression(kMatching + 1));
    node->children.push_back(std::move(low));
    node->children.push_back(std::move(high));
  } else {
    node->name = token.keyword;
    EXPRESSION_ASSIGN_OR_RETURN(Node pattern, Expression(kMatching + 1));
    node->children.push_back(std::move(pattern));
  }
  return Finish(std::move(node), token);
}

ExpressionResult<Type> Parser::TypeReference() {
  const Token& token = Current();
  if (token.kind != TokenKind::kWord) return Unexpected("a type: " + AllTypeNames());
  const auto type = ParseTypeName(token.keyword);
  if (!type) {
    const std::string hint = TypeNameHint(token.keyword);
    return ErrorAtToken(token, "there is no type '" + token.text + "'; types are " + AllTypeNames(),
                        hint.empty() ? "" : "write " + hint);
  }
  Take();
  Type result = *type;
  if (TakeSymbol("[")) {
    EXPRESSION_RETURN_IF_ERROR(ExpectSymbol("]"));
    result.is_list = true;
  }
  return result;
}

// Items up to the closing parenthesis, which is taken; the opening one already was.
ExpressionResult<bool> Parser::List(Ast& node, const Token& token) {
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(token);
  do {
    EXPRESSION_ASSIGN_OR_RETURN(Node item, Expression(kLoosest));
    node.children.push_back(std::move(item));
  } while (TakeSymbol(","));
  if (TakeSymbol(")")) return true;
  return Unexpected("',' or ')'");
}

bool Parser::TakeSymbol(std::string_view text) {
  if (!IsSymbol(Current(), text)) return false;
  Take();
  return true;
}

bool Parser::TakeKeyword(std::string_view word) {
  if (!IsKeyword(Current(), word)) return false;
  Take();
  return true;
}

ExpressionResult<bool> Parser::ExpectSymbol(std::string_view symbol) {
  if (TakeSymbol(symbol)) return true;
  return Unexpected("'" + std::string(symbol) + "'");
}

ExpressionResult<bool> Parser::ExpectKeyword(std::string_view word) {
  if (TakeKeyword(word)) return true;
  return Unexpected("'" + std::string(word) + "'");
}

tl::unexpected<ExpressionError> Parser::ErrorAtToken(const Token& token, std::string message,
                                                     std::string remedy) {
  return tl::unexpected(ExpressionError{token.offset, std::max<size_t>(1, token.length),
                                        std::move(message), std::move(remedy)});
}

tl::unexpected<ExpressionError> Parser::Unexpected(std::string_view expected,
                                                   std::string remedy) const {
  const Token& token = Current();
  if (remedy.empty() && token.kind == TokenKind::kQuoted) {
    remedy = "write text in single quotes, 'text'; double quotes are for names";
  } else if (remedy.empty() && IsSymbol(token, ".")) {
    remedy = "write a feature of another view as view:feature";
  } else if (remedy.empty() && IsSymbol(token, ";")) {
    remedy = "remove the ';'";
  }
  return ErrorAtToken(token,
                      "expected " + std::string(expected) + ", found " + DescribeToken(token),
                      std::move(remedy));
}

tl::unexpected<ExpressionError> Parser::TooDeep(const Token& token) {
  return ErrorAtToken(
      token, "the expression nests deeper than " + std::to_string(kMaxExpressionDepth) + " levels",
      "split it into several derived features, or write a long chain of = and or as in (...)");
}

Node Parser::NewNode(AstKind kind, const Token& token, std::string name) {
  auto node = std::make_unique<Ast>();
  node->kind = kind;
  node->offset = token.offset;
  node->length = token.length;
  node->name = std::move(name);
  return node;
}

NodeResult Parser::Finish(Node node, const Token& token) {
  for (const Node& child : node->children) node->height = std::max(node->height, child->height + 1);
  if (node->height > kMaxExpressionDepth) return TooDeep(token);
  return node;
}

NodeResult ParseExpression(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return tl::unexpected(ExpressionError{
        kMaxExpressionBytes, 1,
        "the expression is longer than " + std::to_string(kMaxExpressionBytes) + " bytes",
        "split it into several derived features"});
  }
  EXPRESSION_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  return Parser(std::move(tokens)).Run();
}

}  // namespace skewless
