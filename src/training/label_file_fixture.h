// What the tests of label files share: a log, and labels in files of any format.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "training/training_fixture.h"
#include "training/training_set.h"

namespace skewless {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(std::shared_ptr<arrow::DataType> type,
                                      const std::vector<std::optional<Value>>& values) {
  Builder builder(type, arrow::default_memory_pool());
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

class LabelFileTest : public ::testing::Test {
 protected:
  LabelFileTest() {
    clicks_.Append({{1, "a", "2.0", 10 * kSecondUs, 10 * kSecondUs},
                    {2, "b", "3.0", 20 * kSecondUs, 20 * kSecondUs},
                    {1, "b", "4.5", 30 * kSecondUs, 30 * kSecondUs}});
  }
  std::string WriteCsv(const std::string& text) {
    clicks_.repository().Write("labels.csv", text);
    return clicks_.Path("labels.csv");
  }
  // A table as a file of this suffix, by the writer under test with no features.
  std::string WriteTable(const std::string& name, const std::shared_ptr<arrow::Table>& table) {
    LabelTable labels;
    labels.table = table;
    const Status written = WriteTrainingSet(labels, {}, clicks_.Path(name));
    EXPECT_TRUE(written.has_value()) << written.error().ToString();
    return clicks_.Path(name);
  }
  Result<TrainingSetResult> Make(const std::string& labels, const std::string& output,
                                 std::vector<std::string> features = {}, bool full_names = false) {
    TrainingSetRequest request;
    request.labels_path = labels;
    request.output_path = clicks_.Path(output);
    request.features = std::move(features);
    request.full_feature_names = full_names;
    request.join.threads = 1;
    return MakeTrainingSet(SystemFiles(), clicks_.definition(), request);
  }
  std::string Text(const std::string& name) {
    return *ReadWholeFile(SystemFiles(), clicks_.Path(name));
  }

  LoggedClicks clicks_;
};

inline constexpr const char* kLabels =
    "user,event_timestamp,note\n"
    "1,2020-01-01T00:00:30Z,007\n"
    "2,2020-01-01T00:00:19.999999Z,\"a,b\"\n"
    "1,2020-01-01T00:00:30Z,007\n"
    ",2020-01-01T00:00:30Z,1.50\n"
    "1,2020-01-01T00:00:29Z,\n";

}  // namespace skewless
