#include "expression/program.h"

#include <algorithm>

#include "expression/errors.h"

namespace skewless {
namespace {

// Nulls of a result hold nothing.
void CleanNulls(const Slot& slot, Physical physical, size_t rows) {
  const uint8_t* valid = slot.valid;
  switch (physical) {
    case Physical::kInt: {
      auto* values = static_cast<int64_t*>(slot.values);
      for (size_t i = 0; i < rows; ++i) values[i] &= -int64_t{valid[i]};
      break;
    }
    case Physical::kDouble: {
      auto* values = static_cast<double*>(slot.values);
      for (size_t i = 0; i < rows; ++i) values[i] = valid[i] != 0 ? values[i] : 0.0;
      break;
    }
    case Physical::kBytes: {
      auto* values = static_cast<std::string_view*>(slot.values);
      for (size_t i = 0; i < rows; ++i) {
        if (valid[i] == 0) values[i] = {};
      }
      break;
    }
  }
}

// Where the column's rows from `first` on are.
Slot SlotOf(const Column& column, size_t first) {
  const void* values = nullptr;
  switch (column.physical()) {
    case Physical::kInt:
      values = column.ints.data() + first;
      break;
    case Physical::kDouble:
      values = column.doubles.data() + first;
      break;
    case Physical::kBytes:
      values = column.strings.data() + first;
      break;
  }
  return {const_cast<void*>(values), const_cast<uint8_t*>(column.valid.data() + first)};
}

void ResizeResult(Column& column, Type type, size_t rows) {
  column.type = type;
  column.valid.resize(rows);
  switch (PhysicalOf(type)) {
    case Physical::kInt:
      column.ints.resize(rows);
      break;
    case Physical::kDouble:
      column.doubles.resize(rows);
      break;
    case Physical::kBytes:
      column.strings.resize(rows);
      break;
  }
}

}  // namespace

struct Program::Impl {
  std::unique_ptr<ProgramPlan> plan;
};

struct EvaluationScratch::Impl {
  std::vector<std::unique_ptr<TemporaryBlock>> temporaries;
  std::vector<Slot> slots;
  std::array<Column, 3> results;  // by Physical
  StringArena strings;
};

EvaluationScratch::EvaluationScratch() : impl_(std::make_unique<Impl>()) {}
EvaluationScratch::~EvaluationScratch() = default;

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

Type Program::type() const { return impl_->plan->type; }
const std::vector<int>& Program::inputs() const { return impl_->plan->inputs; }

ExpressionResult<Program> CompileExpression(const Ast& ast, const Scope& scope) {
  EXPRESSION_ASSIGN_OR_RETURN(const TypedNode root, CheckTypes(ast, scope));
  return Program(std::make_unique<Program::Impl>(Program::Impl{Layout(*root)}));
}

const Column& Program::Evaluate(std::span<const Column* const> columns, size_t rows,
                                EvaluationScratch& scratch) const {
  const ProgramPlan& program = *impl_->plan;
  if (program.passed_through >= 0) return *columns[static_cast<size_t>(program.passed_through)];
  EvaluationScratch::Impl& memory = *scratch.impl_;
  while (memory.temporaries.size() < program.temporaries) {
    memory.temporaries.push_back(std::make_unique<TemporaryBlock>());
  }
  if (memory.slots.size() < program.slots.size()) memory.slots.resize(program.slots.size());
  memory.strings.Clear();
  const Physical physical = PhysicalOf(program.type);
  Column& result = memory.results[static_cast<size_t>(physical)];
  ResizeResult(result, program.type, rows);

  Frame frame;
  frame.slots = memory.slots.data();
  frame.strings = &memory.strings;
  frame.counts = &scratch.counts;
  for (size_t first = 0; first < rows; first += kBlockRows) {
    frame.rows = std::min(kBlockRows, rows - first);
    for (size_t i = 0; i < program.slots.size(); ++i) {
      const SlotPlan& plan = program.slots[i];
      Slot& slot = memory.slots[i];
      switch (plan.kind) {
        case SlotKind::kInput:
          slot = SlotOf(*columns[plan.index], first);
          break;
        case SlotKind::kConstant:
          slot = program.constants[plan.index]->slot();
          break;
        case SlotKind::kTemporary: {
          TemporaryBlock& block = *memory.temporaries[plan.index];
          slot = {block.values.data(), block.valid.data()};
          break;
        }
        case SlotKind::kResult:
          slot = SlotOf(result, first);
          break;
      }
    }
    for (const Instruction& instruction : program.instructions) instruction.run(frame, instruction);
    CleanNulls(SlotOf(result, first), physical, frame.rows);
  }
  return result;
}

}  // namespace skewless
