// Trees back to text, in one spelling; and whether two trees are the same.
#include <array>
#include <charconv>

#include "base/time.h"
#include "expression/expression.h"
#include "expression/lexer.h"

namespace skewless {
namespace {

std::string QuoteText(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted.push_back(quote);
    quoted.push_back(c);
  }
  quoted.push_back(quote);
  return quoted;
}

// The shortest text that reads back as this float64 and not as an int64.
std::string FloatText(double value) {
  std::array<char, 32> buffer;
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class Printer {
 public:
  std::string Take() { return std::move(out_); }

  void Print(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::kLiteral:
        return Literal(ast.value);
      case AstKind::kColumn:
        return ColumnName(ast.name);
      case AstKind::kUnary:
        return Unary(ast);
      case AstKind::kBinary:
        return Infix(ast, ast.name);
      case AstKind::kIsDistinct:
        return Infix(ast, ast.negated ? "is not distinct from" : "is distinct from");
      case AstKind::kLike:
        return Infix(ast, ast.negated ? "not " + ast.name : ast.name);
      case AstKind::kIsNull:
        return Is(ast, "null");
      case AstKind::kIsTruth:
        return Is(ast, ast.value.int_value != 0 ? "true" : "false");
      case AstKind::kIn:
        return In(ast);
      case AstKind::kBetween:
        return Between(ast);
      case AstKind::kCase:
        return Case(ast);
      case AstKind::kCast:
        return Cast(ast);
      case AstKind::kCall:
        return Call(ast);
    }
  }

 private:
  void Literal(const Value& value) {
    if (!value.valid) {
      out_ += "null";
    } else if (value.type.kind == TypeKind::kBool) {
      out_ += value.int_value != 0 ? "true" : "false";
    } else if (value.type.kind == TypeKind::kTimestamp) {
      out_ += "timestamp '" + FormatTimestamp(value.int_value) + "'";
    } else if (PhysicalOf(value.type) == Physical::kBytes) {
      out_ += QuoteText(value.bytes, '\'');
    } else {
      const bool is_float = PhysicalOf(value.type) == Physical::kDouble;
      const std::string text =
          is_float ? FloatText(value.double_value) : std::to_string(value.int_value);
      out_ += text[0] == '-' ? "(" + text + ")" : text;
    }
  }

  void ColumnName(const std::string& name) {
    const size_t colon = name.find(':');
    const bool plain = colon == std::string::npos
                           ? IsPlainIdentifier(name)
                           : IsPlainIdentifier(std::string_view(name).substr(0, colon)) &&
                                 IsPlainIdentifier(std::string_view(name).substr(colon + 1));
    out_ += plain ? name : QuoteText(name, '"');
  }

  void Unary(const Ast& ast) {
    out_ += ast.name == "not" ? "(not " : "(-";
    Print(*ast.children[0]);
    out_ += ")";
  }

  void Infix(const Ast& ast, const std::string& symbol) {
    out_ += "(";
    Print(*ast.children[0]);
    out_ += " " + symbol + " ";
    Print(*ast.children[1]);
    out_ += ")";
  }

  void Is(const Ast& ast, std::string_view what) {
    out_ += "(";
    Print(*ast.children[0]);
    out_ += ast.negated ? " is not " : " is ";
    out_ += what;
    out_ += ")";
  }

  void In(const Ast& ast) {
    out_ += "(";
    Print(*ast.children[0]);
    out_ += ast.negated ? " not in (" : " in (";
    List(ast, 1);
    out_ += "))";
  }

  void Between(const Ast& ast) {
    out_ += "(";
    Print(*ast.children[0]);
    out_ += ast.negated ? " not between " : " between ";
    Print(*ast.children[1]);
    out_ += " and ";
    Print(*ast.children[2]);
    out_ += ")";
  }

  void Case(const Ast& ast) {
    size_t i = 0;
    out_ += "case";
    if (ast.has_operand) {
      out_ += " ";
      Print(*ast.children[i++]);
    }
    for (; i + 1 < ast.children.size(); i += 2) {
      out_ += " when ";
      Print(*ast.children[i]);
      out_ += " then ";
      Print(*ast.children[i + 1]);
    }
    if (ast.has_else) {
      out_ += " else ";
      Print(*ast.children[i]);
    }
    out_ += " end";
  }

  void Cast(const Ast& ast) {
    out_ += "cast(";
    Print(*ast.children[0]);
    out_ += " as " + TypeName(ast.cast_type) + ")";
  }

  void Call(const Ast& ast) {
    out_ += ast.name + "(";
    if (ast.is_star) out_ += "*";
    List(ast, 0);
    out_ += ")";
  }

  void List(const Ast& ast, size_t first) {
    for (size_t i = first; i < ast.children.size(); ++i) {
      if (i > first) out_ += ", ";
      Print(*ast.children[i]);
    }
  }

  std::string out_;
};

}  // namespace

std::string CanonicalText(const Ast& ast) {
  Printer printer;
  printer.Print(ast);
  return printer.Take();
}

bool SameTree(const Ast& a, const Ast& b) {
  if (a.kind != b.kind || a.name != b.name || a.negated != b.negated || a.is_star != b.is_star ||
      a.has_operand != b.has_operand || a.has_else != b.has_else ||
      a.children.size() != b.children.size()) {
    return false;
  }
  const bool has_value = a.kind == AstKind::kLiteral || a.kind == AstKind::kIsTruth;
  if (has_value && !SameBits(a.value.view(), b.value.view())) return false;
  if (a.kind == AstKind::kCast && a.cast_type != b.cast_type) return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!SameTree(*a.children[i], *b.children[i])) return false;
  }
  return true;
}

}  // namespace skewless
