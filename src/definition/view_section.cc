#include <algorithm>

#include "definition/feature_plan.h"
#include "definition/sections.h"
#include "definition/yaml_values.h"

namespace skewless {
namespace {

class ViewReader {
 public:
  ViewReader(const YamlNode& name, const YamlNode& body, const Definition& definition)
      : name_(name), body_(body), definition_(definition) {}

  Result<FeatureViewDefinition> Read() {
    SKEWLESS_ASSIGN_OR_RETURN(view_.name, ReadName(name_, "feature view"));
    view_.place = PlaceOf(name_);
    what_ = "feature view '" + view_.name + "'";
    SKEWLESS_RETURN_IF_ERROR(
        CheckMap(body_, what_,
                 {"source", "entity", "keys", "where", "ttl", "write", "features", "derived"}));
    SKEWLESS_RETURN_IF_ERROR(ReadSourceAndEntity());
    SKEWLESS_RETURN_IF_ERROR(ReadKeys());
    SKEWLESS_RETURN_IF_ERROR(ReadWhere());
    if (const YamlNode* ttl = body_.Find("ttl")) {
      SKEWLESS_ASSIGN_OR_RETURN(view_.ttl_us, ReadDuration(*ttl, what_ + ", ttl", false));
    }
    SKEWLESS_ASSIGN_OR_RETURN(view_.write, ReadWriteStrategy(body_, what_, definition_.online));
    SKEWLESS_RETURN_IF_ERROR(ReadFeatures());
    SKEWLESS_RETURN_IF_ERROR(ReadDerived());
    view_.expire_after_us = ExpireAfter();
    return std::move(view_);
  }

 private:
  const SourceDefinition& source() const {
    return definition_.sources[static_cast<size_t>(view_.source)];
  }
  const EntityDefinition& entity() const {
    return definition_.entities[static_cast<size_t>(view_.entity)];
  }

  Status ReadSourceAndEntity() {
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* source_node,
                              RequireKey(body_, what_, "source", "source: clicks"));
    SKEWLESS_ASSIGN_OR_RETURN(const size_t source_index,
                              ReadReference(*source_node, "source", NamesOf(definition_.sources)));
    view_.source = static_cast<int>(source_index);
    SKEWLESS_ASSIGN_OR_RETURN(entity_node_, RequireKey(body_, what_, "entity", "entity: user"));
    SKEWLESS_ASSIGN_OR_RETURN(
        const size_t entity_index,
        ReadReference(*entity_node_, "entity", NamesOf(definition_.entities)));
    view_.entity = static_cast<int>(entity_index);
    for (const ColumnSpec& column : source().schema.columns) {
      columns_.push_back({column.name, column.type});
    }
    return {};
  }

