#include "serving/online_request.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "base/json_text.h"
#include "model/list.h"
#include "model/value_text.h"

namespace skewless {
namespace {

namespace dom = simdjson::dom;

// What one request may ask for. A row takes its states and each value some hundred bytes until the
// reply is sent, beside an engine that must not run out of memory for it.
constexpr size_t kMostEntities = 100'000;
constexpr size_t kMostValues = 1'000'000;

tl::unexpected<HttpError> Invalid(std::string message) {
  return tl::unexpected<HttpError>(HttpError{422, "FeastValueError", std::move(message)});
}

tl::unexpected<HttpError> TooMany(size_t asked, size_t most, std::string_view what) {
  return tl::unexpected<HttpError>(HttpError{
      413, "FeastError",
      "the request is for " + std::to_string(asked) + " " + std::string(what) +
          ", and one may be for " + std::to_string(most) + ": ask for fewer entities at a time"});
}

// A value as an error shows it: its begin, where it is long.
std::string Shown(dom::element found) {
  constexpr size_t kShown = 64;
  std::string text = simdjson::minify(found);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

std::string Expected(const ColumnSpec& column, dom::element found) {
  return "entities: '" + column.name + "' takes " + TypeName(column.type) + ", not " + Shown(found);
}

HttpResult<Value> TextValue(const ColumnSpec& column, dom::element element) {
  std::string_view text = element.get_string().value_unsafe();
  if (column.type.kind == TypeKind::kString) return Value::String(std::string(text), column.type);
  if (column.type.kind == TypeKind::kBytes) {
    auto decoded = ParseBase64(text);
    if (!decoded)
      return Invalid("entities: '" + column.name + "' takes base64, not " + Shown(element));
    return Value::String(std::move(*decoded), column.type);
  }
  // A number or a time as text: clients of typed stores send them so.
  auto parsed = ParseValue(text, column.type, TimestampUnit::kText);
  if (!parsed) return Invalid(Expected(column, element));
  return std::move(*parsed);
}

HttpResult<Value> NumberValue(const ColumnSpec& column, dom::element element) {
  if (PhysicalOf(column.type) == Physical::kDouble) {
    double number = element.get_double().value_unsafe();
    if (column.type.kind == TypeKind::kFloat32) {
      number = static_cast<double>(static_cast<float>(number));
      if (std::isinf(number)) return Invalid(Expected(column, element) + ": up to 3.4e38");
    }
    return Value::Double(number, column.type);
  }
  if (PhysicalOf(column.type) != Physical::kInt || column.type.kind == TypeKind::kBool)
    return Invalid(Expected(column, element));
  int64_t integer = 0;
  if (element.get_int64().get(integer) != simdjson::SUCCESS) {
    // pandas sends 1001.0 where a column of integers once held a null.
    double number = 0;
    if (element.get_double().get(number) != simdjson::SUCCESS || std::trunc(number) != number ||
        std::fabs(number) >= 9007199254740992.0) {
      return Invalid(Expected(column, element));
    }
    integer = static_cast<int64_t>(number);
  }
  // Times that come as numbers are epoch seconds, as they are in replies. Beyond the year 9999 they
  // are most likely milliseconds or less: taken for seconds they would be another time.
  if (column.type.kind == TypeKind::kTimestamp) {
    constexpr int64_t kMostSeconds = 253'402'300'799;
    if (integer > kMostSeconds || integer < -kMostSeconds)
      return Invalid(Expected(column, element) + ": numbers are seconds since 1970");
    integer *= kSecondUs;
  }
  if (column.type.kind == TypeKind::kInt32 && integer != static_cast<int32_t>(integer)) {
    return Invalid(Expected(column, element));
  }
  return Value::Int(integer, column.type);
}

HttpResult<Value> JsonValue(const ColumnSpec& column, dom::element element);

HttpResult<Value> ListValue(const ColumnSpec& column, dom::element element) {
  dom::array array;
  if (!column.type.is_list || element.get_array().get(array) != simdjson::SUCCESS)
    return Invalid(Expected(column, element));
  ListBuilder builder(column.type.kind);
  ColumnSpec item = column;
  item.type.is_list = false;
  for (const dom::element one : array) {
    HttpResult<Value> value = JsonValue(item, one);
    if (!value) return value;
    builder.Add(value->view());
  }
  return Value::String(std::string(builder.Finish()), column.type);
}

HttpResult<Value> JsonValue(const ColumnSpec& column, dom::element element) {
  if (element.is_null()) return Value::Null(column.type);
  if (element.is_array() || column.type.is_list) return ListValue(column, element);
  if (element.is_string()) return TextValue(column, element);
  if (element.is_bool() && column.type.kind == TypeKind::kBool) {
    return Value::Int(element.get_bool().value_unsafe() ? 1 : 0, column.type);
  }
  if (element.is_number()) return NumberValue(column, element);
  return Invalid(Expected(column, element));
}

HttpResult<void> ReadInput(const ColumnSpec& column, dom::object entities, bool first,
                           OnlineRequest* request, Column* out) {
  dom::array values;
  dom::element found;
  if (entities.at_key(column.name).get(found) != simdjson::SUCCESS) {
    return Invalid("entities: '" + column.name + "' is missing");
  }
  if (found.get_array().get(values) != simdjson::SUCCESS)
    return Invalid("entities: '" + column.name + "' takes a list of values");
  if (values.size() > kMostEntities) return TooMany(values.size(), kMostEntities, "entities");
  out->Clear();
  out->type = column.type;
  for (const dom::element element : values) {
    HttpResult<Value> value = JsonValue(column, element);
    if (!value) return tl::unexpected<HttpError>(std::move(value).error());
    ValueView view = value->view();
    view.bytes = request->strings.Add(view.bytes);
    AppendValue(*out, view);
  }
  if (first) {
    request->rows = out->size();
  } else if (out->size() != request->rows) {
    return Invalid("entities: '" + column.name + "' has " + std::to_string(out->size()) +
                   " values where others have " + std::to_string(request->rows));
  }
  return {};
}

HttpError PlanError(const Error& error) {
  const std::string text =
      error.remedy.empty() ? error.message : error.message + ". " + error.remedy;
  if (error.code == ErrorCode::kInvalid) return {422, "FeastValueError", text};
  return {404, "FeatureViewNotFoundException", text};
}

// Feast's remote client reads statuses by these names.
std::string_view StatusOf(const ReadRow& row, size_t output) {
  switch (row.statuses[output]) {
    case RowStatus::kNotFound:
      return "\"NOT_FOUND\"";
    case RowStatus::kOutsideMaxAge:
      return "\"OUTSIDE_MAX_AGE\"";
    case RowStatus::kPresent:
      break;
  }
  return row.values[output].valid ? "\"PRESENT\"" : "\"NULL_VALUE\"";
}

void AppendReplyValue(std::string& out, const ValueView& value);

// An empty list would leave a client without a type.
void AppendReplyList(std::string& out, const ValueView& list) {
  std::vector<ValueView> items;
  if (!DecodeList(list.type.kind, list.bytes, &items) || items.empty()) {
    out += "null";
    return;
  }
  out += '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    AppendReplyValue(out, items[i]);
  }
  out += ']';
}

void AppendReplyValue(std::string& out, const ValueView& value) {
  if (value.valid && value.type.is_list) {
    AppendReplyList(out, value);
  } else if (value.valid && value.type.kind == TypeKind::kTimestamp) {
    out += std::to_string(FloorDiv(value.int_value, kSecondUs));  // a time is epoch seconds
  } else {
    AppendJsonValue(out, value);
  }
}

void AppendKeyColumn(const Column& column, size_t rows, std::string& out) {
  out += "{\"values\":[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    AppendReplyValue(out, ValueAt(column, row));
  }
  out += "],\"statuses\":[";
  for (size_t row = 0; row < rows; ++row) out += row > 0 ? ",\"PRESENT\"" : "\"PRESENT\"";
  out += "],\"event_timestamps\":[";
  for (size_t row = 0; row < rows; ++row)
    out += row > 0 ? ",\"1970-01-01T00:00:00Z\"" : "\"1970-01-01T00:00:00Z\"";
  out += "]}";
}

// A row's time as text. All outputs of a view tell the same time, and making its text is a good
// part of what a reply costs.
struct TimeText {
  Timestamp time = 0;
  std::string text;

