#include "cli/repository.h"

#include <fmt/format.h>

#include "base/source_text.h"
#include "model/value_text.h"
#include "pipeline/online_of.h"
#include "training/unknown_sources.h"

namespace skewless {

void Session::Failed(const Error& error) {
  // Errors in the definition's text show their place first, as a compiler's do, and say "error:"
  // themselves.
  const std::string text = error.ToString();
  fmt::print(stderr, "{}{}\n", text.find(": error: ") == std::string::npos ? "error: " : "", text);
  exit_code = 1;
}

void Session::Misused(const Error& error) {
  Failed(error);
  exit_code = 2;
}

Result<Repository> LoadRepository(const Session& session) {
  Repository repository;
  SKEWLESS_ASSIGN_OR_RETURN(repository.definition, LoadDefinition(session.repository));
  SKEWLESS_ASSIGN_OR_RETURN(repository.kernels, CompileKernels(*repository.definition));
  return repository;
}

void WarnOfUnknownSources(const Definition& definition) {
  const auto unknown = UnknownSources(SystemFiles(), definition);
  if (!unknown) return;  // what is wrong with the log is for those to say who read it
  for (const UnknownSource& source : *unknown)
    fmt::print(stderr, "warning: {}\n", UnknownSourceWarning(definition, source).ToString());
}

Result<std::unique_ptr<OnlineReader>> OpenOnlineReader(const Repository& repository) {
  return OpenOnlineReader(*repository.definition, repository.kernels);
}

namespace {

Result<const ColumnSpec*> FindInput(const std::string& name,
                                    const std::vector<ColumnSpec>& columns) {
  std::vector<std::string> names;
  for (const ColumnSpec& column : columns) {
    if (column.name == name) return &column;
    names.push_back(column.name);
  }
  const std::string near = NearestName(name, names);
  return Fail(ErrorCode::kInvalid, "no key or request column is called '" + name + "'",
              near.empty() ? fmt::format("Known are: {}.", fmt::join(names, ", "))
                           : "Did you mean '" + near + "'?");
}

Status AddInput(const std::string& name, Value value, std::map<std::string, Value>* inputs) {
  if (inputs->emplace(name, std::move(value)).second) return {};
  return Fail(ErrorCode::kInvalid, "'" + name + "' is given twice",
              "A vector is of one entity: give each key and request column once.");
}

}  // namespace

Result<std::map<std::string, Value>> ParseInputs(const std::vector<std::string>& words,
                                                 const std::vector<std::string>& nulls,
                                                 const std::vector<ColumnSpec>& columns) {
  std::map<std::string, Value> inputs;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      return Fail(ErrorCode::kInvalid, "'" + word + "' is not key=value",
                  "Give the entity's keys as key=value, for example user_id=42.");
    }
    const std::string name = word.substr(0, equals);
    SKEWLESS_ASSIGN_OR_RETURN(const ColumnSpec* column, FindInput(name, columns));
    Result<Value> value =
        ParseValue(std::string_view(word).substr(equals + 1), column->type, column->unit);
    if (!value)
      return Fail(value.error().code, name + ": " + value.error().message, value.error().remedy);
    SKEWLESS_RETURN_IF_ERROR(AddInput(name, std::move(*value), &inputs));
  }
  for (const std::string& name : nulls) {
    SKEWLESS_RETURN_IF_ERROR(FindInput(name, columns));
    SKEWLESS_RETURN_IF_ERROR(AddInput(name, Value{}, &inputs));
  }
  return inputs;
}

}  // namespace skewless
