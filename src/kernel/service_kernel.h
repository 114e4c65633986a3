// A feature service's own derived features: from request columns and the views' outputs. Serving
// calls it with one row, the training join with all of them: the same code, the same bits.
#pragma once

#include <functional>
#include <vector>

#include "definition/definition.h"
#include "expression/expression.h"

namespace skewless {

class ServiceKernel {
 public:
  // The service outlives it.
  explicit ServiceKernel(const FeatureServiceDefinition& service) : service_(service) {}

  // What the derived features read, so that a caller can fetch just that.
  std::vector<FeatureReference> needed_features() const;

  // One column a derived feature, valid until the next call. `request[i]` is the service's i-th
  // request column; `feature` gives the column of a view's output, asked only for needed ones.
  const std::vector<Column>& Evaluate(const std::vector<const Column*>& request,
                                      const std::function<const Column*(FeatureReference)>& feature,
                                      size_t rows, EvaluationScratch& scratch);

 private:
  const FeatureServiceDefinition& service_;
  std::vector<Column> derived_;
  std::vector<const Column*> scope_;
  StringArena strings_;
};

}  // namespace skewless
