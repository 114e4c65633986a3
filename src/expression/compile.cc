// From the checked tree to instructions. Temporaries are handed out and taken back as on a stack
// machine, so a program needs about as many as its tree is deep.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "expression/operations.h"
#include "expression/program.h"

namespace skewless {
namespace {

class Compiler {
 public:
  explicit Compiler(ProgramPlan& program) : program_(program) {}

  void Run(const Typed& root) {
    program_.type = root.type;
    if (root.kind == TypedKind::kColumn) {
      program_.passed_through = root.column;
      program_.inputs = {root.column};
      return;
    }
    result_ = NewSlot(SlotKind::kResult, 0);
    const uint32_t slot = Generate(root, kNoSlot, result_);
    if (slot != result_) {
      Emit(operations::CopyOperation(PhysicalOf(root.type)), result_, kNoSlot, {slot});
    }
    Finish();
  }

 private:
  uint32_t NewSlot(SlotKind kind, uint32_t index) {
    program_.slots.push_back({kind, index});
    return static_cast<uint32_t>(program_.slots.size() - 1);
  }

  uint32_t TakeTemporary() {
    if (!free_.empty()) {
      const uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    return NewSlot(SlotKind::kTemporary, program_.temporaries++);
  }

  // Does nothing for what is no temporary, or is still shared.
  void Release(uint32_t slot) {
    if (slot == kNoSlot || program_.slots[slot].kind != SlotKind::kTemporary) return;
    for (const auto& [let, shared_slot] : shared_) {
      if (shared_slot == slot) return;
    }
    free_.push_back(slot);
  }

  uint32_t Target(uint32_t target) { return target == kNoSlot ? TakeTemporary() : target; }

  void Emit(Operation run, uint32_t result, uint32_t mask, const std::vector<uint32_t>& arguments,
            const std::shared_ptr<const Payload>& payload = nullptr) {
    Instruction instruction;
    instruction.run = run;
    instruction.result = result;
    instruction.mask = mask;
    instruction.argument_count = static_cast<uint32_t>(arguments.size());
    instruction.payload = payload.get();
    if (payload) program_.payloads.push_back(payload);
    program_.arguments.insert(program_.arguments.end(), arguments.begin(), arguments.end());
    program_.instructions.push_back(instruction);
  }

  // The slot of the node's values: `target`, a temporary of the caller's, or one not to be written.
  uint32_t Generate(const Typed& node, uint32_t mask, uint32_t target = kNoSlot) {
    switch (node.kind) {
      case TypedKind::kConstant:
        return ConstantSlot(node.value);
      case TypedKind::kColumn:
        return InputSlot(node.column);
      case TypedKind::kApply:
        return GenerateApply(node, mask, target);
      case TypedKind::kAnd:
        return GenerateChain(node, mask, target, operations::And, operations::MaskNotFalse);
      case TypedKind::kOr:
        return GenerateChain(node, mask, target, operations::Or, operations::MaskNotTrue);
      case TypedKind::kCoalesce:
        return GenerateChain(node, mask, target,
                             operations::CoalesceOperation(PhysicalOf(node.type)),
                             operations::MaskNull);
      case TypedKind::kCase:
        return GenerateCase(node, mask, target);
      case TypedKind::kLet:
        return GenerateLet(node, mask, target);
      case TypedKind::kShared:
        return SharedSlot(node);
    }
    return kNoSlot;
  }

  uint32_t GenerateApply(const Typed& node, uint32_t mask, uint32_t target) {
    if (node.operation == nullptr) return Generate(*node.children[0], mask, target);
    std::vector<uint32_t> arguments;
    for (const TypedNode& child : node.children) arguments.push_back(Generate(*child, mask));
    const uint32_t result = Target(target);
    Emit(node.operation, result, mask, arguments, node.payload);
    for (const uint32_t argument : arguments) Release(argument);
    return result;
  }

  // and, or, coalesce: what has been decided so far, joined with the next child. Rows that are
  // decided do not count the next child's failures.
  uint32_t GenerateChain(const Typed& node, uint32_t mask, uint32_t target, Operation join,
                         Operation undecided) {
    uint32_t decided = Generate(*node.children[0], mask);
    uint32_t active = mask;
    for (size_t i = 1; i < node.children.size(); ++i) {
      const Typed& child = *node.children[i];
      uint32_t child_mask = active;
      if (child.can_fail) {
        child_mask = TakeTemporary();
        Emit(undecided, child_mask, active, {decided});
      }
      const uint32_t next = Generate(child, child_mask);
      const bool last = i + 1 == node.children.size();
      const uint32_t result = last ? Target(target) : TakeTemporary();
      Emit(join, result, mask, {decided, next});
      Release(decided);
      Release(next);
      if (child_mask != active) Release(child_mask);
      decided = result;
    }
    return decided;
  }

  uint32_t GenerateCase(const Typed& node, uint32_t mask, uint32_t target) {
    const uint32_t result = Target(target);
    const uint32_t remaining = TakeTemporary();
    const uint32_t taken = TakeTemporary();
    const Operation merge = operations::CaseMergeOperation(PhysicalOf(node.type));
    Emit(operations::CaseBegin, remaining, mask, {result});
    size_t i = 0;
    for (; i + 1 < node.children.size(); i += 2) {
      const uint32_t condition = Generate(*node.children[i], remaining);
      Emit(operations::CaseTake, taken, kNoSlot, {condition, remaining});
      Release(condition);
      const uint32_t value = Generate(*node.children[i + 1], taken);
      Emit(merge, result, kNoSlot, {taken, value});
      Release(value);
    }
    if (node.has_else) {
      const uint32_t value = Generate(*node.children[i], remaining);
      Emit(merge, result, kNoSlot, {remaining, value});
      Release(value);
    }
    Release(taken);
    Release(remaining);
    return result;
  }

  uint32_t GenerateLet(const Typed& node, uint32_t mask, uint32_t target) {
    const uint32_t value = Generate(*node.children[0], mask);
    shared_.emplace_back(&node, value);
    const uint32_t result = Generate(*node.children[1], mask, target);
    shared_.pop_back();
    if (result != value) Release(value);
    return result;
  }

  uint32_t SharedSlot(const Typed& node) const {
    for (auto it = shared_.rbegin(); it != shared_.rend(); ++it) {
      if (it->first == node.shared) return it->second;
    }
    SKEWLESS_CHECK(false);
  }

  uint32_t InputSlot(int column) {
    const auto index = static_cast<uint32_t>(column);
    for (uint32_t i = 0; i < program_.slots.size(); ++i) {
      const SlotPlan& slot = program_.slots[i];
      if (slot.kind == SlotKind::kInput && slot.index == index) return i;
    }
    return NewSlot(SlotKind::kInput, index);
  }

  uint32_t ConstantSlot(const Value& value) {
    for (uint32_t i = 0; i < program_.slots.size(); ++i) {
      const SlotPlan& slot = program_.slots[i];
      if (slot.kind != SlotKind::kConstant) continue;
      if (SameBits(program_.constants[slot.index]->value().view(), value.view())) return i;
    }
    program_.constants.push_back(std::make_unique<ConstantBlock>(value));
    return NewSlot(SlotKind::kConstant, static_cast<uint32_t>(program_.constants.size() - 1));
  }

  void Finish() {
    const uint32_t* arguments = program_.arguments.data();
    for (Instruction& instruction : program_.instructions) {
      instruction.arguments = arguments;
      arguments += instruction.argument_count;
    }
    for (const SlotPlan& slot : program_.slots) {
      if (slot.kind == SlotKind::kInput) program_.inputs.push_back(static_cast<int>(slot.index));
    }
    std::sort(program_.inputs.begin(), program_.inputs.end());
  }

  ProgramPlan& program_;
  uint32_t result_ = kNoSlot;
  std::vector<uint32_t> free_;
  std::vector<std::pair<const Typed*, uint32_t>> shared_;
};

}  // namespace

ConstantBlock::ConstantBlock(const Value& value)
    : value_(value), valid_(kBlockRows, value.valid ? 1 : 0) {
  switch (PhysicalOf(value_.type)) {
    case Physical::kInt:
      ints_.assign(kBlockRows, value_.int_value);
      break;
    case Physical::kDouble:
      doubles_.assign(kBlockRows, value_.double_value);
      break;
    case Physical::kBytes:
      strings_.assign(kBlockRows, value_.bytes);
      break;
  }
}

// Operations only read what is not their result.
Slot ConstantBlock::slot() const {
  const void* values = nullptr;
  switch (PhysicalOf(value_.type)) {
    case Physical::kInt:
      values = ints_.data();
      break;
    case Physical::kDouble:
      values = doubles_.data();
      break;
    case Physical::kBytes:
      values = strings_.data();
      break;
  }
  return {const_cast<void*>(values), const_cast<uint8_t*>(valid_.data())};
}

std::unique_ptr<ProgramPlan> Layout(const Typed& root) {
  auto program = std::make_unique<ProgramPlan>();
  Compiler(*program).Run(root);
  return program;
}

}  // namespace skewless
