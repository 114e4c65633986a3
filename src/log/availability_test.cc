#include "log/availability.h"

#include <gtest/gtest.h>

#include <random>

#include "base/memory_files_fixture.h"
#include "model/key.h"

namespace skewless {
namespace {

constexpr char kLog[] = "log";
const StampedView kClicks{"clicks", 11};
const StampedView kItems{"items", 12};

Sequence SequenceOf(int64_t epoch, int64_t counter) { return epoch << 48 | counter; }

class AvailabilityTest : public testing::Test {
 protected:
  void Begin(int64_t epoch, std::vector<StampedView> views) {
    auto writer = StampLogWriter::Open(
        files_, {.directory = StampDirectory(kLog), .identity = 1, .epoch = epoch, .views = views});
    ASSERT_TRUE(writer.has_value()) << writer.error().ToString();
    writer_ = std::move(*writer);
    known_.opened_us = kMaxTimestamp;
  }
  void Add(uint32_t view, const std::string& key, Stamp stamp) {
    writer_->Add({view, AsBytes(key), stamp});
  }
  void Write(Sequence known) {
    known_.known_sequence = known;
    ASSERT_TRUE(writer_->Write(known_));
  }
  void Open(const std::vector<StampedView>& views, StampTime time = StampTime::kAvailable) {
    auto opened = Availability::Open(files_, kLog, views, time);
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    availability_ = std::move(*opened);
  }
  Timestamp Of(uint32_t view, const std::string& key, Sequence sequence, Timestamp logged = 5) {
    EXPECT_TRUE(availability_->Advance(sequence));
    return availability_->Of(view, AsBytes(key), HashKey(AsBytes(key)), sequence, logged);
  }

  MemoryFiles files_;
  std::unique_ptr<StampLogWriter> writer_;
  StampKnowledge known_;
  std::unique_ptr<Availability> availability_;
};

TEST_F(AvailabilityTest, WithoutStampsTheLogsOwnTimesHold) {
  Open({kClicks});
  EXPECT_EQ(availability_, nullptr);
}

// Where rows are finished values, by either of a stamp's times. What was logged before their writer
// keeps its own: values are computed for later times.
TEST_F(AvailabilityTest, FinishedValuesCountFromWhatTheyWereComputedFor) {
  Begin(1, {});
  Write(SequenceOf(1, 9));
  Begin(2, {{"clicks", 11, /*values=*/true}});
  known_.opened_us = 30;
  Add(0, "a", {SequenceOf(2, 3), 100, 95});
  Add(0, "a", {SequenceOf(2, 3), 120, 118});  // with time alone
  Add(0, "a", {SequenceOf(2, 6), 140, 133});
  Write(SequenceOf(2, 6));
  Open({kClicks}, StampTime::kComputed);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 4), 40), 40);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 1)), 95);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 4)), 133);
  Open({kClicks});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 4), 40), 30);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 3)), 100);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 6)), 140);
}

TEST_F(AvailabilityTest, ARecordIsAvailableFromTheFirstStampThatCoversIt) {
  Begin(1, {kClicks, kItems});
  known_.opened_us = 4;
  Add(0, "a", {SequenceOf(1, 3), 100});
  Add(0, "b", {SequenceOf(1, 2), 90});
  Add(1, "a", {SequenceOf(1, 3), 110});
  Write(SequenceOf(1, 3));
  Add(0, "a", {SequenceOf(1, 6), 200});
  Add(0, "a", {SequenceOf(1, 6), 220});  // lost with the store, and written again
  Write(SequenceOf(1, 6));
  Add(0, "b", {SequenceOf(1, 8), 300});
  Write(SequenceOf(1, 6));
  // Another numbering of the views, and one that no writer had.
  Open({kItems, {"clicks", 99}, kClicks});
  EXPECT_EQ(Of(2, "a", SequenceOf(1, 1)), 100);
  EXPECT_EQ(Of(2, "b", SequenceOf(1, 2)), 90);
  EXPECT_EQ(Of(2, "a", SequenceOf(1, 3)), 100);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 3)), 110);
  EXPECT_EQ(Of(1, "a", SequenceOf(1, 3), 5), 5);
  EXPECT_EQ(Of(2, "a", SequenceOf(1, 5)), 200);
  EXPECT_EQ(Of(2, "b", SequenceOf(1, 7)), 300);
  EXPECT_EQ(Of(2, "c", SequenceOf(1, 8)), kMaxTimestamp);
  EXPECT_EQ(Of(2, "b", SequenceOf(1, 9)), kMaxTimestamp);
}

