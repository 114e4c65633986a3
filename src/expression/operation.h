// A compiled expression is a list of instructions over slots. A slot is a vector of one physical
// shape with a validity byte a row: an input column, a constant, a temporary or the result. Each
// instruction runs one operation over all rows of a block, so dispatch is paid once a block.
//
// In a null's place a slot may hold any int or double (operations must not trip over it) and a
// string that must not be looked at. Only the result is cleaned.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "expression/expression.h"
#include "model/column.h"

namespace skewless {

// Small enough for a program's slots to stay in the first cache level.
inline constexpr size_t kBlockRows = 256;

struct Slot {
  void* values = nullptr;  // int64_t, double or std::string_view; unused by masks
  uint8_t* valid = nullptr;
};

struct Frame {
  const Slot* slots = nullptr;
  size_t rows = 0;
  StringArena* strings = nullptr;  // what computed strings point into
  EvaluationCounts* counts = nullptr;
};

struct Instruction;
using Operation = void (*)(const Frame& frame, const Instruction& instruction);

// What an operation was prepared with: a pattern, a set of values.
struct Payload {
  Payload() = default;
  virtual ~Payload() = default;
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;
};

inline constexpr uint32_t kNoSlot = UINT32_MAX;

struct Instruction {
  Operation run = nullptr;
  uint32_t result = kNoSlot;
  uint32_t mask = kNoSlot;  // failures count only in rows where this mask is 1
  uint32_t argument_count = 0;
  const uint32_t* arguments = nullptr;
  const Payload* payload = nullptr;
};

}  // namespace skewless
