// What an expression means, told as plainly as possible: one row, one value at a time, walking the
// tree. It shares nothing with the compiled evaluator but the tree, the values and the types, and
// was written from docs/reference/expressions.md; tests hold both to the same bits.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "expression/expression.h"
#include "expression_oracle_functions.h"
#include "model/value.h"

namespace skewless::oracle {

// A value, and what the type rules need to know about where it came from.
struct Operand {
  Value value;
  bool bare_null = false;     // takes the type of its surroundings
  bool text_literal = false;  // may be read as a timestamp or as bytes
  bool constant = false;      // 'in' looks at these first
};

class Interpreter {
 public:
  using Columns = std::function<Value(std::string_view)>;
  Interpreter(const Columns& columns, EvaluationCounts* counts)
      : columns_(columns), counts_(counts) {}

  // Where `active` is false nobody needs the value, so its failures are not counted.
  Operand Evaluate(const Ast& ast, bool active) {
    switch (ast.kind) {
      case AstKind::kLiteral:
        return Literal(ast);
      case AstKind::kColumn:
        return {columns_(ast.name)};
      case AstKind::kUnary:
        return Unary(ast, active);
      case AstKind::kBinary:
        return Binary(ast, active);
      case AstKind::kIsNull: {
        const bool is_null = !Evaluate(*ast.children[0], active).value.valid;
        return {Bool(is_null != ast.negated)};
      }
      case AstKind::kIsTruth: {
        const Value value = Evaluate(*ast.children[0], active).value;
        const bool is = value.valid && value.int_value == ast.value.int_value;
        return {Bool(is != ast.negated)};
      }
      case AstKind::kIsDistinct:
        return Distinct(ast, active);
      case AstKind::kIn:
        return In(ast, active);
      case AstKind::kBetween:
        return Between(ast, active);
      case AstKind::kLike:
        return Like(ast, active);
      case AstKind::kCase:
        return Case(ast, active);
      case AstKind::kCast: {
        const Operand operand = Evaluate(*ast.children[0], active);
        if (operand.bare_null) return {Value::Null(ast.cast_type)};
        return {Count(Cast(operand.value, ast.cast_type), active)};
      }
      case AstKind::kCall:
        return Call(ast, active);
    }
    SKEWLESS_CHECK(false);
  }

 private:
  static Operand Literal(const Ast& ast) {
    Operand operand{ast.value};
    operand.bare_null = !ast.value.valid;
    operand.text_literal = ast.value.valid && ast.value.type.kind == TypeKind::kString;
    operand.constant = true;
    return operand;
  }

  Value Count(const Outcome& outcome, bool active) {
    if (active && counts_ != nullptr) {
      counts_->overflow += outcome.overflow ? 1 : 0;
      counts_->division_by_zero += outcome.division ? 1 : 0;
      counts_->domain += outcome.domain ? 1 : 0;
    }
    return outcome.value;
  }

  // The type that operands meet in.
  static Type Common(const std::vector<const Operand*>& operands) {
    std::vector<Type> types;
    bool has_text_literal = false;
    for (const Operand* operand : operands) {
      has_text_literal |= operand->text_literal;
      if (!operand->bare_null && !operand->text_literal) types.push_back(operand->value.type);
    }
    if (types.empty()) {
      return {has_text_literal ? TypeKind::kString : TypeKind::kInt64, false};
    }
    Type common = types[0];
    for (const Type& type : types) {
      if (type == common) continue;
      common = {IsInteger(type) && IsInteger(common) ? TypeKind::kInt64 : TypeKind::kFloat64,
                false};
    }
    return common;
  }

  static Value As(const Operand& operand, Type type) {
    const Value& value = operand.value;
    if (!value.valid) return Value::Null(type);
    if (value.type == type) return value;
    if (value.type.kind == TypeKind::kString && type.kind == TypeKind::kTimestamp) {
      return Cast(value, type).value;
    }
    Value result = value;
    result.type = type;
    if (PhysicalOf(value.type) == Physical::kInt && PhysicalOf(type) == Physical::kDouble) {
      result = Value::Double(static_cast<double>(value.int_value), type);
    }
    return result;
  }

