// One writer and its readers, step by step in one thread.
#include "online/embedded/embedded_store.h"

#include <gtest/gtest.h>

#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

class EmbeddedStoreTest : public testing::Test {
 protected:
  EmbeddedStoreTest() : directory_("embedded_store_test") {}

  std::unique_ptr<OnlineWriter> OpenWriter(bool replay = false) {
    EmbeddedOptions options = views_.Options(directory_.path());
    options.replay_clock = replay;
    auto writer = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(writer.has_value());
    return std::move(*writer);
  }
  std::unique_ptr<OnlineWriter> OpenNew(bool replay = false) {
    auto writer = OpenWriter(replay);
    SKEWLESS_CHECK(writer->Reset().has_value());
    SKEWLESS_CHECK(writer->OpenForReaders().has_value());
    return writer;
  }
  std::unique_ptr<OnlineReader> OpenReader() {
    auto reader = OpenEmbeddedReader(directory_.path(), views_.names(), views_.fingerprints());
    SKEWLESS_CHECK(reader.has_value());
    return std::move(*reader);
  }
  void Fold(OnlineWriter& writer, const std::vector<TestEvent>& events, Timestamp available,
            int view = kTotals) {
    const ViewInput& input = views_.Input(view, events, next_, available);
    ASSERT_TRUE(writer.Fold(view, views_.kernel(view), input).has_value());
    next_ += static_cast<Sequence>(events.size());
  }
  // A whole batch under the wall clock; its stamp.
  Timestamp Batch(OnlineWriter& writer, const std::vector<TestEvent>& events) {
    const Timestamp stamp = writer.Announce(kMinTimestamp);
    Fold(writer, events, stamp);
    EXPECT_TRUE(writer.Commit(next_ - 1).has_value());
    return stamp;
  }
  UserTotals Read(OnlineReader& reader, int64_t user, Timestamp* t = nullptr, int view = kTotals) {
    const RowKey key{view, KeyBytes(user)};
    const auto read = reader.Read({&key, 1});
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    if (!read.has_value()) return {};
    if (t != nullptr) *t = *read;
    return views_.Decode(view, reader.state(0), *read);
  }

  TestViews views_;
  TestDirectory directory_;
  Sequence next_ = 1;
};

TEST_F(EmbeddedStoreTest, ReaderBeforeTheWriterIsToldToWait) {
  auto reader = OpenReader();
  const int64_t user = 1;
  const RowKey key{kTotals, KeyBytes(user)};
  auto read = reader->Read({&key, 1});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);

  auto writer = OpenWriter();
  EXPECT_FALSE(writer->usable());
  ASSERT_TRUE(writer->Reset().has_value());
  Fold(*writer, {{1, 5, 100}}, 1000);
  ASSERT_TRUE(writer->Commit(1).has_value());
  read = reader->Read({&key, 1});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);

  ASSERT_TRUE(writer->OpenForReaders().has_value());
  EXPECT_EQ(Read(*reader, 1), (UserTotals{true, 1, 1, 5, 5}));
  EXPECT_EQ(reader->last_committed(), 1);
}

TEST_F(EmbeddedStoreTest, BatchIsSeenWholeAfterCommitAndNotBefore) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  Batch(*writer, {{1, 5, 100}});
  Timestamp t0 = 0;
  EXPECT_EQ(Read(*reader, 1, &t0), (UserTotals{true, 1, 1, 5, 5}));

  const Timestamp stamp = writer->Announce(kMinTimestamp);
  EXPECT_GT(stamp, t0);
  Timestamp t1 = 0;
  EXPECT_EQ(Read(*reader, 1, &t1).events, 1);
  EXPECT_LT(t1, stamp);
  EXPECT_GE(t1, t0);

  Fold(*writer, {{1, 7, 200}, {2, 9, 200}, {1, 1, 300}}, stamp);
  Timestamp t2 = 0;
  EXPECT_EQ(Read(*reader, 1, &t2), (UserTotals{true, 1, 1, 5, 5}));
  EXPECT_FALSE(Read(*reader, 2).found);
  EXPECT_LT(t2, stamp);

  ASSERT_TRUE(writer->Commit(4).has_value());
  Timestamp t3 = 0;
  EXPECT_EQ(Read(*reader, 1, &t3), (UserTotals{true, 4, 3, 13, 1}));
  EXPECT_EQ(Read(*reader, 2), (UserTotals{true, 3, 1, 9, 9}));
  EXPECT_GE(t3, stamp);
  EXPECT_EQ(reader->last_committed(), 4);
}

TEST_F(EmbeddedStoreTest, EarlierVersionsOutliveTheirBatchByOne) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  for (int64_t round = 1; round <= 100; ++round) {
    Timestamp stamp = writer->Announce(kMinTimestamp);
    Fold(*writer, {{1, 1, round}, {2, 1, round}}, stamp);
    EXPECT_EQ(Read(*reader, 1).events, round - 1);
    EXPECT_EQ(Read(*reader, 2).events, round - 1);
    ASSERT_TRUE(writer->Commit(next_ - 1).has_value());
    EXPECT_EQ(Read(*reader, 1).events, round);
  }
}

