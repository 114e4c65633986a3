#include "simulation/log_world.h"

#include <gtest/gtest.h>

#include "log/test_clicks.h"

namespace skewless {

LogWorld::LogWorld(uint64_t seed) : random_(seed), sources_{ClicksSource()} {}

std::vector<int64_t> LogWorld::Items(size_t entries) const {
  std::vector<int64_t> items;
  for (size_t i = 0; i < entries; ++i) {
    items.insert(items.end(), entries_[i].items.begin(), entries_[i].items.end());
  }
  return items;
}

// The log holds a prefix of what was appended, in whole batches, with all that was acknowledged.
void LogWorld::CheckRecovery(const LogWriter& writer) {
  const LogRecovery& recovery = writer.recovery();
  int64_t position = 0;
  for (const auto& [key, offset] : recovery.positions) {
    EXPECT_EQ(key, std::make_pair(std::string("clicks"), std::string("clicks/0")));
    position = offset;
  }
  size_t found = 0;
  while (found < entries_.size() && entries_[found].position <= position) ++found;
  EXPECT_EQ(found == 0 ? 0 : entries_[found - 1].position, position) << "a position of no batch";
  EXPECT_GE(found, acknowledged_) << "acknowledged batches are gone";
  EXPECT_EQ(recovery.records, static_cast<int64_t>(Items(found).size()))
      << "the positions are not those of the records";
  // One of which nothing is left is begun anew.
  EXPECT_GE(writer.epoch(), last_epoch_);
  EXPECT_LT(recovery.last_sequence, MakeSequence(writer.epoch(), 1));
  EXPECT_EQ(recovery.last_sequence, writer.last_sequence());
  EXPECT_EQ(recovery.last_sequence, writer.durable_sequence());
  last_epoch_ = writer.epoch();
  entries_.resize(found);
  acknowledged_ = found;
}

void LogWorld::MakeBatch(Batch* batch) {
  const size_t rows = random_() % 8 == 0 ? 0 : 1 + random_() % 40;
  MakeClicks(sources_[0].schema, next_item_, rows, random_(), batch);
  // Items of a batch that is lost are never used again, so that nothing can take its place unseen.
  next_item_ += static_cast<int64_t>(rows);
  batch->positions[0].offset = next_position_++;
}

// Reads what is there so far, up to what is durable.
void LogWorld::Follow(LogReader* reader, Sequence durable) {
  const std::vector<int64_t> expected = Items(entries_.size());
  reader->SetLimit(durable);
  Batch batch;
  for (;;) {
    const Result<bool> more = reader->Next(&batch);
    ASSERT_TRUE(more.has_value()) << more.error().ToString();
    if (!*more) break;
    for (const int64_t item : batch.columns[1].ints) {
      ASSERT_LT(followed_, expected.size());
      ASSERT_EQ(item, expected[followed_++]);
    }
    ASSERT_LE(batch.sequence.back(), durable);
  }
  EXPECT_EQ(followed_, Items(acknowledged_).size()) << "the reader stopped early";
}

Status LogWorld::Live(int batches) {
  LogOptions options{"log", 3000, 9, 1 << 20};
  SKEWLESS_ASSIGN_OR_RETURN(const auto writer, LogWriter::Open(files_, options, sources_));
  CheckRecovery(*writer);
  SKEWLESS_ASSIGN_OR_RETURN(const auto reader, LogReader::Open(files_, "log", sources_));
  followed_ = 0;
  Batch batch;
  for (int i = 0; i < batches && !::testing::Test::HasFatalFailure(); ++i) {
    MakeBatch(&batch);
    entries_.push_back({batch.columns[1].ints, batch.positions[0].offset});
    Status status = writer->Append(&batch);
    if (status && random_() % 2 == 0) {
      status = writer->Sync();
      if (status) acknowledged_ = entries_.size();
    }
    if (!status) {
      EXPECT_FALSE(writer->Append(&batch)) << "it appends after an error";
      EXPECT_FALSE(writer->Sync()) << "it syncs after an error";
      return status;
    }
    if (acknowledged_ == entries_.size()) {
      Follow(reader.get(), writer->durable_sequence());
    }
  }
  return {};
}

void LogWorld::CheckContents() {
  const auto reader = LogReader::Open(files_, "log", sources_);
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  std::vector<int64_t> items;
  Sequence last = 0;
  Batch batch;
  for (;;) {
    const Result<bool> more = (*reader)->Next(&batch);
    ASSERT_TRUE(more.has_value()) << more.error().ToString();
    if (!*more) break;
    for (size_t i = 0; i < batch.rows(); ++i) {
      ASSERT_GT(batch.sequence[i], last) << "sequences do not increase";
      last = batch.sequence[i];
      items.push_back(batch.columns[1].ints[i]);
    }
  }
  EXPECT_EQ(items, Items(entries_.size()));
  const auto segments = InspectLog(files_, "log", true);
  ASSERT_TRUE(segments.has_value()) << segments.error().ToString();
  int64_t records = 0;
  for (const SegmentInfo& segment : *segments) records += segment.records;
  EXPECT_EQ(records, static_cast<int64_t>(items.size()));
}

}  // namespace skewless
