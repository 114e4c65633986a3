#include "decode/json_decoder.h"

#include <simdjson.h>

#include <cstring>

#include "decode/field_tree.h"
#include "decode/plain_json.h"
#include "decode/scalar_text.h"
#include "decode/text_input.h"
#include "model/list.h"

namespace skewless {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(simdjson::SIMDJSON_PADDING <= TextInput::kPadding);

// What went wrong with a value: either it does not fit its column (`parsed`, and what was found),
// or the record is not JSON (`error`).
struct Problem {
  Parsed parsed = Parsed::kOk;
  std::string found;
  simdjson::error_code error = simdjson::SUCCESS;
  bool ok() const { return parsed == Parsed::kOk && error == simdjson::SUCCESS; }
};

struct Scalar {
  bool valid = false;
  int64_t int_value = 0;
  double double_value = 0;
  std::string_view bytes;
};

std::string_view Token(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

// The value as it stands in the record, for the reason.
std::string Found(ondemand::value& value) {
  ondemand::json_type type{};
  std::string_view raw;
  const bool is_nested =
      value.type().get(type) == simdjson::SUCCESS &&
      (type == ondemand::json_type::array || type == ondemand::json_type::object);
  if (is_nested && value.raw_json().get(raw) == simdjson::SUCCESS) return std::string(raw);
  return std::string(Token(value));
}

Problem Misfit(ondemand::value& value, Parsed parsed) { return {parsed, Found(value), {}}; }

// A number that simdjson refused: too large for its type, or not a number.
Problem RefusedNumber(ondemand::value& value, bool is_integer) {
  int64_t int_value = 0;
  double double_value = 0;
  const std::string_view token = Token(value);
  const Parsed parsed =
      is_integer ? DecodeInt64(token, &int_value) : DecodeDouble(token, &double_value);
  return Misfit(value, parsed == Parsed::kOutOfRange ? parsed : Parsed::kMalformed);
}

Problem ReadNumber(ondemand::value& value, const ColumnSpec& spec, FieldKind kind, Scalar* out) {
  switch (kind) {
    case FieldKind::kInt32:
    case FieldKind::kInt64: {
      if (value.get_int64().get(out->int_value) != simdjson::SUCCESS)
        return RefusedNumber(value, true);
      if (kind == FieldKind::kInt32 && CheckInt32(out->int_value) != Parsed::kOk) {
        return Misfit(value, Parsed::kOutOfRange);
      }
      return {};
    }
    case FieldKind::kFloat32:
    case FieldKind::kFloat64: {
      if (value.get_double().get(out->double_value) != simdjson::SUCCESS) {
        return RefusedNumber(value, false);
      }
      if (kind == FieldKind::kFloat32 && RoundToFloat(&out->double_value) != Parsed::kOk) {
        return Misfit(value, Parsed::kOutOfRange);
      }
      return {};
    }
    case FieldKind::kTimestampNumber: {
      const std::string_view token = Token(value);
      Parsed parsed = Parsed::kOk;
      if (value.get_int64().get(out->int_value) == simdjson::SUCCESS) {
        parsed = ScaleTimestamp(out->int_value, spec.unit, &out->int_value);
      } else if (double ignored = 0; value.get_double().get(ignored) == simdjson::SUCCESS) {
        // simdjson has checked the grammar; the digits themselves are exact.
        parsed = DecodeTimestampNumber(token, spec.unit, &out->int_value);
      } else {
        return RefusedNumber(value, true);
      }
      if (parsed != Parsed::kOk) return {parsed, std::string(token), {}};
      return {};
    }
    default:
      return Misfit(value, Parsed::kMalformed);
  }
}

// The text of a JSON string, in the arena; without `copy` it may stay where it is in the record.
simdjson::error_code ReadText(ondemand::parser& parser, ondemand::value& value, StringArena& arena,
                              bool copy, std::string_view* text) {
  const std::string_view token = Token(value);
  if (token.size() >= 2 && token.back() == '"' &&
      std::memchr(token.data(), '\\', token.size()) == nullptr) {
    *text = token.substr(1, token.size() - 2);
    if (copy) *text = arena.Add(*text);
    return simdjson::SUCCESS;
  }
  ondemand::raw_json_string raw;
  if (const auto error = value.get_raw_json_string().get(raw)) return error;
  auto* to = reinterpret_cast<uint8_t*>(arena.Allocate(token.size() + simdjson::SIMDJSON_PADDING));
  return parser.unescape(raw, to).get(*text);
}

// `copy`: strings must outlive the record.
Problem ReadScalar(ondemand::parser& parser, ondemand::value& value, const ColumnSpec& spec,
                   FieldKind kind, StringArena& arena, bool copy, Scalar* out) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return {{}, {}, error};
  out->valid = true;
  switch (type) {
    case ondemand::json_type::number:
      return ReadNumber(value, spec, kind, out);
    case ondemand::json_type::string: {
      if (kind != FieldKind::kString && kind != FieldKind::kBytes &&
          kind != FieldKind::kTimestampText) {
        return Misfit(value, Parsed::kMalformed);
      }
      const bool keep = copy && kind != FieldKind::kTimestampText;
      if (const auto error = ReadText(parser, value, arena, keep, &out->bytes))
        return {{}, {}, error};
      if (kind != FieldKind::kTimestampText) return {};
      const Parsed parsed = DecodeTimestampText(out->bytes, &out->int_value);
      if (parsed != Parsed::kOk) return {parsed, std::string(Token(value)), {}};
      return {};
    }
    case ondemand::json_type::boolean: {
      bool is_true = false;
      if (kind != FieldKind::kBool) return Misfit(value, Parsed::kMalformed);
      if (value.get_bool().get(is_true) != simdjson::SUCCESS)
        return Misfit(value, Parsed::kMalformed);
      out->int_value = is_true ? 1 : 0;
      return {};
    }
    case ondemand::json_type::null: {
      bool is_null = false;
      if (value.is_null().get(is_null) != simdjson::SUCCESS || !is_null) {
        return Misfit(value, Parsed::kMalformed);
      }
      out->valid = false;
      return {};
    }
    default:
      return Misfit(value, Parsed::kMalformed);
  }
}

void Store(size_t column, FieldKind kind, const Scalar& scalar, RowBuilder& rows) {
  if (!scalar.valid) return rows.SetNull(column);
  switch (kind) {
    case FieldKind::kFloat32:
    case FieldKind::kFloat64:
      return rows.SetDouble(column, scalar.double_value);
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kList:
      return rows.SetString(column, scalar.bytes);
    default:
      return rows.SetInt(column, scalar.int_value);
  }
}

}  // namespace

