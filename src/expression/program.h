// What a compiled expression is made of, and the scratch that it runs in.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "expression/expression.h"
#include "expression/operation.h"
#include "expression/typed.h"

namespace skewless {

enum class SlotKind : uint8_t { kInput, kConstant, kTemporary, kResult };

struct SlotPlan {
  SlotKind kind = SlotKind::kTemporary;
  uint32_t index = 0;  // of the scope's column, the constant, or the temporary
};

// One value, repeated for a whole block, so that operations need no form for constants.
class ConstantBlock {
 public:
  explicit ConstantBlock(const Value& value);
  ConstantBlock(const ConstantBlock&) = delete;
  ConstantBlock& operator=(const ConstantBlock&) = delete;
  Slot slot() const;
  const Value& value() const { return value_; }

 private:
  Value value_;
  std::vector<int64_t> ints_;
  std::vector<double> doubles_;
  std::vector<std::string_view> strings_;
  std::vector<uint8_t> valid_;
};

struct ProgramPlan {
  Type type;
  std::vector<int> inputs;
  int passed_through = -1;  // the scope's column that the whole expression is, or -1
  std::vector<SlotPlan> slots;
  std::vector<std::unique_ptr<ConstantBlock>> constants;
  uint32_t temporaries = 0;
  std::vector<uint32_t> arguments;  // of all instructions, one after the other
  std::vector<Instruction> instructions;
  std::vector<std::shared_ptr<const Payload>> payloads;
};

// Values of one temporary, of whichever shape.
struct TemporaryBlock {
  alignas(64) std::array<char, kBlockRows * sizeof(std::string_view)> values{};
  alignas(64) std::array<uint8_t, kBlockRows> valid{};
};

// Lays out a checked tree.
std::unique_ptr<ProgramPlan> Layout(const Typed& root);

}  // namespace skewless