// A dead writer left it in a row, and it was found when the row was written over.
TEST_F(AvailabilityTest, AStampThatIsToldLaterIsNoLessTrue) {
  Begin(1, {kClicks});
  Add(0, "a", {SequenceOf(1, 7), 40});
  Add(0, "a", {SequenceOf(1, 2), 10});
  Add(0, "a", {SequenceOf(1, 5), 15});
  Add(0, "a", {SequenceOf(1, 4), 15});
  Add(0, "a", {SequenceOf(1, 6), 50});
  Write(SequenceOf(1, 7));
  Open({kClicks});
  const Timestamp expected[] = {10, 10, 15, 15, 15, 40, 40};
  for (int64_t i = 0; i < 7; ++i) EXPECT_EQ(Of(0, "a", SequenceOf(1, i + 1)), expected[i]) << i;
}

TEST_F(AvailabilityTest, WhatWasThereBeforeTheViewCameIsAvailableAtTheLatestWhenReadersWereLetIn) {
  Begin(3, {kClicks});
  Add(0, "a", {SequenceOf(1, 9), 800});  // the rows of before
  known_.opened_us = 1000;
  Write(SequenceOf(3, 0));
  Begin(4, {kClicks, kItems});
  known_.opened_us = 2000;
  Write(SequenceOf(4, 0));
  Open({kClicks, kItems});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 9), 500), 500);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 9), 1500), 1000);
  EXPECT_EQ(Of(1, "a", SequenceOf(3, 9), 1500), 1500);
  EXPECT_EQ(Of(1, "a", SequenceOf(3, 10), 2500), 2000);
  // Behind the last such writer: one without a store elsewhere.
  EXPECT_EQ(Of(0, "a", SequenceOf(5, 1), 3000), 3000);
}

TEST_F(AvailabilityTest, AWriterThatDoesNotTellWhenItOpenedMovesNothing) {
  Begin(2, {kClicks});
  known_.opened_us = kMinTimestamp;
  Write(SequenceOf(2, 0));
  Begin(3, {kClicks});
  known_.opened_us = 1000;
  Write(SequenceOf(3, 0));
  Open({kClicks});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 4), 500), 500);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 5), 1500), 1000);
}

// Its store took it for granted, and nobody was told of a stamp: the rows were left, or its writer
// died.
TEST_F(AvailabilityTest, WhatAStoreWasOwedIsAvailableWhenALaterWriterLetsReadersIn) {
  Begin(1, {kClicks, kItems});
  Add(0, "a", {SequenceOf(1, 1), 100});
  Write(SequenceOf(1, 1));
  Begin(2, {});
  Open({kClicks, kItems});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 2)), kMaxTimestamp);
  known_.opened_us = 500;
  Write(SequenceOf(1, 1));
  Begin(3, {});
  known_.opened_us = 600;
  Write(SequenceOf(1, 1));
  Open({kClicks, kItems});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1)), 100);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 2)), 500);
  EXPECT_EQ(Of(1, "a", SequenceOf(1, 2)), 500);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 5), 550), 550);
  // Back in a store that gives stamps: it got there later, or it had been there and was found.
  Begin(4, {kClicks});
  Add(0, "a", {SequenceOf(2, 5), 900});
  Add(0, "b", {SequenceOf(1, 3), 150});
  known_.opened_us = 1000;
  Write(SequenceOf(2, 5));
  Open({kClicks, kItems});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1)), 100);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 2)), 500);
  EXPECT_EQ(Of(0, "b", SequenceOf(1, 3)), 150);
  EXPECT_EQ(Of(1, "a", SequenceOf(1, 2)), 500);
}