struct JsonDecoder::Impl {
  const Schema& schema;
  std::vector<FieldKind> kinds;
  std::vector<FieldKind> element_kinds;
  FieldTree tree;
  // It knows the fields of the record before, in its order: most producers keep to one order, and
  // then a field is found by one comparison.
  PlainJsonReader plain;
  ondemand::parser parser;
  std::string padded_list;

  explicit Impl(const Schema& s) : schema(s), tree(s), plain(s, tree) {
    for (const ColumnSpec& column : s.columns) {
      kinds.push_back(FieldKindOf(column));
      element_kinds.push_back(ElementKindOf(column));
    }
  }

  // What the `index`-th field of a record of the tree is.
  simdjson::error_code FindTarget(ondemand::field& field, int record, size_t index,
                                  FieldTree::Target* target) {
    const KnownField* const known = plain.field(record, index);
    if (known != nullptr && known->IsAt(field.key().raw())) [[likely]] {
      *target = known->target();
      return simdjson::SUCCESS;
    }
    const std::string_view key = field.escaped_key();
    if (key.find('\\') != std::string_view::npos) {
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return error;
      *target = tree.Find(record, name);
      return simdjson::SUCCESS;
    }
    *target = tree.Find(record, key);
    plain.Learn(record, index, key, *target);
    return simdjson::SUCCESS;
  }

