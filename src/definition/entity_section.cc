#include "definition/sections.h"
#include "definition/yaml_values.h"
#include "model/key.h"

namespace skewless {

Status ReadEntity(const YamlNode& name, const YamlNode& body, Definition* definition) {
  EntityDefinition entity;
  SKEWLESS_ASSIGN_OR_RETURN(entity.name, ReadName(name, "entity"));
  entity.place = PlaceOf(name);
  const std::string what = "entity '" + entity.name + "'";
  SKEWLESS_RETURN_IF_ERROR(CheckMap(body, what, {"keys"}));
  SKEWLESS_ASSIGN_OR_RETURN(const YamlNode* keys,
                            RequireKey(body, what, "keys", "keys: {user_id: int64}"));
  SKEWLESS_RETURN_IF_ERROR(CheckNamedMap(*keys, what + ", keys", "keys: {user_id: int64}"));
  if (keys->entries.empty()) {
    return FailAt(*keys, what + ": an entity needs a key", "Write keys: {user_id: int64}.");
  }
  for (const YamlNode::Entry& entry : keys->entries) {
    SKEWLESS_ASSIGN_OR_RETURN(const std::string key_name, ReadOutputName(*entry.key, "key"));
    SKEWLESS_ASSIGN_OR_RETURN(ColumnSpec key, ReadColumn(*entry.key, *entry.value, "key"));
    if (!IsKeyType(key.type)) {
      return FailAt(*entry.value, "key '" + key_name + "' can't be " + TypeName(key.type),
                    "Use bool, int32, int64, string, bytes or timestamp.");
    }
    entity.keys.push_back(std::move(key));
  }
  definition->entities.push_back(std::move(entity));
  return {};
}

}  // namespace skewless
