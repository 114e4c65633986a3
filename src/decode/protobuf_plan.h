// Which fields of a message type the columns want, those of messages within it, too: worked out
// once for each type.
#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

#include "decode/column_problem.h"
#include "decode/field_tree.h"
#include "decode/protobuf_field.h"

namespace skewless {

// The plan of `message`, and within it those of the messages that hold columns. A column that has
// no field, or one that can't be read, is in `problems`, and in no plan.
ProtobufPlan PlanProtobuf(const google::protobuf::Descriptor& message, const FieldTree& tree,
                          const std::vector<TypedColumn>& columns,
                          std::vector<ColumnProblem>* problems);

}  // namespace skewless
