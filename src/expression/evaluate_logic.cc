// Three-valued logic, null tests, and the masks that tell which rows need a value at all.
#include <string_view>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

uint8_t TrueBit(int64_t value, uint8_t valid) { return static_cast<uint8_t>(valid & (value != 0)); }
uint8_t FalseBit(int64_t value, uint8_t valid) { return static_cast<uint8_t>(valid & (value == 0)); }

// `f(value, valid)` is the answer, which is never null.
template <typename F>
void Test(const Frame& frame, const Instruction& instruction, F f) {
  const int64_t* __restrict a = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) out[i] = f(a[i], a_valid[i]);
  for (size_t i = 0; i < frame.rows; ++i) valid[i] = 1;
}

// The shape of the argument does not matter to these.
template <typename F>
void TestValid(const Frame& frame, const Instruction& instruction, F f) {
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) out[i] = f(a_valid[i]);
  for (size_t i = 0; i < frame.rows; ++i) valid[i] = 1;
}

template <typename F>
void MakeMask(const Frame& frame, const Instruction& instruction, F f) {
  const int64_t* a = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  uint8_t* mask = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    mask[i] = IsActive(frame, instruction, i) ? f(a[i], a_valid[i]) : uint8_t{0};
  }
}

template <typename T>
void Copy(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) out[i] = a[i];
  for (size_t i = 0; i < frame.rows; ++i) valid[i] = a_valid[i];
}

template <typename T>
void Coalesce(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const T* b = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* b_valid = ArgumentValid(frame, instruction, 1);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) out[i] = a_valid[i] != 0 ? a[i] : b[i];
  for (size_t i = 0; i < frame.rows; ++i) valid[i] = a_valid[i] | b_valid[i];
}

template <typename T>
void CaseMerge(const Frame& frame, const Instruction& instruction) {
  const uint8_t* taken = ArgumentValid(frame, instruction, 0);
  const T* branch = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* branch_valid = ArgumentValid(frame, instruction, 1);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    if (taken[i] == 0) continue;
    out[i] = branch[i];
    valid[i] = branch_valid[i];
  }
}

}  // namespace

void And(const Frame& frame, const Instruction& instruction) {
  const int64_t* __restrict a = ArgumentValues<int64_t>(frame, instruction, 0);
  const int64_t* __restrict b = ArgumentValues<int64_t>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    const uint8_t is_true = TrueBit(a[i], a_valid[i]) & TrueBit(b[i], b_valid[i]);
    const uint8_t is_false = FalseBit(a[i], a_valid[i]) | FalseBit(b[i], b_valid[i]);
    out[i] = is_true;
    valid[i] = is_true | is_false;
  }
}

void Or(const Frame& frame, const Instruction& instruction) {
  const int64_t* __restrict a = ArgumentValues<int64_t>(frame, instruction, 0);
  const int64_t* __restrict b = ArgumentValues<int64_t>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    const uint8_t is_true = TrueBit(a[i], a_valid[i]) | TrueBit(b[i], b_valid[i]);
    const uint8_t is_false = FalseBit(a[i], a_valid[i]) & FalseBit(b[i], b_valid[i]);
    out[i] = is_true;
    valid[i] = is_true | is_false;
  }
}

void Not(const Frame& frame, const Instruction& instruction) {
  MapUnary<int64_t, int64_t>(frame, instruction, [](int64_t a) { return int64_t{a == 0}; });
}

void IsNull(const Frame& frame, const Instruction& instruction) {
  TestValid(frame, instruction, [](uint8_t valid) { return int64_t{valid == 0}; });
}
void IsNotNull(const Frame& frame, const Instruction& instruction) {
  TestValid(frame, instruction, [](uint8_t valid) { return int64_t{valid != 0}; });
}
void IsTrue(const Frame& frame, const Instruction& instruction) {
  Test(frame, instruction, [](int64_t a, uint8_t valid) { return int64_t{TrueBit(a, valid)}; });
}
void IsNotTrue(const Frame& frame, const Instruction& instruction) {
  Test(frame, instruction, [](int64_t a, uint8_t valid) { return int64_t{1 - TrueBit(a, valid)}; });
}
void IsFalse(const Frame& frame, const Instruction& instruction) {
  Test(frame, instruction, [](int64_t a, uint8_t valid) { return int64_t{FalseBit(a, valid)}; });
}
void IsNotFalse(const Frame& frame, const Instruction& instruction) {
  Test(frame, instruction,
       [](int64_t a, uint8_t valid) { return int64_t{1 - FalseBit(a, valid)}; });
}

void MaskNotFalse(const Frame& frame, const Instruction& instruction) {
  MakeMask(frame, instruction, [](int64_t a, uint8_t valid) {
    return static_cast<uint8_t>(1 - FalseBit(a, valid));
  });
}
void MaskNotTrue(const Frame& frame, const Instruction& instruction) {
  MakeMask(frame, instruction, [](int64_t a, uint8_t valid) {
    return static_cast<uint8_t>(1 - TrueBit(a, valid));
  });
}
void MaskNull(const Frame& frame, const Instruction& instruction) {
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  uint8_t* mask = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    mask[i] = IsActive(frame, instruction, i) ? static_cast<uint8_t>(1 - a_valid[i]) : uint8_t{0};
  }
}

void CaseBegin(const Frame& frame, const Instruction& instruction) {
  uint8_t* remaining = ResultValid(frame, instruction);
  uint8_t* value_valid = frame.slots[instruction.arguments[0]].valid;
  for (size_t i = 0; i < frame.rows; ++i) {
    remaining[i] = IsActive(frame, instruction, i) ? 1 : 0;
    value_valid[i] = 0;
  }
}

void CaseTake(const Frame& frame, const Instruction& instruction) {
  const int64_t* condition = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* condition_valid = ArgumentValid(frame, instruction, 0);
  uint8_t* remaining = frame.slots[instruction.arguments[1]].valid;
  uint8_t* taken = ResultValid(frame, instruction);
  for (size_t i = 0; i < frame.rows; ++i) {
    taken[i] = remaining[i] & TrueBit(condition[i], condition_valid[i]);
    remaining[i] = remaining[i] & static_cast<uint8_t>(1 - taken[i]);
  }
}

Operation CopyOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt: return Copy<int64_t>;
    case Physical::kDouble: return Copy<double>;
    case Physical::kBytes: return Copy<string_view>;
  }
  return nullptr;
}

Operation CoalesceOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt: return Coalesce<int64_t>;
    case Physical::kDouble: return Coalesce<double>;
    case Physical::kBytes: return Coalesce<string_view>;
  }
  return nullptr;
}

Operation CaseMergeOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt: return CaseMerge<int64_t>;
    case Physical::kDouble: return CaseMerge<double>;
    case Physical::kBytes: return CaseMerge<string_view>;
  }
  return nullptr;
}

}  // namespace skewless::operations
