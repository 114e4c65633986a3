// Comparison. Floats have a total order: NaN equals NaN and is greater than every number, and
// -0.0 equals 0.0. Texts compare byte by byte.
#include <cstring>
#include <string_view>
#include <type_traits>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

bool Equal(int64_t a, int64_t b) { return a == b; }
bool Less(int64_t a, int64_t b) { return a < b; }
// Without branches: bools joined bit by bit.
bool Equal(double a, double b) { return ((a == b) | ((a != a) & (b != b))) != 0; }
bool Less(double a, double b) { return ((a < b) | ((a == a) & (b != b))) != 0; }
bool Equal(string_view a, string_view b) { return a == b; }
bool Less(string_view a, string_view b) { return a < b; }

template <Comparison kComparison, typename T>
bool Holds(T a, T b) {
  switch (kComparison) {
    case Comparison::kEqual:
      return Equal(a, b);
    case Comparison::kNotEqual:
      return !Equal(a, b);
    case Comparison::kLess:
      return Less(a, b);
    case Comparison::kLessOrEqual:
      return !Less(b, a);
    case Comparison::kGreater:
      return Less(b, a);
    case Comparison::kGreaterOrEqual:
      return !Less(a, b);
  }
}

// Two floats at a time. The baseline's comparisons make 64-bit masks of them, but compilers don't
// find that by themselves.
using TwoDoubles = double __attribute__((vector_size(16)));
using TwoInts = int64_t __attribute__((vector_size(16)));

template <Comparison kComparison>
TwoInts HoldsForTwo(TwoDoubles a, TwoDoubles b) {
  switch (kComparison) {
    case Comparison::kEqual:
      return (a == b) | ((a != a) & (b != b));
    case Comparison::kNotEqual:
      return ~((a == b) | ((a != a) & (b != b)));
    case Comparison::kLess:
      return ~((a >= b) | (a != a));
    case Comparison::kLessOrEqual:
      return (a <= b) | (b != b);
    case Comparison::kGreater:
      return ~((a <= b) | (b != b));
    case Comparison::kGreaterOrEqual:
      return (a >= b) | (a != a);
  }
}

template <Comparison kComparison>
void CompareDoubles(const Frame& frame, const Instruction& instruction) {
  const double* a = ArgumentValues<double>(frame, instruction, 0);
  const double* b = ArgumentValues<double>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  int64_t* out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  size_t i = 0;
  for (; i + 2 <= rows; i += 2) {
    TwoDoubles two_a;
    TwoDoubles two_b;
    std::memcpy(&two_a, a + i, sizeof two_a);
    std::memcpy(&two_b, b + i, sizeof two_b);
    const TwoInts holds = HoldsForTwo<kComparison>(two_a, two_b) & 1;
    std::memcpy(out + i, &holds, sizeof holds);
  }
  for (; i < rows; ++i) out[i] = int64_t{Holds<kComparison>(a[i], b[i])};
  for (size_t k = 0; k < rows; ++k) valid[k] = a_valid[k] & b_valid[k];
}

template <Comparison kComparison, typename T>
void Compare(const Frame& frame, const Instruction& instruction) {
  if constexpr (std::is_same_v<T, string_view>) {
    ForRows<int64_t, T, T>(frame, instruction, [](T a, T b, int64_t* out) {
      *out = Holds<kComparison>(a, b) ? 1 : 0;
      return Outcome::kValue;
    });
  } else {
    MapBinary<int64_t, T, T>(frame, instruction,
                             [](T a, T b) { return int64_t{Holds<kComparison>(a, b)}; });
  }
}

template <bool kNegated, typename T>
void Distinct(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const T* b = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* b_valid = ArgumentValid(frame, instruction, 1);
  int64_t* out = ResultValues<int64_t>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    const bool same = a_valid[i] == b_valid[i] && (a_valid[i] == 0 || Equal(a[i], b[i]));
    out[i] = same == kNegated ? 1 : 0;
    valid[i] = 1;
  }
}

// On a tie the first stays.
template <bool kGreatest, typename T>
void Extreme(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const T* b = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* b_valid = ArgumentValid(frame, instruction, 1);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    bool take_b = b_valid[i] != 0;
    if (take_b && a_valid[i] != 0) take_b = kGreatest ? Less(a[i], b[i]) : Less(b[i], a[i]);
    out[i] = take_b ? b[i] : a[i];
    valid[i] = a_valid[i] | b_valid[i];
  }
}

template <typename T>
void NullIf(const Frame& frame, const Instruction& instruction) {
  const T* value = ArgumentValues<T>(frame, instruction, 0);
  const int64_t* equal = ArgumentValues<int64_t>(frame, instruction, 1);
  const uint8_t* value_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* equal_valid = ArgumentValid(frame, instruction, 1);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    out[i] = value[i];
    valid[i] = value_valid[i] & static_cast<uint8_t>(equal_valid[i] == 0 || equal[i] == 0);
  }
}

template <Comparison kComparison>
Operation ComparePhysical(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return Compare<kComparison, int64_t>;
    case Physical::kDouble:
      return CompareDoubles<kComparison>;
    case Physical::kBytes:
      return Compare<kComparison, string_view>;
  }
  return nullptr;
}

template <template <typename> typename Pick>
Operation ByPhysical(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return Pick<int64_t>::kOperation;
    case Physical::kDouble:
      return Pick<double>::kOperation;
    case Physical::kBytes:
      return Pick<string_view>::kOperation;
  }
  return nullptr;
}
template <typename T>
struct PickDistinct {
  static constexpr Operation kOperation = Distinct<false, T>;
};
template <typename T>
struct PickNotDistinct {
  static constexpr Operation kOperation = Distinct<true, T>;
};
template <typename T>
struct PickLeast {
  static constexpr Operation kOperation = Extreme<false, T>;
};
template <typename T>
struct PickGreatest {
  static constexpr Operation kOperation = Extreme<true, T>;
};
template <typename T>
struct PickNullIf {
  static constexpr Operation kOperation = NullIf<T>;
};

}  // namespace

Operation CompareOperation(Comparison comparison, Physical physical) {
  switch (comparison) {
    case Comparison::kEqual:
      return ComparePhysical<Comparison::kEqual>(physical);
    case Comparison::kNotEqual:
      return ComparePhysical<Comparison::kNotEqual>(physical);
    case Comparison::kLess:
      return ComparePhysical<Comparison::kLess>(physical);
    case Comparison::kLessOrEqual:
      return ComparePhysical<Comparison::kLessOrEqual>(physical);
    case Comparison::kGreater:
      return ComparePhysical<Comparison::kGreater>(physical);
    case Comparison::kGreaterOrEqual:
      return ComparePhysical<Comparison::kGreaterOrEqual>(physical);
  }
  return nullptr;
}

Operation DistinctOperation(bool negated, Physical physical) {
  return negated ? ByPhysical<PickNotDistinct>(physical) : ByPhysical<PickDistinct>(physical);
}
Operation LeastOperation(Physical physical) { return ByPhysical<PickLeast>(physical); }
Operation GreatestOperation(Physical physical) { return ByPhysical<PickGreatest>(physical); }
Operation NullIfOperation(Physical physical) { return ByPhysical<PickNullIf>(physical); }

}  // namespace skewless::operations