  Problem ReadList(ondemand::value& value, size_t column, StringArena& arena, Scalar* out) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return {{}, {}, error};
    if (type != ondemand::json_type::array) {
      // A null list is read as a null scalar; anything else does not fit.
      return ReadScalar(parser, value, schema.columns[column], FieldKind::kList, arena, false, out);
    }
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return {{}, {}, error};
    return ReadElements(array, column, arena, out);
  }

  Problem ReadElements(ondemand::array& array, size_t column, StringArena& arena, Scalar* out) {
    const ColumnSpec& spec = schema.columns[column];
    ListBuilder list(spec.type.kind);
    for (auto item : array) {
      if (const auto error = item.error()) return {{}, {}, error};
      ondemand::value element = item.value_unsafe();
      Scalar scalar;
      Problem problem =
          ReadScalar(parser, element, spec, element_kinds[column], arena, false, &scalar);
      if (!problem.ok()) return problem;
      list.Add({{spec.type.kind, false},
                scalar.valid,
                scalar.int_value,
                scalar.double_value,
                scalar.bytes});
    }
    out->valid = true;
    out->bytes = arena.Add(list.Finish());
    return {};
  }

  // What nearly every value is: there, and of its column's kind. False for all others, which are as
  // if nobody had looked at them.
  bool ReadPlainField(ondemand::value& value, size_t column, RowBuilder& rows) const {
    int64_t int_value = 0;
    switch (kinds[column]) {
      case FieldKind::kInt64:
        if (value.get_int64().get(int_value) != simdjson::SUCCESS) return false;
        rows.SetInt(column, int_value);
        return true;
      case FieldKind::kTimestampNumber:
        // Reading a value again is simdjson's to allow, and it does.
        if (value.get_int64().get(int_value) != simdjson::SUCCESS) return false;
        if (ScaleTimestamp(int_value, schema.columns[column].unit, &int_value) != Parsed::kOk)
          return false;
        rows.SetInt(column, int_value);
        return true;
      case FieldKind::kFloat64: {
        double double_value = 0;
        if (value.get_double().get(double_value) != simdjson::SUCCESS) return false;
        rows.SetDouble(column, double_value);
        return true;
      }
      case FieldKind::kString: {
        const std::string_view token = Token(value);
        if (token.size() < 2 || token.front() != '"' || token.back() != '"' ||
            std::memchr(token.data(), '\\', token.size()) != nullptr)
          return false;
        rows.SetString(column, rows.strings().Add(token.substr(1, token.size() - 2)));
        return true;
      }
      default:
        return false;
    }
  }

  Problem ReadField(ondemand::value& value, size_t column, RowBuilder& rows) {
    const FieldKind kind = kinds[column];
    Scalar scalar;
    Problem problem = kind == FieldKind::kList ? ReadList(value, column, rows.strings(), &scalar)
                                               : ReadScalar(parser, value, schema.columns[column],
                                                            kind, rows.strings(), true, &scalar);
    if (problem.ok()) [[likely]]
      Store(column, kind, scalar, rows);
    return problem;
  }

  std::string Reason(const Problem& problem, size_t column) const {
    if (problem.error != simdjson::SUCCESS) return NotJson(problem.error);
    return ValueReason(schema.columns[column], problem.found, problem.parsed);
  }

  static std::string NotJson(simdjson::error_code error) {
    switch (error) {
      case simdjson::INCORRECT_TYPE:
        return "expected a JSON object";
      case simdjson::UTF8_ERROR:
        return "not valid UTF-8";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "not valid JSON: a bracket or a brace has no partner in the record";
      case simdjson::EMPTY:
        return "not valid JSON: there is nothing in it";
      default:
        break;
    }
    // Without the library's name of it: "TAPE_ERROR: The JSON document has ...".
    const std::string_view what = simdjson::error_message(error);
    const size_t name = what.find(": ");
    return "not valid JSON: " +
           std::string(name == std::string_view::npos ? what : what.substr(name + 2));
  }

  // A whole array, or a line of one that was written over several.
  static bool IsOfArray(std::string_view record) {
    const size_t first = record.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (record[first] == '[' || record[first] == ']');
  }
  static std::string NotAnObject(simdjson::error_code error, std::string_view record) {
    if (!record.empty() && record[0] == '\0') {
      return "expected a JSON object, found a zero byte: a schema registry's frame. A topic of its "
             "JSON Schema serializers needs 'framing: confluent'; avro and protobuf are formats of "
             "their own";
    }
    if (!IsOfArray(record)) return NotJson(error);
    return std::string("expected a JSON object, found an array's '") +
           record[record.find_first_not_of(" \t\r\n")] +
           "': each record is one object (`jq -c '.[]'` takes an array apart)";
  }

  bool Decode(std::string_view text, ondemand::document& document, RowBuilder& rows,
              std::string* reason) {
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) {
      *reason = NotAnObject(error, text);
      return false;
    }
    if (!DecodeFields(object, 0, rows, reason)) return false;
    if (!document.at_end()) {
      *reason = "not valid JSON: something follows the object";
      return false;
    }
    return true;
  }

  // `record` of the tree: the outermost, or one within it.
  bool DecodeFields(ondemand::object& object, int record, RowBuilder& rows, std::string* reason) {
    const auto fail = [&](simdjson::error_code error) {
      *reason = NotJson(error);
      return false;
    };
    size_t index = 0;
    for (auto item : object) {
      ondemand::field field;
      if (const auto error = std::move(item).get(field)) return fail(error);
      FieldTree::Target target;
      if (const auto error = FindTarget(field, record, index++, &target)) return fail(error);
      if (target.column < 0) {
        if (target.record >= 0 && !DecodeWithin(field.value(), target.record, rows, reason))
          return false;
        continue;
      }
      const auto column = static_cast<size_t>(target.column);
      if (ReadPlainField(field.value(), column, rows)) [[likely]]
        continue;
      const Problem problem = ReadField(field.value(), column, rows);
      if (!problem.ok()) [[unlikely]] {
        *reason = Reason(problem, column);
        return false;
      }
    }
    return true;
  }

  // Where a field comes twice, the record that it is the last time is all that counts.
  bool DecodeWithin(ondemand::value& value, int record, RowBuilder& rows, std::string* reason) {
    for (const size_t column : tree.columns(record)) rows.SetNull(column);
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) {
      *reason = NotJson(error);
      return false;
    }
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) {
        *reason = NotJson(error);
        return false;
      }
      return DecodeFields(object, record, rows, reason);
    }
    bool is_null = false;
    if (type == ondemand::json_type::null && value.is_null().get(is_null) == simdjson::SUCCESS &&
        is_null) {
      return true;
    }
    *reason = RecordReason(tree.path(record), "an object", Found(value));
    return false;
  }
};

