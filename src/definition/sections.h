// The sections of a repository's files, one reader each. All check what they read against what the
// definition holds already: settings, then sources, entities, views, services.
#pragma once

#include "base/result.h"
#include "definition/definition.h"
#include "definition/yaml_document.h"

namespace skewless {

// project, log, online, offline, serving: of skewless.yaml alone.
Status ReadSettings(const YamlNode& root, Definition* definition);

// What `online: {type: redis, ...}` holds beyond its keys' names.
Status CheckRedisSettings(const YamlNode& node);
// A view's `write`, or else `online`'s. `what` names the view.
Result<WriteStrategy> ReadWriteStrategy(const YamlNode& view, const std::string& what,
                                        const StorageDefinition& online);
// `text` is the feature's, of a view that is written by increments.
Status CheckIncrements(const YamlNode& text, const FeatureDefinition& feature);

// `name` is the key node, `body` its value; the new thing is appended.
Status ReadSource(const YamlNode& name, const YamlNode& body, Definition* definition);
Status ReadEntity(const YamlNode& name, const YamlNode& body, Definition* definition);
Status ReadView(const YamlNode& name, const YamlNode& body, Definition* definition);
Status ReadService(const YamlNode& name, const YamlNode& body, Definition* definition);

// Names that tables and answers already give to columns of theirs.
bool IsReservedName(std::string_view name);
// A feature's or request column's name: well-formed and not reserved.
Result<std::string> ReadOutputName(const YamlNode& node, std::string_view what);

template <typename T>
std::vector<std::string> NamesOf(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& one : all) names.push_back(one.name);
  return names;
}

}  // namespace skewless