TEST_F(AvailabilityTest, AViewIsTheSameWhateverItsFeatures) {
  const StampedView then{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  StampedView now = then;
  now.fingerprint = 99;
  Begin(1, {then});
  known_.opened_us = 40;
  Add(0, "a", {SequenceOf(1, 3), 100});
  Write(SequenceOf(1, 1));
  Begin(2, {now});
  Add(0, "a", {SequenceOf(1, 3), 190});  // written anew
  Add(0, "b", {SequenceOf(1, 2), 195});  // which the first one owed
  known_.opened_us = 200;
  Write(SequenceOf(2, 0));
  StampedView other_keys = now;
  other_keys.keys = 7;
  Open({now, other_keys});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 100);
  EXPECT_EQ(Of(0, "b", SequenceOf(1, 2), 50), 195);
  EXPECT_EQ(Of(1, "b", SequenceOf(1, 2), 50), 50);
}

// What no writer with the condition of then had in a row may not have passed it.
TEST_F(AvailabilityTest, WithAnotherConditionWhatNobodyToldOfKeepsTheLogsTime) {
  const StampedView then{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView wider{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {then});
  known_.opened_us = 40;
  Add(0, "a", {SequenceOf(1, 3), 100});
  Write(SequenceOf(1, 3));
  Open({wider});  // nobody wrote it yet
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 100);
  EXPECT_EQ(Of(0, "c", SequenceOf(1, 2), 50), 50);
  Begin(2, {wider});
  Add(0, "a", {SequenceOf(1, 4), 190});
  Add(0, "c", {SequenceOf(1, 2), 195});
  known_.opened_us = 200;
  Write(SequenceOf(2, 0));
  Open({wider});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 100);
  EXPECT_EQ(Of(0, "c", SequenceOf(1, 2), 50), 50);
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 4), 50), 50);
}

// A condition that came between, and went: its rows are other rows.
TEST_F(AvailabilityTest, OfARecordWritersWithTheConditionOfItsOwnWriterTell) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView between{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {ours});  // which dies with two rows on their way
  known_.opened_us = 10;
  Write(SequenceOf(1, 0));
  Begin(2, {between});
  Add(0, "a", {SequenceOf(2, 1), 190});  // whose row need not have the first one's record
  known_.opened_us = 200;
  Write(SequenceOf(2, 1));
  Begin(3, {ours});
  Add(0, "a", {SequenceOf(1, 1), 300});
  known_.opened_us = 310;
  Write(SequenceOf(2, 2));
  Open({ours});
  // Readers of ours saw it from its own stamp on, and none of them were let in before the third.
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 200);
}

// Nobody but the rows knew of it, and their writer's condition is the one of these records.
TEST_F(AvailabilityTest, WhatWasFoundInRowsOfAnEarlierViewCountsAsThatViewsWriterWouldHaveTold) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView between{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  for (const bool has_the_view : {true, false}) {
    files_ = {};
    known_ = {};
    Begin(1, {ours});  // which dies before it logs what it was told
    known_.opened_us = 10;
    Write(SequenceOf(1, 0));
    Begin(2, {has_the_view ? between : kItems});
    Add(1, "a", {SequenceOf(1, 1), 100});
    known_.opened_us = 200;
    Write(SequenceOf(2, 0));
    Open({ours});
    EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 100);
    EXPECT_EQ(Of(0, "a", SequenceOf(1, 2), 50), 200);  // which no row is known to have
    Open({between});
    EXPECT_EQ(Of(0, "a", SequenceOf(1, 1), 50), 100);
    // Of its own records the log tells, where it hadn't the view.
    EXPECT_EQ(Of(0, "b", SequenceOf(2, 1), 250), has_the_view ? kMaxTimestamp : 250);
  }
}

