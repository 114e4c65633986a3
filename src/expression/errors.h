// How the files of this room pass ExpressionError up, and build one.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "base/result.h"
#include "expression/expression.h"

namespace skewless {

inline tl::unexpected<ExpressionError> ErrorAtNode(const Ast& node, std::string message,
                                                   std::string remedy = {}) {
  return tl::unexpected(ExpressionError{node.offset, std::max<size_t>(1, node.length),
                                        std::move(message), std::move(remedy)});
}

}  // namespace skewless

// EXPRESSION_ASSIGN_OR_RETURN(auto node, Parse(...)): the value, or the error to the caller.
#define EXPRESSION_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression)           \
  auto temporary = (expression);                                                        \
  if (!temporary.has_value())                                                           \
    return ::tl::unexpected<::skewless::ExpressionError>(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define EXPRESSION_ASSIGN_OR_RETURN(declaration, expression)                                    \
  EXPRESSION_ASSIGN_OR_RETURN_INNER(SKEWLESS_CONCAT(expression_result_, __LINE__), declaration, \
                                    expression)
#define EXPRESSION_RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                             \
    auto expression_status_ = (expression);                                                        \
    if (!expression_status_.has_value())                                                           \
      return ::tl::unexpected<::skewless::ExpressionError>(std::move(expression_status_).error()); \
  } while (false)
