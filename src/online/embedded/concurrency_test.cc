// One writer and several readers at once. Every read is noted with its T and checked at the end,
// when all stamps are known: it must hold exactly the records that were available at T. Rows that
// change in place are only whole, and never older than the last commit.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

constexpr int64_t kBatches = 3000;
constexpr size_t kMaxReads = 60'000;  // noted by one reader
constexpr int64_t kTwins = 3;         // users 0..2 get every batch's amount, in one batch each
constexpr int64_t kFirstNew = 1000;   // batch b brings the users kFirstNew + b * kNewUsers + i
constexpr int64_t kNewUsers = 20;

// What batch b adds to each twin.
int64_t AmountOf(int64_t batch) { return batch * 7 + 1; }

struct NotedRead {
  Timestamp t = 0;
  UserTotals twins[kTwins];
  UserTotals windowed;
  int64_t probe = 0;  // the number of a batch
  UserTotals probed;  // a user whom it brought
};

class ConcurrencyTest : public testing::Test {
 protected:
  ConcurrencyTest() : directory_("concurrency_test") {}

  std::vector<TestEvent> EventsOf(int64_t batch) {
    std::vector<TestEvent> events;
    for (int64_t i = 0; i < kTwins; ++i) events.push_back({i, AmountOf(batch), batch});
    for (int64_t i = 0; i < kNewUsers; ++i)
      events.push_back({kFirstNew + batch * kNewUsers + i, batch, batch});
    // Twice in one batch: the last twin's second record of it.
    events.push_back({kTwins - 1, 0, batch});
    return events;
  }

  // Announces, stamps, folds both views, commits; stamps_[batch] is set before anyone can see it.
  void WriteBatch(TestViews& views, OnlineWriter& writer, int64_t batch) {
    const Timestamp stamp = writer.Announce(kMinTimestamp);
    stamps_[static_cast<size_t>(batch)] = stamp;
    FoldAndCommit(views, writer, EventsOf(batch), batch, stamp);
  }

  void FoldAndCommit(TestViews& views, OnlineWriter& writer, const std::vector<TestEvent>& events,
                     int64_t batch, Timestamp stamp) {
    const Sequence first = 1 + batch * static_cast<Sequence>(events.size());
    for (const int view : {kTotals, kWindowed}) {
      SKEWLESS_CHECK(writer.Fold(view, views.kernel(view), views.Input(view, events, first, stamp))
                         .has_value());
    }
    SKEWLESS_CHECK(writer.Commit(first + static_cast<Sequence>(events.size()) - 1).has_value());
    written_.store(batch + 1);
  }

  void ReadUntilDone(std::vector<NotedRead>* noted) {
    TestViews views;
    auto reader = OpenEmbeddedReader(directory_.path(), views.names(), views.fingerprints());
    SKEWLESS_CHECK(reader.has_value());
    noted->reserve(kMaxReads);
    uint64_t random = reinterpret_cast<uintptr_t>(noted);
    bool last_round = false;
    while (!last_round) {
      last_round = written_.load() == kBatches;
      NotedRead read;
      random = random * 6364136223846793005 + 1442695040888963407;
      // Sometimes of a batch that is just being written.
      read.probe = std::min(kBatches - 1, random >> 40 & 1 ? written_.load()
                                                           : static_cast<int64_t>(random >> 33) %
                                                                 (written_.load() + 1));
      const int64_t users[] = {0, 1, 2, kFirstNew + read.probe * kNewUsers};
      const RowKey keys[] = {{kTotals, KeyBytes(users[0])},
                             {kTotals, KeyBytes(users[1])},
                             {kTotals, KeyBytes(users[3])},
                             {kWindowed, KeyBytes(users[1])},
                             {kTotals, KeyBytes(users[2])}};
      const auto t = (*reader)->Read(keys);
      SKEWLESS_CHECK(t.has_value());
      read.t = *t;
      read.twins[0] = views.Decode(kTotals, (*reader)->state(0), *t);
      read.twins[1] = views.Decode(kTotals, (*reader)->state(1), *t);
      read.probed = views.Decode(kTotals, (*reader)->state(2), *t);
      read.windowed = views.Decode(kWindowed, (*reader)->state(3), *t);
      read.twins[2] = views.Decode(kTotals, (*reader)->state(4), *t);
      if (noted->size() < kMaxReads) noted->push_back(read);
    }
  }