// Rows that no writer in between has claimed: who reads them had it when they were brought up to
// date, before those of the condition that it was accepted under had it.
TEST_F(AvailabilityTest, WhatAnotherConditionsWriterNeverWroteCountsFromTheRowsThatAreAskedFor) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView other{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {ours});
  known_.opened_us = 10;
  Write(SequenceOf(1, 0));
  Begin(2, {other});  // which accepts a record, and dies before it claims the rows
  Begin(3, {ours});
  Add(0, "a", {SequenceOf(3, 1), 100});
  Write(SequenceOf(1, 0));  // and dies
  Begin(4, {other});
  Add(0, "a", {SequenceOf(4, 1), 190});
  known_.opened_us = 200;
  Write(SequenceOf(4, 1));
  Open({ours});
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 1), 50), 100);
  Open({other});
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 1), 50), 190);
}

// However far the stamps were read when it is asked.
TEST_F(AvailabilityTest, ALaterStampDoesNotTellThatARowHadARecordByAnotherCondition) {
  const StampedView then{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView ours{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {then});
  known_.opened_us = 40;
  Write(SequenceOf(1, 2));  // all stamps up to here came, and none is of these records
  Add(0, "a", {SequenceOf(1, 3), 100});
  Write(SequenceOf(1, 3));
  Open({ours});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 2), 50), 50);
  Open({ours});
  EXPECT_TRUE(availability_->Advance(SequenceOf(1, 3)));
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 2), 50), 50);
}

// Until it claims the rows, readers of the definition before read what is there, by the store's
// clock; the log's is the engine's, and may be behind that.
TEST_F(AvailabilityTest, TheLogsTimeHoldsFromWhenItsWriterLetReadersIn) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView other{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {ours});
  known_.opened_us = 100;
  Write(SequenceOf(1, 0));
  Begin(2, {other});
  known_.opened_us = 200;
  Write(SequenceOf(2, 5));
  Begin(3, {});  // without the view
  known_.opened_us = 300;
  Write(SequenceOf(3, 5));
  Begin(4, {});  // it never had readers
  Write(SequenceOf(4, 5));
  Open({ours});
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 1), 50), 200);
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 2), 250), 250);
  EXPECT_EQ(Of(0, "a", SequenceOf(3, 1), 50), 300);
  EXPECT_EQ(Of(0, "a", SequenceOf(3, 2), 350), 350);
  EXPECT_EQ(Of(0, "a", SequenceOf(4, 1), 50), kMaxTimestamp);  // they read the rows of before
  Begin(5, {ours});
  known_.opened_us = 340;
  Write(SequenceOf(4, 5));
  Open({ours});
  EXPECT_EQ(Of(0, "a", SequenceOf(3, 1), 50), 300);
  EXPECT_EQ(Of(0, "a", SequenceOf(3, 2), 350), 340);
  EXPECT_EQ(Of(0, "a", SequenceOf(4, 1), 50), 340);
}

// Readers of rows that no other writer closed read on while the next one writes them.
TEST_F(AvailabilityTest, WhatAnotherConditionAcceptedCountsFromTheFirstRowThatHasIt) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView other{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(1, {ours});
  known_.opened_us = 100;
  Write(SequenceOf(1, 5));
  Begin(2, {other});  // which never comes by the store
  Begin(3, {});
  Begin(4, {ours});
  Add(0, "a", {SequenceOf(4, 1), 300});
  known_.opened_us = 400;
  Write(SequenceOf(4, 1));
  Open({ours});
  EXPECT_EQ(Of(0, "a", SequenceOf(2, 1), 50), 300);
  EXPECT_EQ(Of(0, "b", SequenceOf(2, 2), 50), 400);
  EXPECT_EQ(Of(0, "a", SequenceOf(3, 1), 50), 300);
}

// Tables are made of what no opening to come may tell otherwise.
TEST_F(AvailabilityTest, WhatCountsFromAnOpeningToComeIsNotSettled) {
  const StampedView ours{"clicks", 11, false, /*keys=*/5, /*records=*/6};
  const StampedView other{"clicks", 12, false, /*keys=*/5, /*records=*/7};
  Begin(2, {ours});  // the first one had another store
  Write(SequenceOf(2, 0));
  Open({ours});
  EXPECT_LT(availability_->SettledThrough(), SequenceOf(1, 0));
  known_.opened_us = 100;
  Write(SequenceOf(2, 3));
  EXPECT_TRUE(availability_->LookForOpenings());
  EXPECT_EQ(availability_->SettledThrough(), SequenceOf(3, 0) - 1);
  Begin(3, {ours});
  Begin(4, {other});
  Begin(5, {ours});
  Open({ours});
  // What the second one was owed may have been readable only since the fourth.
  EXPECT_EQ(availability_->SettledThrough(), SequenceOf(2, 0) - 1);
  Begin(6, {other});
  known_.opened_us = 200;
  Write(SequenceOf(6, 1));
  Begin(7, {ours});
  Open({ours});
  EXPECT_EQ(availability_->SettledThrough(), SequenceOf(6, 0) - 1);
}

