// Every operation that an instruction may run, by file. Arguments and results are in SQL's order;
// unless said otherwise a null argument makes a null.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expression/like_pattern.h"
#include "expression/operation.h"

namespace skewless::operations {

#define SKEWLESS_OPERATION(name) void name(const Frame& frame, const Instruction& instruction)

// evaluate_arithmetic.cc
SKEWLESS_OPERATION(AddInt);
SKEWLESS_OPERATION(SubtractInt);
SKEWLESS_OPERATION(MultiplyInt);
SKEWLESS_OPERATION(DivideInt);     // truncates toward zero
SKEWLESS_OPERATION(RemainderInt);  // has the sign of the dividend
SKEWLESS_OPERATION(NegateInt);
SKEWLESS_OPERATION(AbsInt);
SKEWLESS_OPERATION(SignInt);
SKEWLESS_OPERATION(RoundInt);  // to a number of decimals, negative ones too
SKEWLESS_OPERATION(AddDouble);
SKEWLESS_OPERATION(SubtractDouble);
SKEWLESS_OPERATION(MultiplyDouble);
SKEWLESS_OPERATION(DivideDouble);
SKEWLESS_OPERATION(TruncatedDivideDouble);
SKEWLESS_OPERATION(RemainderDouble);
SKEWLESS_OPERATION(NegateDouble);

// evaluate_math.cc
SKEWLESS_OPERATION(AbsDouble);
SKEWLESS_OPERATION(SignDouble);
SKEWLESS_OPERATION(Ceil);
SKEWLESS_OPERATION(Floor);
SKEWLESS_OPERATION(Round);
SKEWLESS_OPERATION(RoundDecimals);
SKEWLESS_OPERATION(Truncate);
SKEWLESS_OPERATION(SquareRoot);
SKEWLESS_OPERATION(Exp);
SKEWLESS_OPERATION(NaturalLog);
SKEWLESS_OPERATION(Log2);
SKEWLESS_OPERATION(Log10);
SKEWLESS_OPERATION(Power);
SKEWLESS_OPERATION(Sin);
SKEWLESS_OPERATION(Cos);
SKEWLESS_OPERATION(Tan);
SKEWLESS_OPERATION(Asin);
SKEWLESS_OPERATION(Acos);
SKEWLESS_OPERATION(Atan);
SKEWLESS_OPERATION(Atan2);
SKEWLESS_OPERATION(Radians);
SKEWLESS_OPERATION(Degrees);
SKEWLESS_OPERATION(IsNan);
SKEWLESS_OPERATION(IsFinite);
SKEWLESS_OPERATION(IsInfinite);

// evaluate_compare.cc. Indexed by Comparison and Physical.
enum class Comparison { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
Operation CompareOperation(Comparison comparison, Physical physical);
Operation DistinctOperation(bool negated, Physical physical);  // never null
Operation LeastOperation(Physical physical);                   // of two; skips a null
Operation GreatestOperation(Physical physical);
Operation NullIfOperation(Physical physical);  // (value, equal): null where equal is true

// evaluate_in.cc. What literals of a list become.
std::unique_ptr<Payload> MakeSet(const std::vector<const Value*>& values, Physical physical);
Operation InSetOperation(Physical physical);

// evaluate_logic.cc
SKEWLESS_OPERATION(And);  // Kleene's
SKEWLESS_OPERATION(Or);
SKEWLESS_OPERATION(Not);
SKEWLESS_OPERATION(IsNull);
SKEWLESS_OPERATION(IsNotNull);
SKEWLESS_OPERATION(IsTrue);
SKEWLESS_OPERATION(IsNotTrue);
SKEWLESS_OPERATION(IsFalse);
SKEWLESS_OPERATION(IsNotFalse);
Operation CopyOperation(Physical physical);
Operation CoalesceOperation(Physical physical);  // of two
// Masks: the result is one. They see the rows of the instruction's own mask only.
SKEWLESS_OPERATION(MaskNotFalse);
SKEWLESS_OPERATION(MaskNotTrue);
SKEWLESS_OPERATION(MaskNull);
// case: `remaining` are rows that no branch has taken.
SKEWLESS_OPERATION(CaseBegin);  // result: remaining; clears argument 0, the case's value
SKEWLESS_OPERATION(CaseTake);   // result: taken; arguments: condition, remaining
Operation CaseMergeOperation(Physical physical);  // result: the value; arguments: taken, branch

// evaluate_cast.cc. Null where there is no such cast; `*operation` null where it changes nothing.
bool FindCast(Type from, Type to, Operation* operation, bool* can_fail);
SKEWLESS_OPERATION(IntToDouble);

// evaluate_string.cc
SKEWLESS_OPERATION(LengthCharacters);
SKEWLESS_OPERATION(LengthBytes);
SKEWLESS_OPERATION(Lower);
SKEWLESS_OPERATION(Upper);
SKEWLESS_OPERATION(Trim);
SKEWLESS_OPERATION(TrimLeft);
SKEWLESS_OPERATION(TrimRight);
SKEWLESS_OPERATION(SubstringFrom);
SKEWLESS_OPERATION(Substring);
SKEWLESS_OPERATION(JoinTwo);  // ||
SKEWLESS_OPERATION(Concat);   // any number; skips nulls
SKEWLESS_OPERATION(Replace);
SKEWLESS_OPERATION(StartsWith);
SKEWLESS_OPERATION(EndsWith);
SKEWLESS_OPERATION(Contains);
SKEWLESS_OPERATION(Position);
SKEWLESS_OPERATION(Left);
SKEWLESS_OPERATION(Right);
SKEWLESS_OPERATION(Reverse);
SKEWLESS_OPERATION(PadLeft);
SKEWLESS_OPERATION(PadRight);
SKEWLESS_OPERATION(PadLeftSpaces);
SKEWLESS_OPERATION(PadRightSpaces);
SKEWLESS_OPERATION(SplitPart);
SKEWLESS_OPERATION(HashBytes);
SKEWLESS_OPERATION(HashInt);
SKEWLESS_OPERATION(HashDouble);

// evaluate_like.cc. The pattern is the payload, or where there is none, argument 1.
SKEWLESS_OPERATION(LikePrepared);
SKEWLESS_OPERATION(Like);
SKEWLESS_OPERATION(Ilike);

// evaluate_time.cc
SKEWLESS_OPERATION(Epoch);
SKEWLESS_OPERATION(EpochMillis);
SKEWLESS_OPERATION(ToTimestampInt);
SKEWLESS_OPERATION(ToTimestampDouble);
SKEWLESS_OPERATION(ToTimestampMillis);
Operation DatePartOperation(std::string_view unit);  // null where there is no such unit
Operation DateTruncOperation(std::string_view unit);
std::vector<std::string> DatePartUnits();
std::vector<std::string> DateTruncUnits();

// evaluate_list.cc
SKEWLESS_OPERATION(ListLengthOf);
Operation ElementAtOperation(Physical element);
// Element against needle: int-int, int-double, double-double, bytes-bytes.
Operation ListContainsOperation(Physical element, Physical needle);

#undef SKEWLESS_OPERATION

}  // namespace skewless::operations
