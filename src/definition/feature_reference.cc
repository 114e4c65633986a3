#include "definition/feature_reference.h"

#include <algorithm>

#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

std::vector<std::string> OutputNames(const FeatureViewDefinition& view) {
  std::vector<std::string> names;
  for (size_t i = 0; i < view.output_count(); ++i) names.push_back(view.output_name(i));
  return names;
}

void AddOnce(const std::vector<FeatureReference>& more, std::vector<FeatureReference>* all) {
  for (const FeatureReference& one : more) {
    const bool known = std::any_of(all->begin(), all->end(), [&](const FeatureReference& other) {
      return other.view == one.view && other.output == one.output;
    });
    if (!known) all->push_back(one);
  }
}

// A service's derived features take its request, and are no view's: in a list they would be left
// out.
Status CheckAllIsListed(const FeatureServiceDefinition& service) {
  if (service.derived.empty()) return {};
  return Fail(ErrorCode::kInvalid,
              "feature service '" + service.name + "' has derived features of its own ('" +
                  service.derived[0].name + "'), so it can't be named in a list of features",
              "Ask for it alone, of a server as \"feature_service\", or name its views' features.");
}

}  // namespace

ExpressionResult<std::vector<FeatureReference>> ResolveViewReference(const Definition& definition,
                                                                     std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view view_name = text.substr(0, colon);
  const int view = definition.FindView(view_name);
  if (view < 0) {
    std::string otherwise = "Name a view, or view:feature.";
    // A feature's name without its view is the likeliest slip.
    for (const FeatureViewDefinition& one : definition.views) {
      if (colon != std::string_view::npos || one.FindOutput(text) < 0) continue;
      otherwise = "Did you mean '" + one.name + ":" + std::string(text) + "'?";
    }
    return tl::unexpected(
        ExpressionError{0, std::max<size_t>(view_name.size(), 1),
                        "there is no feature view '" + std::string(view_name) + "'",
                        SuggestName(view_name, NamesOf(definition.views), std::move(otherwise))});
  }
  const FeatureViewDefinition& found = definition.views[static_cast<size_t>(view)];
  std::vector<FeatureReference> references;
  if (colon == std::string_view::npos) {
    for (size_t i = 0; i < found.output_count(); ++i) {
      references.push_back({view, static_cast<int>(i)});
    }
    return references;
  }
  const std::string_view output_name = text.substr(colon + 1);
  const int output = found.FindOutput(output_name);
  if (output < 0) {
    const std::vector<std::string> names = OutputNames(found);
    return tl::unexpected(ExpressionError{
        colon + 1, std::max<size_t>(output_name.size(), 1),
        "feature view '" + found.name + "' has no feature '" + std::string(output_name) + "'",
        SuggestName(output_name, names, "It has " + ListOfWords(names, "and") + ".")});
  }
  references.push_back({view, output});
  return references;
}

Result<std::vector<FeatureReference>> ResolveFeatures(const Definition& definition,
                                                      const std::vector<std::string>& names) {
  std::vector<FeatureReference> all;
  for (const std::string& name : names) {
    const int service = definition.FindService(name);
    if (service >= 0) {
      const FeatureServiceDefinition& found = definition.services[static_cast<size_t>(service)];
      SKEWLESS_RETURN_IF_ERROR(CheckAllIsListed(found));
      AddOnce(found.features, &all);
      continue;
    }
    auto references = ResolveViewReference(definition, name);
    if (references) {
      AddOnce(*references, &all);
      continue;
    }
    ExpressionError error = references.error();
    const std::string nearest = NearestName(name, NamesOf(definition.services));
    if (error.offset == 0 && name.find(':') == std::string::npos) {
      error.message = "there is no feature view or service '" + name + "'";
      if (!nearest.empty()) error.remedy = "Did you mean '" + nearest + "'?";
    }
    return Fail(ErrorCode::kNotFound, std::move(error.message), std::move(error.remedy));
  }
  return all;
}

}  // namespace skewless
