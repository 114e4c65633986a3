// Random well-typed expressions and rows for tests: every operator and function, over columns of
// every type, with the values at which arithmetic, texts and the calendar go wrong.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "expression/expression.h"
#include "model/list.h"
#include "model/value.h"

namespace skewless {

class RandomExpression {
 public:
  explicit RandomExpression(uint64_t seed) : random_(seed) {}

  // The columns that texts name.
  static const Scope& Columns() {
    static const Scope scope = {
        {"b", {TypeKind::kBool, false}},         {"b2", {TypeKind::kBool, false}},
        {"i", {TypeKind::kInt32, false}},        {"n", {TypeKind::kInt64, false}},
        {"m", {TypeKind::kInt64, false}},        {"f", {TypeKind::kFloat32, false}},
        {"x", {TypeKind::kFloat64, false}},      {"y", {TypeKind::kFloat64, false}},
        {"s", {TypeKind::kString, false}},       {"view:t", {TypeKind::kString, false}},
        {"raw data", {TypeKind::kBytes, false}}, {"at", {TypeKind::kTimestamp, false}},
        {"at2", {TypeKind::kTimestamp, false}},  {"ns", {TypeKind::kInt64, true}},
        {"xs", {TypeKind::kFloat64, true}},      {"ss", {TypeKind::kString, true}},
    };
    return scope;
  }

  // Mostly well-typed; what is not has a null whose type nothing tells.
  std::string Text(int depth) { return Of(static_cast<Shape>(Below(6)), depth); }

  // One value a column.
  std::vector<Value> Row() {
    std::vector<Value> row;
    for (const ScopeColumn& column : Columns()) row.push_back(RandomValue(column.type));
    return row;
  }

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

 private:
  enum class Shape { kBool, kInt, kFloat, kText, kBytes, kTime };
  using Texts = std::vector<std::string>;

  bool Chance(size_t one_in) { return Below(one_in) == 0; }
  std::string Pick(const Texts& from) { return from[Below(from.size())]; }
  Shape AnyShape() { return static_cast<Shape>(Below(6)); }

  std::string Of(Shape shape, int depth) {
    if (depth <= 0) return Leaf(shape);
    if (Chance(6)) return Choice(shape, depth - 1);
    switch (shape) {
      case Shape::kBool:
        return Bool(depth - 1);
      case Shape::kInt:
        return Int(depth - 1);
      case Shape::kFloat:
        return Float(depth - 1);
      case Shape::kText:
        return TextCall(depth - 1);
      case Shape::kTime:
        return Time(depth - 1);
      case Shape::kBytes:
        return Chance(2) ? "cast(" + Of(Shape::kText, depth - 1) + " as bytes)"
                         : "(" + Of(Shape::kBytes, depth - 1) + " || \"raw data\")";
    }
    return "";
  }

  std::string Leaf(Shape shape) {
    if (Chance(40)) return "null";
    const bool literal = Chance(3);
    switch (shape) {
      case Shape::kBool:
        return literal ? Pick({"true", "false"}) : Pick({"b", "b2"});
      case Shape::kInt:
        return literal ? Pick({"0", "1", "-1", "2", "7", "-9223372036854775808",
                               "9223372036854775807", "interval '90 minutes'"})
                       : Pick({"i", "n", "m"});
      case Shape::kFloat:
        return literal ? Pick({"0.0", "-0.0", "0.5", "2.5", "1e308", "-3.25", "1e-310", "pi()"})
                       : Pick({"f", "x", "y"});
      case Shape::kText:
        return literal ? Pick({"''", "'a'", "'it''s'", "'%b_'", "'äß€'", "' 12 '", "'2013-01-01'"})
                       : Pick({"s", "view:t"});
      case Shape::kBytes:
        return "\"raw data\"";
      case Shape::kTime:
        return literal ? Pick({"timestamp '2013-01-01T05:00:00.25Z'", "timestamp '1969-12-31'"})
                       : Pick({"at", "at2"});
    }
    return "";
  }

  std::string Number(int depth) { return Of(Chance(2) ? Shape::kInt : Shape::kFloat, depth); }
  // An integer that counts characters or decimals.
  std::string Small() {
    return Pick({"0", "1", "2", "3", "-1", "-2", "5", "20", "n", "i", "-19", "-20", "400", "-500"});
  }
  // Like a text that is not long.
  std::string T(int depth) { return Of(Shape::kText, depth); }