  const std::string& Of(Timestamp wanted) {
    if (text.empty() || wanted != time) {
      time = wanted;
      text = FormatTimestamp(wanted);
    }
    return text;
  }
};

void AppendOutputColumn(std::span<const ReadRow> rows, size_t output, std::vector<TimeText>* times,
                        std::string& out) {
  out += ",{\"values\":[";
  for (size_t row = 0; row < rows.size(); ++row) {
    if (row > 0) out += ',';
    AppendReplyValue(out, rows[row].values[output]);
  }
  out += "],\"statuses\":[";
  for (size_t row = 0; row < rows.size(); ++row) {
    if (row > 0) out += ',';
    out += StatusOf(rows[row], output);
  }
  out += "],\"event_timestamps\":[";
  for (size_t row = 0; row < rows.size(); ++row) {
    if (row > 0) out += ',';
    out += '"';
    out += (*times)[row].Of(rows[row].newest_event_us[output]);
    out += '"';
  }
  out += "]}";
}

// About as many bytes as a reply has: it need not move as it grows.
size_t ReplySize(const ReadPlan& plan, size_t rows) {
  constexpr size_t kColumnFrame = 100;
  constexpr size_t kCell = 60;
  return (plan.keys.size() + plan.outputs.size() + 1) * (kColumnFrame + rows * kCell);
}

// What a caller keeps to ask training for the same vector: T, and what the row rested on.
void AppendProvenance(const Definition& definition, const ReadPlan& plan,
                      std::span<const ReadRow> rows, std::string& out) {
  out += ",\"skewless\":{\"read_timestamp_us\":";
  out += std::to_string(rows.empty() ? 0 : rows[0].read_us);
  out += ",\"views\":[";
  for (size_t v = 0; v < plan.views.size(); ++v) {
    if (v > 0) out += ',';
    out += "{\"name\":";
    AppendJsonString(out, definition.views[static_cast<size_t>(plan.views[v])].name);
    out += ",\"sequences\":[";
    for (size_t row = 0; row < rows.size(); ++row) {
      if (row > 0) out += ',';
      out += std::to_string(rows[row].views[v].sequence);
    }
    out += "]}";
  }
  out += "]}";
}

}  // namespace

