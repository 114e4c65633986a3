// From the text of a feature to its plan: parsed, typed, compiled.
#pragma once

#include <string>
#include <string_view>

#include "definition/definition.h"

namespace skewless {

// All of a FeatureDefinition but its name and place. `scope` is the source's columns in order,
// `event_column` which of them is the event's time.
ExpressionResult<FeatureDefinition> PlanFeature(std::string_view text, const Scope& scope,
                                                size_t event_column);

// Parses and compiles a condition (`where`, `filter`): it must be a bool. `what` names it.
struct PlannedExpression {
  std::unique_ptr<Ast> ast;
  std::shared_ptr<const Program> program;
};
ExpressionResult<PlannedExpression> PlanExpression(std::string_view text, const Scope& scope);
ExpressionResult<PlannedExpression> PlanCondition(std::string_view text, const Scope& scope,
                                                  std::string_view what);

// Adds `offset` to where an error of a part of a text stands.
ExpressionError Shifted(ExpressionError error, size_t offset);

}  // namespace skewless