  std::string Choice(Shape shape, int depth) {
    const auto any = [&] { return Of(shape, depth); };
    switch (Below(8)) {
      case 0:
        return "coalesce(" + any() + ", " + any() + ", " + any() + ")";
      case 1:
        return "nullif(" + any() + ", " + any() + ")";
      case 2:
        return "least(" + any() + ", " + any() + ")";
      case 3:
        return "greatest(" + any() + ", " + any() + ", " + any() + ")";
      case 4:
        return "if(" + Bool(depth) + ", " + any() + ", " + any() + ")";
      case 5:
        return "case when " + Bool(depth) + " then " + any() + " when " + Bool(depth) + " then " +
               any() + (Chance(2) ? " end" : " else " + any() + " end");
      case 6: {
        const Shape subject = AnyShape();
        return "case " + Of(subject, depth) + " when " + Of(subject, depth) + " then " + any() +
               " when " + Leaf(subject) + " then " + any() +
               (Chance(2) ? " end" : " else " + any() + " end");
      }
      default:
        if (shape == Shape::kFloat) return "coalesce(" + Number(depth) + ", " + any() + ")";
        return "coalesce(" + any() + ", " + Leaf(shape) + ")";
    }
  }

  std::string Bool(int depth) {
    const auto b = [&] { return Of(Shape::kBool, depth); };
    const std::string negation = Chance(2) ? "not " : "";
    switch (Below(16)) {
      case 0:
        return "(" + b() + " and " + b() + ")";
      case 1:
        return "(" + b() + " or " + b() + ")";
      case 2:
        return "(not " + b() + ")";
      case 3:
        return "(" + Of(AnyShape(), depth) + " is " + negation + "null)";
      case 4:
        return "(" + b() + " is " + negation + Pick({"true", "false"}) + ")";
      case 5: {
        const Shape shape = AnyShape();
        return "(" + Of(shape, depth) + " is " + negation + "distinct from " + Of(shape, depth) +
               ")";
      }
      case 6: {
        const Shape shape = AnyShape();
        std::string text = "(" + Of(shape, depth) + " " + negation + "in (" + Leaf(shape);
        for (size_t i = Below(12); i > 0; --i) {
          text += ", " + (Chance(3) ? Of(shape, depth - 1) : Leaf(shape));
        }
        return text + "))";
      }
      case 7: {
        const Shape shape = AnyShape();
        return "(" + Of(shape, depth) + " " + negation + "between " + Of(shape, depth) + " and " +
               Of(shape, depth) + ")";
      }
      case 8:
        return "(" + T(depth) + " " + negation + Pick({"like ", "ilike "}) +
               Pick({"'%a%'", "'a%'", "'%B'", "'_\\_%'", "'a_c'", "''", "'%'", "'%Ä%'", "s",
                     "view:t", "'%a%b%'", "'\\%'"}) +
               ")";
      case 9:
        return Pick({"isnan(", "isfinite(", "isinf("}) + Number(depth) + ")";
      case 10:
        return Pick({"starts_with(", "ends_with(", "contains("}) + T(depth) + ", " + T(depth) + ")";
      case 11:
        return "list_contains(ns, " + Number(depth) + ")";
      case 12:
        return "list_contains(xs, " + Number(depth) + ")";
      case 13:
        return "list_contains(ss, " + T(depth) + ")";
      case 14:
        return "cast(" + (Chance(2) ? Number(depth) : T(depth)) + " as bool)";
      default: {
        const Shape shape = AnyShape();
        const bool numbers = shape == Shape::kInt || shape == Shape::kFloat;
        const std::string op = Pick({" = ", " <> ", " < ", " <= ", " > ", " >= "});
        if (numbers) return "(" + Number(depth) + op + Number(depth) + ")";
        if (shape == Shape::kTime && Chance(3)) return "(at" + op + "'2013-06-15 12:00:00+02:00')";
        return "(" + Of(shape, depth) + op + Of(shape, depth) + ")";
      }
    }
  }

