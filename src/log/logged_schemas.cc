#include "log/logged_schemas.h"

namespace skewless {

int FindSource(const std::vector<LoggedSource>& sources, std::string_view name) {
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Status CheckReadable(const LoggedSource& logged, const LoggedSource& wanted,
                     const std::string& path) {
  for (const ColumnSpec& column : wanted.schema.columns) {
    const int found = logged.schema.Find(column.name);
    if (found < 0) continue;
    const Type type = logged.schema.columns[static_cast<size_t>(found)].type;
    if (type == column.type) continue;
    return Fail(ErrorCode::kInvalid,
                "source '" + wanted.name + "': column '" + column.name + "' is declared as " +
                    TypeName(column.type) + ", but the log holds it as " + TypeName(type) + " (" +
                    path + ")",
                "Give the column its old type, or another name, or begin a new log.");
  }
  return {};
}

}  // namespace skewless
