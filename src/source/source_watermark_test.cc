#include "source/source_watermark.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

class SourceWatermarkTest : public ::testing::Test {
 protected:
  SourceWatermarkTest() {
    source_.out_of_orderness_us = 10;
    source_.allowed_lateness_us = 5;
    source_.schema.columns.push_back({"ts", {TypeKind::kTimestamp, false}});
    Restart();
  }
  void Restart() { watermark_ = std::make_unique<SourceWatermark>(source_); }

  struct Run {
    std::string stream;
    std::vector<Timestamp> events;
    bool ended = false;
  };
  // What is applied: "110". Events came at `now`.
  std::string Decide(const std::vector<Run>& runs, Timestamp now = 0) {
    batch_.Reset(&source_.schema, 0);
    for (const Run& run : runs) {
      batch_.runs.push_back({run.stream, run.events.size(), run.ended});
      batch_.event_us.insert(batch_.event_us.end(), run.events.begin(), run.events.end());
    }
    if (runs.size() == 1 && runs[0].stream.empty()) batch_.runs.clear();
    batch_.processing_us.assign(batch_.event_us.size(), now);
    refused_ = watermark_->Decide(now, &batch_);
    std::string applied;
    for (const uint8_t one : batch_.applied) applied += one != 0 ? '1' : '0';
    return applied;
  }

  SourceDefinition source_;
  Batch batch_;
  RefusedEvents refused_;
  std::unique_ptr<SourceWatermark> watermark_;
};

TEST_F(SourceWatermarkTest, OfOneStreamIsItsGreatestEventLessTheDisorder) {
  EXPECT_EQ(watermark_->time(), kMinTimestamp);
  EXPECT_EQ(Decide({{"", {-1'000'000, 100, 85, 84}}}), "1110");
  EXPECT_EQ(watermark_->time(), 90);
  EXPECT_EQ(Decide({{"", {101, 85}}}), "10");
}

TEST_F(SourceWatermarkTest, TheSlowestStreamHoldsIt) {
  EXPECT_EQ(Decide({{"a/0", {}}, {"a/1", {}}, {"a/0", {1000, 1}}}), "11");
  EXPECT_EQ(watermark_->time(), kMinTimestamp);
  // The first event of the other releases it as far as that goes, for the events after it.
  EXPECT_EQ(Decide({{"a/1", {100, 84}}, {"a/0", {85, 84}}}), "1010");
  EXPECT_EQ(watermark_->time(), 90);
  EXPECT_EQ(Decide({{"a/1", {5000}}, {"a/0", {984}}}), "10");
  EXPECT_EQ(watermark_->time(), 990);
}

TEST_F(SourceWatermarkTest, ASilentStreamHoldsItUntilItIsIdle) {
  source_.idle_after_us = 50;
  Restart();
  EXPECT_EQ(Decide({{"a/0", {1000}}, {"a/1", {100}}}, 1), "11");
  EXPECT_EQ(Decide({{"a/0", {2000}}}, 50), "1");
  EXPECT_EQ(watermark_->time(), 90);
  EXPECT_EQ(Decide({{"a/0", {2000}}}, 51), "1");
  EXPECT_EQ(watermark_->time(), 1990);
  // It wakes up, and the watermark stays where it is.
  EXPECT_EQ(Decide({{"a/1", {200, 1985}}}, 60), "01");
  EXPECT_EQ(watermark_->time(), 1990);
  EXPECT_EQ(Decide({{"a/0", {9000}}}, 61), "1");
  EXPECT_EQ(watermark_->time(), 1990) << "1985 is the least of what both came to";
}

TEST_F(SourceWatermarkTest, AStreamThatEndedHoldsNothing) {
  EXPECT_EQ(Decide({{"a/0", {1000}}, {"a/1", {100}}}), "11");
  EXPECT_EQ(Decide({{"a/1", {}, /*ended=*/true}, {"a/0", {1000, 900}}}), "10");
  EXPECT_EQ(watermark_->time(), 990);
  EXPECT_EQ(Decide({{"a/1", {}}, {"a/0", {3000}}}), "1");
  EXPECT_EQ(watermark_->time(), 990) << "it is back, and holds again";
}

