// Three-valued logic, null tests, and the masks that tell which rows need a value at all.
#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

// A bool that is not null is 0 or 1, so its lowest bit is all of it, and the loops need no branch.
uint8_t TrueBit(int64_t value, uint8_t valid) { return static_cast<uint8_t>(value) & valid; }
uint8_t FalseBit(int64_t value, uint8_t valid) {
  return static_cast<uint8_t>(~static_cast<uint8_t>(value)) & valid;
}

// `f(value, valid)` is the answer, which is never null.
template <typename F>
void Test(const Frame& frame, const Instruction& instruction, F f) {
  const int64_t* __restrict a = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = f(a[i], a_valid[i]);
  for (size_t i = 0; i < rows; ++i) valid[i] = 1;
}

// The shape of the argument does not matter to these.
template <typename F>
void TestValid(const Frame& frame, const Instruction& instruction, F f) {
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = f(a_valid[i]);
  for (size_t i = 0; i < rows; ++i) valid[i] = 1;
}

// 1 where `wanted` is and, if the instruction has a mask, that is 1 too.
template <typename F>
void MakeMask(const Frame& frame, const Instruction& instruction, F wanted) {
  uint8_t* __restrict mask = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) mask[i] = wanted(i);
  if (instruction.mask == kNoSlot) return;
  const uint8_t* __restrict active = frame.slots[instruction.mask].valid;
  for (size_t i = 0; i < rows; ++i) mask[i] &= active[i];
}

template <typename F>
void MakeMaskOfBools(const Frame& frame, const Instruction& instruction, F f) {
  const int64_t* a = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  MakeMask(frame, instruction, [=](size_t i) { return f(a[i], a_valid[i]); });
}

// `b` where `take` is 1, else `a`, without a branch where that is cheap.
template <typename T>
T Select(uint8_t take, T a, T b) {
  if constexpr (std::is_same_v<T, string_view>) {
    return take != 0 ? b : a;
  } else {
    const uint64_t mask = ~(uint64_t{take} - 1);
    return std::bit_cast<T>((std::bit_cast<uint64_t>(a) & ~mask) |
                            (std::bit_cast<uint64_t>(b) & mask));
  }
}

template <typename T>
void Copy(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = a[i];
  for (size_t i = 0; i < rows; ++i) valid[i] = a_valid[i];
}

template <typename T>
void Coalesce(const Frame& frame, const Instruction& instruction) {
  const T* a = ArgumentValues<T>(frame, instruction, 0);
  const T* b = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* b_valid = ArgumentValid(frame, instruction, 1);
  T* out = ResultValues<T>(frame, instruction);
  uint8_t* valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = Select(a_valid[i], b[i], a[i]);
  for (size_t i = 0; i < rows; ++i) valid[i] = a_valid[i] | b_valid[i];
}

template <typename T>
void CaseMerge(const Frame& frame, const Instruction& instruction) {
  const uint8_t* __restrict taken = ArgumentValid(frame, instruction, 0);
  const T* __restrict branch = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* __restrict branch_valid = ArgumentValid(frame, instruction, 1);
  T* __restrict out = ResultValues<T>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = Select(taken[i], out[i], branch[i]);
  for (size_t i = 0; i < rows; ++i) {
    valid[i] = static_cast<uint8_t>((valid[i] & (1 - taken[i])) | (branch_valid[i] & taken[i]));
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
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    valid[i] = FalseBit(a[i], a_valid[i]) | FalseBit(b[i], b_valid[i]) | (a_valid[i] & b_valid[i]);
  }
  for (size_t i = 0; i < rows; ++i) out[i] = a[i] & b[i] & int64_t{valid[i]};
}

void Or(const Frame& frame, const Instruction& instruction) {
  const int64_t* __restrict a = ArgumentValues<int64_t>(frame, instruction, 0);
  const int64_t* __restrict b = ArgumentValues<int64_t>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  int64_t* __restrict out = ResultValues<int64_t>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    valid[i] = TrueBit(a[i], a_valid[i]) | TrueBit(b[i], b_valid[i]) | (a_valid[i] & b_valid[i]);
  }
  for (size_t i = 0; i < rows; ++i) out[i] = (a[i] & a_valid[i]) | (b[i] & b_valid[i]);
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
  MakeMaskOfBools(frame, instruction, [](int64_t a, uint8_t valid) {
    return static_cast<uint8_t>(1 - FalseBit(a, valid));
  });
}
void MaskNotTrue(const Frame& frame, const Instruction& instruction) {
  MakeMaskOfBools(frame, instruction, [](int64_t a, uint8_t valid) {
    return static_cast<uint8_t>(1 - TrueBit(a, valid));
  });
}
void MaskNull(const Frame& frame, const Instruction& instruction) {
  const uint8_t* a_valid = ArgumentValid(frame, instruction, 0);
  MakeMask(frame, instruction, [=](size_t i) { return static_cast<uint8_t>(1 - a_valid[i]); });
}

void CaseBegin(const Frame& frame, const Instruction& instruction) {
  MakeMask(frame, instruction, [](size_t) { return uint8_t{1}; });
  std::memset(frame.slots[instruction.arguments[0]].valid, 0, frame.rows);
}

void CaseTake(const Frame& frame, const Instruction& instruction) {
  const int64_t* __restrict condition = ArgumentValues<int64_t>(frame, instruction, 0);
  const uint8_t* __restrict condition_valid = ArgumentValid(frame, instruction, 0);
  uint8_t* __restrict remaining = frame.slots[instruction.arguments[1]].valid;
  uint8_t* __restrict taken = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    taken[i] = remaining[i] & TrueBit(condition[i], condition_valid[i]);
  }
  for (size_t i = 0; i < rows; ++i) remaining[i] = remaining[i] ^ taken[i];
}

Operation CopyOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return Copy<int64_t>;
    case Physical::kDouble:
      return Copy<double>;
    case Physical::kBytes:
      return Copy<string_view>;
  }
  return nullptr;
}

Operation CoalesceOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return Coalesce<int64_t>;
    case Physical::kDouble:
      return Coalesce<double>;
    case Physical::kBytes:
      return Coalesce<string_view>;
  }
  return nullptr;
}

Operation CaseMergeOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return CaseMerge<int64_t>;
    case Physical::kDouble:
      return CaseMerge<double>;
    case Physical::kBytes:
      return CaseMerge<string_view>;
  }
  return nullptr;
}

}  // namespace skewless::operations
