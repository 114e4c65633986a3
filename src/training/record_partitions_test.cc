#include "training/record_partitions.h"

#include "training/training_fixture.h"

namespace skewless {
namespace {

Bytes Numbered(int number, size_t size) { return Bytes(size, static_cast<uint8_t>(number)); }

// The same records, with and without a spill in between.
TEST(RecordPartitions, SpilledPartitionsLoadAsThoseInMemory) {
  const std::string folder = std::filesystem::temp_directory_path() /
                             ("skewless-partitions-" + std::to_string(::getpid()));
  {
    RecordPartitions in_memory(5, folder + "/a.spill");
    RecordPartitions spilled(5, folder + "/b.spill");
    for (int round = 0; round < 4; ++round) {
      for (size_t partition = 0; partition < 4; ++partition) {
        if (round == 1 && partition == 2) continue;
        const Bytes record = Numbered(round * 10 + static_cast<int>(partition), 100 + partition);
        PutRaw(in_memory.buffer(partition), record);
        PutRaw(spilled.buffer(partition), record);
      }
      if (round < 3) {
        ASSERT_TRUE(spilled.Spill().has_value());
        EXPECT_EQ(spilled.bytes_in_memory(), 0);
      }
    }
    EXPECT_TRUE(std::filesystem::exists(folder + "/b.spill"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/a.spill"));
    EXPECT_EQ(spilled.spilled_bytes(), 100 * 3 + 101 * 3 + 102 * 2 + 103 * 3);
    ASSERT_TRUE(in_memory.FinishSpilling().has_value());
    ASSERT_TRUE(spilled.FinishSpilling().has_value());
    for (size_t partition = 0; partition < 5; ++partition) {
      EXPECT_EQ(spilled.Load(partition).value(), in_memory.Load(partition).value()) << partition;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST(RecordPartitions, AShortSpillFileIsFound) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("skewless-short-" + std::to_string(::getpid()));
  {
    RecordPartitions partitions(1, folder + "/c.spill");
    PutRaw(partitions.buffer(0), Numbered(1, 100));
    ASSERT_TRUE(partitions.Spill().has_value());
    ASSERT_TRUE(partitions.FinishSpilling().has_value());
    std::filesystem::resize_file(folder + "/c.spill", 60);
    const auto loaded = partitions.Load(0);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(loaded.error().message.find("c.spill"), std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

// More arguments and filters than a word has bits, of every shape, nulls among them.
TEST(RecordLayout, RowsComeBackAsTheyWent) {
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
      text: last(s)
)";
  for (int i = 0; i < 70; ++i) {
    const std::string n = std::to_string(i);
    yaml += "      f" + n + ": sum(x + " + n + ") filter (where x > " + n + ")\n";
  }
  TestRepository repository(yaml);
  const ViewKernel& kernel = *repository.kernels()[0];
  ASSERT_GT(kernel.argument_types().size() + kernel.filter_count(), 128u);
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
  const RecordLayout layout(kernel);
  Bytes records;
  for (size_t row = 0; row < 3; ++row)
    layout.Append(input, row, 40 + static_cast<uint32_t>(row), 100 + static_cast<Timestamp>(row),
                  &records);
  RecordLayout::Rows rows;
  layout.InitRows(&rows);
  layout.ClearRows(&rows);
  uint32_t entity = 40;
  const uint8_t* record = records.data();
  for (; record != records.data() + records.size(); record += layout.SizeOf(record)) {
    EXPECT_EQ(RecordLayout::EntityOf(record), entity++);
    layout.AddRow(record, &rows);
  }
  layout.FinishRows(&rows);
  ASSERT_EQ(rows.input.rows, 3u);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(rows.sequence[row], 5 + static_cast<Sequence>(row));
    EXPECT_EQ(rows.event_us[row], kTestStart);
    EXPECT_EQ(rows.available_us[row], 100 + static_cast<Timestamp>(row));
    for (size_t i = 0; i < kernel.argument_types().size(); ++i) {
      EXPECT_TRUE(
          SameBits(ValueAt(*rows.input.arguments[i], row), ValueAt(*input.arguments[i], row)))
          << i;
    }
    for (size_t i = 0; i < kernel.filter_count(); ++i)
      EXPECT_EQ(rows.input.filters[i][row], input.filters[i][row]) << i;
  }
}

}  // namespace
}  // namespace skewless
