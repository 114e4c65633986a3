// A .proto file with what it imports, as libprotobuf reads them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "decode/avro_schema.h"

namespace google::protobuf {
class Descriptor;
}  // namespace google::protobuf

namespace skewless {

class ProtobufSchema {
 public:
  // The text of an imported file, or none where there is no such file. Those of google/protobuf/
  // are known and not asked for.
  using Imports = std::function<std::optional<std::string>(const std::string& name)>;

  // Errors show the file's line with a caret.
  static Result<std::shared_ptr<const ProtobufSchema>> Parse(const SchemaText& file,
                                                             Imports imports);
  // The last text, which may import the others.
  static Result<std::shared_ptr<const ProtobufSchema>> Parse(std::span<const SchemaText> texts);
  ~ProtobufSchema();

  // By name, whole or within the file's package; "" is the file's only message. They live as long
  // as the schema.
  Result<const google::protobuf::Descriptor*> Message(const std::string& name) const;
  // By place: that of a message of the file, then of one within it, and so on; null if there is
  // none.
  const google::protobuf::Descriptor* MessageAt(std::span<const int> path) const;

 private:
  struct Impl;
  explicit ProtobufSchema(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