  std::string Int(int depth) {
    const auto i = [&] { return Of(Shape::kInt, depth); };
    switch (Below(16)) {
      case 0:
        return "(" + i() + Pick({" + ", " - ", " * "}) + i() + ")";
      case 1:
        return "(" + i() + Pick({" // ", " % "}) + i() + ")";
      case 2:
        return "(-" + i() + ")";
      case 3:
        return Pick({"abs(", "sign(", "ceil(", "floor(", "round(", "trunc("}) + i() + ")";
      case 4:
        return "round(" + i() + ", " + Small() + ")";
      case 5:
        return "mod(" + i() + ", " + i() + ")";
      case 6:
        return "cast(" + (Chance(3) ? T(depth) : Number(depth)) +
               Pick({" as int32)", " as int64)"});
      case 7:
        return "length(" + Pick({T(depth), Leaf(Shape::kBytes), "ns", "ss"}) + ")";
      case 8:
        return "strpos(" + T(depth) + ", " + T(depth) + ")";
      case 9:
        return "hash64(" + (Chance(30) ? "b" : Of(static_cast<Shape>(1 + Below(5)), depth)) + ")";
      case 10:
        return "element_at(ns, " + Small() + ")";
      case 11:
        return Pick({"year(", "quarter(", "month(", "week(", "day(", "hour(", "minute(", "second(",
                     "dayofweek(", "dayofyear(", "epoch_ms(", "epoch_us("}) +
               Of(Shape::kTime, depth) + ")";
      case 12:
        return "date_part('" +
               Pick({"microsecond", "milliseconds", "isodow", "isoyear", "dow", "doy", "WEEK"}) +
               "', " + Of(Shape::kTime, depth) + ")";
      case 13:
        return "extract(hours from " + Of(Shape::kTime, depth) + ")";
      case 14:
        return "(" + Of(Shape::kTime, depth) + " - " + Leaf(Shape::kTime) + ")";
      default:
        return "cast(" + Of(Shape::kBool, depth) + " as int64)";
    }
  }

  std::string Float(int depth) {
    switch (Below(14)) {
      case 0:
        return "(" + Of(Shape::kFloat, depth) + Pick({" + ", " - ", " * "}) + Number(depth) + ")";
      case 1:
        return "(" + Number(depth) + " / " + Number(depth) + ")";
      case 2:
        return "(" + Of(Shape::kFloat, depth) + Pick({" // ", " % "}) + Number(depth) + ")";
      case 3:
        return "(-" + Of(Shape::kFloat, depth) + ")";
      case 4:
        return Pick({"abs(", "sign(", "ceil(", "floor(", "round(", "trunc("}) +
               Of(Shape::kFloat, depth) + ")";
      case 5:
        return Pick({"sqrt(", "exp(", "ln(", "log(", "log10(", "log2(", "sin(", "cos(", "tan(",
                     "asin(", "acos(", "atan(", "radians(", "degrees("}) +
               Number(depth) + ")";
      case 6:
        return Pick({"power(", "atan2("}) + Number(depth) + ", " + Number(depth) + ")";
      case 7:
        return "mod(" + Of(Shape::kFloat, depth) + ", " + Number(depth) + ")";
      case 8:
        return "round(" + Of(Shape::kFloat, depth) + ", " + Small() + ")";
      case 9:
        return "cast(" + (Chance(3) ? T(depth) : Number(depth)) +
               Pick({" as float32)", " as float64)"});
      case 10:
        return "element_at(xs, " + Small() + ")";
      case 11:
        return "epoch(" + Of(Shape::kTime, depth) + ")";
      case 12:
        return "date_part('epoch', " + Of(Shape::kTime, depth) + ")";
      default:
        return "cast(" + Of(Shape::kBool, depth) + " as float32)";
    }
  }

  std::string TextCall(int depth) {
    switch (Below(13)) {
      case 0:
        return "(" + T(depth) + " || " + T(depth) + ")";
      case 1:
        return "concat(" + T(depth) + ", " + T(depth) + ", " + Leaf(Shape::kText) + ")";
      case 2:
        return Pick({"lower(", "upper(", "trim(", "ltrim(", "rtrim(", "reverse("}) + T(depth) + ")";
      case 3:
        return "substr(" + T(depth) + ", " + Small() + ")";
      case 4:
        return "substr(" + T(depth) + ", " + Small() + ", " + Small() + ")";
      case 5:
        return "replace(" + T(depth) + ", " + T(depth) + ", " + T(depth) + ")";
      case 6:
        return Pick({"left(", "right("}) + T(depth) + ", " + Small() + ")";
      case 7:
        return Pick({"lpad(", "rpad("}) + T(depth) + ", " + Small() + ")";
      case 8:
        return Pick({"lpad(", "rpad("}) + T(depth) + ", " + Small() + ", " + T(depth) + ")";
      case 9:
        return "split_part(" + T(depth) + ", " + T(depth) + ", " + Small() + ")";
      case 10:
        return "element_at(ss, " + Small() + ")";
      case 11:
        return "cast(" + Leaf(Shape::kBytes) + " as string)";
      default:
        return "cast(" + Of(AnyShape(), depth) + " as string)";
    }
  }

