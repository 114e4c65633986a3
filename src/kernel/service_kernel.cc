#include "kernel/service_kernel.h"

namespace skewless {

std::vector<FeatureReference> ServiceKernel::needed_features() const {
  std::vector<FeatureReference> needed;
  for (const ServiceDerived& derived : service_.derived) {
    for (const int input : derived.program->inputs()) {
      const auto& entry = service_.scope_entries[static_cast<size_t>(input)];
      if (entry.kind == FeatureServiceDefinition::ScopeEntry::kFeature)
        needed.push_back(entry.feature);
    }
  }
  return needed;
}

const std::vector<Column>& ServiceKernel::Evaluate(
    const std::vector<const Column*>& request,
    const std::function<const Column*(FeatureReference)>& feature, size_t rows,
    EvaluationScratch& scratch) {
  using Entry = FeatureServiceDefinition::ScopeEntry;
  derived_.resize(service_.derived.size());
  strings_.Clear();
  for (size_t i = 0; i < service_.derived.size(); ++i) {
    const Program& program = *service_.derived[i].program;
    scope_.assign(service_.scope.size(), nullptr);
    for (const int input : program.inputs()) {
      const Entry& entry = service_.scope_entries[static_cast<size_t>(input)];
      const Column*& column = scope_[static_cast<size_t>(input)];
      if (entry.kind == Entry::kRequest) column = request[static_cast<size_t>(entry.index)];
      if (entry.kind == Entry::kFeature) column = feature(entry.feature);
      if (entry.kind == Entry::kDerived) column = &derived_[static_cast<size_t>(entry.index)];
    }
    // The result lives in the scratch until the next evaluation: keep it.
    derived_[i] = program.Evaluate(scope_, rows, scratch);
    for (auto& text : derived_[i].strings) text = strings_.Add(text);
  }
  return derived_;
}

}  // namespace skewless
