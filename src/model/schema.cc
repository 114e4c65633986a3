#include "model/schema.h"

namespace skewless {

std::vector<std::string> FieldPath(const ColumnSpec& column) {
  return column.field.empty() ? std::vector{column.name} : column.field;
}

std::string FieldText(const ColumnSpec& column) {
  std::string text;
  for (const std::string& name : FieldPath(column)) text += (text.empty() ? "" : ".") + name;
  return text;
}

int Schema::Find(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace skewless
