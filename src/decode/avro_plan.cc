#include "decode/avro_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace skewless {
namespace {

using Kind = AvroType::Kind;

// How a scalar's values are typed for a column; none where it has no such type.
std::optional<ValueKind> ValueKindOf(const AvroType& type, FieldKind to) {
  switch (type.kind) {
    case Kind::kBoolean:
      return ValueKind::kBool;
    case Kind::kInt:
      return type.logical == "date" ? ValueKind::kDays : ValueKind::kInt;
    case Kind::kLong:
      if (type.logical == "timestamp-millis") return ValueKind::kMillis;
      if (type.logical == "timestamp-micros") return ValueKind::kMicros;
      if (type.logical == "timestamp-nanos") return ValueKind::kNanos;
      return ValueKind::kInt;
    case Kind::kFloat:
      return ValueKind::kFloat;
    case Kind::kDouble:
      return ValueKind::kDouble;
    case Kind::kString:
    case Kind::kEnum:
      return ValueKind::kText;
    case Kind::kBytes:
    case Kind::kFixed:
      if (type.logical != "decimal" || to == FieldKind::kBytes) return ValueKind::kBytes;
      if (type.scale < 0) return std::nullopt;
      return ValueKind::kDecimal;
    default:
      return std::nullopt;
  }
}

bool Readable(const AvroType& type, FieldKind to) {
  const std::optional<ValueKind> kind = ValueKindOf(type, to);
  return kind && CanConvert(*kind, to);
}

// `in_list`: the type is that of the elements.
AvroNode MakeNode(const AvroType& type, const TypedColumn& column, bool in_list) {
  AvroNode node{&type, false, ValueKindOf(type, column.kind()).value_or(ValueKind::kInt), {}};
  if (type.kind == Kind::kUnion) {
    bool only_null = true;
    for (const AvroType* branch : type.branches) {
      node.parts.push_back(MakeNode(*branch, column, in_list));
      if (branch->kind == Kind::kNull) continue;
      only_null = false;
      node.readable |= node.parts.back().readable;
    }
    node.readable |= only_null;
  } else if (type.kind == Kind::kNull) {
    node.readable = true;
  } else if (type.kind == Kind::kArray && column.is_list() && !in_list) {
    node.parts.push_back(MakeNode(*type.items, column, true));
    node.readable = node.parts[0].readable;
  } else if (column.is_list() == in_list) {
    node.readable = Readable(type, column.kind());
  }
  return node;
}

// A union by its branches: "a union of null and a string".
std::string DescribeType(const AvroType& type) {
  if (type.kind != Kind::kUnion) {
    const std::string text = AvroTypeText(type);
    return type.kind == Kind::kArray ? text + " of " + AvroTypeText(*type.items) : text;
  }
  std::string text = "a union of";
  for (size_t i = 0; i < type.branches.size(); ++i) {
    text += (i == 0 ? " " : " and ") + AvroTypeText(*type.branches[i]);
  }
  return text;
}

// Whether columns can lie within some of its values.
bool HoldsFields(const AvroType& type) {
  if (type.kind == Kind::kUnion)
    return std::ranges::any_of(type.branches,
                               [](const AvroType* branch) { return HoldsFields(*branch); });
  return type.kind == Kind::kRecord || type.kind == Kind::kMap;
}

class Planner {
 public:
  Planner(const FieldTree& tree, const std::vector<TypedColumn>& columns)
      : tree_(tree), columns_(columns), met_(columns.size()) {}

  AvroPlan Plan(const AvroType& root) {
    AvroPlan plan;
    plan.fields = PlanRecord(root, 0);
    for (Met& met : met_) {
      if (!met.readable) plan.problems.push_back(std::move(*met.problem));
    }
    return plan;
  }

 private:
  // What was found of a column. Of a union's branches one that holds it is enough.
  struct Met {
    bool readable = false;
    std::optional<ColumnProblem> problem;
  };

  void Note(size_t column, ColumnProblem problem) {
    std::optional<ColumnProblem>& known = met_[column].problem;
    if (!known || (known->is_missing && !problem.is_missing)) known = std::move(problem);
  }

