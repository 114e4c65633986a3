// Resolving what a request asks for.
#include <algorithm>
#include <set>

#include "base/json_text.h"
#include "serving/feature_reader.h"

namespace skewless {
namespace {

void AddOutputs(const Definition& definition, ReadPlan* plan) {
  for (const FeatureReference& feature : plan->features) {
    const FeatureViewDefinition& view = definition.views[static_cast<size_t>(feature.view)];
    const std::string& name = view.output_name(static_cast<size_t>(feature.output));
    plan->outputs.push_back({name, view.name + "__" + name,
                             view.output_type(static_cast<size_t>(feature.output)), feature, -1});
  }
}

// Keys of one name come as one value, so they must be of one type.
Status AddKey(const ColumnSpec& key, ReadPlan* plan) {
  for (const ColumnSpec& other : plan->keys) {
    if (other.name != key.name) continue;
    if (other.type == key.type) return {};
    return Fail(ErrorCode::kInvalid,
                "the features are of two entities with a key '" + key.name + "', one " +
                    TypeName(other.type) + ", one " + TypeName(key.type),
                "Ask for those of each entity on their own.");
  }
  plan->keys.push_back(key);
  return {};
}

// The views of the outputs and of whatever a service's derived features read, and their keys.
Status AddViewsAndKeys(const Definition& definition, ReadPlan* plan) {
  for (const FeatureReference& feature : plan->features) plan->views.push_back(feature.view);
  if (plan->service >= 0) {
    for (const auto& entry :
         definition.services[static_cast<size_t>(plan->service)].scope_entries) {
      if (entry.kind == FeatureServiceDefinition::ScopeEntry::kFeature)
        plan->views.push_back(entry.feature.view);
    }
  }
  std::sort(plan->views.begin(), plan->views.end());
  plan->views.erase(std::unique(plan->views.begin(), plan->views.end()), plan->views.end());
  for (const int view : plan->views) {
    const int entity = definition.views[static_cast<size_t>(view)].entity;
    for (const ColumnSpec& key : definition.entities[static_cast<size_t>(entity)].keys) {
      SKEWLESS_RETURN_IF_ERROR(AddKey(key, plan));
    }
  }
  return {};
}

std::string NamesJson(const ReadPlan& plan, bool full) {
  std::string json;
  const auto add = [&json](const std::string& name) {
    json += json.empty() ? '[' : ',';
    AppendJsonString(json, name);
  };
  for (const ColumnSpec& key : plan.keys) add(key.name);
  for (const ReadPlan::Output& output : plan.outputs) add(full ? output.full_name : output.name);
  return json + ']';
}

std::string FindNameGivenTwice(const ReadPlan& plan) {
  std::set<std::string_view> names;
  for (const ColumnSpec& key : plan.keys) names.insert(key.name);
  for (const ReadPlan::Output& output : plan.outputs) {
    if (!names.insert(output.name).second) return output.name;
  }
  return "";
}

// Once the outputs are there.
Status Finish(const Definition& definition, ReadPlan* plan) {
  SKEWLESS_RETURN_IF_ERROR(AddViewsAndKeys(definition, plan));
  plan->names_json = NamesJson(*plan, false);
  plan->full_names_json = NamesJson(*plan, true);
  plan->name_given_twice = FindNameGivenTwice(*plan);
  return {};
}

}  // namespace

Result<ReadPlan> PlanService(const Definition& definition, const std::string& service) {
  const int index = definition.FindService(service);
  if (index < 0) {
    std::vector<std::string> names;
    for (const auto& one : definition.services) names.push_back(one.name);
    if (definition.FindView(service) >= 0) {
      return Fail(ErrorCode::kNotFound, "'" + service + "' is a feature view, no feature service",
                  "Ask for it as \"features\": [\"" + service + "\"].");
    }
    const std::string near = NearestName(service, names);
    return Fail(ErrorCode::kNotFound, "no feature service is called '" + service + "'",
                near.empty() ? "" : "Did you mean '" + near + "'?");
  }
  const FeatureServiceDefinition& found = definition.services[static_cast<size_t>(index)];
  ReadPlan plan;
  plan.service = index;
  plan.features = found.features;
  plan.request = found.request;
  AddOutputs(definition, &plan);
  for (size_t i = 0; i < found.derived.size(); ++i) {
    plan.outputs.push_back({found.derived[i].name,
                            found.name + "__" + found.derived[i].name,
                            found.derived[i].type,
                            {},
                            static_cast<int>(i)});
  }
  SKEWLESS_RETURN_IF_ERROR(Finish(definition, &plan));
  return plan;
}

Result<ReadPlan> PlanFeatures(const Definition& definition,
                              const std::vector<std::string>& features) {
  ReadPlan plan;
  SKEWLESS_ASSIGN_OR_RETURN(plan.features, ResolveFeatures(definition, features));
  AddOutputs(definition, &plan);
  SKEWLESS_RETURN_IF_ERROR(Finish(definition, &plan));
  return plan;
}

}  // namespace skewless