  // -1, 0, 1; only for values that are not null.
  static int Order(const Operand& a, const Operand& b) {
    const Type type = Common({&a, &b});
    return OrderOf(As(a, type), As(b, type));
  }

  static Value Equals(const Operand& a, const Operand& b) {
    if (!a.value.valid || !b.value.valid) return Value::Null(kBool);
    return Bool(Order(a, b) == 0);
  }

  static Value Negated(const Value& value, bool negated) {
    if (!negated || !value.valid) return value;
    return Bool(value.int_value == 0);
  }
  static bool IsTrue(const Value& value) { return value.valid && value.int_value != 0; }
  static bool IsFalse(const Value& value) { return value.valid && value.int_value == 0; }
  static Value And(const Value& a, const Value& b) {
    if (IsFalse(a) || IsFalse(b)) return Bool(false);
    return IsTrue(a) && IsTrue(b) ? Bool(true) : Value::Null(kBool);
  }
  static Value Or(const Value& a, const Value& b) {
    return Negated(And(Negated(a, true), Negated(b, true)), true);
  }

  Operand Unary(const Ast& ast, bool active) {
    const Operand operand = Evaluate(*ast.children[0], active);
    const Value& value = operand.value;
    if (ast.name == "not") {
      return {value.valid ? Negated(value, true) : Value::Null(kBool)};
    }
    if (operand.bare_null) return {Value::Null(kInt)};
    return {Count(Negate(value), active)};
  }

  Operand Binary(const Ast& ast, bool active) {
    const std::string& name = ast.name;
    const Operand a = Evaluate(*ast.children[0], active);
    if (name == "and") {
      const Value b = Evaluate(*ast.children[1], active && !IsFalse(a.value)).value;
      return {And(a.value, b)};
    }
    if (name == "or") {
      const Value b = Evaluate(*ast.children[1], active && !IsTrue(a.value)).value;
      return {Or(a.value, b)};
    }
    const Operand b = Evaluate(*ast.children[1], active);
    if (name == "=" || name == "<>" || name[0] == '<' || name[0] == '>') {
      if (!a.value.valid || !b.value.valid) return {Value::Null(kBool)};
      const int order = Order(a, b);
      if (name == "=") return {Bool(order == 0)};
      if (name == "<>") return {Bool(order != 0)};
      if (name == "<") return {Bool(order < 0)};
      if (name == "<=") return {Bool(order <= 0)};
      if (name == ">") return {Bool(order > 0)};
      return {Bool(order >= 0)};
    }
    if (name == "||") return {Count(JoinTexts(a, b), active)};
    return {Count(Arithmetic(name, a, b), active)};
  }

  static Outcome JoinTexts(const Operand& a, const Operand& b) {
    const bool bytes = (!a.bare_null && a.value.type.kind == TypeKind::kBytes) ||
                       (!b.bare_null && b.value.type.kind == TypeKind::kBytes);
    const Type type{bytes ? TypeKind::kBytes : TypeKind::kString, false};
    if (!a.value.valid || !b.value.valid) return {Value::Null(type)};
    return LongText(a.value.bytes + b.value.bytes, type);
  }