TEST_F(EmbeddedStoreTest, FoldingTheSameRecordsAgainChangesNothing) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  Batch(*writer, {{1, 5, 100}, {1, 6, 200}});
  next_ = 1;
  Batch(*writer, {{1, 5, 100}, {1, 6, 200}, {1, 7, 300}});
  EXPECT_EQ(Read(*reader, 1), (UserTotals{true, 3, 3, 18, 7}));
}

TEST_F(EmbeddedStoreTest, RowsOfSeveralViewsAndAbsentOnes) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  const Timestamp stamp = writer->Announce(kMinTimestamp);
  Fold(*writer, {{1, 5, stamp}}, stamp, kTotals);
  Fold(*writer, {{1, 6, stamp}, {1, 8, stamp}}, stamp, kWindowed);
  ASSERT_TRUE(writer->Commit(next_ - 1).has_value());
  const int64_t one = 1;
  const int64_t two = 2;
  const RowKey keys[] = {{kTotals, KeyBytes(one)},
                         {kWindowed, KeyBytes(one)},
                         {kTotals, KeyBytes(two)},
                         {kWindowed, KeyBytes(two)}};
  const auto t = reader->Read(keys);
  ASSERT_TRUE(t.has_value());
  EXPECT_EQ(views_.Decode(kTotals, reader->state(0), *t).total, 5);
  EXPECT_EQ(views_.Decode(kWindowed, reader->state(1), *t).total, 14);
  EXPECT_TRUE(reader->state(2).empty());
  EXPECT_TRUE(reader->state(3).empty());
  EXPECT_EQ(writer->Sizes()[kTotals].rows, 1);
  EXPECT_EQ(writer->Sizes()[kWindowed].rows, 1);
  EXPECT_GT(writer->Sizes()[kWindowed].bytes, 0);
}

TEST_F(EmbeddedStoreTest, StatesGrowInPlaceOfTheRow) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  int64_t total = 0;
  for (int64_t round = 0; round < 300; ++round) {
    const Timestamp stamp = writer->Announce(kMinTimestamp);
    std::vector<TestEvent> events;
    for (int64_t i = 0; i < 4; ++i) {
      // Minutes apart, so that the window's tiles fill up; none is dropped.
      events.push_back({i, round, stamp - (round % 59) * kMinuteUs});
    }
    total += round;
    Fold(*writer, events, stamp, kWindowed);
    ASSERT_TRUE(writer->Commit(next_ - 1).has_value());
    ASSERT_EQ(Read(*reader, 3, nullptr, kWindowed).total, total);
  }
  // What was outgrown is used again: a handful of blocks a row.
  EXPECT_LT(writer->Sizes()[kWindowed].bytes, 4 * 64 * 1024);
}

TEST_F(EmbeddedStoreTest, ManyRowsAtOneInstant) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  constexpr int64_t kUsers = 20'000;
  std::vector<TestEvent> events;
  for (int64_t user = 0; user < kUsers; ++user) events.push_back({user, user * 3, 100});
  Batch(*writer, events);
  std::vector<int64_t> users(kUsers);
  std::vector<RowKey> keys;
  for (int64_t user = 0; user < kUsers; ++user) {
    users[static_cast<size_t>(user)] = user;
    keys.push_back({kTotals, KeyBytes(users[static_cast<size_t>(user)])});
  }
  const auto t = reader->Read(keys);
  ASSERT_TRUE(t.has_value());
  for (int64_t user = 0; user < kUsers; ++user) {
    ASSERT_EQ(views_.Decode(kTotals, reader->state(static_cast<size_t>(user)), *t).total, user * 3);
  }
}

TEST_F(EmbeddedStoreTest, EqualHashesInTheBatchAreNoMatter) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  constexpr int64_t kUsers = 1'000'000;
  std::vector<TestEvent> events;
  for (int64_t user = 0; user < kUsers; ++user) events.push_back({user, user, 100});
  const Timestamp stamp = writer->Announce(kMinTimestamp);
  ViewInput& input = views_.Input(kTotals, events, 1, stamp);
  input.keys.hash.assign(events.size(), 42);
  ASSERT_TRUE(writer->Fold(kTotals, views_.kernel(kTotals), input).has_value());
  ASSERT_TRUE(writer->Commit(kUsers).has_value());
  for (int64_t user = 0; user < kUsers; user += 997) {
    ASSERT_EQ(Read(*reader, user).total, user);
  }
  EXPECT_FALSE(Read(*reader, kUsers).found);
}

