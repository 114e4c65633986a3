#include <algorithm>
#include <map>
#include <unordered_map>

#include "log/served_log.h"
#include "training/audit.h"
#include "training/label_file.h"

namespace skewless {
namespace {

// A training set's columns as they are asked for: by the name of a served output or input.
class TrainingColumns {
 public:
  explicit TrainingColumns(const LabelTable& table) : table_(table) {}

  // "view:feature" is view__feature, or plain feature.
  Result<const Column*> Find(const std::string& output, Type type) {
    const auto known = columns_.find(output);
    if (known != columns_.end()) return &known->second;
    const size_t colon = output.find(':');
    std::string name = output;
    if (colon != std::string::npos) {
      name = output.substr(0, colon) + "__" + output.substr(colon + 1);
      if (!HasColumn(table_, name)) name = output.substr(colon + 1);
    }
    SKEWLESS_ASSIGN_OR_RETURN(Column column, LabelColumn(table_, name, type, &strings_));
    return &columns_.emplace(output, std::move(column)).first->second;
  }

 private:
  const LabelTable& table_;
  std::map<std::string, Column> columns_;
  StringArena strings_;
};

void AppendIdentity(const ValueView& value, Bytes* out) {
  out->push_back(value.valid ? 1 : 0);
  PutLe<int64_t>(*out, value.int_value);
  PutLe<double>(*out, value.double_value);
  PutLengthPrefixed(*out, value.bytes);
}

class TrainingSetAuditor {
 public:
  TrainingSetAuditor(const LabelTable& table, TrainingSetAudit* report) : table_(table), columns_(table), report_(report) {}

  Status Compare(const ServedRow& served) {
    if (rows_of_.empty()) SKEWLESS_RETURN_IF_ERROR(IndexRows(served));
    Bytes identity;
    PutLe<int64_t>(identity, served.read_us);
    for (const auto& [name, value] : served.inputs) AppendIdentity(value.view(), &identity);
    const auto [first, last] = rows_of_.equal_range(std::string(AsText(identity)));
    for (auto row = first; row != last; ++row) SKEWLESS_RETURN_IF_ERROR(CompareRow(served, row->second));
    return {};
  }

  void Count() {
    report_->rows = std::count_if(verdict_.begin(), verdict_.end(), [](uint8_t one) { return one != 0; });
    report_->different_rows = std::count(verdict_.begin(), verdict_.end(), uint8_t{2});
    report_->unmatched_rows = static_cast<int64_t>(table_.time_us.size()) - report_->rows;
  }

 private:
  Status IndexRows(const ServedRow& served) {
    verdict_.assign(table_.time_us.size(), 0);
    std::vector<const Column*> inputs;
    for (const auto& [name, value] : served.inputs) {
      SKEWLESS_ASSIGN_OR_RETURN(const Column* column, columns_.Find(name, value.type));
      inputs.push_back(column);
    }
    rows_of_.reserve(table_.time_us.size());
    Bytes identity;
    for (size_t row = 0; row < table_.time_us.size(); ++row) {
      identity.clear();
      PutLe<int64_t>(identity, table_.time_us[row]);
      for (const Column* input : inputs) AppendIdentity(ValueAt(*input, row), &identity);
      rows_of_.emplace(AsText(identity), row);
    }
    return {};
  }

  Status CompareRow(const ServedRow& served, size_t row) {
    uint8_t& verdict = verdict_[row];
    verdict = std::max<uint8_t>(verdict, 1);
    for (size_t i = 0; i < served.outputs.size(); ++i) {
      SKEWLESS_ASSIGN_OR_RETURN(const Column* column, columns_.Find(served.outputs[i], served.values[i].type));
      const ValueView trained = ValueAt(*column, row);
      if (SameBits(served.values[i].view(), trained)) continue;
      verdict = 2;
      if (report_->examples.size() < 20) {
        Difference one{};
        one.cause = DifferenceCause::kValue;
        one.read_us = served.read_us;
        one.output = served.outputs[i];
        for (const auto& [name, value] : served.inputs) one.key += name + "=" + FormatValue(value.view()) + " ";
        one.served = FormatValue(served.values[i].view());
        one.replayed = FormatValue(trained);
        report_->examples.push_back(std::move(one));
      }
      return {};
    }
    return {};
  }

  const LabelTable& table_;
  TrainingColumns columns_;
  TrainingSetAudit* report_;
  std::unordered_multimap<std::string, size_t> rows_of_;
  std::vector<uint8_t> verdict_;  // by row: 0 not asked for, 1 the same, 2 different
};

}  // namespace

Result<TrainingSetAudit> AuditTrainingSet(FileSystem& files, const std::string& served_directory,
                                          const std::string& training_path, const std::string& timestamp_column) {
  SKEWLESS_ASSIGN_OR_RETURN(const LabelTable table, ReadLabels(training_path, timestamp_column));
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, ServedLogReader::Open(files, served_directory));
  TrainingSetAudit report;
  TrainingSetAuditor auditor(table, &report);
  ServedRow served;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&served));
    if (!more) break;
    SKEWLESS_RETURN_IF_ERROR(auditor.Compare(served));
  }
  auditor.Count();
  return report;
}

}  // namespace skewless
