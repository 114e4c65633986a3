// The loops that operations are made of.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "expression/operation.h"

namespace skewless {

enum class Outcome : uint8_t { kValue, kNull, kOverflow, kDivisionByZero, kDomain };

template <typename T>
const T* ArgumentValues(const Frame& frame, const Instruction& instruction, size_t i) {
  return static_cast<const T*>(frame.slots[instruction.arguments[i]].values);
}
inline const uint8_t* ArgumentValid(const Frame& frame, const Instruction& instruction, size_t i) {
  return frame.slots[instruction.arguments[i]].valid;
}
template <typename T>
T* ResultValues(const Frame& frame, const Instruction& instruction) {
  return static_cast<T*>(frame.slots[instruction.result].values);
}
inline uint8_t* ResultValid(const Frame& frame, const Instruction& instruction) {
  return frame.slots[instruction.result].valid;
}

inline bool IsActive(const Frame& frame, const Instruction& instruction, size_t row) {
  return instruction.mask == kNoSlot || frame.slots[instruction.mask].valid[row] != 0;
}

inline void CountFailure(const Frame& frame, const Instruction& instruction, size_t row,
                         Outcome outcome) {
  if (!IsActive(frame, instruction, row)) return;
  if (outcome == Outcome::kOverflow) ++frame.counts->overflow;
  if (outcome == Outcome::kDivisionByZero) ++frame.counts->division_by_zero;
  if (outcome == Outcome::kDomain) ++frame.counts->domain;
}

// Null where the argument is. `f` sees the values of nulls too.
template <typename R, typename A, typename F>
void MapUnary(const Frame& frame, const Instruction& instruction, F f) {
  const A* __restrict a = ArgumentValues<A>(frame, instruction, 0);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  R* __restrict out = ResultValues<R>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = f(a[i]);
  for (size_t i = 0; i < rows; ++i) valid[i] = a_valid[i];
}

template <typename R, typename A, typename B, typename F>
void MapBinary(const Frame& frame, const Instruction& instruction, F f) {
  const A* __restrict a = ArgumentValues<A>(frame, instruction, 0);
  const B* __restrict b = ArgumentValues<B>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  R* __restrict out = ResultValues<R>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) out[i] = f(a[i], b[i]);
  for (size_t i = 0; i < rows; ++i) valid[i] = a_valid[i] & b_valid[i];
}

// As MapBinary for operations that fail: `failed(a, b, result)` tells which rows did, and
// `outcome(a, b)` how. Failures are rare, so only a block that has one pays for counting.
template <typename T, typename F, typename Failed, typename Explain>
void MapChecked(const Frame& frame, const Instruction& instruction, F f, Failed failed,
                Explain explain) {
  const T* __restrict a = ArgumentValues<T>(frame, instruction, 0);
  const T* __restrict b = ArgumentValues<T>(frame, instruction, 1);
  const uint8_t* __restrict a_valid = ArgumentValid(frame, instruction, 0);
  const uint8_t* __restrict b_valid = ArgumentValid(frame, instruction, 1);
  T* __restrict out = ResultValues<T>(frame, instruction);
  uint8_t* __restrict valid = ResultValid(frame, instruction);
  uint64_t any = 0;
  const size_t rows = frame.rows;
  for (size_t i = 0; i < rows; ++i) {
    out[i] = f(a[i], b[i]);
    any |= failed(a[i], b[i], out[i]);
  }
  for (size_t i = 0; i < rows; ++i) valid[i] = a_valid[i] & b_valid[i];
  if (any == 0) [[likely]]
    return;
  for (size_t i = 0; i < rows; ++i) {
    if (valid[i] == 0 || failed(a[i], b[i], out[i]) == 0) continue;
    valid[i] = 0;
    CountFailure(frame, instruction, i, explain(a[i], b[i]));
  }
}

// Row by row, for operations that are more than arithmetic: `f(arguments..., result*)` is called
// only where no argument is null.
template <typename R, typename... A, typename F>
void ForRows(const Frame& frame, const Instruction& instruction, F f) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    const std::tuple<const A*...> values(ArgumentValues<A>(frame, instruction, I)...);
    const uint8_t* const valids[] = {ArgumentValid(frame, instruction, I)...};
    R* out = ResultValues<R>(frame, instruction);
    uint8_t* valid = ResultValid(frame, instruction);
    const size_t rows = frame.rows;
    for (size_t i = 0; i < rows; ++i) {
      valid[i] = 0;
      if ((... & valids[I][i]) == 0) continue;
      const Outcome outcome = f(std::get<I>(values)[i]..., &out[i]);
      if (outcome == Outcome::kValue) {
        valid[i] = 1;
      } else if (outcome != Outcome::kNull) {
        CountFailure(frame, instruction, i, outcome);
      }
    }
  }(std::index_sequence_for<A...>{});
}

}  // namespace skewless
