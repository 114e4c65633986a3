#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
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

  Result<const Column*> Find(const std::string& output, Type type) {
    const auto known = columns_.find(output);
    if (known != columns_.end()) return &known->second;
    SKEWLESS_ASSIGN_OR_RETURN(Column column, LabelColumn(table_, NameOf(output), type, &strings_));
    return &columns_.emplace(output, std::move(column)).first->second;
  }
  bool Has(const std::string& output) const { return HasColumn(table_, NameOf(output)); }
  // Whose values a column of a plain name has can't be told where two views served one.
  Status CheckIsMeant(const std::string& output) {
    const std::string& first = meant_.try_emplace(NameOf(output), output).first->second;
    if (first == output) return {};
    return Fail(ErrorCode::kInvalid,
                table_.path + ": column '" + NameOf(output) + "' may be " + first + " or " +
                    output + ": both were served",
                "Join with --full-feature-names and audit that.");
  }

 private:
  // "view:feature" is view__feature, or plain feature.
  std::string NameOf(const std::string& output) const {
    const size_t colon = output.find(':');
    if (colon == std::string::npos) return output;
    const std::string full = output.substr(0, colon) + "__" + output.substr(colon + 1);
    return HasColumn(table_, full) ? full : output.substr(colon + 1);
  }

  const LabelTable& table_;
  std::map<std::string, Column> columns_;
  std::map<std::string, std::string> meant_;  // by column: the output
  StringArena strings_;
};

void AppendIdentity(const ValueView& value, Bytes* out) {
  const double number = value.double_value;
  out->push_back(value.valid ? 1 : 0);
  PutLe<int64_t>(*out, value.int_value);
  // All NaNs are one.
  PutLe<double>(*out, std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number);
  PutLengthPrefixed(*out, value.bytes);
}

class TrainingSetAuditor {
 public:
  TrainingSetAuditor(const LabelTable& table, TrainingSetAudit* report)
      : table_(table), columns_(table), report_(report), verdict_(table.time_us.size(), 0) {}

  Status Compare(const ServedRow& served) {
    for (const std::string& output : served.outputs) served_.insert(output);
    if (!AsksForTheSame(served)) return {};
    comparable_ = true;
    SKEWLESS_ASSIGN_OR_RETURN(const RowIndex* rows_of, RowsBy(served));
    Bytes identity;
    PutLe<int64_t>(identity, served.read_us);
    for (const auto& [name, value] : served.inputs) AppendIdentity(value.view(), &identity);
    const auto [first, last] = rows_of->equal_range(std::string(AsText(identity)));
    for (auto row = first; row != last; ++row)
      SKEWLESS_RETURN_IF_ERROR(CompareRow(served, row->second));
    return {};
  }

  // What is there to compare with is no training set of what was served.
  Status CheckComparable() const {
    if (comparable_ || served_.empty()) return {};
    std::string names;
    for (const std::string& output : served_) names += (names.empty() ? "" : ", ") + output;
    return Fail(
        ErrorCode::kInvalid,
        table_.path + ": has no feature that was served, with the keys that it was asked by",
        "Name what `skewless join` wrote. Served were: " + names + ".");
  }

  void Count() {
    report_->rows =
        std::count_if(verdict_.begin(), verdict_.end(), [](uint8_t one) { return one != 0; });
    report_->different_rows = std::count(verdict_.begin(), verdict_.end(), uint8_t{2});
    report_->unmatched_rows = static_cast<int64_t>(table_.time_us.size()) - report_->rows;
  }

 private:
  using RowIndex = std::unordered_multimap<std::string, size_t>;

  // One served log holds the answers of several services: those of others are not this training
  // set's.
  bool AsksForTheSame(const ServedRow& served) const {
    return std::all_of(served.inputs.begin(), served.inputs.end(),
                       [&](const auto& input) { return HasColumn(table_, input.first); }) &&
           std::any_of(served.outputs.begin(), served.outputs.end(),
                       [&](const std::string& output) { return columns_.Has(output); });
  }

  // The training set's rows by time and the inputs that the served row has.
  Result<const RowIndex*> RowsBy(const ServedRow& served) {
    Bytes names;
    for (const auto& [name, value] : served.inputs) PutLengthPrefixed(names, name);
    const auto [at, is_new] = rows_by_.try_emplace(std::string(AsText(names)));
    if (is_new) SKEWLESS_RETURN_IF_ERROR(IndexRows(served, &at->second));
    return &at->second;
  }

  Status IndexRows(const ServedRow& served, RowIndex* rows_of) {
    std::vector<const Column*> inputs;
    for (const auto& [name, value] : served.inputs) {
      SKEWLESS_ASSIGN_OR_RETURN(const Column* column, columns_.Find(name, value.type));
      inputs.push_back(column);
    }
    rows_of->reserve(table_.time_us.size());
    Bytes identity;
    for (size_t row = 0; row < table_.time_us.size(); ++row) {
      identity.clear();
      PutLe<int64_t>(identity, table_.time_us[row]);
      for (const Column* input : inputs) AppendIdentity(ValueAt(*input, row), &identity);
      rows_of->emplace(AsText(identity), row);
    }
    return {};
  }

  Status CompareRow(const ServedRow& served, size_t row) {
    uint8_t& verdict = verdict_[row];
    verdict = std::max<uint8_t>(verdict, 1);
    for (size_t i = 0; i < served.outputs.size(); ++i) {
      if (!columns_.Has(served.outputs[i])) {  // asked for along with the set's, by another service
        report_->lacking.insert(served.outputs[i]);
        continue;
      }
      SKEWLESS_RETURN_IF_ERROR(columns_.CheckIsMeant(served.outputs[i]));
      SKEWLESS_ASSIGN_OR_RETURN(const Column* column,
                                columns_.Find(served.outputs[i], served.values[i].type));
      const ValueView trained = ValueAt(*column, row);
      if (SameBits(served.values[i].view(), trained)) continue;
      verdict = 2;
      if (report_->examples.size() < 20) {
        Difference one{};
        one.cause = DifferenceCause::kValue;
        one.read_us = served.read_us;
        one.output = served.outputs[i];
        for (const auto& [name, value] : served.inputs)
          one.key += name + "=" + FormatValue(value.view()) + " ";
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
  std::map<std::string, RowIndex> rows_by_;  // by the names of inputs
  std::set<std::string> served_;             // outputs
  bool comparable_ = false;                  // some served row asks for what the table has
  std::vector<uint8_t> verdict_;             // by row: 0 not asked for, 1 the same, 2 different
};

}  // namespace

Result<TrainingSetAudit> AuditTrainingSet(FileSystem& files, const std::string& served_directory,
                                          const std::string& training_path,
                                          const std::string& timestamp_column) {
  SKEWLESS_ASSIGN_OR_RETURN(const LabelTable table,
                            ReadLabels(training_path, timestamp_column, {/*all=*/true, {}}));
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, ServedLogReader::Open(files, served_directory));
  TrainingSetAudit report;
  TrainingSetAuditor auditor(table, &report);
  ServedRow served;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&served));
    if (!more) break;
    SKEWLESS_RETURN_IF_ERROR(auditor.Compare(served));
  }
  SKEWLESS_RETURN_IF_ERROR(auditor.CheckComparable());
  auditor.Count();
  return report;
}

}  // namespace skewless