  std::string Time(int depth) {
    switch (Below(5)) {
      case 0:
        return "(" + Of(Shape::kTime, depth) + Pick({" + ", " - "}) + Of(Shape::kInt, depth) + ")";
      case 1:
        return "date_trunc('" +
               Pick({"microsecond", "millisecond", "seconds", "minute", "Hour", "day", "week",
                     "month", "quarter", "year"}) +
               "', " + Of(Shape::kTime, depth) + ")";
      case 2:
        return "to_timestamp(" + Number(depth) + ")";
      case 3:
        return Pick({"to_timestamp_ms(", "to_timestamp_us("}) + Of(Shape::kInt, depth) + ")";
      default:
        return "cast(" + T(depth) + " as timestamp)";
    }
  }

  Value RandomValue(Type type) {
    if (Chance(8)) return Value::Null(type);
    if (type.is_list) return RandomList(type);
    switch (type.kind) {
      case TypeKind::kBool:
        return Value::Int(static_cast<int64_t>(Below(2)), type);
      case TypeKind::kInt32:
        return Value::Int(static_cast<int32_t>(RandomInt()), type);
      case TypeKind::kInt64:
        return Value::Int(RandomInt(), type);
      case TypeKind::kFloat32:
        return Value::Double(static_cast<float>(RandomDouble()), type);
      case TypeKind::kFloat64:
        return Value::Double(RandomDouble(), type);
      case TypeKind::kTimestamp:
        return Value::Int(RandomTime(), type);
      default:
        return Value::String(RandomText(), type);
    }
  }

  Value RandomList(Type type) {
    ListBuilder list(type.kind);
    for (size_t i = Below(5); i > 0; --i) {
      const Value element = RandomValue({type.kind, false});
      list.Add(element.view());
    }
    return Value::String(std::string(list.Finish()), type);
  }

  int64_t RandomInt() {
    constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    constexpr int64_t kEdges[] = {0,
                                  1,
                                  -1,
                                  2,
                                  kMin,
                                  kMin + 1,
                                  kMax,
                                  kMax - 1,
                                  2147483647,
                                  -2147483648,
                                  2147483648,
                                  9007199254740993,
                                  -9007199254740993,
                                  4611686018427387904};
    if (Chance(3)) return kEdges[Below(std::size(kEdges))];
    if (Chance(4)) return static_cast<int64_t>(random_());
    return static_cast<int64_t>(Below(41)) - 20;
  }

  double RandomDouble() {
    using Limits = std::numeric_limits<double>;
    const double edges[] = {0.0,
                            -0.0,
                            1.0,
                            -1.0,
                            0.5,
                            -0.5,
                            1.5,
                            2.5,
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            Limits::max(),
                            Limits::lowest(),
                            Limits::denorm_min(),
                            0x1p63,
                            -0x1p63,
                            0x1p31,
                            2147483646.5,
                            1e-7,
                            1e21};
    if (Chance(2)) return edges[Below(std::size(edges))];
    return std::uniform_real_distribution<double>(-100, 100)(random_);
  }

  int64_t RandomTime() {
    constexpr int64_t kHour = int64_t{3600} * 1000000;
    if (Chance(8)) return RandomInt();
    // Around leap days, ends of years and the epoch.
    const int64_t days = static_cast<int64_t>(Below(80000)) - 20000;
    return days * 24 * kHour + static_cast<int64_t>(Below(24)) * kHour +
           (Chance(2) ? 0 : static_cast<int64_t>(Below(static_cast<size_t>(kHour))));
  }

  std::string RandomText() {
    static const Texts kTexts = {"",
                                 "a",
                                 "b",
                                 "ab",
                                 "abc",
                                 "A B",
                                 "  a ",
                                 "%b_",
                                 "ÄÖü",
                                 "straße",
                                 "€uro",
                                 "ΣΑΣς",
                                 "Ёж",
                                 "12",
                                 " -7 ",
                                 "+3",
                                 "1e3",
                                 "-.5",
                                 "nan",
                                 "-Infinity",
                                 "TRUE",
                                 "f",
                                 "1e999",
                                 "0x1",
                                 "12abc",
                                 "2013-01-01T05:00:00Z",
                                 "2012-02-29 23:59:59.999999+01:00",
                                 "2013-02-30",
                                 "9223372036854775808",
                                 "-9223372036854775808",
                                 "\\",
                                 "a\\",
                                 "\x80\x80",
                                 "a\xC3",
                                 "\xFF\xFE"
                                 "a",
                                 "\xE2\x82"
                                 "b",
                                 std::string("a\0b", 3),
                                 "a,b,,c",
                                 "aaa"};
    std::string text = Pick(kTexts);
    if (Chance(4)) text += Pick(kTexts);
    return text;
  }

  std::mt19937_64 random_;
};

}  // namespace skewless