JsonDecoder::JsonDecoder(const Schema& schema) : impl_(std::make_unique<Impl>(schema)) {}
JsonDecoder::~JsonDecoder() = default;

const char* JsonDecoder::DecodePlain(const char* record, RowBuilder& rows) {
  return impl_->plain.Read(record, rows);
}

bool JsonDecoder::Decode(std::string_view record, RowBuilder& rows, std::string* reason) {
  ondemand::document document;
  const auto error =
      impl_->parser.iterate(record.data(), record.size(), record.size() + TextInput::kPadding)
          .get(document);
  if (error != simdjson::SUCCESS) {
    *reason = Impl::NotAnObject(error, record);
    return false;
  }
  return impl_->Decode(record, document, rows, reason);
}

bool JsonDecoder::DecodeList(size_t column, std::string_view text, RowBuilder& rows,
                             std::string* reason) {
  std::string& padded = impl_->padded_list;
  padded.assign(text).append(TextInput::kPadding, ' ');
  ondemand::document document;
  ondemand::array array;
  Scalar scalar;
  auto error = impl_->parser.iterate(padded.data(), text.size(), padded.size()).get(document);
  if (error == simdjson::SUCCESS) error = document.get_array().get(array);
  Problem problem{{}, {}, error};
  if (problem.ok()) {
    problem = impl_->ReadElements(array, column, rows.strings(), &scalar);
  }
  const bool is_json = problem.error == simdjson::SUCCESS;
  if (!is_json || (problem.ok() && !document.at_end())) {
    *reason = ValueReason(impl_->schema.columns[column], text, Parsed::kMalformed);
    return false;
  }
  if (!problem.ok()) {
    *reason = impl_->Reason(problem, column);
    return false;
  }
  Store(column, FieldKind::kList, scalar, rows);
  return true;
}

}  // namespace skewless
