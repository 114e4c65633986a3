// Any bytes as a file of labels: a table whose columns can be had and joined, or an error.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "training/label_file.h"
#include "training/training_fixture.h"

namespace skewless {
namespace {

// One file a format, gone at the end.
class LabelFiles {
 public:
  ~LabelFiles() {
    for (const char* const suffix : kSuffixes) std::filesystem::remove(Path(suffix));
  }
  std::string Write(size_t format, ByteView contents) const {
    const std::string path = Path(kSuffixes[format % 3]);
    FILE* const file = std::fopen(path.c_str(), "wb");
    SKEWLESS_CHECK(file != nullptr);
    SKEWLESS_CHECK(std::fwrite(contents.data(), 1, contents.size(), file) == contents.size());
    SKEWLESS_CHECK(std::fclose(file) == 0);
    return path;
  }

 private:
  static constexpr const char* kSuffixes[] = {".csv", ".parquet", ".arrow"};
  static std::string Path(const std::string& suffix) {
    return std::filesystem::temp_directory_path() /
           ("skewless-label-fuzz-" + std::to_string(::getpid()) + suffix);
  }
};

// Three clicks of user 1 and what is asked of them at the labels' times.
void Join(const LabelTable& labels, const Column& users) {
  static const TestRepository shop(kTrainingYaml);
  std::vector<ViewLabels> wanted(1);
  wanted[0].view = shop.definition().FindView("activity");
  const Column* key = &users;
  EncodeKeys({&key, 1}, users.size(), &wanted[0].keys);
  wanted[0].time_us = labels.time_us;
  int batches = 0;
  const HistoryStream history = [&](Batch* batch) -> Result<bool> {
    if (batches++ > 0) return false;
    FillBatch(shop.definition(), 0,
              {{{"1", "a", "2.5", "0", "0"}, 0},
               {{"1", "b", "-1", "-60000001", "60000000"}, 60'000'000},
               {{"1", "", "", "1577836800000000", "1577836800000000"}, kTestStart}},
              1, batch);
    return true;
  };
  JoinOptions options;
  options.threads = 1;
  JoinCounts counts;
  const auto answers =
      JoinHistory(shop.kernels(), history, wanted, {{0, 1, 2, 3, 4}}, options, &counts);
  SKEWLESS_CHECK(answers.has_value());
  SKEWLESS_CHECK(answers->front().status.size() == labels.time_us.size());
}

void FuzzOne(ByteView input) {
  if (input.empty()) return;
  static const LabelFiles files;
  const std::string path = files.Write(input[0], input.subspan(1));
  CsvText text;
  text.all = (input[0] & 0x40) != 0;
  if ((input[0] & 0x80) != 0) text.columns = {"item", "list"};
  const auto labels = ReadLabels(path, "event_timestamp", text);
  if (!labels) {
    SKEWLESS_CHECK(labels.error().message.starts_with(path));
    return;
  }
  StringArena strings;
  const std::pair<const char*, Type> wanted[] = {
      {"user", {TypeKind::kInt64, false}},    {"small", {TypeKind::kInt32, false}},
      {"item", {TypeKind::kString, false}},   {"cart", {TypeKind::kFloat64, false}},
      {"part", {TypeKind::kFloat32, false}},  {"flag", {TypeKind::kBool, false}},
      {"at", {TypeKind::kTimestamp, false}},  {"list", {TypeKind::kString, true}},
      {"numbers", {TypeKind::kFloat64, true}}};
  for (const auto& [name, type] : wanted) {
    const auto column = LabelColumn(*labels, name, type, &strings);
    if (!column) continue;
    SKEWLESS_CHECK(column->size() == labels->time_us.size());
    for (size_t row = 0; row < column->size(); ++row) FormatValue(ValueAt(*column, row));
    if (std::string_view(name) == "user") Join(*labels, *column);
  }
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::FuzzOne({data, size});
  return 0;
}
