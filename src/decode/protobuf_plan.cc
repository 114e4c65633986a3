#include "decode/protobuf_plan.h"

#include <algorithm>
#include <utility>

namespace skewless {
namespace {

namespace pb = google::protobuf;
using Shape = ProtobufField::Shape;

// Whether columns can lie within its values.
bool HoldsFields(const pb::FieldDescriptor& field) {
  return field.type() == pb::FieldDescriptor::TYPE_MESSAGE &&
         (!field.is_repeated() || field.is_map());
}

class Planner {
 public:
  Planner(const FieldTree& tree, const std::vector<TypedColumn>& columns,
          std::vector<ColumnProblem>* problems)
      : tree_(tree), columns_(columns), problems_(*problems) {}

  void PlanMessage(int record, ProtobufPlan* plan) {
    for (const std::string& name : tree_.names(record)) {
      const pb::FieldDescriptor* const field = plan->message.FindFieldByName(name);
      const FieldTree::Target target = tree_.Find(record, name);
      if (field == nullptr) {
        NoteMissing(plan->message, record, name, target);
      } else {
        PlanField(*field, target, plan);
      }
    }
    AddOneofSiblings(plan);
    std::sort(plan->fields.begin(), plan->fields.end(),
              [](const ProtobufField& a, const ProtobufField& b) {
                return a.field->number() < b.field->number();
              });
  }

 private:
  void NoteMissing(const pb::Descriptor& message, int record, const std::string& name,
                   FieldTree::Target target) {
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(message.field_count()));
    for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
    for (const size_t column : tree_.ColumnsOf(target))
      problems_.push_back(MissingField(name, tree_.path(record), column, names));
  }

  void PlanField(const pb::FieldDescriptor& field, FieldTree::Target target, ProtobufPlan* plan) {
    if (target.record >= 0) return PlanWithin(field, target.record, plan);
    const TypedColumn& column = columns_[static_cast<size_t>(target.column)];
    ProtobufField read = PlanProtobufField(field, column.kind());
    read.column = target.column;
    if (read.shape == Shape::kNone || read.repeated != column.is_list()) {
      problems_.push_back(UnreadableField(column.spec(), static_cast<size_t>(target.column),
                                          ProtobufTypeText(field), HoldsFields(field)));
      return;
    }
    plan->fields.push_back(std::move(read));
  }

  void PlanWithin(const pb::FieldDescriptor& field, int record, ProtobufPlan* plan) {
    if (!HoldsFields(field)) {
      for (const size_t column : tree_.columns(record))
        problems_.push_back(NoRecord(tree_.path(record), column, ProtobufTypeText(field)));
      return;
    }
    ProtobufField holder;
    holder.field = &field;
    holder.type = field.type();
    holder.shape = field.is_map() ? Shape::kMap : Shape::kRecord;
    holder.tells_absence = field.has_presence();
    holder.oneof = field.real_containing_oneof();
    if (field.is_map()) {
      PlanEntries(*field.message_type(), record, &holder);
    } else {
      holder.within.push_back(std::make_unique<ProtobufPlan>(*field.message_type(), ""));
      PlanMessage(record, holder.within[0].get());
    }
    plan->fields.push_back(std::move(holder));
  }

  // A plan for each key that is wanted, of the entry's value alone. An entry without a value has
  // its type's default.
  void PlanEntries(const pb::Descriptor& entry, int record, ProtobufField* map) {
    for (std::string& key : tree_.names(record)) {
      const FieldTree::Target target = tree_.Find(record, key);
      auto plan = std::make_unique<ProtobufPlan>(entry, std::move(key));
      PlanField(*entry.map_value(), target, plan.get());
      for (ProtobufField& value : plan->fields) value.tells_absence = false;
      map->within.push_back(std::move(plan));
    }
  }

  // Of a oneof, whatever member comes last takes the others away, wanted or not.
  static void AddOneofSiblings(ProtobufPlan* plan) {
    const pb::Descriptor& message = plan->message;
    std::vector<ProtobufField>& fields = plan->fields;
    const size_t wanted = fields.size();
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor* const oneof = message.oneof_decl(i);
      const auto is_member = [&](const ProtobufField& field) { return field.oneof == oneof; };
      const auto end = fields.begin() + static_cast<std::ptrdiff_t>(wanted);
      if (std::none_of(fields.begin(), end, is_member)) continue;
      for (int member = 0; member < oneof->field_count(); ++member) {
        const pb::FieldDescriptor* const field = oneof->field(member);
        const bool known = std::any_of(fields.begin(), fields.end(),
                                       [&](const ProtobufField& f) { return f.field == field; });
        if (known) continue;
        ProtobufField sibling;
        sibling.field = field;
        sibling.type = field->type();
        sibling.oneof = oneof;
        sibling.closed_enum = field->type() == pb::FieldDescriptor::TYPE_ENUM &&
                              message.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3;
        fields.push_back(std::move(sibling));
      }
    }
  }

  const FieldTree& tree_;
  const std::vector<TypedColumn>& columns_;
  std::vector<ColumnProblem>& problems_;
};

}  // namespace

ProtobufPlan PlanProtobuf(const pb::Descriptor& message, const FieldTree& tree,
                          const std::vector<TypedColumn>& columns,
                          std::vector<ColumnProblem>* problems) {
  ProtobufPlan plan(message, "");
  Planner(tree, columns, problems).PlanMessage(0, &plan);
  std::ranges::sort(*problems, {}, &ColumnProblem::column);
  return plan;
}

}  // namespace skewless
