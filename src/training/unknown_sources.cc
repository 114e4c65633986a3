#include "training/unknown_sources.h"

#include <algorithm>

#include "log/source_records.h"

namespace skewless {

Result<std::vector<UnknownSource>> UnknownSources(FileSystem& files, const Definition& definition) {
  std::vector<UnknownSource> unknown;
  const std::string directory = definition.ResolvePath(definition.log_path);
  if (!files.Exists(directory)) return unknown;
  SKEWLESS_ASSIGN_OR_RETURN(const auto records, RecordsBySource(files, directory));
  for (const auto& [name, count] : records) {
    const bool known =
        std::any_of(definition.sources.begin(), definition.sources.end(),
                    [&](const SourceDefinition& source) { return source.name == name; });
    if (!known) unknown.push_back({name, count});
  }
  return unknown;
}

Error UnknownSourceWarning(const Definition& definition, const UnknownSource& source) {
  std::string names;
  for (const SourceDefinition& one : definition.sources)
    names += (names.empty() ? "'" : ", '") + one.name + "'";
  return {ErrorCode::kNotFound,
          "the log at " + definition.ResolvePath(definition.log_path) + " holds " +
              std::to_string(source.records) + (source.records == 1 ? " record" : " records") +
              " of source '" + source.name + "', which the definition lacks: no view has them",
          "Was it renamed? Its history belongs to its old name; the definition has " + names + "."};
}

}  // namespace skewless