  void CheckReads(const std::vector<NotedRead>& noted) {
    ASSERT_FALSE(noted.empty());
    std::vector<int64_t> totals{0};
    for (int64_t batch = 0; batch < kBatches; ++batch)
      totals.push_back(totals.back() + AmountOf(batch));
    Timestamp before = kMinTimestamp;
    for (const NotedRead& read : noted) {
      ASSERT_GE(read.t, before) << "T ran backwards";
      before = read.t;
      const auto available =
          std::upper_bound(stamps_.begin(), stamps_.end(), read.t) - stamps_.begin();
      for (int64_t i = 0; i < kTwins; ++i) {
        const UserTotals& twin = read.twins[i];
        ASSERT_EQ(twin.found, available > 0);
        ASSERT_EQ(twin.events, i == kTwins - 1 ? 2 * available : available) << "twin " << i;
        ASSERT_EQ(twin.total, totals[static_cast<size_t>(available)]) << "twin " << i;
      }
      ASSERT_EQ(read.windowed.events, available);
      ASSERT_EQ(read.windowed.total, totals[static_cast<size_t>(available)]);
      ASSERT_EQ(read.probed.found, read.probe < available)
          << "batch " << read.probe << " at " << available;
      if (read.probed.found) {
        ASSERT_EQ(read.probed.events, 1);
        ASSERT_EQ(read.probed.total, read.probe);
      }
    }
  }

  TestDirectory directory_;
  std::vector<Timestamp> stamps_ = std::vector<Timestamp>(kBatches, kMaxTimestamp);
  std::atomic<int64_t> written_{0};
};

TEST_F(ConcurrencyTest, EveryReadHoldsExactlyWhatWasAvailable) {
  TestViews views;
  auto writer = OpenEmbeddedWriter(views.Options(directory_.path()));
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE((*writer)->Reset().has_value());
  ASSERT_TRUE((*writer)->OpenForReaders().has_value());
  std::vector<NotedRead> noted[2];
  std::vector<std::thread> readers;
  for (auto& reads : noted) readers.emplace_back([&] { ReadUntilDone(&reads); });
  for (int64_t batch = 0; batch < kBatches; ++batch) WriteBatch(views, **writer, batch);
  for (std::thread& reader : readers) reader.join();
  ASSERT_TRUE(std::is_sorted(stamps_.begin(), stamps_.end()));
  for (const auto& reads : noted) CheckReads(reads);
}