TEST_F(EmbeddedStoreTest, StampsAheadOfTheWallClockAreReadAtTheStamp) {
  auto writer = OpenWriter();
  ASSERT_TRUE(writer->Reset().has_value());
  const Timestamp ahead = NewWallClock()->Now() + kHourUs;
  Fold(*writer, {{1, 5, 100}}, ahead);
  ASSERT_TRUE(writer->Commit(1).has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  auto reader = OpenReader();
  Timestamp t = 0;
  EXPECT_TRUE(Read(*reader, 1, &t).found);
  EXPECT_EQ(t, ahead);
  EXPECT_EQ(Batch(*writer, {{1, 6, 200}}), ahead + 1);
  EXPECT_EQ(Read(*reader, 1, &t).events, 2);
  EXPECT_EQ(t, ahead + 1);
}

TEST_F(EmbeddedStoreTest, ReplayClockStandsWhereItIsPut) {
  auto writer = OpenNew(true);
  auto reader = OpenReader();
  Timestamp t = 0;
  EXPECT_EQ(writer->Announce(1000), 1000);
  Fold(*writer, {{1, 5, 100}}, 1000);
  ASSERT_TRUE(writer->Commit(1).has_value());
  EXPECT_FALSE(Read(*reader, 1, &t).found);
  EXPECT_LT(t, 1000);
  writer->AdvanceReplayClock(1500);
  EXPECT_EQ(Read(*reader, 1, &t).events, 1);
  EXPECT_EQ(t, 1500);

  EXPECT_EQ(writer->Announce(2000), 2000);
  writer->AdvanceReplayClock(5000);  // as far as the announcement lets it
  Fold(*writer, {{1, 6, 200}}, 2000);
  EXPECT_EQ(Read(*reader, 1, &t).events, 1);
  EXPECT_EQ(t, 1999);
  ASSERT_TRUE(writer->Commit(2).has_value());
  writer->AdvanceReplayClock(2000);
  EXPECT_EQ(Read(*reader, 1, &t).events, 2);
  EXPECT_EQ(t, 2000);
}

// Batches whose stamps meet, and an engine that moves the clock seldom: every T is still exact.
TEST_F(EmbeddedStoreTest, ReplayedBatchesOfOneInstantAreReadTogether) {
  auto writer = OpenNew(true);
  auto reader = OpenReader();
  const auto batch = [&](std::vector<TestEvent> events, std::vector<Timestamp> available) {
    EXPECT_EQ(writer->Announce(available.front()), available.front());
    const ViewInput& input = views_.Input(kTotals, events, next_, available);
    ASSERT_TRUE(writer->Fold(kTotals, views_.kernel(kTotals), input).has_value());
    next_ += static_cast<Sequence>(events.size());
    ASSERT_TRUE(writer->Commit(next_ - 1).has_value());
  };
  Timestamp t = 0;
  batch({{1, 1, 1}, {1, 1, 2}}, {1000, 1005});
  writer->AdvanceReplayClock(1002);  // amid the batch: stays
  EXPECT_FALSE(Read(*reader, 1, &t).found);
  EXPECT_LT(t, 1000);
  batch({{1, 1, 3}, {1, 1, 4}}, {1005, 1010});
  batch({{1, 1, 5}}, {1010});
  EXPECT_FALSE(Read(*reader, 1, &t).found);
  EXPECT_LT(t, 1000);
  batch({{1, 1, 6}}, {1011});  // later than all of them: the clock goes to 1010
  EXPECT_EQ(Read(*reader, 1, &t).events, 5);
  EXPECT_EQ(t, 1010);
  batch({{1, 1, 7}}, {1020});
  EXPECT_EQ(Read(*reader, 1, &t).events, 6);
  EXPECT_EQ(t, 1011);
  writer->AdvanceReplayClock(1030);
  EXPECT_EQ(Read(*reader, 1, &t).events, 7);
  EXPECT_EQ(t, 1030);
}

TEST_F(EmbeddedStoreTest, ReaderOfAnotherLayoutIsToldSo) {
  auto writer = OpenNew();
  Batch(*writer, {{1, 5, 100}});
  auto opened = OpenEmbeddedReader(directory_.path(), {"totals", "windowed"},
                                   {views_.fingerprints()[0], 999});
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(Read(**opened, 1).found);
  const int64_t user = 1;
  const RowKey key{kWindowed, KeyBytes(user)};
  const auto read = (*opened)->Read({&key, 1});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(read.error().message.find("windowed"), std::string::npos);
}

TEST_F(EmbeddedStoreTest, GrowsToMillionsOfRows) {
  auto writer = OpenNew();
  auto reader = OpenReader();
  constexpr int64_t kUsers = 2'000'000;
  constexpr int64_t kBatch = 50'000;
  std::vector<TestEvent> events;
  for (int64_t first = 0; first < kUsers; first += kBatch) {
    events.clear();
    for (int64_t user = first; user < first + kBatch; ++user) events.push_back({user, user, 100});
    Batch(*writer, events);
    ASSERT_EQ(Read(*reader, first + kBatch - 1).total, first + kBatch - 1);
    ASSERT_EQ(Read(*reader, first / 2).total, first / 2);
  }
  EXPECT_EQ(writer->Sizes()[kTotals].rows, kUsers);
  for (int64_t user = 0; user < kUsers; user += 1009) ASSERT_EQ(Read(*reader, user).total, user);
}

}  // namespace
}  // namespace skewless::embedded
