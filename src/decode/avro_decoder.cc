#include "decode/avro_decoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "decode/avro_wire.h"
#include "decode/decimal_text.h"

namespace skewless {
namespace {

using Kind = AvroType::Kind;
using Outcome = AvroDecoder::Outcome;

// Of a recursive schema, values may be nested as deep as a writer likes.
constexpr int kMaxDepth = 64;
// Items that take no bytes: a short message could claim any number of them.
constexpr int64_t kMaxEmptyItems = 1 << 16;

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

// A field's type, or a branch's or an element's, as it reaches its column.
struct Node {
  const AvroType* type = nullptr;
  bool readable = false;  // values of it can be the column's; for a union, those of some branch
  ValueKind value_kind = ValueKind::kInt;
  std::vector<Node> parts;  // a union's branches, an array's element
};

struct FieldPlan {
  const AvroField* field = nullptr;
  int column = -1;  // nobody wants it
  Node node;
};

bool Readable(const AvroType& type, FieldKind to) {
  const std::optional<ValueKind> kind = ValueKindOf(type, to);
  return kind && CanConvert(*kind, to);
}

// `in_list`: the type is that of the elements.
Node MakeNode(const AvroType& type, const TypedColumn& column, bool in_list) {
  Node node{&type, false, ValueKindOf(type, column.kind()).value_or(ValueKind::kInt), {}};
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

// Passes over a value.
bool SkipValue(const AvroType& type, int depth, AvroWire& in);

// Blocks of an array or a map, up to the empty one. `item(count)` reads so many of them.
template <typename Items>
bool ForEachBlock(AvroWire& in, Items items) {
  while (true) {
    int64_t count = 0;
    int64_t bytes = -1;  // unknown
    if (!in.ReadLong(&count)) return false;
    if (count == 0) return true;
    if (count < 0) {
      if (count == INT64_MIN) return in.Fail("a block has too many items");
      count = -count;
      if (!in.ReadLong(&bytes)) return false;
      if (bytes < 0) return in.Fail("a length is negative");
    }
    if (!items(count, bytes)) return false;
  }
}

bool SkipItems(const AvroType& type, int depth, AvroWire& in) {
  const bool is_map = type.kind == Kind::kMap;
  return ForEachBlock(in, [&](int64_t count, int64_t bytes) {
    std::string_view ignored;
    if (bytes >= 0) return in.ReadFixed(static_cast<uint64_t>(bytes), &ignored);
    if (!is_map && type.items->is_empty) return true;
    for (; count > 0; --count) {
      if (is_map && !in.ReadBytes(&ignored)) return false;
      if (!SkipValue(*type.items, depth + 1, in)) return false;
    }
    return true;
  });
}

bool ReadIndex(size_t count, std::string_view what, AvroWire& in, size_t* index) {
  int64_t read = 0;
  if (!in.ReadLong(&read)) return false;
  if (read < 0 || static_cast<uint64_t>(read) >= count) {
    return in.Fail(std::string(what) + " " + std::to_string(read) + " of " + std::to_string(count));
  }
  *index = static_cast<size_t>(read);
  return true;
}

bool ReadScalar(const AvroType& type, AvroWire& in, TypedValue* value) {
  switch (type.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBoolean:
      return in.ReadBoolean(&value->int_value);
    case Kind::kInt:
      return in.ReadInt(&value->int_value);
    case Kind::kLong:
      return in.ReadLong(&value->int_value);
    case Kind::kFloat:
      return in.ReadFloat(&value->double_value);
    case Kind::kDouble:
      return in.ReadDouble(&value->double_value);
    case Kind::kBytes:
    case Kind::kString:
      return in.ReadBytes(&value->bytes);
    case Kind::kFixed:
      return in.ReadFixed(type.fixed_size, &value->bytes);
    case Kind::kEnum: {
      size_t symbol = 0;
      if (!ReadIndex(type.symbols.size(), "symbol", in, &symbol)) return false;
      value->bytes = type.symbols[symbol];
      return true;
    }
    default:
      return false;
  }
}

bool SkipValue(const AvroType& type, int depth, AvroWire& in) {
  if (depth > kMaxDepth) {
    return in.Fail("values are nested deeper than " + std::to_string(kMaxDepth));
  }
  if (type.is_empty) return true;
  TypedValue ignored;
  size_t branch = 0;
  switch (type.kind) {
    case Kind::kRecord:
      for (const AvroField& field : type.fields) {
        if (!SkipValue(*field.type, depth + 1, in)) return false;
      }
      return true;
    case Kind::kUnion:
      return ReadIndex(type.branches.size(), "branch", in, &branch) &&
             SkipValue(*type.branches[branch], depth + 1, in);
    case Kind::kArray:
    case Kind::kMap:
      return SkipItems(type, depth, in);
    default:
      return ReadScalar(type, in, &ignored);
  }
}

}  // namespace

struct AvroDecoder::Impl {
  Impl(std::shared_ptr<const AvroSchema> writers, const Schema& declared)
      : schema(std::move(writers)) {
    for (size_t i = 0; i < declared.columns.size(); ++i) columns.emplace_back(declared, i);
    std::vector<std::string> names;
    std::vector<uint8_t> found(declared.columns.size(), 0);
    for (const AvroField& field : schema->root().fields) {
      FieldPlan& plan = plans.emplace_back();
      plan.field = &field;
      names.push_back(field.name);
      plan.column = ColumnOf(field, declared);
      if (plan.column >= 0 && found[static_cast<size_t>(plan.column)] != 0) plan.column = -1;
      if (plan.column < 0) continue;
      const auto column = static_cast<size_t>(plan.column);
      found[column] = 1;
      plan.node = MakeNode(*field.type, columns[column], false);
      if (!plan.node.readable) {
        problems.push_back(
            UnreadableField(declared.columns[column], column, DescribeType(*field.type)));
      }
    }
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i] == 0) problems.push_back(MissingField(declared.columns[i], i, names));
    }
  }

  // The column of the field's name, or of one that it had before, where no field has that now.
  int ColumnOf(const AvroField& field, const Schema& declared) const {
    int column = declared.Find(field.name);
    for (size_t i = 0; column < 0 && i < field.aliases.size(); ++i) {
      const std::string& alias = field.aliases[i];
      const auto is_named = [&](const AvroField& other) { return other.name == alias; };
      if (std::ranges::none_of(schema->root().fields, is_named)) column = declared.Find(alias);
    }
    return column;
  }

  Outcome Decode(std::string_view* bytes, RowBuilder& rows, std::string* reason) {
    AvroWire in(*bytes);
    reason->clear();
    misfit = reason;
    for (FieldPlan& plan : plans) {
      const bool read =
          plan.column < 0
              ? SkipValue(*plan.field->type, 0, in)
              : ReadValue(plan.node, false, columns[static_cast<size_t>(plan.column)], in, rows);
      if (!read) [[unlikely]] {
        *reason = Malformed(plan, in);
        return Outcome::kMalformed;
      }
    }
    bytes->remove_prefix(in.offset());
    return reason->empty() ? Outcome::kGood : Outcome::kMisfit;
  }

  Outcome Skip(std::string_view* bytes, std::string* reason) const {
    AvroWire in(*bytes);
    for (const FieldPlan& plan : plans) {
      if (SkipValue(*plan.field->type, 0, in)) continue;
      *reason = Malformed(plan, in);
      return Outcome::kMalformed;
    }
    bytes->remove_prefix(in.offset());
    return Outcome::kGood;
  }

  static std::string Malformed(const FieldPlan& plan, const AvroWire& in) {
    return "not valid Avro: field '" + plan.field->name + "': " + in.problem();
  }

  // A union by its branches: "a union of null and a string".
  static std::string DescribeType(const AvroType& type) {
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

  // The first value that does not fit is the one that is named.
  void Misfit(std::string reason) {
    if (misfit->empty()) *misfit = std::move(reason);
  }

  // A value of the column; with `in_list`, one more element of the list that was begun.
  bool ReadValue(const Node& node, bool in_list, TypedColumn& column, AvroWire& in,
                 RowBuilder& rows) {
    const Node* at = &node;
    if (at->type->kind == Kind::kUnion) {
      size_t branch = 0;
      if (!ReadIndex(at->parts.size(), "branch", in, &branch)) return false;
      at = &at->parts[branch];
    }
    if (at->type->kind == Kind::kNull) {
      in_list ? column.AddNull() : column.SetNull(rows);
      return true;
    }
    if (!at->readable) [[unlikely]] {
      Misfit("column '" + column.spec().name + "': expected " + ExpectedTypeName(column.spec()) +
             ", found " + AvroTypeText(*at->type));
      return SkipValue(*at->type, 0, in);
    }
    if (at->type->kind == Kind::kArray) return ReadList(at->parts[0], column, in, rows);
    TypedValue value;
    if (!ReadScalar(*at->type, in, &value)) return false;
    if (at->value_kind == ValueKind::kDecimal) {
      if (!DecimalText(value.bytes, at->type->scale, &decimal)) {
        Misfit("column '" + column.spec().name + "': a decimal of more than 32 bytes");
        return true;
      }
      value.bytes = decimal;
    }
    const Parsed parsed = column.Put(at->value_kind, value, rows);
    if (parsed != Parsed::kOk) [[unlikely]] {
      Misfit(ValueReason(column.spec(), TypedValueText(at->value_kind, value), parsed));
    }
    return true;
  }

  bool ReadList(const Node& item, TypedColumn& column, AvroWire& in, RowBuilder& rows) {
    int64_t empty_items = 0;
    column.BeginList();
    const bool read = ForEachBlock(in, [&](int64_t count, int64_t /*bytes*/) {
      if (item.type->is_empty) {
        if (count > kMaxEmptyItems - empty_items) return in.Fail("an array has too many items");
        empty_items += count;
      }
      for (; count > 0; --count) {
        if (!ReadValue(item, true, column, in, rows)) return false;
      }
      return true;
    });
    if (read) column.EndList(rows);
    return read;
  }

  std::shared_ptr<const AvroSchema> schema;
  std::vector<TypedColumn> columns;
  std::vector<FieldPlan> plans;
  std::vector<ColumnProblem> problems;
  std::string* misfit = nullptr;
  std::string decimal;  // the one that is being read
};

AvroDecoder::AvroDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AvroDecoder::~AvroDecoder() = default;
AvroDecoder::AvroDecoder(AvroDecoder&&) noexcept = default;
AvroDecoder& AvroDecoder::operator=(AvroDecoder&&) noexcept = default;

const std::vector<ColumnProblem>& AvroDecoder::problems() const { return impl_->problems; }

Outcome AvroDecoder::Decode(std::string_view* bytes, RowBuilder& rows, std::string* reason) {
  return impl_->Decode(bytes, rows, reason);
}

Outcome AvroDecoder::Skip(std::string_view* bytes, std::string* reason) const {
  return impl_->Skip(bytes, reason);
}

Result<AvroDecoder> AvroDecoder::Make(std::shared_ptr<const AvroSchema> schema,
                                      const Schema& columns) {
  if (schema->root().kind != Kind::kRecord) {
    return Fail(ErrorCode::kInvalid,
                "the schema is " + AvroTypeText(schema->root()) + ", no record",
                "An event is a record: its fields become the columns.");
  }
  return AvroDecoder(std::make_unique<Impl>(std::move(schema), columns));
}

}  // namespace skewless
