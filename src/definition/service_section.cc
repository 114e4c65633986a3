#include <algorithm>
#include <map>

#include "definition/feature_plan.h"
#include "definition/feature_reference.h"
#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

using ScopeEntry = FeatureServiceDefinition::ScopeEntry;

class ServiceReader {
 public:
  ServiceReader(const YamlNode& name, const YamlNode& body, const Definition& definition)
      : name_(name), body_(body), definition_(definition) {}

  Result<FeatureServiceDefinition> Read() {
    SKEWLESS_ASSIGN_OR_RETURN(service_.name, ReadName(name_, "feature service"));
    service_.place = PlaceOf(name_);
    what_ = "feature service '" + service_.name + "'";
    SKEWLESS_RETURN_IF_ERROR(CheckMap(body_, what_, {"features", "request", "derived"}));
    SKEWLESS_RETURN_IF_ERROR(ReadFeatures());
    SKEWLESS_RETURN_IF_ERROR(CheckKeys());
    SKEWLESS_RETURN_IF_ERROR(ReadRequest());
    MakeScope();
    SKEWLESS_RETURN_IF_ERROR(ReadDerived());
    return std::move(service_);
  }

 private:
  const FeatureViewDefinition& view(int index) const {
    return definition_.views[static_cast<size_t>(index)];
  }
  const std::string& NameOf(const FeatureReference& one) const {
    return view(one.view).output_name(static_cast<size_t>(one.output));
  }

  Status ReadFeatures() {
    SKEWLESS_ASSIGN_OR_RETURN(features_node_,
                              RequireKey(body_, what_, "features", "features: [user_activity]"));
    if (features_node_->kind != YamlNode::Kind::kSequence || features_node_->items.empty()) {
      return FailAt(*features_node_, what_ + ": expected a list of views and view:feature",
                    "Write features: [user_activity, item_stats:views_1h].");
    }
    for (const auto& item : features_node_->items) {
      SKEWLESS_ASSIGN_OR_RETURN(const std::string text,
                                ReadText(*item, what_ + ", features", "user_activity:visits"));
      auto references = ResolveViewReference(definition_, text);
      if (!references) return FailExpression(*item, 0, references.error());
      for (const FeatureReference& one : *references) {
        const auto same = [&](const FeatureReference& other) {
          return other.view == one.view && other.output == one.output;
        };
        if (std::any_of(service_.features.begin(), service_.features.end(), same)) {
          return FailAt(
              *item,
              what_ + ": '" + view(one.view).name + ":" + NameOf(one) + "' is in the list already",
              "Name the whole view, or its features one by one.");
        }
        service_.features.push_back(one);
      }
    }
    for (const FeatureReference& one : service_.features) views_.push_back(one.view);
    std::sort(views_.begin(), views_.end());
    views_.erase(std::unique(views_.begin(), views_.end()), views_.end());
    return {};
  }

  // Keys of one name come as one value, so they must be of one type.
  Status CheckKeys() {
    for (const int index : views_) {
      const auto& entity = definition_.entities[static_cast<size_t>(view(index).entity)];
      for (const ColumnSpec& key : entity.keys) {
        const auto [other, added] = keys_.try_emplace(key.name, key.type);
        if (added || other->second == key.type) continue;
        return FailAt(*features_node_,
                      what_ + ": two entities have a key '" + key.name + "', one " +
                          TypeName(other->second) + ", one " + TypeName(key.type),
                      "Rename the key of one entity, and map it with the view's 'keys'.");
      }
    }
    return {};
  }

  // Where a name of the service's own would be taken for something else.
  Status CheckOwnName(const YamlNode& node, const std::string& name, std::string_view kind) const {
    const std::string remedy = "Name the " + std::string(kind) + " otherwise.";
    if (keys_.contains(name)) {
      return FailAt(node, "'" + name + "' is the name of an entity's key", remedy);
    }
    for (const FeatureReference& one : service_.features) {
      if (NameOf(one) != name) continue;
      return FailAt(node,
                    "'" + name + "' is the name of a feature of this service: " +
                        view(one.view).name + ":" + name,
                    remedy);
    }
    return {};
  }

