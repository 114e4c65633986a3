#include "decode/field_tree.h"

#include <algorithm>

#include "base/check.h"

namespace skewless {

FieldTree::FieldTree(const Schema& schema) : records_(1) {
  for (size_t i = 0; i < schema.columns.size(); ++i) Add(schema.columns[i], i);
}

void FieldTree::Add(const ColumnSpec& spec, size_t column) {
  int record = 0;
  records_[0].columns.push_back(column);
  const std::vector<std::string> path = FieldPath(spec);
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    record = RecordWithin(record, path[i]);
    records_[static_cast<size_t>(record)].columns.push_back(column);
  }
  const Target target{static_cast<int>(column), -1};
  SKEWLESS_CHECK(records_[static_cast<size_t>(record)].fields.emplace(path.back(), target).second);
}

int FieldTree::RecordWithin(int record, const std::string& field) {
  const auto next = static_cast<int>(records_.size());
  const auto [found, is_new] =
      records_[static_cast<size_t>(record)].fields.emplace(field, Target{-1, next});
  SKEWLESS_CHECK(found->second.record >= 0);
  if (!is_new) return found->second.record;
  const std::string& outer = At(record).path;
  std::string path = outer.empty() ? field : outer + "." + field;
  records_.push_back({std::move(path), {}, {}});
  return next;
}

FieldTree::Target FieldTree::Find(int record, std::string_view field) const {
  const auto& fields = At(record).fields;
  const auto found = fields.find(field);
  return found == fields.end() ? Target{} : found->second;
}

std::vector<size_t> FieldTree::ColumnsOf(Target target) const {
  if (target.column >= 0) return {static_cast<size_t>(target.column)};
  return columns(target.record);
}

std::vector<std::string> FieldTree::names(int record) const {
  std::vector<std::string> names;
  for (const auto& [name, target] : At(record).fields) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace skewless