  static Outcome Arithmetic(const std::string& name, const Operand& a, const Operand& b) {
    const bool a_time = !a.bare_null && a.value.type.kind == TypeKind::kTimestamp;
    const bool b_time = !b.bare_null && b.value.type.kind == TypeKind::kTimestamp;
    if (a_time || b_time) {
      const bool difference = name == "-" && b_time;
      const bool literal_difference = name == "-" && b.text_literal;
      const Type type = difference || literal_difference ? kInt : kTime;
      if (!a.value.valid || !b.value.valid) return {Value::Null(type)};
      const Value left = a.text_literal ? As(a, kTime) : a.value;
      const Value right = b.text_literal ? As(b, kTime) : b.value;
      Outcome outcome = IntArithmetic(name, left.int_value, right.int_value);
      outcome.value.type = type;
      return outcome;
    }
    const bool floats = name == "/" ||
                        (!a.bare_null && PhysicalOf(a.value.type) == Physical::kDouble) ||
                        (!b.bare_null && PhysicalOf(b.value.type) == Physical::kDouble);
    const Type type = floats ? kFloat : kInt;
    if (!a.value.valid || !b.value.valid) return {Value::Null(type)};
    const Value left = As(a, type);
    const Value right = As(b, type);
    return floats ? FloatArithmetic(name, left.double_value, right.double_value)
                  : IntArithmetic(name, left.int_value, right.int_value);
  }

  Operand Distinct(const Ast& ast, bool active) {
    const Operand a = Evaluate(*ast.children[0], active);
    const Operand b = Evaluate(*ast.children[1], active);
    bool distinct = a.value.valid != b.value.valid;
    if (a.value.valid && b.value.valid) distinct = Order(a, b) != 0;
    return {Bool(distinct != ast.negated)};
  }

  // x = a or x = b or ..., all compared under one type, constants first.
  Operand In(const Ast& ast, bool active) {
    std::vector<Operand> items;
    std::vector<const Operand*> all;
    const Operand subject = Evaluate(*ast.children[0], active);
    for (size_t i = 1; i < ast.children.size(); ++i) {
      items.push_back(Evaluate(*ast.children[i], false));  // for its type, and for constants
    }
    all.push_back(&subject);
    for (const Operand& item : items) all.push_back(&item);
    const Type type = Common(all);
    const Operand x{As(subject, type)};
    Value found = Bool(false);
    for (const bool constants : {true, false}) {
      for (size_t i = 0; i < items.size(); ++i) {
        if (items[i].constant != constants) continue;
        const Operand item = Evaluate(*ast.children[i + 1], active && !IsTrue(found));
        found = Or(found, Equals(x, {As(item, type)}));
      }
    }
    return {Negated(found, ast.negated)};
  }

  Operand Between(const Ast& ast, bool active) {
    Operand x = Evaluate(*ast.children[0], active);
    const Operand low = Evaluate(*ast.children[1], active);
    const auto compare = [](const Operand& a, const Operand& b, int refused) {
      if (!a.value.valid || !b.value.valid) return Value::Null(kBool);
      return Bool(Order(a, b) != refused);
    };
    Operand high = Evaluate(*ast.children[2], false);
    if (x.bare_null || x.text_literal) x = {As(x, Common({&x, &low, &high}))};
    const Value above = compare(x, low, -1);
    high = Evaluate(*ast.children[2], active && !IsFalse(above));
    return {Negated(And(above, compare(x, high, 1)), ast.negated)};
  }

  Operand Like(const Ast& ast, bool active) {
    const Operand text = Evaluate(*ast.children[0], active);
    const Operand pattern = Evaluate(*ast.children[1], active);
    if (!text.value.valid || !pattern.value.valid) return {Value::Null(kBool)};
    const bool ignore_case = ast.name == "ilike";
    const Outcome outcome =
        LikeText(ignore_case ? MapCase(text.value.bytes, false) : text.value.bytes,
                 ignore_case ? MapCase(pattern.value.bytes, false) : pattern.value.bytes);
    return {Negated(Count(outcome, active), ast.negated)};
  }

