#include "model/schema.h"

namespace skewless {

std::string FieldText(const ColumnSpec& column) {
  if (column.field.empty()) return column.name;
  std::string text = column.field[0];
  for (size_t i = 1; i < column.field.size(); ++i) text += "." + column.field[i];
  return text;
}

int Schema::Find(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace skewless