HttpResult<const ReadPlan*> PlanCache::Service(std::string_view name) {
  const auto known = services_.find(name);
  if (known != services_.end()) return &known->second;
  auto plan = PlanService(definition_, std::string(name));
  if (!plan) {
    HttpError error = PlanError(plan.error());
    error.error_class = "FeatureServiceNotFoundException";
    return tl::unexpected<HttpError>(std::move(error));
  }
  return &services_.emplace(std::string(name), std::move(*plan)).first->second;
}

HttpResult<const ReadPlan*> PlanCache::Features(const std::vector<std::string>& names) {
  const auto known = features_.find(names);
  if (known != features_.end()) return &known->second;
  auto plan = PlanFeatures(definition_, names);
  if (!plan) return tl::unexpected<HttpError>(PlanError(plan.error()));
  // A client that never repeats itself must not fill the memory.
  if (features_.size() >= 1024) features_.clear();
  return &features_.emplace(names, std::move(*plan)).first->second;
}

namespace {

// As Python's json.dumps writes them.
bool HasNonFiniteNumber(std::string_view body) {
  for (const std::string_view name : {"NaN", "Infinity"}) {
    for (size_t at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
      if (at > 0 && std::string_view("[,: -").find(body[at - 1]) != std::string_view::npos)
        return true;
    }
  }
  return false;
}

// Without the library's name of it: "TAPE_ERROR: The JSON document has ...".
std::string ProblemOf(simdjson::error_code error, std::string_view body) {
  if (error == simdjson::INCORRECT_TYPE) return "it is another kind of value";
  if (HasNonFiniteNumber(body))
    return "JSON has no NaN and no Infinity: send null, or to a column of floats \"NaN\" as text";
  std::string_view what = simdjson::error_message(error);
  if (const size_t name = what.find(": "); name != std::string_view::npos)
    what.remove_prefix(name + 2);
  return std::string(what.substr(0, what.find(".  ")));
}

bool IsBeyond64Bits(std::string_view number) {
  const auto fits = [&](auto integer) {
    return std::from_chars(number.data(), number.data() + number.size(), integer).ec == std::errc();
  };
  return number.starts_with('-') ? !fits(int64_t{}) : !fits(uint64_t{});
}

// The body with a fraction of 0 behind each whole number beyond 64 bits: to JSON it is the same
// number, and the library takes it then.
std::string WithFractions(std::string_view body) {
  constexpr std::string_view kInNumber = "0123456789+-.eE";
  std::string out;
  bool in_text = false;
  for (size_t at = 0; at < body.size();) {
    size_t end = at + 1;
    if (in_text) {
      if (body[at] == '\\') ++end;
      in_text = body[at] != '"';
    } else if (body[at] == '"') {
      in_text = true;
    } else if (kInNumber.find(body[at]) != std::string_view::npos) {
      end = std::min(body.find_first_not_of(kInNumber, at), body.size());
      const std::string_view number = body.substr(at, end - at);
      out += number;
      if (number.find_first_of("+.eE") == std::string_view::npos && IsBeyond64Bits(number))
        out += ".0";
      at = end;
      continue;
    }
    out += body.substr(at, end - at);
    at = end;
  }
  return out;
}

HttpResult<void> ReadFullNames(const dom::object& object, bool* full_names) {
  *full_names = false;
  dom::element found;
  if (object["full_feature_names"].get(found) != simdjson::SUCCESS || found.is_null()) return {};
  if (found.get_bool().get(*full_names) == simdjson::SUCCESS) return {};
  return Invalid("full_feature_names takes true or false, not " + Shown(found));
}

// A client that keeps columns by name would keep the last one's values for both.
tl::unexpected<HttpError> NamedTwice(const std::string& name) {
  return tl::unexpected<HttpError>(
      {422, "FeatureNameCollisionError",
       "two columns are called '" + name + "': ask with \"full_feature_names\": true"});
}

}  // namespace

