#include "definition/feature_plan.h"

#include <algorithm>
#include <charconv>

#include "definition/aggregate.h"
#include "definition/feature_line.h"
#include "definition/window.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

constexpr int64_t kLongestList = 10'000;

using Step = tl::expected<void, ExpressionError>;

tl::unexpected<ExpressionError> FailPart(const LinePart& part, std::string message,
                                         std::string remedy = {}) {
  return tl::unexpected(ExpressionError{part.offset, std::max<size_t>(part.text.size(), 1),
                                        std::move(message), std::move(remedy)});
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The first call of an aggregate inside an expression, where none may be.
const Ast* FindAggregateCall(const Ast& ast) {
  if (ast.kind == AstKind::kCall && FindAggregate(ast.name) != nullptr) return &ast;
  for (const auto& child : ast.children) {
    if (const Ast* found = FindAggregateCall(*child)) return found;
  }
  return nullptr;
}

ExpressionResult<const AggregateSpec*> ChooseAggregate(const FeatureLine& line) {
  const std::string name = LowerCase(line.aggregate.text);
  const AggregateSpec* spec = FindAggregate(name);
  if (spec == nullptr) {
    return FailPart(
        line.aggregate, "there is no aggregate '" + std::string(line.aggregate.text) + "'",
        SuggestName(name, AggregateNames(),
                    "The aggregates are " + ListOfWords(AggregateNames(), "and") + "."));
  }
  if (!spec->available) {
    return FailPart(line.aggregate, name + " is not available in this version",
                    "Use an exact aggregate, such as " + std::string(spec->example) + ".");
  }
  return spec;
}

// How many arguments `kind` takes: at least, at most.
std::pair<size_t, size_t> ArgumentCounts(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::kFirst:
    case AggregateKind::kLast:
      return {1, 2};
    case AggregateKind::kMinBy:
    case AggregateKind::kMaxBy:
    case AggregateKind::kSumDecayed:
      return {2, 2};
    case AggregateKind::kTimeSinceLast:
      return {0, 0};
    default:
      return {1, 1};
  }
}

Step CheckArguments(const FeatureLine& line, const AggregateSpec& spec) {
  const std::string name(spec.name);
  const bool counts = spec.kind == AggregateKind::kCount;
  const auto [least, most] = ArgumentCounts(spec.kind);
  if (most == 0) {
    const bool empty =
        line.arguments.empty() || (line.arguments.size() == 1 && line.arguments[0].text.empty());
    if (empty) return {};
    return FailPart(line.parentheses, name + " takes no argument",
                    "Write " + std::string(spec.example) + ".");
  }
  if (line.arguments.size() < least) {
    return FailPart(line.parentheses,
                    name + " needs " + (least == 1 ? "an argument" : "two arguments"),
                    "Write " + std::string(spec.example) + ".");
  }
  if (line.arguments.size() > most) {
    return FailPart(line.arguments[most],
                    name + " takes " + (most == 1 ? "one argument" : "two arguments"),
                    "Write " + std::string(spec.example) + ".");
  }
  for (const LinePart& argument : line.arguments) {
    if (argument.text.empty()) {
      return FailPart(line.parentheses, "an empty argument",
                      "Write " + std::string(spec.example) + ".");
    }
    if (argument.text == "*" && !counts) {
      return FailPart(argument, name + "(*) has no meaning: only count(*) has",
                      "Name a column: " + std::string(spec.example) + ".");
    }
    const std::string lower = LowerCase(argument.text.substr(0, 9));
    if (lower == "distinct " || lower == "distinct\t") {
      return FailPart({argument.text.substr(0, 8), argument.offset},
                      "distinct is not available in this version",
                      "Count records, or the records of one kind with a filter.");
    }
  }
  return {};
}

ExpressionResult<PlannedExpression> PlanArgument(const LinePart& part, const Scope& scope) {
  auto planned = PlanExpression(part.text, scope);
  if (!planned) return tl::unexpected(Shifted(planned.error(), part.offset));
  return planned;
}

// last(x, n): how many.
ExpressionResult<int64_t> ListSize(const LinePart& part) {
  int64_t n = 0;
  const char* end = part.text.data() + part.text.size();
  const auto [stop, error] = std::from_chars(part.text.data(), end, n);
  if (error == std::errc() && stop == end && n >= 1 && n <= kLongestList) return n;
  return FailPart(part,
                  "expected how many to keep, a whole number from 1 to 10000, found '" +
                      std::string(part.text) + "'",
                  "Write last(x, 10).");
}