// By the clock of a fast node, say.
TEST_F(AvailabilityTest, AStampThatTheLaterWriterTellsOfItselfCountsAfterItsOpeningToo) {
  Begin(1, {kClicks});
  Begin(2, {kClicks});
  Add(0, "a", {SequenceOf(1, 1), 505});
  known_.opened_us = 500;
  Write(SequenceOf(1, 1));
  Open({kClicks});
  EXPECT_EQ(Of(0, "a", SequenceOf(1, 1)), 505);
}

// Thousands of rows come and go; one stays, and is written all the time. Its stamps are read ahead.
TEST_F(AvailabilityTest, ForgetsOnlyWhatNobodyAsksForAnyMore) {
  Begin(1, {kClicks});
  Open({kClicks});
  for (int64_t n = 1; n <= 9000; n += 3) {
    Add(0, "once " + std::to_string(n), {SequenceOf(1, n), 10 * n});
    Add(0, "often", {SequenceOf(1, n + 2), 10 * n + 1});
    Write(SequenceOf(1, n + 1));
  }
  for (int64_t n = 1; n < 9000; n += 3) {
    ASSERT_EQ(Of(0, "once " + std::to_string(n), SequenceOf(1, n)), 10 * n);
    ASSERT_EQ(Of(0, "often", SequenceOf(1, n + 1)), 10 * n + 1);
    ASSERT_EQ(Of(0, "often", SequenceOf(1, n + 2)), 10 * n + 1);
  }
}

TEST_F(AvailabilityTest, FollowsAWriterAndKeepsNoMoreThanWhatIsOutstanding) {
  Begin(1, {kClicks});
  Open({kClicks});
  ASSERT_NE(availability_, nullptr);
  std::mt19937_64 random(1);
  std::map<std::string, std::vector<Stamp>> stamps;
  std::vector<std::pair<std::string, Sequence>> records;
  Timestamp now = 1000;
  size_t judged = 0;
  for (int64_t counter = 1; counter <= 20'000;) {
    const auto first = static_cast<int64_t>(records.size());
    for (int i = 0; i < 50; ++i) {
      records.emplace_back("key " + std::to_string(random() % 500), SequenceOf(1, counter++));
    }
    for (size_t i = static_cast<size_t>(first); i < records.size(); ++i) {
      const auto& [key, sequence] = records[i];
      // Together with what comes later, some of it.
      if (i + 1 < records.size() && random() % 3 == 0) continue;
      Sequence newest = sequence;
      for (size_t j = i; j < records.size(); ++j) {
        if (records[j].first == key) newest = records[j].second;
      }
      if (!stamps[key].empty() && stamps[key].back().sequence >= newest) continue;
      stamps[key].push_back({newest, ++now});
      Add(0, key, stamps[key].back());
    }
    // Rows that were passed over.
    for (size_t i = static_cast<size_t>(first); i < records.size(); ++i) {
      auto& of = stamps[records[i].first];
      if (!of.empty() && of.back().sequence >= records[i].second) continue;
      of.push_back({records[i].second, ++now});
      Add(0, records[i].first, of.back());
    }
    Write(records.back().second);
    for (; judged < records.size(); ++judged) {
      const auto& [key, sequence] = records[judged];
      Timestamp expected = kMaxTimestamp;
      for (const Stamp& stamp : stamps[key]) {
        if (stamp.sequence >= sequence) expected = std::min(expected, stamp.available_us);
      }
      ASSERT_EQ(Of(0, key, sequence), expected);
    }
  }
}

}  // namespace
}  // namespace skewless
