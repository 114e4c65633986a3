#include "decode/column_problem.h"

#include "base/source_text.h"
#include "decode/scalar_text.h"

namespace skewless {

ColumnProblem MissingField(const std::string& name, const std::string& record, size_t column,
                           const std::vector<std::string>& fields) {
  std::string listed;
  for (const std::string& field : fields) listed += (listed.empty() ? "'" : ", '") + field + "'";
  const std::string near = NearestName(name, fields);
  return {column, true,
          "there is no field '" + name + "'" + (record.empty() ? "" : " in '" + record + "'") +
              "; there are " + (listed.empty() ? std::string("none") : listed),
          near.empty() ? "Declare the columns by the names that the schema gives its fields, or "
                         "say under 'fields' where they lie."
                       : "Did you mean '" + near + "'?"};
}

ColumnProblem UnreadableField(const ColumnSpec& spec, size_t column, const std::string& type,
                              bool holds_fields) {
  return {column, false,
          "field '" + FieldText(spec) + "' is " + type + " and cannot be read as " +
              ExpectedTypeName(spec),
          holds_fields ? "Say under 'fields' which of its fields the column is."
                       : "Declare a type that holds its values."};
}

ColumnProblem NoRecord(const std::string& record, size_t column, const std::string& type) {
  return {column, false, "field '" + record + "' is " + type + ", and no column can lie in it",
          "Name a field of a record under 'fields'."};
}

}  // namespace skewless