  // `keys: {user_id: uid}`: which column of the source holds which key.
  Status ReadKeys() {
    const YamlNode* keys = body_.Find("keys");
    if (keys != nullptr) {
      SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*keys, what_ + ", keys", "keys: {user_id: uid}"));
      SKEWLESS_RETURN_IF_ERROR(CheckMap(*keys, what_ + ", keys of entity '" + entity().name + "'",
                                        NamesOf(entity().keys)));
    }
    for (const ColumnSpec& key : entity().keys) {
      const YamlNode* mapped = keys == nullptr ? nullptr : keys->Find(key.name);
      SKEWLESS_ASSIGN_OR_RETURN(const int column, FindKeyColumn(key, mapped));
      const Type type = source().schema.columns[static_cast<size_t>(column)].type;
      if (type != key.type) {
        const std::string column_name = source().schema.columns[static_cast<size_t>(column)].name;
        return FailAt(mapped == nullptr ? *entity_node_ : *mapped,
                      "key '" + key.name + "' of entity '" + entity().name + "' is " +
                          TypeName(key.type) + ", and column '" + column_name + "' of source '" +
                          source().name + "' is " + TypeName(type),
                      "Declare both with the same type.");
      }
      view_.key_columns.push_back(column);
    }
    return {};
  }

  Result<int> FindKeyColumn(const ColumnSpec& key, const YamlNode* mapped) const {
    if (mapped != nullptr) {
      SKEWLESS_ASSIGN_OR_RETURN(const size_t index,
                                ReadReference(*mapped, "column", NamesOf(source().schema.columns)));
      return static_cast<int>(index);
    }
    const int column = source().schema.Find(key.name);
    if (column >= 0) return column;
    return FailAt(*entity_node_,
                  "source '" + source().name + "' has no column '" + key.name +
                      "' for the key of entity '" + entity().name + "'",
                  "Say which column it is: keys: {" + key.name + ": COLUMN}.");
  }

  Status ReadWhere() {
    const YamlNode* where = body_.Find("where");
    if (where == nullptr) return {};
    SKEWLESS_ASSIGN_OR_RETURN(view_.where_text,
                              ReadText(*where, what_ + ", where", "where: price >= 0"));
    auto planned = PlanCondition(view_.where_text, columns_, "where");
    if (!planned) return FailExpression(*where, 0, planned.error());
    view_.where = std::move(planned->ast);
    view_.where_program = std::move(planned->program);
    return {};
  }

  Status ReadFeatures() {
    SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* features,
                              RequireKey(body_, what_, "features", "features: {visits: count(*)}"));
    SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*features, what_ + ", features", "visits: count(*)"));
    if (features->entries.empty()) {
      return FailAt(*features, what_ + ": a view needs a feature", "Write visits: count(*).");
    }
    for (const YamlNode::Entry& entry : features->entries) {
      SKEWLESS_ASSIGN_OR_RETURN(const std::string name, ReadViewOutputName(*entry.key, "feature"));
      SKEWLESS_ASSIGN_OR_RETURN(
          const std::string text,
          ReadText(*entry.value, "feature '" + name + "'", name + ": count(*) over 5m"));
      auto feature = PlanFeature(text, columns_, static_cast<size_t>(source().event_timestamp));
      if (!feature) return FailExpression(*entry.value, 0, feature.error());
      if (definition_.online.keeps_values() && ChangesAtEveryInstant(*feature)) {
        return FailAt(*entry.value,
                      "feature '" + name +
                          "' changes with every instant, and online.form 'values' "
                          "keeps what was computed at the last event or window's edge",
                      "Keep the event's time instead, as in last(ts), or use online.form 'state'.");
      }
      feature->name = name;
      feature->place = PlaceOf(*entry.key);
      if (view_.write == WriteStrategy::kIncrement)
        SKEWLESS_RETURN_IF_ERROR(CheckIncrements(*entry.value, *feature));
      view_.features.push_back(std::move(*feature));
    }
    return {};
  }

  // Once no feature needs the row any more: after its longest window, or the time to live.
  std::optional<DurationUs> ExpireAfter() const {
    const auto expire = definition_.online.options.find("expire");
    if (expire == definition_.online.options.end() || expire->second != "true") return std::nullopt;
    if (view_.ttl_us) return view_.ttl_us;
    DurationUs longest = 0;
    for (const FeatureDefinition& feature : view_.features) {
      if (!feature.window) return std::nullopt;
      longest = std::max(longest, feature.window->window_us);
    }
    return longest;
  }

  Result<std::string> ReadViewOutputName(const YamlNode& node, std::string_view what) const {
    SKEWLESS_ASSIGN_OR_RETURN(std::string name, ReadOutputName(node, what));
    for (const ColumnSpec& key : entity().keys) {
      if (key.name != name) continue;
      return FailAt(node, "'" + name + "' is the name of a key of entity '" + entity().name + "'",
                    "Name the " + std::string(what) + " otherwise.");
    }
    const int other = view_.FindOutput(name);
    if (other >= 0) {
      const auto index = static_cast<size_t>(other);
      const Place place = index < view_.features.size()
                              ? view_.features[index].place
                              : view_.derived[index - view_.features.size()].place;
      return FailAt(
          node, "'" + name + "' is the name of a feature of this view already: " + PlaceText(place),
          "Rename one of the two.");
    }
    return name;
  }

  Status ReadDerived() {
    const YamlNode* derived = body_.Find("derived");
    if (derived == nullptr) return {};
    SKEWLESS_RETURN_IF_ERROR(
        CheckNamedMap(*derived, what_ + ", derived", "share: spend_1h / nullif(visits, 0)"));
    Scope scope;
    for (const FeatureDefinition& feature : view_.features)
      scope.push_back({feature.name, feature.type});
    for (const YamlNode::Entry& entry : derived->entries) {
      DerivedDefinition one;
      SKEWLESS_ASSIGN_OR_RETURN(one.name, ReadViewOutputName(*entry.key, "derived feature"));
      one.place = PlaceOf(*entry.key);
      SKEWLESS_ASSIGN_OR_RETURN(one.text, ReadText(*entry.value, "derived '" + one.name + "'",
                                                   one.name + ": spend_1h / nullif(visits, 0)"));
      auto planned = PlanExpression(one.text, scope);
      if (!planned) {
        return FailExpression(*entry.value, 0, WithHint(planned.error(), one.text, *derived));
      }
      one.ast = std::move(planned->ast);
      one.program = std::move(planned->program);
      one.type = one.program->type();
      scope.push_back({one.name, one.type});
      view_.derived.push_back(std::move(one));
    }
    return {};
  }

  // Names that exist, but not where a derived feature looks.
  ExpressionError WithHint(ExpressionError error, const std::string& text,
                           const YamlNode& derived) const {
    const std::string word = text.substr(std::min(error.offset, text.size()), error.length);
    if (view_.FindOutput(word) >= 0) return error;
    if (derived.Find(word) != nullptr) {
      error.remedy = "Derived features see the ones above them: move '" + word + "' up.";
    } else if (source().schema.Find(word) >= 0) {
      error.remedy = "Derived features see features, no columns: name a feature such as " + word +
                     "_last: last(" + word + ").";
    }
    return error;
  }

  const YamlNode& name_;
  const YamlNode& body_;
  const Definition& definition_;
  const YamlNode* entity_node_ = nullptr;
  FeatureViewDefinition view_;
  Scope columns_;  // the source's
  std::string what_;
};

}  // namespace

Status ReadView(const YamlNode& name, const YamlNode& body, Definition* definition) {
  SKEWLESS_ASSIGN_OR_RETURN(auto view, ViewReader(name, body, *definition).Read());
  definition->views.push_back(std::move(view));
  return {};
}

}  // namespace skewless
