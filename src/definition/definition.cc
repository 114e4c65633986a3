#include "definition/definition.h"

#include "base/file.h"

namespace skewless {
namespace {

template <typename T>
int FindNamed(const std::vector<T>& all, std::string_view name) {
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

int Definition::FindSource(std::string_view name) const { return FindNamed(sources, name); }
int Definition::FindEntity(std::string_view name) const { return FindNamed(entities, name); }
int Definition::FindView(std::string_view name) const { return FindNamed(views, name); }
int Definition::FindService(std::string_view name) const { return FindNamed(services, name); }

std::string Definition::ResolvePath(const std::string& path) const {
  const bool elsewhere = path.starts_with("/") || path.find("://") != std::string::npos;
  if (elsewhere || root.empty() || root == ".") return path;
  return JoinPath(root, path);
}

int FeatureViewDefinition::FindOutput(std::string_view output) const {
  const int feature = FindNamed(features, output);
  if (feature >= 0) return feature;
  const int found = FindNamed(derived, output);
  return found < 0 ? -1 : found + static_cast<int>(features.size());
}

const std::string& FeatureViewDefinition::output_name(size_t i) const {
  return i < features.size() ? features[i].name : derived[i - features.size()].name;
}

Type FeatureViewDefinition::output_type(size_t i) const {
  return i < features.size() ? features[i].type : derived[i - features.size()].type;
}

void FeatureViewDefinition::MarkInputs(std::vector<uint8_t>* columns) const {
  const auto mark = [&](const std::shared_ptr<const Program>& program) {
    if (program == nullptr) return;
    for (const int column : program->inputs()) (*columns)[static_cast<size_t>(column)] = 1;
  };
  mark(where_program);
  for (const FeatureDefinition& feature : features) {
    mark(feature.argument_program);
    mark(feature.order_program);
    mark(feature.filter_program);
  }
}

bool DependsOnOrder(const FeatureDefinition& feature) {
  switch (feature.aggregate) {
    case AggregateKind::kVarPop:
    case AggregateKind::kVarSamp:
    case AggregateKind::kStddevPop:
    case AggregateKind::kStddevSamp:
    case AggregateKind::kSumDecayed:
      return true;
    case AggregateKind::kSum:
    case AggregateKind::kAvg:
    case AggregateKind::kMin:  // of 0.0 and -0.0 the one seen first is kept
    case AggregateKind::kMax:
      return IsFloat(feature.argument_type);
    default:
      return false;
  }
}

bool CanIncrement(const FeatureDefinition& feature) {
  switch (feature.aggregate) {
    case AggregateKind::kCount:
    case AggregateKind::kBoolAnd:
    case AggregateKind::kBoolOr:
    case AggregateKind::kTimeSinceLast:
      return true;
    case AggregateKind::kSum:
    case AggregateKind::kAvg:
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      return PhysicalOf(feature.argument_type) == Physical::kInt;
    default:
      return false;
  }
}

bool ChangesAtEveryInstant(const FeatureDefinition& feature) {
  return feature.aggregate == AggregateKind::kTimeSinceLast ||
         feature.aggregate == AggregateKind::kSumDecayed;
}

}  // namespace skewless