  Operand Case(const Ast& ast, bool active) {
    size_t i = 0;
    Operand subject;
    if (ast.has_operand) subject = Evaluate(*ast.children[i++], active);
    if (subject.text_literal) subject = {subject.value};
    bool undecided = active;
    std::vector<Operand> values;
    int chosen = -1;
    bool any_chosen = false;
    for (; i < ast.children.size(); ++i) {
      bool taken = !any_chosen;
      if (i + 1 < ast.children.size()) {
        const Operand when = Evaluate(*ast.children[i++], undecided);
        taken &= IsTrue(ast.has_operand ? Equals(subject, when) : when.value);
      }
      values.push_back(Evaluate(*ast.children[i], undecided && taken));
      if (taken) chosen = static_cast<int>(values.size()) - 1;
      any_chosen |= taken;
      undecided = undecided && !taken;
    }
    std::vector<const Operand*> all;
    for (const Operand& value : values) all.push_back(&value);
    const Type type = Common(all);
    if (chosen < 0) return {Value::Null(type)};
    return {As(values[static_cast<size_t>(chosen)], type)};
  }

  Operand Call(const Ast& ast, bool active) {
    const std::string& name = ast.name;
    std::vector<Operand> arguments;
    bool needed = active;
    for (size_t i = 0; i < ast.children.size(); ++i) {
      if (name == "if" && i > 0) {
        needed = active && IsTrue(arguments[0].value) == (i == 1);
      }
      arguments.push_back(Evaluate(*ast.children[i], needed));
      if (name == "coalesce") needed = needed && !arguments.back().value.valid;
    }
    std::vector<const Operand*> all;
    for (const Operand& argument : arguments) all.push_back(&argument);
    if (name == "if") {
      const Type type = Common({all[1], all[2]});
      return {As(arguments[IsTrue(arguments[0].value) ? 1 : 2], type)};
    }
    if (name == "coalesce") {
      const Type type = Common(all);
      for (const Operand& argument : arguments) {
        if (argument.value.valid) return {As(argument, type)};
      }
      return {Value::Null(type)};
    }
    if (name == "nullif") {
      // What is compared may be read as a time, what is returned stays the first argument.
      Operand first = arguments[0];
      first.text_literal = false;
      const bool equal = IsTrue(Equals(first, arguments[1]));
      return {equal ? Value::Null(first.value.type) : first.value};
    }
    if (name == "least" || name == "greatest") return Extreme(arguments, all, name == "least");
    if (name == "pi") {
      Operand pi{Value::Double(3.14159265358979323846)};
      pi.constant = true;
      return pi;
    }
    if (name == "list_contains") return {ListContains(arguments[0].value, arguments[1])};
    std::vector<Value> values;
    for (const Operand& argument : arguments) {
      values.push_back(argument.value);
      const bool wants_time = IsTimeFunction(name) && &argument == &arguments.back();
      if (wants_time && argument.text_literal) values.back() = As(argument, kTime);
    }
    return {Count(CallFunction(name, values), active)};
  }

  static Operand Extreme(const std::vector<Operand>& arguments,
                         const std::vector<const Operand*>& all, bool least) {
    const Type type = Common(all);
    Value best = Value::Null(type);
    for (const Operand& argument : arguments) {
      const Value value = As(argument, type);
      if (!value.valid) continue;
      const int order = best.valid ? OrderOf(value, best) : 0;
      if (!best.valid || (least ? order < 0 : order > 0)) best = value;
    }
    return {best};
  }

  static Value ListContains(const Value& list, const Operand& needle) {
    if (!list.valid || !needle.value.valid) return Value::Null(kBool);
    for (const Value& element : ElementsOf(list)) {
      if (element.valid && Order({element}, needle) == 0) return Bool(true);
    }
    return Bool(false);
  }

  const Columns& columns_;
  EvaluationCounts* counts_;
};

// The value of a well-typed expression in one row. `column` tells the value (null or not, it has
// the column's type) of a column by its name.
inline Value EvaluateAst(const Ast& ast, const std::function<Value(std::string_view)>& column,
                         EvaluationCounts* counts = nullptr) {
  return Interpreter(column, counts).Evaluate(ast, true).value;
}

}  // namespace skewless::oracle
