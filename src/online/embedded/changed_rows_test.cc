// What a commit tells of the rows that it changed, and the listing of all rows.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

struct Change {
  Sequence sequence = 0;
  Timestamp oldest_us = 0;
  uint32_t events = 0;
  friend bool operator==(const Change&, const Change&) = default;
};
using Changes = std::map<std::pair<int, int64_t>, Change>;  // by view and user

// Rows are folded in place, or in a version of their own.
class ChangedRowsTest : public testing::TestWithParam<bool> {
 protected:
  ChangedRowsTest() : directory_("changed_rows_test") {
    EmbeddedOptions options = views_.Options(directory_.path());
    options.in_place = GetParam();
    auto writer = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(writer.has_value());
    writer_ = std::move(*writer);
    SKEWLESS_CHECK(writer_->Reset().has_value());
  }

  void Fold(int view, const std::vector<TestEvent>& events, Changes* expected = nullptr) {
    const Timestamp stamp = writer_->Announce(kMinTimestamp);
    ASSERT_TRUE(writer_->Fold(view, views_.kernel(view), views_.Input(view, events, next_, stamp)));
    for (const TestEvent& event : events) {
      const Sequence sequence = next_++;
      if (expected == nullptr) continue;
      const auto [at, is_new] = expected->try_emplace({view, event.user});
      at->second.oldest_us =
          is_new ? event.event_us : std::min(at->second.oldest_us, event.event_us);
      at->second.sequence = sequence;
      ++at->second.events;
    }
  }
  Changes Taken() {
    ChangedRows changed;
    writer_->TakeChanges(&changed);
    Changes taken;
    for (const ChangedRow& row : changed.rows) {
      const auto user = LoadLe<int64_t>(changed.key(row).data());
      const bool is_new = taken
                              .insert({{static_cast<int>(row.view), user},
                                       {row.sequence, row.oldest_event_us, row.events}})
                              .second;
      EXPECT_TRUE(is_new) << "user " << user << " is told twice";
    }
    return taken;
  }

  TestViews views_;
  TestDirectory directory_;
  std::unique_ptr<OnlineWriter> writer_;
  Sequence next_ = 1;
};

TEST_P(ChangedRowsTest, EveryRowOfACommitOnceWithWhatChangedIt) {
  ASSERT_TRUE(writer_->OpenForReaders());
  writer_->TrackChanges();
  std::mt19937_64 random(5);
  for (int commit = 0; commit < 50; ++commit) {
    Changes expected;
    for (int fold = 0; fold < 3; ++fold) {
      std::vector<TestEvent> events;
      for (uint64_t n = random() % 200; n > 0; --n) {
        // Minutes apart, so that a row's tiles outgrow its block amid a commit.
        events.push_back({static_cast<int64_t>(random() % 40), 1,
                          static_cast<Timestamp>(random() % 3600) * kSecondUs});
      }
      Fold(static_cast<int>(random() % 2), events, &expected);
    }
    ASSERT_TRUE(writer_->Commit(next_ - 1));
    ASSERT_EQ(Taken(), expected);
  }
  EXPECT_TRUE(Taken().empty());
}

TEST_P(ChangedRowsTest, NothingIsKeptWhereNobodyAsks) {
  ASSERT_TRUE(writer_->OpenForReaders());
  Fold(kTotals, {{1, 1, 1}, {2, 1, 1}, {1, 1, 1}});
  ASSERT_TRUE(writer_->Commit(next_ - 1));
  EXPECT_TRUE(Taken().empty());
}

TEST_P(ChangedRowsTest, AllRowsAreListedWhileMoreComeIntoBeing) {
  constexpr int64_t kUsers = 20'000;
  for (int64_t user = 0; user < kUsers; user += 100) {
    std::vector<TestEvent> events;
    for (int64_t i = 0; i < 100; ++i) events.push_back({user + i, 1, 1});
    Fold(kTotals, events);
  }
  ASSERT_TRUE(writer_->Commit(next_ - 1));
  ASSERT_TRUE(writer_->OpenForReaders());
  std::map<int64_t, Sequence> listed;
  uint64_t cursor = 0;
  int64_t late = kUsers;
  for (bool more = true; more;) {
    ChangedRows rows;
    more = writer_->ListRows(kTotals, &cursor, 1000, &rows);
    EXPECT_TRUE(!more || rows.rows.size() >= 1000);
    for (const ChangedRow& row : rows.rows) {
      const auto user = LoadLe<int64_t>(rows.key(row).data());
      EXPECT_TRUE(listed.emplace(user, row.sequence).second) << "user " << user << " comes twice";
    }
    // Segments split and the directory grows on the way.
    std::vector<TestEvent> events;
    for (int i = 0; i < 1000; ++i) events.push_back({late++, 1, 1});
    Fold(kTotals, events);
    ASSERT_TRUE(writer_->Commit(next_ - 1));
  }
  for (int64_t user = 0; user < kUsers; ++user) ASSERT_EQ(listed.at(user), user + 1);
  ChangedRows none;
  cursor = 0;
  EXPECT_FALSE(writer_->ListRows(kWindowed, &cursor, 1000, &none));
  EXPECT_TRUE(none.rows.empty());
}

INSTANTIATE_TEST_SUITE_P(InPlace, ChangedRowsTest, testing::Bool());

}  // namespace
}  // namespace skewless::embedded
