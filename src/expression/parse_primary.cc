// What stands between operators: literals, columns, calls, case, cast and parentheses.
#include <utility>

#include "base/time.h"
#include "expression/errors.h"
#include "expression/functions.h"
#include "expression/literals.h"
#include "expression/parser.h"

namespace skewless {

NodeResult Parser::Primary() {
  const Token& token = Current();
  switch (token.kind) {
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return Number();
    case TokenKind::kString: {
      Node node = NewNode(AstKind::kLiteral, Take());
      node->value = Value::String(token.text);
      return node;
    }
    case TokenKind::kQuoted:
      return Column();
    case TokenKind::kWord:
      return Word();
    case TokenKind::kSymbol:
      if (token.text == "(") return Parenthesised();
      break;
    case TokenKind::kEnd:
      break;
  }
  return Unexpected("a value");
}

NodeResult Parser::Number() {
  const Token& token = Take();
  Node node = NewNode(AstKind::kLiteral, token);
  if (token.kind == TokenKind::kFloat) {
    node->value = Value::Double(token.number);
    return node;
  }
  if (token.integer > INT64_MAX) {
    return ErrorAtToken(token, "the number " + token.text + " does not fit in int64",
                        "write it as a float64: " + token.text + ".0");
  }
  node->value = Value::Int(static_cast<int64_t>(token.integer));
  return node;
}

NodeResult Parser::Word() {
  const Token& token = Current();
  if (token.keyword == "true" || token.keyword == "false") {
    Node node = NewNode(AstKind::kLiteral, Take());
    node->value = Value::Int(token.keyword == "true" ? 1 : 0, {TypeKind::kBool, false});
    return node;
  }
  if (token.keyword == "null") {
    Node node = NewNode(AstKind::kLiteral, Take());
    node->value = Value::Null(Type{});
    return node;
  }
  if (token.keyword == "case") return Case();
  if (token.keyword == "cast") return CastCall();
  if (IsReservedWord(token.keyword)) {
    return Unexpected("a value",
                      "write a column of that name in double quotes: \"" + token.text + "\"");
  }
  if (Following().kind == TokenKind::kString) {
    if (token.keyword == "timestamp") return TimestampLiteral();
    if (token.keyword == "interval") return IntervalLiteral();
  }
  if (IsSymbol(Following(), "(")) return Call();
  return Column();
}

NodeResult Parser::TimestampLiteral() {
  Node node = NewNode(AstKind::kLiteral, Take());
  const Token& text = Take();
  const Result<Timestamp> time = ParseTimestamp(text.text);
  if (!time) {
    return ErrorAtToken(text, "'" + text.text + "' is not a timestamp",
                        "write it as RFC 3339: timestamp '2013-01-01T05:00:00Z'");
  }
  node->length = text.offset + text.length - node->offset;
  node->value = Value::Int(*time, {TypeKind::kTimestamp, false});
  return node;
}

NodeResult Parser::IntervalLiteral() {
  Node node = NewNode(AstKind::kLiteral, Take());
  const Token& text = Take();
  const Result<DurationUs> interval = ParseInterval(text.text);
  if (!interval) return ErrorAtToken(text, interval.error().message, interval.error().remedy);
  node->length = text.offset + text.length - node->offset;
  node->value = Value::Int(*interval);
  return node;
}

NodeResult Parser::Parenthesised() {
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(Current());
  Take();
  EXPRESSION_ASSIGN_OR_RETURN(Node node, Expression(kLoosest));
  if (IsSymbol(Current(), ",")) {
    return Unexpected("')'", "a list of values stands only behind 'in' and in calls");
  }
  EXPRESSION_RETURN_IF_ERROR(ExpectSymbol(")"));
  return node;
}

NodeResult Parser::Column() {
  const Token& first = Take();
  Node node = NewNode(AstKind::kColumn, first, first.text);
  if (!IsSymbol(Current(), ":")) return node;
  Take();
  const Token& second = Current();
  const bool is_name = second.kind == TokenKind::kQuoted ||
                       (second.kind == TokenKind::kWord && !IsReservedWord(second.keyword));
  if (!is_name) return Unexpected("the name of a feature after ':'");
  Take();
  node->name += ":" + second.text;
  node->length = second.offset + second.length - first.offset;
  return node;
}

NodeResult Parser::Case() {
  const Token& token = Take();
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(token);
  Node node = NewNode(AstKind::kCase, token);
  if (!IsKeyword(Current(), "when")) {
    EXPRESSION_ASSIGN_OR_RETURN(Node operand, Expression(kLoosest));
    node->has_operand = true;
    node->children.push_back(std::move(operand));
  }
  if (!IsKeyword(Current(), "when")) return Unexpected("'when'");
  while (TakeKeyword("when")) {
    EXPRESSION_ASSIGN_OR_RETURN(Node condition, Expression(kLoosest));
    node->children.push_back(std::move(condition));
    EXPRESSION_RETURN_IF_ERROR(ExpectKeyword("then"));
    EXPRESSION_ASSIGN_OR_RETURN(Node result, Expression(kLoosest));
    node->children.push_back(std::move(result));
  }
  if (TakeKeyword("else")) {
    EXPRESSION_ASSIGN_OR_RETURN(Node otherwise, Expression(kLoosest));
    node->has_else = true;
    node->children.push_back(std::move(otherwise));
  }
  if (!TakeKeyword("end")) return Unexpected(node->has_else ? "'end'" : "'when', 'else' or 'end'");
  return Finish(std::move(node), token);
}

NodeResult Parser::CastCall() {
  const Token& token = Take();
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(token);
  Node node = NewNode(AstKind::kCast, token);
  EXPRESSION_RETURN_IF_ERROR(ExpectSymbol("("));
  EXPRESSION_ASSIGN_OR_RETURN(Node operand, Expression(kLoosest));
  if (!TakeKeyword("as")) return Unexpected("'as' and a type", "write cast(x as int64)");
  EXPRESSION_ASSIGN_OR_RETURN(node->cast_type, TypeReference());
  EXPRESSION_RETURN_IF_ERROR(ExpectSymbol(")"));
  node->children.push_back(std::move(operand));
  return Finish(std::move(node), token);
}

NodeResult Parser::Call() {
  const Token& name = Take();
  Take();  // the parenthesis
  if (name.keyword == "extract") return Extract(name);
  if (name.keyword == "position") return Position(name);
  Node node = NewNode(AstKind::kCall, name, std::string(MainFunctionName(name.keyword)));
  if (TakeSymbol("*")) {
    node->is_star = true;
    EXPRESSION_RETURN_IF_ERROR(ExpectSymbol(")"));
    return node;
  }
  if (TakeSymbol(")")) return node;
  EXPRESSION_RETURN_IF_ERROR(List(*node, name));
  return Finish(std::move(node), name);
}

// extract(unit from x) is date_part('unit', x).
NodeResult Parser::Extract(const Token& name) {
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(name);
  Node node = NewNode(AstKind::kCall, name, "date_part");
  const Token& unit = Current();
  if (unit.kind != TokenKind::kWord && unit.kind != TokenKind::kString) {
    return Unexpected("a unit of time", "write extract(hour from x)");
  }
  Node literal = NewNode(AstKind::kLiteral, Take());
  literal->value = Value::String(unit.kind == TokenKind::kWord ? unit.keyword : unit.text);
  node->children.push_back(std::move(literal));
  EXPRESSION_RETURN_IF_ERROR(ExpectKeyword("from"));
  EXPRESSION_ASSIGN_OR_RETURN(Node time, Expression(kLoosest));
  node->children.push_back(std::move(time));
  EXPRESSION_RETURN_IF_ERROR(ExpectSymbol(")"));
  return Finish(std::move(node), name);
}

// position(part in x) is strpos(x, part).
NodeResult Parser::Position(const Token& name) {
  const Level level(parentheses_);
  if (level.too_deep()) return TooDeep(name);
  Node node = NewNode(AstKind::kCall, name, "strpos");
  EXPRESSION_ASSIGN_OR_RETURN(Node part, Expression(kMatching + 1));
  if (!TakeKeyword("in"))
    return Unexpected("'in'", "write position('part' in x), or strpos(x, 'part')");
  EXPRESSION_ASSIGN_OR_RETURN(Node whole, Expression(kLoosest));
  node->children.push_back(std::move(whole));
  node->children.push_back(std::move(part));
  EXPRESSION_RETURN_IF_ERROR(ExpectSymbol(")"));
  return Finish(std::move(node), name);
}

}  // namespace skewless
