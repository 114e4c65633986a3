#include "training/record_partitions.h"

#include <cstring>

#include "training/training_fixture.h"

namespace skewless {
namespace {

void AddNumbered(size_t partition, int number, size_t size, RecordPartitions* partitions) {
  std::memset(partitions->Add(partition, size), number, size);
}

Bytes Everything(const RecordPartitions& partitions, size_t partition) {
  RecordPartitions::Records records;
  EXPECT_TRUE(partitions.Load(partition, &records).has_value());
  Bytes all;
  for (const ByteView run : records.runs) PutRaw(all, run);
  return all;
}

// The same records, with and without a spill in between.
TEST(RecordPartitions, SpilledPartitionsLoadAsThoseInMemory) {
  const std::string folder = std::filesystem::temp_directory_path() /
                             ("skewless-partitions-" + std::to_string(::getpid()));
  {
    RecordPartitions in_memory(5, 128, folder + "/a.spill");
    RecordPartitions spilled(5, 4096, folder + "/b.spill");
    for (int round = 0; round < 4; ++round) {
      for (size_t partition = 0; partition < 4; ++partition) {
        if (round == 1 && partition == 2) continue;
        const int number = round * 10 + static_cast<int>(partition);
        AddNumbered(partition, number, 100 + partition, &in_memory);
        AddNumbered(partition, number, 100 + partition, &spilled);
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
      EXPECT_EQ(Everything(spilled, partition), Everything(in_memory, partition)) << partition;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST(RecordPartitions, EmptiedPartitionsTakeRecordsAgain) {
  RecordPartitions partitions(2, 1024, "never.spill");
  for (int round = 0; round < 3; ++round) {
    AddNumbered(0, round, 100, &partitions);
    AddNumbered(1, round, 5000, &partitions);  // a block of its own
    RecordPartitions fresh(2, 1024, "never.spill");
    AddNumbered(0, round, 100, &fresh);
    AddNumbered(1, round, 5000, &fresh);
    EXPECT_EQ(partitions.bytes_in_memory(), fresh.bytes_in_memory());
    for (size_t partition = 0; partition < 2; ++partition)
      EXPECT_EQ(Everything(partitions, partition), Everything(fresh, partition));
    partitions.Empty();
    EXPECT_EQ(partitions.bytes_in_memory(), 0);
    EXPECT_EQ(Everything(partitions, 0), Everything(RecordPartitions(2, 1024, "never.spill"), 0));
  }
}

TEST(RecordPartitions, AShortSpillFileIsFound) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("skewless-short-" + std::to_string(::getpid()));
  {
    RecordPartitions partitions(1, 1024, folder + "/c.spill");
    AddNumbered(0, 1, 100, &partitions);
    ASSERT_TRUE(partitions.Spill().has_value());
    ASSERT_TRUE(partitions.FinishSpilling().has_value());
    std::filesystem::resize_file(folder + "/c.spill", 60);
    RecordPartitions::Records records;
    const Status loaded = partitions.Load(0, &records);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(loaded.error().message.find("c.spill"), std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

// Records longer than a block among short ones, through many blocks and two spills.
TEST(RecordPartitions, RecordsOfAllSizesStayInOrder) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("skewless-sizes-" + std::to_string(::getpid()));
  {
    RecordPartitions partitions(3, 64, folder + "/d.spill");
    std::vector<Bytes> expected(3);
    for (int i = 0; i < 3000; ++i) {
      const auto partition = static_cast<size_t>(i * i % 3);
      const size_t size = i % 100 == 0 ? 500 : 1 + static_cast<size_t>(i) % 60;
      AddNumbered(partition, i % 251, size, &partitions);
      expected[partition].insert(expected[partition].end(), size, static_cast<uint8_t>(i % 251));
      if (i == 700 || i == 1500) {
        ASSERT_TRUE(partitions.Spill().has_value());
      }
    }
    EXPECT_GT(partitions.bytes_in_memory(), 0);
    ASSERT_TRUE(partitions.FinishSpilling().has_value());
    for (size_t partition = 0; partition < 3; ++partition)
      EXPECT_EQ(Everything(partitions, partition), expected[partition]);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace skewless
