#include "decode/parquet_field.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <parquet/arrow/schema.h>

#include <vector>

#include "decode/arrow_column.h"
#include "decode/scalar_text.h"

namespace skewless {
namespace {

using parquet::arrow::SchemaField;

// `outer`: "user.geo", or empty for the file itself.
Result<size_t> FindByName(const std::vector<SchemaField>& fields, const std::string& name,
                          const std::string& path, const std::string& outer) {
  std::string listed;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].field->name() == name) return i;
    listed += (i == 0 ? "'" : ", '") + fields[i].field->name() + "'";
  }
  if (!outer.empty()) {
    return Fail(ErrorCode::kInvalid,
                path + ": has no field '" + name + "' in '" + outer + "'; there are " + listed,
                "Name a field that it has under 'fields'.");
  }
  return Fail(ErrorCode::kInvalid, path + ": has no column '" + name + "'; it has " + listed,
              "Declare the columns by the names that the file gives them, or say under 'fields' "
              "where they lie.");
}

}  // namespace

Result<ParquetField> FindParquetField(const parquet::arrow::SchemaManifest& file,
                                      const std::string& path, const ColumnSpec& spec) {
  const std::vector<std::string> names = FieldPath(spec);
  SKEWLESS_ASSIGN_OR_RETURN(const size_t outermost,
                            FindByName(file.schema_fields, names[0], path, ""));
  const SchemaField* field = &file.schema_fields[outermost];
  std::string outer = names[0];
  for (size_t i = 1; i < names.size(); ++i) {
    const arrow::DataType& type = *field->field->type();
    if (type.id() != arrow::Type::STRUCT) {
      return Fail(ErrorCode::kInvalid,
                  path + ": column '" + outer + "' is " + type.ToString() + " and no struct",
                  "Name a field of a struct under 'fields'.");
    }
    SKEWLESS_ASSIGN_OR_RETURN(const size_t at, FindByName(field->children, names[i], path, outer));
    field = &field->children[at];
    outer += "." + names[i];
  }
  const arrow::DataType& type = *field->field->type();
  if (CanReadArrow(type, spec)) return ParquetField{outermost, field};
  return Fail(ErrorCode::kInvalid,
              path + ": column '" + FieldText(spec) + "' is " + type.ToString() +
                  " and cannot be read as " + ExpectedTypeName(spec),
              type.id() == arrow::Type::STRUCT
                  ? "Say under 'fields' which of its fields the column is."
                  : "Declare a type that holds its values, or write the file with another one.");
}

Result<std::shared_ptr<arrow::Array>> ValuesOfField(std::shared_ptr<arrow::Array> outermost,
                                                    const ColumnSpec& spec) {
  std::shared_ptr<arrow::Array> values = std::move(outermost);
  for (size_t i = 1; i < spec.field.size(); ++i) {
    // Only what columns want of a struct was read: its fields are not where the file has them.
    const auto& holder = static_cast<const arrow::StructArray&>(*values);
    const int at = holder.struct_type()->GetFieldIndex(spec.field[i]);
    if (at < 0) {
      return Fail(ErrorCode::kInvalid, "there are several fields '" + spec.field[i] + "'");
    }
    auto flattened = holder.GetFlattenedField(at);
    if (!flattened.ok()) return Fail(ErrorCode::kCorrupt, flattened.status().message());
    values = std::move(*flattened);
  }
  return values;
}

}  // namespace skewless