  Status ReadRequest() {
    const YamlNode* request = body_.Find("request");
    if (request == nullptr) return {};
    SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*request, what_ + ", request", "cart_total: float64"));
    for (const YamlNode::Entry& entry : request->entries) {
      SKEWLESS_ASSIGN_OR_RETURN(const std::string name,
                                ReadOutputName(*entry.key, "request column"));
      SKEWLESS_RETURN_IF_ERROR(CheckOwnName(*entry.key, name, "request column"));
      SKEWLESS_ASSIGN_OR_RETURN(ColumnSpec column,
                                ReadColumn(*entry.key, *entry.value, "request column"));
      service_.request.push_back(std::move(column));
    }
    return {};
  }

  void AddToScope(std::string name, Type type, ScopeEntry entry) {
    service_.scope.push_back({std::move(name), type});
    service_.scope_entries.push_back(entry);
  }

  // See FeatureServiceDefinition. An unqualified name that is also a request column's, a derived
  // feature's or another view's is left out: it would not say which.
  void MakeScope() {
    std::map<std::string, int> uses;
    for (size_t i = 0; i < service_.request.size(); ++i) {
      const ColumnSpec& column = service_.request[i];
      AddToScope(column.name, column.type, {ScopeEntry::kRequest, static_cast<int>(i), {}});
      ++uses[column.name];
    }
    if (const YamlNode* derived = body_.Find("derived")) {
      for (const YamlNode::Entry& entry : derived->entries) ++uses[entry.key->text];
    }
    for (const int index : views_) {
      for (size_t i = 0; i < view(index).output_count(); ++i) ++uses[view(index).output_name(i)];
    }
    for (const int index : views_) {
      const FeatureViewDefinition& one = view(index);
      for (size_t i = 0; i < one.output_count(); ++i) {
        const std::string& name = one.output_name(i);
        const ScopeEntry entry{ScopeEntry::kFeature, -1, {index, static_cast<int>(i)}};
        AddToScope(one.name + ":" + name, one.output_type(i), entry);
        if (uses[name] == 1) AddToScope(name, one.output_type(i), entry);
      }
    }
  }

  Status ReadDerived() {
    const YamlNode* derived = body_.Find("derived");
    if (derived == nullptr) return {};
    SKEWLESS_RETURN_IF_ERROR(
        CheckNamedMap(*derived, what_ + ", derived", "share: cart_total / nullif(spend_1h, 0)"));
    for (const YamlNode::Entry& entry : derived->entries) {
      SKEWLESS_RETURN_IF_ERROR(ReadOneDerived(entry, *derived));
    }
    return {};
  }

  Status ReadOneDerived(const YamlNode::Entry& entry, const YamlNode& all) {
    ServiceDerived one;
    SKEWLESS_ASSIGN_OR_RETURN(one.name, ReadOutputName(*entry.key, "derived feature"));
    one.place = PlaceOf(*entry.key);
    SKEWLESS_RETURN_IF_ERROR(CheckOwnName(*entry.key, one.name, "derived feature"));
    for (const ColumnSpec& column : service_.request) {
      if (column.name != one.name) continue;
      return FailAt(*entry.key, "'" + one.name + "' is the name of a request column",
                    "Name the derived feature otherwise.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(one.text, ReadText(*entry.value, "derived '" + one.name + "'",
                                                 one.name + ": cart_total / nullif(spend_1h, 0)"));
    auto planned = PlanExpression(one.text, service_.scope);
    if (!planned) {
      return FailExpression(*entry.value, 0, WithHint(planned.error(), one.text, all));
    }
    one.ast = std::move(planned->ast);
    one.program = std::move(planned->program);
    one.type = one.program->type();
    AddToScope(one.name, one.type,
               {ScopeEntry::kDerived, static_cast<int>(service_.derived.size()), {}});
    service_.derived.push_back(std::move(one));
    return {};
  }

  ExpressionError WithHint(ExpressionError error, const std::string& text,
                           const YamlNode& all) const {
    const std::string word = text.substr(std::min(error.offset, text.size()), error.length);
    std::string shared;
    for (const int index : views_) {
      if (view(index).FindOutput(word) < 0) continue;
      shared += (shared.empty() ? "" : " or ") + view(index).name + ":" + word;
    }
    const auto in_scope = [&](const ScopeColumn& column) { return column.name == word; };
    if (std::any_of(service_.scope.begin(), service_.scope.end(), in_scope)) return error;
    if (!shared.empty()) {
      error.remedy = "Say which one: " + shared + ".";
    } else if (all.Find(word) != nullptr) {
      error.remedy = "Derived features see the ones above them: move '" + word + "' up.";
    }
    return error;
  }

  const YamlNode& name_;
  const YamlNode& body_;
  const Definition& definition_;
  const YamlNode* features_node_ = nullptr;
  FeatureServiceDefinition service_;
  std::vector<int> views_;            // named by the service, ascending
  std::map<std::string, Type> keys_;  // of their entities
  std::string what_;
};

}  // namespace

Status ReadService(const YamlNode& name, const YamlNode& body, Definition* definition) {
  SKEWLESS_ASSIGN_OR_RETURN(auto service, ServiceReader(name, body, *definition).Read());
  definition->services.push_back(std::move(service));
  return {};
}

}  // namespace skewless
