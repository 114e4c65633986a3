#include "property/random_values.h"

#include <limits>
#include <string>

#include "base/time.h"
#include "model/list.h"

namespace skewless::property {
namespace {

int64_t RandomInt64(Dice& dice, Wildness wildness) {
  if (wildness == Wildness::kWild && dice.Chance(50)) {
    return dice.Pick({std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                      std::numeric_limits<int64_t>::min() + 1, int64_t{-1}});
  }
  if (wildness != Wildness::kTame && dice.Chance(10)) return static_cast<int64_t>(dice.Bits());
  return dice.Between(-3, 6);
}

int64_t RandomInt32(Dice& dice, Wildness wildness) {
  constexpr int64_t kLeast = std::numeric_limits<int32_t>::min();
  constexpr int64_t kGreatest = std::numeric_limits<int32_t>::max();
  if (wildness != Wildness::kTame && dice.Chance(20)) {
    return dice.Pick({kLeast, kGreatest, dice.Between(kLeast, kGreatest)});
  }
  return dice.Between(-3, 6);
}

double RandomDouble(Dice& dice, Wildness wildness) {
  using Limits = std::numeric_limits<double>;
  if (wildness == Wildness::kWild && dice.Chance(30)) {
    return dice.Pick({Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::max(),
                      -Limits::max(), Limits::denorm_min(), -Limits::denorm_min(), Limits::min()});
  }
  if (wildness != Wildness::kTame && dice.Chance(30)) {
    // Magnitudes far apart: every other order of additions gives other bits.
    return dice.Pick({1e16, -1e16, 1.0, 1e300, 0.1, 1e-300, 3e-310, -0.0, 0.0});
  }
  if (dice.Chance(15)) return dice.Pick({0.0, -0.0, 1.0, -1.0});
  return static_cast<double>(dice.Between(-1'000'000, 1'000'000)) / 997.0;
}

std::string RandomText(Dice& dice, Wildness wildness) {
  if (wildness != Wildness::kTame && dice.Chance(15)) {
    return dice.Pick({std::string("\xff\xfe"), std::string("\xc3"), std::string("a\0b", 3),
                      std::string("'\"\\\n"), std::string(300, 'z'),
                      std::string("\xf0\x9f\x98\x80")});
  }
  if (dice.Chance(60)) {
    return dice.Pick({std::string(), std::string("a"), std::string("b"), std::string("ab"),
                      std::string("abc"), std::string("\xc3\xa4"), std::string("Z")});
  }
  std::string text;
  for (int64_t n = dice.Below(40); n > 0; --n) text += static_cast<char>('a' + dice.Below(26));
  return text;
}

Value RandomScalar(Dice& dice, Type type, Wildness wildness) {
  switch (type.kind) {
    case TypeKind::kBool:
      return Value::Int(dice.Below(2), type);
    case TypeKind::kInt32:
      return Value::Int(RandomInt32(dice, wildness), type);
    case TypeKind::kInt64:
      return Value::Int(RandomInt64(dice, wildness), type);
    case TypeKind::kFloat32: {
      const auto rounded = static_cast<float>(RandomDouble(dice, wildness));
      return Value::Double(static_cast<double>(rounded), type);
    }
    case TypeKind::kFloat64:
      return Value::Double(RandomDouble(dice, wildness), type);
    case TypeKind::kTimestamp:
      if (wildness == Wildness::kWild) return Value::Int(RandomInt64(dice, wildness), type);
      return Value::Int(dice.Between(-5, 5) * kHourUs, type);
    case TypeKind::kString:
    case TypeKind::kBytes:
      return Value::String(RandomText(dice, wildness), type);
  }
  return Value::Null(type);
}

}  // namespace

Value RandomValue(Dice& dice, Type type, Wildness wildness) {
  if (dice.Chance(12)) return Value::Null(type);
  if (!type.is_list) return RandomScalar(dice, type, wildness);
  ListBuilder list(type.kind);
  const Type element{type.kind, false};
  for (int64_t n = dice.Below(4); n > 0; --n) {
    const Value value =
        dice.Chance(20) ? Value::Null(element) : RandomScalar(dice, element, wildness);
    list.Add(value.view());
  }
  return Value::String(std::string(list.Finish()), type);
}

}  // namespace skewless::property
