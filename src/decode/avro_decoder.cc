#include "decode/avro_decoder.h"

#include <algorithm>
#include <span>
#include <utility>

#include "decode/avro_plan.h"
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
      : schema(std::move(writers)), tree(declared) {
    for (size_t i = 0; i < declared.columns.size(); ++i) columns.emplace_back(declared, i);
    plan = PlanAvro(schema->root(), tree, columns);
  }

  Outcome Decode(std::string_view* bytes, RowBuilder& rows, std::string* reason) {
    AvroWire in(*bytes);
    reason->clear();
    misfit = reason;
    if (const AvroFieldPlan* const broken = ReadFields(plan.fields, in, rows)) [[unlikely]] {
      *reason = Malformed(*broken, in);
      return Outcome::kMalformed;
    }
    bytes->remove_prefix(in.offset());
    return reason->empty() ? Outcome::kGood : Outcome::kMisfit;
  }

  Outcome Skip(std::string_view* bytes, std::string* reason) const {
    AvroWire in(*bytes);
    for (const AvroFieldPlan& field : plan.fields) {
      if (SkipValue(*field.type, 0, in)) continue;
      *reason = Malformed(field, in);
      return Outcome::kMalformed;
    }
    bytes->remove_prefix(in.offset());
    return Outcome::kGood;
  }

  static std::string Malformed(const AvroFieldPlan& field, const AvroWire& in) {
    return "not valid Avro: field '" + field.name + "': " + in.problem();
  }

  // Null, or the field whose bytes are no value of its type.
  const AvroFieldPlan* ReadFields(std::span<const AvroFieldPlan> fields, AvroWire& in,
                                  RowBuilder& rows) {
    for (const AvroFieldPlan& field : fields) {
      const int column = field.target.column;
      const bool read =
          column < 0 ? ReadOther(field, in, rows)
                     : ReadValue(field.node, false, columns[static_cast<size_t>(column)], in, rows);
      if (!read) [[unlikely]]
        return &field;
    }
    return nullptr;
  }

  bool ReadOther(const AvroFieldPlan& field, AvroWire& in, RowBuilder& rows) {
    if (field.target.record < 0) return SkipValue(*field.type, 0, in);
    return ReadWithin(field, in, rows);
  }

  // A record or a map that holds columns. They are null as long as nothing fills them.
  bool ReadWithin(const AvroFieldPlan& field, AvroWire& in, RowBuilder& rows) {
    size_t branch = 0;
    if (field.type->kind == Kind::kUnion && !ReadIndex(field.within.size(), "branch", in, &branch))
      return false;
    const AvroRecordPlan& within = *field.within[branch];
    switch (within.type->kind) {
      case Kind::kNull:
        return true;
      case Kind::kRecord:
        return ReadFields(within.fields, in, rows) == nullptr;
      case Kind::kMap:
        return ReadMap(within, in, rows);
      default:
        Misfit(
            RecordReason(tree.path(field.target.record), "a record", AvroTypeText(*within.type)));
        return SkipValue(*within.type, 0, in);
    }
  }

  bool ReadMap(const AvroRecordPlan& map, AvroWire& in, RowBuilder& rows) {
    return ForEachBlock(in, [&](int64_t count, int64_t /*bytes*/) {
      for (; count > 0; --count) {
        std::string_view key;
        if (!in.ReadBytes(&key)) return false;
        const auto is_wanted = [&](const AvroFieldPlan& value) { return value.name == key; };
        const auto value = std::ranges::find_if(map.fields, is_wanted);
        const bool read = value == map.fields.end() ? SkipValue(*map.type->items, 0, in)
                                                    : ReadAgain(*value, in, rows);
        if (!read) return false;
      }
      return true;
    });
  }

  // Of a key that comes twice the last value is all that counts.
  bool ReadAgain(const AvroFieldPlan& value, AvroWire& in, RowBuilder& rows) {
    if (value.target.record >= 0) {
      for (const size_t column : tree.columns(value.target.record)) rows.SetNull(column);
    }
    return ReadFields({&value, 1}, in, rows) == nullptr;
  }

  // The first value that does not fit is the one that is named.
  void Misfit(std::string reason) {
    if (misfit->empty()) *misfit = std::move(reason);
  }

  // A value of the column; with `in_list`, one more element of the list that was begun.
  bool ReadValue(const AvroNode& node, bool in_list, TypedColumn& column, AvroWire& in,
                 RowBuilder& rows) {
    const AvroNode* at = &node;
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

  bool ReadList(const AvroNode& item, TypedColumn& column, AvroWire& in, RowBuilder& rows) {
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
  FieldTree tree;
  std::vector<TypedColumn> columns;
  AvroPlan plan;
  std::string* misfit = nullptr;
  std::string decimal;  // the one that is being read
};

AvroDecoder::AvroDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AvroDecoder::~AvroDecoder() = default;
AvroDecoder::AvroDecoder(AvroDecoder&&) noexcept = default;
AvroDecoder& AvroDecoder::operator=(AvroDecoder&&) noexcept = default;

const std::vector<ColumnProblem>& AvroDecoder::problems() const { return impl_->plan.problems; }

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