// A store that is closed, opened, and rebuilt under its readers.
TEST_F(ConcurrencyTest, ReadersFollowAcrossStartsOfTheWriter) {
  TestViews views;
  auto opened = OpenEmbeddedWriter(views.Options(directory_.path()));
  ASSERT_TRUE(opened.has_value());
  std::unique_ptr<OnlineWriter> writer = std::move(*opened);
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  std::vector<NotedRead> noted;
  std::thread reader([&] { ReadUntilDone(&noted); });
  for (int64_t batch = 0; batch < kBatches; ++batch) {
    if (batch % 300 == 299) {
      const bool rebuild = batch % 600 == 299;
      if (!rebuild) SKEWLESS_CHECK(writer->Close().has_value());
      writer.reset();
      opened = OpenEmbeddedWriter(views.Options(directory_.path()));
      SKEWLESS_CHECK(opened.has_value());
      writer = std::move(*opened);
      EXPECT_EQ(writer->usable(), !rebuild);
      if (rebuild) {
        SKEWLESS_CHECK(writer->Reset().has_value());
        for (int64_t again = 0; again < batch; ++again) {
          const std::vector<TestEvent> events = EventsOf(again);
          const Sequence first = 1 + again * static_cast<Sequence>(events.size());
          const Timestamp stamp = stamps_[static_cast<size_t>(again)];
          for (const int view : {kTotals, kWindowed}) {
            SKEWLESS_CHECK(
                writer->Fold(view, views.kernel(view), views.Input(view, events, first, stamp))
                    .has_value());
          }
          SKEWLESS_CHECK(
              writer->Commit(first + static_cast<Sequence>(events.size()) - 1).has_value());
        }
        SKEWLESS_CHECK(writer->OpenForReaders().has_value());
      }
    }
    WriteBatch(views, *writer, batch);
  }
  reader.join();
  ASSERT_TRUE(std::is_sorted(stamps_.begin(), stamps_.end()));
  CheckReads(noted);
}

// Event n of a user adds n, a minute after the one before: tiles come and go, and rows move.
class InPlaceTest : public ConcurrencyTest {
 protected:
  static constexpr int64_t kUsers = 3;
  static constexpr int64_t kEach = 4;  // events of a user in a batch

  void Write(TestViews& views, OnlineWriter& writer, int64_t batch) {
    const Timestamp stamp = writer.Announce(kMinTimestamp);
    std::vector<TestEvent> events;
    for (int64_t i = 1; i <= kEach; ++i) {
      const int64_t n = batch * kEach + i;
      for (int64_t user = 0; user < kUsers; ++user) events.push_back({user, n, n * 60 * kSecondUs});
    }
    FoldAndCommit(views, writer, events, batch, stamp);
  }

  void ReadWholeRows(int64_t batches) {
    TestViews views;
    auto reader = OpenEmbeddedReader(directory_.path(), views.names(), views.fingerprints());
    SKEWLESS_CHECK(reader.has_value());
    int64_t last[2 * kUsers] = {};
    while (written_.load() < batches) {
      const int64_t committed = written_.load() * kEach;
      const int64_t users[kUsers] = {0, 1, 2};
      std::vector<RowKey> keys;
      for (const int view : {kTotals, kWindowed})
        for (const int64_t& user : users) keys.push_back({view, KeyBytes(user)});
      const auto t = (*reader)->Read(keys);
      SKEWLESS_CHECK(t.has_value());
      for (size_t i = 0; i < keys.size(); ++i) {
        const ByteView state = (*reader)->state(i);
        if (state.empty()) {
          ASSERT_EQ(committed, 0);
          continue;
        }
        ASSERT_TRUE(views.kernel(keys[i].view).Validate(state).has_value());
        const UserTotals row = views.Decode(keys[i].view, state, *t);
        ASSERT_EQ(row.total, row.events * (row.events + 1) / 2);
        if (keys[i].view == kTotals) {
          ASSERT_EQ(row.latest, row.events);
        }
        ASSERT_GE(row.events, std::max(committed, last[i]));
        last[i] = row.events;
      }
    }
  }
};

TEST_F(InPlaceTest, RowsAreReadWholeWhileTheyChangeWhereTheyLie) {
  constexpr int64_t kInPlaceBatches = 20'000;
  TestViews views;
  EmbeddedOptions options = views.Options(directory_.path());
  options.in_place = true;
  auto writer = OpenEmbeddedWriter(options);
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE((*writer)->Reset().has_value());
  ASSERT_TRUE((*writer)->OpenForReaders().has_value());
  std::thread reader([&] { ReadWholeRows(kInPlaceBatches); });
  for (int64_t batch = 0; batch < kInPlaceBatches; ++batch) Write(views, **writer, batch);
  reader.join();
}

}  // namespace
}  // namespace skewless::embedded