TEST_F(SourceWatermarkTest, ComesBackFromTheLogsPositions) {
  Decide({{"a/0", {1000}}, {"a/1", {100}}, {"a/2", {}}, {"a/0", {1500}}});
  watermark_->TellPositions(&batch_);
  EXPECT_EQ(batch_.positions,
            (std::vector<SourcePosition>{
                {"watermark:", kMinTimestamp}, {"watermark:a/0", 1500}, {"watermark:a/1", 100}}));
  std::vector<SourcePosition> logged = batch_.positions;
  Decide({{"a/2", {}, /*ended=*/true}, {"a/1", {200}}});
  watermark_->TellPositions(&batch_);
  EXPECT_EQ(batch_.positions,
            (std::vector<SourcePosition>{{"watermark:", 190}, {"watermark:a/1", 200}}));
  logged.insert(logged.end(), batch_.positions.begin(), batch_.positions.end());

  Restart();
  for (const SourcePosition& position : logged) {
    ASSERT_TRUE(SourceWatermark::IsPosition(position.stream));
    watermark_->RecoverPosition(position.stream, position.offset);
  }
  EXPECT_EQ(watermark_->time(), 190);
  EXPECT_EQ(Decide({{"a/0", {}}, {"a/1", {}}, {"a/1", {184, 1000}}, {"a/0", {984, 985}}}), "0101");
  EXPECT_FALSE(SourceWatermark::IsPosition("a/0"));
}

TEST_F(SourceWatermarkTest, TellsNothingWhereNothingIsDecided) {
  Decide({{"", {1000}}});
  watermark_->TellPositions(&batch_);
  EXPECT_TRUE(batch_.positions.empty());
  source_.allowed_lateness_us.reset();
  Restart();
  EXPECT_EQ(Decide({{"a/0", {1000, 1}}}), "11");
  EXPECT_EQ(watermark_->time(), 990);
  watermark_->TellPositions(&batch_);
  EXPECT_TRUE(batch_.positions.empty());
}

TEST_F(SourceWatermarkTest, HoldsAtTheEndsOfTime) {
  source_.out_of_orderness_us = kMaxTimestamp;
  source_.allowed_lateness_us = kMaxTimestamp;
  Restart();
  EXPECT_EQ(Decide({{"a/0", {-5, kMinTimestamp}}}), "11");
}

TEST_F(SourceWatermarkTest, WhatIsAheadOfTheClockMovesNothing) {
  source_.max_ahead_us = 20;
  Restart();
  EXPECT_EQ(Decide({{"a/0", {100, 120, 121, 5000, 104}}, {"a/1", {100, 200}}}, 100), "1100110");
  EXPECT_EQ(watermark_->time(), 90);
  EXPECT_EQ(refused_.ahead, 3);
  EXPECT_EQ(refused_.last_ahead, 6U);
  EXPECT_EQ(refused_.late, 0);
  EXPECT_EQ(Decide({{"a/1", {84, 121}}}, 100), "00");
  EXPECT_EQ(refused_.late, 1);
  EXPECT_EQ(refused_.last_late, 0U);
  EXPECT_EQ(refused_.ahead, 1);
  EXPECT_EQ(Decide({{"a/1", {121}}}, 101), "1");
}

// As the files of its source would tell: whatever the engine's stamps, which a crash may move.
TEST_F(SourceWatermarkTest, UnderAReplayClockAheadIsAheadOfTheArrival) {
  source_.max_ahead_us = 0;
  Restart();
  batch_.Reset(&source_.schema, 0);
  batch_.event_us = {100, 101};
  batch_.arrival_us = {100, 100};
  batch_.processing_us = {500, 500};
  EXPECT_EQ(watermark_->Decide(500, &batch_).ahead, 1);
  EXPECT_EQ(batch_.applied, (std::vector<uint8_t>{1, 0}));
}

}  // namespace
}  // namespace skewless