  std::vector<AvroFieldPlan> PlanRecord(const AvroType& type, int record) {
    std::vector<AvroFieldPlan> plans;
    std::vector<std::string> names;
    std::vector<std::string> missing = tree_.names(record);
    for (const AvroField& field : type.fields) {
      names.push_back(field.name);
      const std::string_view name = NameIn(type, field, record);
      AvroFieldPlan& plan = plans.emplace_back();
      plan.name = field.name;
      plan.type = field.type;
      const auto wanted = std::ranges::find(missing, name);
      if (wanted == missing.end()) continue;  // nobody's, or another field's already
      missing.erase(wanted);
      plan.target = tree_.Find(record, name);
      PlanField(&plan);
    }
    for (const std::string& name : missing) {
      for (const size_t column : tree_.ColumnsOf(tree_.Find(record, name)))
        Note(column, MissingField(name, tree_.path(record), column, names));
    }
    return plans;
  }

  // The field's own name, or one that it had before, where no field has that now.
  std::string_view NameIn(const AvroType& type, const AvroField& field, int record) const {
    if (tree_.Find(record, field.name).is_wanted()) return field.name;
    for (const std::string& alias : field.aliases) {
      const auto is_named = [&](const AvroField& other) { return other.name == alias; };
      if (tree_.Find(record, alias).is_wanted() && std::ranges::none_of(type.fields, is_named))
        return alias;
    }
    return field.name;
  }

  void PlanField(AvroFieldPlan* plan) {
    if (plan->target.column >= 0) {
      const auto column = static_cast<size_t>(plan->target.column);
      plan->node = MakeNode(*plan->type, columns_[column], false);
      met_[column].readable |= plan->node.readable;
      Note(column, UnreadableField(columns_[column].spec(), column, DescribeType(*plan->type),
                                   HoldsFields(*plan->type)));
      return;
    }
    if (plan->type->kind != Kind::kUnion) {
      plan->within.push_back(PlanWithin(*plan->type, plan->target.record));
    } else {
      for (const AvroType* branch : plan->type->branches)
        plan->within.push_back(PlanWithin(*branch, plan->target.record));
    }
    if (HoldsFields(*plan->type)) return;
    const std::string& path = tree_.path(plan->target.record);
    const bool only_null = std::ranges::all_of(
        plan->within, [](const auto& within) { return within->type->kind == Kind::kNull; });
    for (const size_t column : tree_.columns(plan->target.record)) {
      met_[column].readable |= only_null;
      Note(column, NoRecord(path, column, DescribeType(*plan->type)));
    }
  }

  // Once for each: of a recursive schema, unions within unions have any number of branches.
  std::shared_ptr<const AvroRecordPlan> PlanWithin(const AvroType& type, int record) {
    std::shared_ptr<const AvroRecordPlan>& known = within_[{&type, record}];
    if (known) return known;
    auto plan = std::make_shared<AvroRecordPlan>();
    plan->type = &type;
    if (type.kind == Kind::kRecord) {
      plan->fields = PlanRecord(type, record);
    } else if (type.kind == Kind::kMap) {
      plan->fields = PlanMap(type, record);
    }
    return known = std::move(plan);
  }

  // Which keys a map has, its values tell.
  std::vector<AvroFieldPlan> PlanMap(const AvroType& type, int record) {
    std::vector<AvroFieldPlan> plans;
    for (std::string& name : tree_.names(record)) {
      AvroFieldPlan& plan = plans.emplace_back();
      plan.target = tree_.Find(record, name);
      plan.name = std::move(name);
      plan.type = type.items;
      PlanField(&plan);
    }
    return plans;
  }

  const FieldTree& tree_;
  const std::vector<TypedColumn>& columns_;
  std::vector<Met> met_;
  std::map<std::pair<const AvroType*, int>, std::shared_ptr<const AvroRecordPlan>> within_;
};

}  // namespace

AvroPlan PlanAvro(const AvroType& root, const FieldTree& tree,
                  const std::vector<TypedColumn>& columns) {
  return Planner(tree, columns).Plan(root);
}

}  // namespace skewless
