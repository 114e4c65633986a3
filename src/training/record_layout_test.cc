#include "training/record_layout.h"

#include "training/training_fixture.h"

namespace skewless {
namespace {

// `features` sums with a filter each.
std::string WideYaml(int features, const std::string& text_feature) {
  std::string yaml = R"(project: wide
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, s: string, x: float64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  wide:
    source: events
    entity: user
    features:
)";
  yaml += text_feature;
  for (int i = 0; i < features; ++i) {
    const std::string n = std::to_string(i);
    yaml += "      f" + n + ": sum(x + " + n + ") filter (where x > " + n + ")\n";
  }
  return yaml;
}

void ExpectSameRow(const ViewKernel& kernel, const ViewInput& a, const ViewInput& b, size_t row) {
  EXPECT_EQ(a.event_us[row], b.event_us[row]);
  for (size_t i = 0; i < kernel.argument_types().size(); ++i) {
    EXPECT_TRUE(SameBits(ValueAt(*a.arguments[i], row), ValueAt(*b.arguments[i], row))) << i;
  }
  for (size_t i = 0; i < kernel.filter_count(); ++i)
    EXPECT_EQ(a.filters[i][row], b.filters[i][row]) << i;
}

void ExpectRowsComeBack(const TestRepository& repository, bool keep_sequence) {
  const ViewKernel& kernel = *repository.kernels()[0];
  Batch batch;
  const std::string at = std::to_string(kTestStart);
  FillBatch(repository.definition(), 0,
            {{{"1", "hello", "30.5", at}, 1},
             {{"1", "", "", at}, 2},
             {{"1", std::string(1000, 'z'), "-1", at}, 3}},
            5, &batch);
  EvaluationScratch scratch;
  ViewInput input;
  kernel.Prepare(batch, scratch, &input);
  const RecordLayout layout(kernel, keep_sequence);
  std::vector<Bytes> records;
  std::vector<const uint8_t*> pointers;
  for (size_t row = 0; row < 3; ++row) {
    records.emplace_back(layout.SizeOf(input, row), uint8_t{0xAA});
    layout.Write(input, row, 40 + static_cast<uint32_t>(row), 100 + static_cast<Timestamp>(row),
                 records.back().size(), records.back().data());
    EXPECT_EQ(RecordLayout::EntityOf(records.back().data()), 40 + row);
    EXPECT_EQ(layout.SizeOf(records.back().data()), records.back().size());
  }
  for (const Bytes& record : records) pointers.push_back(record.data());
  RecordLayout::Rows rows;
  layout.Read(pointers, &rows);
  ASSERT_EQ(rows.input.rows, 3u);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(rows.sequence[row], static_cast<Sequence>(row) + (keep_sequence ? 5 : 1));
    EXPECT_EQ(rows.available_us[row], 100 + static_cast<Timestamp>(row));
    ExpectSameRow(kernel, rows.input, input, row);
  }
}

// More arguments and filters than a word has bits, of every shape, nulls among them.
TEST(RecordLayout, RowsComeBackAsTheyWent) {
  const TestRepository repository(WideYaml(70, "      text: last(s)\n"));
  ASSERT_GT(
      repository.kernels()[0]->argument_types().size() + repository.kernels()[0]->filter_count(),
      128u);
  for (const bool keep_sequence : {true, false}) ExpectRowsComeBack(repository, keep_sequence);
}

// Few numbers and filters: their bits stand in the head.
TEST(RecordLayout, ShortRowsComeBackAsTheyWent) {
  for (const int features : {1, 3, 16, 17}) {
    const TestRepository repository(WideYaml(features, ""));
    for (const bool keep_sequence : {true, false}) ExpectRowsComeBack(repository, keep_sequence);
  }
}

}  // namespace
}  // namespace skewless
