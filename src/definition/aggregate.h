// The aggregates: their names, how many arguments each takes, and the types that come out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/definition.h"

namespace skewless {

struct AggregateSpec {
  std::string_view name;
  AggregateKind kind = AggregateKind::kCount;
  std::string_view example;  // how it is written
  bool available = true;     // false: a word of the language that this version refuses
};

// By name in lower case; null where there is none.
const AggregateSpec* FindAggregate(std::string_view lower_case_name);
std::vector<std::string> AggregateNames();  // the available ones, each once

// The type of an aggregate over arguments of these types, or what is wrong with them. `text` is the
// first argument's, for remedies.
struct AggregateTypeError {
  bool in_order_argument = false;  // else in the first argument
  std::string message;
  std::string remedy;
};
tl::expected<Type, AggregateTypeError> AggregateType(AggregateKind kind, Type argument,
                                                     std::optional<Type> order,
                                                     std::string_view text);

}  // namespace skewless
