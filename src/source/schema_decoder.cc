#include "source/schema_decoder.h"

#include <utility>

#include "base/environment.h"
#include "base/file.h"
#include "decode/avro_messages.h"
#include "decode/protobuf_messages.h"
#include "source/decode_options.h"
#include "source/definition_error.h"
#include "source/input_files.h"
#include "source/schema_registry.h"

namespace skewless {
namespace {

std::string Option(const SourceDefinition& source, const std::string& name) {
  const auto found = source.options.find(name);
  return found == source.options.end() ? "" : found->second;
}

// "name:password"; empty: the registry asks for none.
Result<std::string> RegistryUser(const SourceDefinition& source) {
  const std::string variable = Option(source, "schema_registry_user_env");
  if (variable.empty()) return source.registry_user;
  return EnvironmentVariable(variable, SourcePlace(source) + "schema_registry_user_env",
                             "user:password");
}

// The registry's PEM files. They are read here to be told of: the registry would only seem away.
Result<HttpTls> RegistryTls(const Definition& definition, const SourceDefinition& source) {
  HttpTls tls;
  for (const auto& [key, file] : {std::pair{"schema_registry_ca", &tls.ca_file},
                                  std::pair{"schema_registry_cert", &tls.cert_file},
                                  std::pair{"schema_registry_key", &tls.key_file}}) {
    const std::string path = Option(source, key);
    if (path.empty()) continue;
    *file = definition.ResolvePath(path);
    const Result<std::string> text = ReadWholeFile(SystemFiles(), *file);
    if (text && text->find("-----BEGIN ") != std::string::npos) continue;
    return Fail(ErrorCode::kInvalid,
                SourcePlace(source) + key + ": " +
                    (text ? *file + ": holds nothing in PEM" : text.error().message),
                "Name a PEM file; relative paths are relative to the repository's folder.");
  }
  return tls;
}

// A source's schema file, read.
class SchemaFile {
 public:
  SchemaFile(const Definition& definition, const SourceDefinition& source)
      : source_(source), path_(definition.ResolvePath(Option(source, "schema"))) {}

  bool is_named() const { return source_.options.contains("schema"); }

  Result<std::shared_ptr<const AvroSchema>> Avro() const {
    SKEWLESS_ASSIGN_OR_RETURN(std::string text, Text());
    const SchemaText named{path_, std::move(text)};
    return AvroSchema::Parse({&named, 1});
  }

  // Imports are files relative to the schema's folder.
  Result<std::shared_ptr<const ProtobufSchema>> Protobuf() const {
    SKEWLESS_ASSIGN_OR_RETURN(std::string text, Text());
    const std::string folder(ParentPath(path_));
    return ProtobufSchema::Parse(
        {path_, std::move(text)}, [folder](const std::string& name) -> std::optional<std::string> {
          Result<std::string> imported = ReadWholeFile(SystemFiles(), JoinPath(folder, name));
          if (!imported) return std::nullopt;
          return std::move(*imported);
        });
  }

 private:
  Result<std::string> Text() const {
    Result<std::string> text = ReadWholeFile(SystemFiles(), path_);
    if (text) return text;
    return FailAtPlace(source_.schema_place, Option(source_, "schema").size(),
                       "source '" + source_.name + "': " + text.error().message,
                       "Relative paths are relative to the repository's folder.");
  }

  const SourceDefinition& source_;
  std::string path_;
};

Status CheckColumns(const SourceDefinition& source, const std::vector<ColumnProblem>& problems) {
  if (problems.empty()) return {};
  const ColumnProblem& problem = problems[0];
  return FailAtPlace(
      source.column_places[problem.column], FieldText(source.schema.columns[problem.column]).size(),
      "source '" + source.name + "': in " + Option(source, "schema") + " " + problem.message,
      problem.remedy);
}

Status CheckSchema(const Definition& definition, const SourceDefinition& source) {
  const SchemaFile file(definition, source);
  if (!file.is_named()) return {};
  if (source.format == SourceFormat::kAvro) {
    SKEWLESS_ASSIGN_OR_RETURN(auto schema, file.Avro());
    SKEWLESS_ASSIGN_OR_RETURN(const auto problems,
                              CheckAvroColumns(std::move(schema), ValueSchemaOf(source)));
    return CheckColumns(source, problems);
  }
  SKEWLESS_ASSIGN_OR_RETURN(const auto schema, file.Protobuf());
  const std::string message = Option(source, "message");
  const auto problems = CheckProtobufColumns(schema, message, ValueSchemaOf(source));
  if (problems) return CheckColumns(source, *problems);
  const bool is_named = !message.empty();
  return FailAtPlace(is_named ? source.message_place : source.schema_place,
                     is_named ? message.size() : Option(source, "schema").size(),
                     "source '" + source.name + "': " + problems.error().message,
                     problems.error().remedy);
}

bool HasSchema(const SourceDefinition& source) {
  return source.type == SourceType::kKafka &&
         (source.format == SourceFormat::kAvro || source.format == SourceFormat::kProtobuf);
}

}  // namespace

Status CheckSchemas(const Definition& definition) {
  for (const SourceDefinition& source : definition.sources) {
    if (!HasSchema(source)) continue;
    SKEWLESS_RETURN_IF_ERROR(CheckSchema(definition, source));
    if (const auto tls = RegistryTls(definition, source); !tls) {
      return tl::unexpected<Error>(tls.error());
    }
  }
  return {};
}

Result<std::unique_ptr<MessageDecoder>> OpenSchemaDecoder(const Definition& definition,
                                                          const SourceDefinition& source) {
  if (!HasSchema(source)) {
    return Fail(ErrorCode::kInternal, SourcePlace(source) + "it has no schema");
  }
  SKEWLESS_RETURN_IF_ERROR(CheckSchema(definition, source));
  const DecodeOptions options = DecodeOptionsOf(source);
  const bool is_avro = source.format == SourceFormat::kAvro;
  const std::string message = Option(source, "message");
  const std::string registry = Option(source, "schema_registry");
  if (!registry.empty()) {
    SKEWLESS_ASSIGN_OR_RETURN(const std::string user, RegistryUser(source));
    SKEWLESS_ASSIGN_OR_RETURN(HttpTls tls, RegistryTls(definition, source));
    auto schemas = OpenSchemaRegistry(registry, user, std::move(tls));
    return is_avro ? OpenAvroMessages(options, std::move(schemas))
                   : OpenProtobufMessages(options, std::move(schemas), message);
  }
  const SchemaFile file(definition, source);
  const bool framed = Option(source, "framing") == "confluent";
  if (is_avro) {
    SKEWLESS_ASSIGN_OR_RETURN(auto schema, file.Avro());
    return OpenAvroMessages(options, std::move(schema), framed);
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto schema, file.Protobuf());
  return OpenProtobufMessages(options, std::move(schema), message, framed);
}

}  // namespace skewless