HttpResult<void> ParseOnlineRequest(std::string_view body, dom::parser& parser, PlanCache& plans,
                                    OnlineRequest* request) {
  dom::object object;
  auto error = parser.parse(body).get_object().get(object);
  if (error == simdjson::BIGINT_ERROR || error == simdjson::NUMBER_ERROR)
    error = parser.parse(WithFractions(body)).get_object().get(object);
  if (error != simdjson::SUCCESS) {
    return Invalid("the body is not a JSON object: " + ProblemOf(error, body));
  }
  request->strings.Clear();
  request->rows = 0;
  std::string_view service;
  dom::array features;
  HttpResult<const ReadPlan*> plan = nullptr;
  if (object["feature_service"].get_string().get(service) == simdjson::SUCCESS) {
    if (object["features"].get_array().get(features) == simdjson::SUCCESS)
      return Invalid("give \"features\" or \"feature_service\", not both");
    plan = plans.Service(service);
  } else if (object["features"].get_array().get(features) == simdjson::SUCCESS) {
    std::vector<std::string> names;
    for (const dom::element element : features) {
      std::string_view name;
      if (element.get_string().get(name) != simdjson::SUCCESS)
        return Invalid("features takes a list of names");
      names.emplace_back(name);
    }
    if (names.empty()) return Invalid("features is empty: name at least one");
    plan = plans.Features(names);
  } else {
    return Invalid("give \"features\": [\"view:feature\", ...] or \"feature_service\": \"name\"");
  }
  if (!plan) return tl::unexpected<HttpError>(plan.error());
  request->plan = *plan;
  if (auto read = ReadFullNames(object, &request->full_feature_names); !read) return read;
  if (!request->full_feature_names && !(*plan)->name_given_twice.empty())
    return NamedTwice((*plan)->name_given_twice);
  dom::object entities;
  if (object["entities"].get_object().get(entities) != simdjson::SUCCESS) {
    return Invalid("give \"entities\": {\"key\": [values]}");
  }
  const size_t keys = request->plan->keys.size();
  request->inputs.resize(keys + request->plan->request.size());
  for (size_t i = 0; i < request->inputs.size(); ++i) {
    const ColumnSpec& column = i < keys ? request->plan->keys[i] : request->plan->request[i - keys];
    HttpResult<void> read = ReadInput(column, entities, i == 0, request, &request->inputs[i]);
    if (!read) return read;
  }
  const size_t values = request->rows * (keys + request->plan->outputs.size());
  if (values > kMostValues) return TooMany(values, kMostValues, "values");
  return {};
}

void AppendOnlineReply(const Definition& definition, const OnlineRequest& request,
                       std::span<const ReadRow> rows, std::string& out) {
  const ReadPlan& plan = *request.plan;
  out.reserve(out.size() + ReplySize(plan, rows.size()));
  out += "{\"results\":[";
  for (size_t i = 0; i < plan.keys.size(); ++i) {
    if (i > 0) out += ',';
    AppendKeyColumn(request.inputs[i], rows.size(), out);
  }
  std::vector<TimeText> times(rows.size());
  for (size_t output = 0; output < plan.outputs.size(); ++output)
    AppendOutputColumn(rows, output, &times, out);
  out += "],\"metadata\":{\"feature_names\":";
  out += request.full_feature_names ? plan.full_names_json : plan.names_json;
  out += '}';
  AppendProvenance(definition, plan, rows, out);
  out += '}';
}

std::string ErrorBody(const HttpError& error) {
  std::string inner = "{\"module\":\"feast.errors\",\"class\":";
  AppendJsonString(inner, error.error_class);
  inner += ",\"message\":";
  // Names that nobody has may be as long as a body.
  constexpr size_t kMostMessage = size_t{4} << 10;
  AppendJsonString(inner, error.message.size() <= kMostMessage
                              ? error.message
                              : error.message.substr(0, kMostMessage) + "...");
  inner += '}';
  std::string outer;
  AppendJsonString(outer, inner);
  return outer;
}

}  // namespace skewless
