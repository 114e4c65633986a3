// An Avro schema, from its JSON: types with their names resolved.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skewless {

struct AvroType;

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;  // what it was called before
  const AvroType* type = nullptr;
};

struct AvroType {
  enum class Kind : uint8_t {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kRecord,
    kEnum,
    kArray,
    kMap,
    kUnion,
    kFixed,
  };
  Kind kind = Kind::kNull;
  std::string name;       // records, enums, fixeds: with its namespace
  std::string logical;    // "timestamp-millis", or empty
  int scale = -1;         // of a decimal: digits behind the point; -1: it is none
  bool is_empty = false;  // its values take no bytes at all
  std::vector<AvroField> fields;
  std::vector<const AvroType*> branches;  // of a union
  std::vector<std::string> symbols;
  const AvroType* items = nullptr;  // of an array; the values of a map
  uint64_t fixed_size = 0;
};

// "a long (timestamp-millis)", "a record (shop.Click)": a type for people.
std::string AvroTypeText(const AvroType& type);

// One text of a schema that came in several: later ones use the types that earlier ones name.
struct SchemaText {
  std::string name;  // that imports use, or that errors show
  std::string text;
};

class AvroSchema {
 public:
  // The type of the last text is the schema's. Errors show the text's line with a caret.
  static Result<std::shared_ptr<const AvroSchema>> Parse(std::span<const SchemaText> texts);

  const AvroType& root() const { return *root_; }

 private:
  friend class AvroSchemaParser;
  std::deque<AvroType> types_;  // a schema may be recursive: types point at each other
  const AvroType* root_ = nullptr;
};

}  // namespace skewless