// The aggregates whose argument isn't the text that the user wrote: it is `expression` of it.
Step ReplaceArgument(const std::string& expression, const Scope& scope,
                     FeatureDefinition* feature) {
  auto planned = PlanExpression(expression, scope);
  if (!planned) return tl::unexpected(planned.error());
  feature->argument = std::move(planned->ast);
  feature->argument_program = std::move(planned->program);
  feature->argument_type = feature->argument_program->type();
  return {};
}

Step PlanTimeSinceLast(const Scope& scope, size_t event_column, FeatureDefinition* feature) {
  feature->type = {TypeKind::kInt64, false};
  return ReplaceArgument('"' + scope[event_column].name + '"', scope, feature);
}

// Decay works in float64; counts are kept by the values' text.
Step CastArgument(const LinePart& part, const Scope& scope, FeatureDefinition* feature) {
  const bool decays = feature->aggregate == AggregateKind::kSumDecayed;
  const bool counts_by = feature->aggregate == AggregateKind::kCountBy;
  if (!decays && !counts_by) return {};
  const Type wanted{decays ? TypeKind::kFloat64 : TypeKind::kString, false};
  if (feature->argument_type == wanted) return {};
  return ReplaceArgument("cast(" + std::string(part.text) + " as " + TypeName(wanted) + ")", scope,
                         feature);
}

Step PlanHalfLife(const LinePart& part, FeatureDefinition* feature);

Step PlanArguments(const FeatureLine& line, const Scope& scope, size_t event_column,
                   FeatureDefinition* feature) {
  if (feature->aggregate == AggregateKind::kTimeSinceLast) {
    return PlanTimeSinceLast(scope, event_column, feature);
  }
  if (line.arguments[0].text == "*") {
    feature->type = {TypeKind::kInt64, false};
    return {};
  }
  auto argument = PlanArgument(line.arguments[0], scope);
  if (!argument) return tl::unexpected(argument.error());
  feature->argument = std::move(argument->ast);
  feature->argument_program = std::move(argument->program);
  feature->argument_type = feature->argument_program->type();

  std::optional<Type> order_type;
  if (line.arguments.size() == 2 &&
      (feature->aggregate == AggregateKind::kLast || feature->aggregate == AggregateKind::kFirst)) {
    auto n = ListSize(line.arguments[1]);
    if (!n) return tl::unexpected(n.error());
    feature->list_size = *n;
    feature->aggregate =
        feature->aggregate == AggregateKind::kLast ? AggregateKind::kLastN : AggregateKind::kFirstN;
  } else if (feature->aggregate == AggregateKind::kSumDecayed) {
    if (auto step = PlanHalfLife(line.arguments[1], feature); !step) return step;
  } else if (line.arguments.size() == 2) {
    auto order = PlanArgument(line.arguments[1], scope);
    if (!order) return tl::unexpected(order.error());
    feature->order_argument = std::move(order->ast);
    feature->order_program = std::move(order->program);
    order_type = feature->order_program->type();
  }
  auto type =
      AggregateType(feature->aggregate, feature->argument_type, order_type, line.arguments[0].text);
  if (!type) {
    const LinePart& part = line.arguments[type.error().in_order_argument ? 1 : 0];
    return FailPart(part, type.error().message, type.error().remedy);
  }
  feature->type = *type;
  return CastArgument(line.arguments[0], scope, feature);
}

Step PlanNulls(const FeatureLine& line, FeatureDefinition* feature) {
  if (!line.respect_nulls) return {};
  if (feature->aggregate != AggregateKind::kLast && feature->aggregate != AggregateKind::kFirst) {
    return FailPart(*line.respect_nulls, "'respect nulls' belongs to last(x) and first(x) alone",
                    "Remove it: " + std::string(AggregateName(feature->aggregate)) +
                        " skips nulls, as in SQL.");
  }
  feature->respect_nulls = true;
  return {};
}

ExpressionResult<DurationUs> PlanDuration(const LinePart& part) {
  const Result<DurationUs> duration = ParseDuration(part.text);
  if (!duration) {
    return FailPart(part, "expected a duration, found '" + std::string(part.text) + "'",
                    "Write a whole number and a unit: 250ms, 5s, 10m, 24h, 7d.");
  }
  if (*duration > kLongestDuration) {
    return FailPart(part, "longer than a hundred years",
                    "Leave out 'over' for a feature over all time.");
  }
  return *duration;
}

Step PlanHalfLife(const LinePart& part, FeatureDefinition* feature) {
  const auto half_life = PlanDuration(part);
  if (!half_life) return tl::unexpected(half_life.error());
  feature->half_life_us = *half_life;
  return {};
}

