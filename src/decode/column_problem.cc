#include "decode/column_problem.h"

#include "base/source_text.h"
#include "decode/scalar_text.h"

namespace skewless {

ColumnProblem MissingField(const ColumnSpec& spec, size_t column,
                           const std::vector<std::string>& fields) {
  std::string listed;
  for (const std::string& field : fields) listed += (listed.empty() ? "'" : ", '") + field + "'";
  const std::string near = NearestName(spec.name, fields);
  return {column, true,
          "there is no field '" + spec.name + "'; there are " +
              (listed.empty() ? std::string("none") : listed),
          near.empty() ? "Declare the columns by the names that the schema gives its fields."
                       : "Did you mean '" + near + "'?"};
}

ColumnProblem UnreadableField(const ColumnSpec& spec, size_t column, const std::string& type) {
  return {
      column, false,
      "field '" + spec.name + "' is " + type + " and cannot be read as " + ExpectedTypeName(spec),
      "Declare a type that holds its values."};
}

}  // namespace skewless
