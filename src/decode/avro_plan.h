// How values of an Avro schema reach the columns: worked out once, from the writer's schema, so
// that reading a record asks no names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decode/avro_schema.h"
#include "decode/column_problem.h"
#include "decode/field_tree.h"
#include "decode/typed_value.h"

namespace skewless {

// A field's type, or a branch's or an element's, as it reaches its column.
struct AvroNode {
  const AvroType* type = nullptr;
  bool readable = false;  // values of it can be the column's; for a union, those of some branch
  ValueKind value_kind = ValueKind::kInt;
  std::vector<AvroNode> parts;  // a union's branches, an array's element
};

struct AvroFieldPlan;

// The type of a field that holds columns, or a branch of it.
struct AvroRecordPlan {
  const AvroType* type = nullptr;
  // A record's fields in the order that they are written in; of a map, the keys that are wanted.
  std::vector<AvroFieldPlan> fields;
};

struct AvroFieldPlan {
  FieldTree::Target target;
  const AvroType* type = nullptr;
  AvroNode node;  // where it is a column
  // Where it holds some: its type, or a union's branches. Fields of one type share a plan.
  std::vector<std::shared_ptr<const AvroRecordPlan>> within;
  std::string name;  // the field's, or a map's key
};

struct AvroPlan {
  std::vector<AvroFieldPlan> fields;  // of the outermost record
  std::vector<ColumnProblem> problems;
};

// `root` is a record, and outlives the plan.
AvroPlan PlanAvro(const AvroType& root, const FieldTree& tree,
                  const std::vector<TypedColumn>& columns);

}  // namespace skewless
