// Typed reading of YAML nodes. Every function fails with an error that shows the node, says what
// was expected, and offers the nearest name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "definition/yaml_document.h"
#include "expression/expression.h"
#include "model/schema.h"

namespace skewless {

// The longest duration that a definition may name: beyond it times would overflow.
inline constexpr DurationUs kLongestDuration = 36'525 * kDayUs;

// `what` names the node in messages: "source 'clicks'". Fails unless it is a map of known keys.
Status CheckMap(const YamlNode& node, std::string_view what,
                const std::vector<std::string>& known_keys);
// A map whose keys are names that the user chose: "features".
Status CheckNamedMap(const YamlNode& node, std::string_view what, std::string_view example);

// The value of `key`; where it is missing, the error stands at the map. `example` is a line such as
// "source: clicks".
Result<const YamlNode*> RequireKey(const YamlNode& map, std::string_view what, std::string_view key,
                                   std::string_view example);

Result<std::string> ReadText(const YamlNode& node, std::string_view what, std::string_view example);
// A name for something: [A-Za-z_][A-Za-z0-9_]*.
Result<std::string> ReadName(const YamlNode& node, std::string_view what);
Result<bool> ReadBool(const YamlNode& node, std::string_view what);
Result<int64_t> ReadInteger(const YamlNode& node, std::string_view what, int64_t least,
                            int64_t greatest);
// "5m"; with `zero_allowed` also "0s".
Result<DurationUs> ReadDuration(const YamlNode& node, std::string_view what, bool zero_allowed);
// One of `words`; the result is its index.
Result<size_t> ReadWord(const YamlNode& node, std::string_view what,
                        const std::vector<std::string>& words);
// "timestamp[ms]", "int64[]", ...
Result<ColumnSpec> ReadColumn(const YamlNode& name, const YamlNode& type, std::string_view what);
// A reference to something by name; `names` are those that exist. The result is the index.
Result<size_t> ReadReference(const YamlNode& node, std::string_view what,
                             const std::vector<std::string>& names);

// An error of an expression whose text begins at byte `offset` of the scalar's.
tl::unexpected<Error> FailExpression(const YamlNode& scalar, size_t offset,
                                     const ExpressionError& error);

// "'a', 'b' or 'c'".
std::string ListOfWords(const std::vector<std::string>& words, std::string_view last = "or");
// "Did you mean 'x'?" or `otherwise`.
std::string SuggestName(std::string_view name, const std::vector<std::string>& names,
                        std::string otherwise);
// "file:3:5", to name the first of two places.
std::string PlaceText(const Place& place);

}  // namespace skewless