Step CheckHop(const FeatureLine& line, DurationUs window, DurationUs hop) {
  const std::string window_text = FormatDuration(window);
  if (hop > window) {
    return FailPart(*line.hop, "the hop is longer than the window of " + window_text,
                    "Name a hop that divides " + window_text + ".");
  }
  const DurationUs suggested = DefaultHop(window).value_or(LargestRoundHop(window));
  const std::string suggestion =
      "Write, as an example, over " + window_text + " hop " + FormatDuration(suggested);
  if (window % hop != 0) {
    return FailPart(
        *line.hop,
        "the window of " + window_text + " is not a multiple of the hop of " + FormatDuration(hop),
        suggestion + ".");
  }
  if (window / hop > kMostTiles) {
    return FailPart(
        *line.hop,
        "a window of " + std::to_string(window / hop) + " tiles; at most 100000 are possible",
        suggestion + ", or over " + window_text + " exact.");
  }
  return {};
}

Step PlanWindow(const FeatureLine& line, FeatureDefinition* feature) {
  if (!line.window) return {};
  const auto window = PlanDuration(*line.window);
  if (!window) return tl::unexpected(window.error());
  if (line.exact) {
    feature->window = WindowSpec{*window, 1};
    return {};
  }
  if (!line.hop) {
    const std::optional<DurationUs> hop = DefaultHop(*window);
    if (!hop) {
      const std::string text = FormatDuration(*window);
      return FailPart(*line.window, "no round hop cuts " + text + " into at most 60 tiles",
                      "Name one, as an example: over " + text + " hop " +
                          FormatDuration(LargestRoundHop(*window)) + ".");
    }
    feature->window = WindowSpec{*window, *hop};
    return {};
  }
  const auto hop = PlanDuration(*line.hop);
  if (!hop) return tl::unexpected(hop.error());
  if (auto checked = CheckHop(line, *window, *hop); !checked) return checked;
  feature->window = WindowSpec{*window, *hop};
  return {};
}

}  // namespace

ExpressionError Shifted(ExpressionError error, size_t offset) {
  error.offset += offset;
  return error;
}

ExpressionResult<PlannedExpression> PlanExpression(std::string_view text, const Scope& scope) {
  auto ast = ParseExpression(text);
  if (!ast) return tl::unexpected(ast.error());
  if (const Ast* call = FindAggregateCall(**ast)) {
    return tl::unexpected(
        ExpressionError{call->offset, std::max<size_t>(call->length, 1),
                        "the aggregate " + call->name + " can't stand inside an expression",
                        "Name it as a feature of its own, and use that name under 'derived'."});
  }
  auto program = CompileExpression(**ast, scope);
  if (!program) return tl::unexpected(program.error());
  return PlannedExpression{std::move(*ast), std::make_shared<const Program>(std::move(*program))};
}

ExpressionResult<PlannedExpression> PlanCondition(std::string_view text, const Scope& scope,
                                                  std::string_view what) {
  auto planned = PlanExpression(text, scope);
  if (!planned) return planned;
  const Type type = planned->program->type();
  if (type != Type{TypeKind::kBool, false}) {
    return tl::unexpected(
        ExpressionError{planned->ast->offset, std::max<size_t>(planned->ast->length, 1),
                        std::string(what) + " must be a bool, and this is " + TypeName(type),
                        "Compare it with something, as in price >= 0."});
  }
  return planned;
}

ExpressionResult<FeatureDefinition> PlanFeature(std::string_view text, const Scope& scope,
                                                size_t event_column) {
  const auto line = ScanFeatureLine(text);
  if (!line) return tl::unexpected(line.error());
  const auto spec = ChooseAggregate(*line);
  if (!spec) return tl::unexpected(spec.error());
  FeatureDefinition feature;
  feature.text = std::string(text);
  feature.aggregate = (*spec)->kind;
  if (auto step = CheckArguments(*line, **spec); !step) return tl::unexpected(step.error());
  if (auto step = PlanArguments(*line, scope, event_column, &feature); !step) {
    return tl::unexpected(step.error());
  }
  if (auto step = PlanNulls(*line, &feature); !step) return tl::unexpected(step.error());
  if (line->filter) {
    auto filter = PlanCondition(line->filter->text, scope, "a filter");
    if (!filter) return tl::unexpected(Shifted(filter.error(), line->filter->offset));
    feature.filter = std::move(filter->ast);
    feature.filter_program = std::move(filter->program);
  }
  if (auto step = PlanWindow(*line, &feature); !step) return tl::unexpected(step.error());
  return feature;
}

}  // namespace skewless
