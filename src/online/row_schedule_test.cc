#include "online/row_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace skewless {
namespace {

using Departures = std::vector<RowSchedule::Departure>;

ChangedRows Rows(std::initializer_list<std::pair<int, Sequence>> rows) {
  ChangedRows changed;
  for (const auto& [user, sequence] : rows) {
    ChangedRow row;
    row.hash = static_cast<uint64_t>(user);
    row.sequence = sequence;
    row.events = 2;
    row.oldest_event_us = sequence * 10;
    changed.Add(row, AsBytes("user " + std::to_string(user)));
  }
  return changed;
}

Departures Taken(RowSchedule* schedule, int64_t now = 0, size_t most = 1000) {
  Departures rows;
  schedule->Take(most, now, /*least_us=*/now / 1000, &rows);
  return rows;
}

// Finished values: a row is due with no event, and goes out as others do.
TEST(RowSchedule, ADueRowGoesOutWhetherItIsInFlightOrNot) {
  RowSchedule schedule({});
  const auto due = [&] { return schedule.Due(0, AsBytes("user 1"), 1); };
  const RowSchedule::Id row = due();
  EXPECT_EQ(due(), row);
  ASSERT_EQ(Taken(&schedule).size(), 1u);
  schedule.SetSent(row, 5);
  EXPECT_EQ(due(), row);
  EXPECT_TRUE(Taken(&schedule).empty());
  EXPECT_EQ(schedule.Written(row, {5, 1000, 990}, 0).events, 0);
  const Departures again = Taken(&schedule);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_FALSE(again[0].again);
  schedule.SetSent(row, 5);
  schedule.Written(row, {5, 1010, 1000}, 0);
  EXPECT_TRUE(Taken(&schedule).empty());
  EXPECT_TRUE(schedule.idle());
  EXPECT_EQ(schedule.learned_count(), 2u);
}

TEST(RowSchedule, ARefusedRowIsReadAnewAndKeepsItsEvents) {
  RowSchedule schedule({});
  schedule.Changed(Rows({{1, 5}}), 5, 100);
  const Departures first = Taken(&schedule);
  schedule.SetSent(first[0].row, 5);
  schedule.Refused(first[0].row, 0);
  EXPECT_EQ(schedule.counts().in_flight, 0);
  EXPECT_EQ(schedule.known_sequence(), 0);
  const Departures again = Taken(&schedule);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_FALSE(again[0].again);
  schedule.SetSent(again[0].row, 5);
  EXPECT_EQ(schedule.Written(again[0].row, {5, 1000}, 0).events, 2);
  EXPECT_EQ(schedule.known_sequence(), 5);
  EXPECT_TRUE(schedule.idle());
}

TEST(RowSchedule, ARowThatChangesInFlightGoesOutOnceMoreWhenItIsAnswered) {
  RowSchedule schedule({});
  schedule.Changed(Rows({{1, 5}, {2, 6}}), 6, 100);
  const Departures first = Taken(&schedule);
  ASSERT_EQ(first.size(), 2u);
  schedule.SetSent(first[0].row, 5);
  schedule.SetSent(first[1].row, 6);
  schedule.Changed(Rows({{1, 7}}), 7, 200);
  schedule.Changed(Rows({{1, 8}}), 9, 300);
  EXPECT_TRUE(Taken(&schedule).empty());
  EXPECT_EQ(schedule.counts().events, 8);

  EXPECT_EQ(schedule.known_sequence(), 0);
  const auto readable = schedule.Written(first[0].row, {5, 1000}, 0);
  EXPECT_EQ(readable.events, 2);
  EXPECT_EQ(readable.accepted_nanos, 100);
  EXPECT_EQ(readable.oldest_event_us, 50);
  EXPECT_EQ(schedule.known_sequence(), 0);
  schedule.Written(first[1].row, {6, 1001}, 0);
  EXPECT_EQ(schedule.known_sequence(), 6);

  const Departures again = Taken(&schedule);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].row, first[0].row);
  EXPECT_FALSE(again[0].again);
  schedule.SetSent(again[0].row, 8);
  const auto both = schedule.Written(again[0].row, {8, 1002}, 0);
  EXPECT_EQ(both.events, 4);
  EXPECT_EQ(both.accepted_nanos, 200);
  EXPECT_EQ(schedule.known_sequence(), 9);
  EXPECT_TRUE(schedule.idle());
  EXPECT_EQ(schedule.counts().coalesced, 1 + 1 + 3);
}

TEST(RowSchedule, AStateThatWasReadLateCoversChangesToldLater) {
  RowSchedule schedule({});
  schedule.Changed(Rows({{1, 5}}), 5, 100);
  const Departures rows = Taken(&schedule);
  schedule.SetSent(rows[0].row, 7);  // the next commit was in the store already
  schedule.Changed(Rows({{1, 7}}), 7, 200);
  EXPECT_EQ(schedule.Written(rows[0].row, {7, 1000}, 0).events, 4);
  EXPECT_TRUE(Taken(&schedule).empty());
  EXPECT_EQ(schedule.known_sequence(), 7);
}

TEST(RowSchedule, AFailedWriteIsSentAgainTheSameUntilItIsAnswered) {
  RowSchedule schedule({.first_backoff_us = 1000, .most_backoff_us = 4000});
  schedule.Changed(Rows({{1, 5}}), 5, 0);
  Departures rows = Taken(&schedule);
  schedule.SetSent(rows[0].row, 5);
  schedule.Changed(Rows({{1, 6}}), 6, 0);
  int64_t now = 0;
  for (const int64_t longest : {1, 2, 4, 4, 4}) {
    schedule.Failed(rows[0].row, now);
    // Half of a pause is certain, half is chance.
    EXPECT_TRUE(Taken(&schedule, now + longest * 500'000 - 1).empty());
    now += longest * 1'000'000;
    rows = Taken(&schedule, now);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_TRUE(rows[0].again);
    // What the first attempt was stamped with is not known, however late it is by now.
    EXPECT_EQ(schedule.complete_us(now / 1000), -1);
  }
  schedule.Written(rows[0].row, {5, 77}, now);
  EXPECT_EQ(schedule.complete_us(now / 1000), now / 1000 - 1);
  EXPECT_EQ(schedule.known_sequence(), 5);
  EXPECT_EQ(schedule.counts().retries, 5);
  rows = Taken(&schedule, now);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_FALSE(rows[0].again);
}

ChangedRows Users(int from, int to);

// As where one node of a cluster refuses its rows, and the others take theirs.
TEST(RowSchedule, RowsThatFailedAndOthersGoOutInTurns) {
  RowSchedule schedule(
      {.refused_rows = 1000, .window = {.least = 1000, .first = 1000, .most = 1000}});
  schedule.Changed(Users(0, 100), 100, 0);
  for (const auto& departure : Taken(&schedule)) schedule.Failed(departure.row, 0);
  schedule.Changed(Users(100, 150), 150, 0);
  constexpr int64_t kAllDue = 10'000'000'000;
  int again = 0, others = 0;
  const auto take = [&](size_t most) {
    const Departures rows = Taken(&schedule, kAllDue, most);
    for (const auto& departure : rows) ++(departure.again ? again : others);
    return rows.size();
  };
  // However few go out at a time.
  for (int i = 0; i < 20; ++i) ASSERT_EQ(take(1), 1u);
  EXPECT_EQ(again, 10);
  EXPECT_EQ(others, 10);
  EXPECT_EQ(take(20), 20u);
  EXPECT_EQ(again, 20);
  EXPECT_EQ(others, 20);
  // The last of one kind leave room to the other.
  EXPECT_EQ(take(1000), 110u);
  EXPECT_EQ(again, 100);
  EXPECT_EQ(others, 50);
}

ChangedRows Users(int from, int to) {
  ChangedRows changed;
  for (int user = from; user < to; ++user) {
    const ChangedRows one = Rows({{user, user + 1}});
    changed.Add(one.rows[0], one.key(one.rows[0]));
  }
  return changed;
}

// All that go out at once, each answered before the next are taken.
Departures WriteAll(RowSchedule* schedule, int64_t now) {
  Departures all;
  for (Departures rows = Taken(schedule, now); !rows.empty(); rows = Taken(schedule, now)) {
    for (const auto& departure : rows) {
      const Sequence sequence = std::stoi(schedule->key(departure.row).bytes.substr(5)) + 1;
      schedule->SetSent(departure.row, sequence);
      schedule->Written(departure.row, {sequence, now / 1000}, now);
    }
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

TEST(RowSchedule, AStoreThatRefusesAsAWholeIsAskedByTwoRowsForAllUntilItTakesOne) {
  constexpr int kTried = 200, kNew = 300;
  constexpr int64_t kMillisecond = 1'000'000, kMinute = 60'000 * kMillisecond;
  RowSchedule schedule({});
  schedule.Changed(Users(0, kTried), kTried, 0);
  const Departures first = Taken(&schedule);
  ASSERT_EQ(first.size(), static_cast<size_t>(kTried));
  for (const auto& departure : first) schedule.Failed(departure.row, 0);
  schedule.Changed(Users(kTried, kTried + kNew), kTried + kNew, 0);
  EXPECT_FALSE(schedule.has_ready());
  size_t asked = 0;
  int64_t now = 0, last = 0, longest = 0;
  for (; now < kMinute; now += kMillisecond) {
    const Departures rows = Taken(&schedule, now);
    if (rows.empty()) continue;
    ASSERT_LE(rows.size(), 2u);
    EXPECT_TRUE(rows[0].again);
    // Nothing more before these are answered.
    ASSERT_TRUE(Taken(&schedule, now + kMinute).empty());
    for (const auto& departure : rows) schedule.Failed(departure.row, now);
    asked += rows.size();
    longest = std::max(longest, now - last);
    last = now;
  }
  EXPECT_LT(asked, 300u);
  EXPECT_GT(longest, 500 * kMillisecond);
  EXPECT_LE(longest, 1001 * kMillisecond);
  EXPECT_EQ(schedule.counts().in_flight, 0);

  // It takes one: all others go, those that failed as they were.
  now = last + 1001 * kMillisecond;
  const int64_t failing = schedule.counts().failing;
  const Departures all = WriteAll(&schedule, now);
  EXPECT_EQ(all.size(), static_cast<size_t>(kTried + kNew));
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& each) { return each.again; }),
            failing);
  EXPECT_EQ(schedule.known_sequence(), kTried + kNew);
  EXPECT_TRUE(schedule.idle());
}

TEST(RowSchedule, WhatAStoreRefusedAsAWholeWaitsForNoTimesOfItsOwnWhenItTakesOne) {
  constexpr int kRows = 100;
  RowSchedule schedule({.first_backoff_us = 1'000'000});
  schedule.Changed(Users(0, kRows), kRows, 0);
  for (const auto& departure : Taken(&schedule)) schedule.Failed(departure.row, 0);
  int64_t now = 0;
  Departures rows;
  for (; rows.empty(); now += 1'000'000) rows = Taken(&schedule, now);
  ASSERT_EQ(rows.size(), 1u);
  schedule.SetSent(rows[0].row, kRows);
  schedule.Written(rows[0].row, {kRows, 1}, now);
  EXPECT_EQ(WriteAll(&schedule, now).size(), static_cast<size_t>(kRows - 1));
  EXPECT_TRUE(schedule.idle());
}

TEST(RowSchedule, AStoreThatRefusesSomeRowsIsSentTheOthers) {
  RowSchedule schedule({.first_backoff_us = 1000, .most_backoff_us = 1000});
  schedule.Changed(Users(0, 20), 20, 0);
  const Departures bad = Taken(&schedule);
  for (const auto& departure : bad) schedule.Failed(departure.row, 0);
  schedule.Changed(Users(20, 50), 50, 0);
  constexpr int64_t kNow = 999'999;
  const Departures asking = Taken(&schedule, kNow);
  ASSERT_EQ(asking.size(), 2u);
  EXPECT_TRUE(asking[0].again);
  EXPECT_FALSE(asking[1].again);
  schedule.SetSent(asking[1].row, 21);
  schedule.Written(asking[1].row, {21, 1}, kNow);
  schedule.Failed(asking[0].row, kNow);
  EXPECT_TRUE(schedule.has_ready());
  size_t others = 0;
  for (const auto& departure : Taken(&schedule, kNow)) others += departure.again ? 0 : 1;
  EXPECT_EQ(others, 29u);
}

TEST(RowSchedule, AFewRowsThatAreRefusedHoldNoOthersBack) {
  RowSchedule schedule({});
  schedule.Changed(Users(0, 3), 3, 0);
  const Departures bad = Taken(&schedule);
  int64_t now = 0;
  for (const auto& departure : bad) schedule.Failed(departure.row, now);
  for (int round = 0; round < 20; ++round) {
    now += 1'000'000'000;
    const Departures again = Taken(&schedule, now);
    ASSERT_EQ(again.size(), 3u);
    for (const auto& departure : again) schedule.Failed(departure.row, now);
  }
  schedule.Changed(Users(3, 4), 4, 0);
  EXPECT_TRUE(schedule.has_ready());
  EXPECT_EQ(Taken(&schedule, now).size(), 1u);
}

TEST(RowSchedule, StampsTravelWithTheRowUntilTheyAreDurableAndHoldItBackWhenTheyAreMany) {
  RowSchedule schedule({.most_unlogged = 2});
  for (Sequence sequence = 1; sequence <= 2; ++sequence) {
    schedule.Changed(Rows({{1, sequence}}), sequence, 0);
    const Departures rows = Taken(&schedule);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(schedule.unlogged(rows[0].row).size(), static_cast<size_t>(sequence - 1));
    schedule.SetSent(rows[0].row, sequence);
    schedule.Written(rows[0].row, {sequence, 100 + sequence}, 0);
  }
  ASSERT_EQ(schedule.learned().size(), 2u);
  EXPECT_EQ(schedule.learned()[1].stamp, (Stamp{2, 102}));
  schedule.ClearLearned();
  schedule.Changed(Rows({{1, 3}}), 3, 0);
  EXPECT_TRUE(Taken(&schedule).empty());
  EXPECT_TRUE(schedule.wants_sync());
  schedule.StampsDurable(1);
  const Departures rows = Taken(&schedule);
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(schedule.unlogged(rows[0].row).size(), 1u);
  EXPECT_EQ(schedule.unlogged(rows[0].row)[0], (Stamp{2, 102}));
}

TEST(RowSchedule, NothingIsKnownBeforeTheComparisonEndsAndWhatWasMissingIsWritten) {
  RowSchedule schedule({});
  schedule.BeginCompare(20);
  const ChangedRows missing = Rows({{1, 15}, {2, 16}});
  for (const ChangedRow& row : missing.rows) schedule.Rewrite(row, missing.key(row));
  schedule.Changed(Rows({{2, 21}, {3, 22}}), 22, 500);
  schedule.EndCompare();
  EXPECT_EQ(schedule.known_sequence(), 0);
  EXPECT_EQ(schedule.rewrites_left(), 2);
  const Departures rows = Taken(&schedule);
  ASSERT_EQ(rows.size(), 3u);
  const Sequence sent[] = {15, 21, 22};
  for (size_t i = 0; i < 3; ++i) schedule.SetSent(rows[i].row, sent[i]);
  schedule.Written(rows[2].row, {22, 1}, 0);
  EXPECT_EQ(schedule.Written(rows[0].row, {15, 2}, 0).events, 0);
  EXPECT_EQ(schedule.known_sequence(), 0);
  // What was compared is older than the change that went out with it, but nobody waited for it.
  const auto changed = schedule.Written(rows[1].row, {21, 3}, 0);
  EXPECT_EQ(changed.events, 2);
  EXPECT_EQ(changed.accepted_nanos, 500);
  EXPECT_EQ(schedule.known_sequence(), 22);
  EXPECT_EQ(schedule.rewrites_left(), 0);
}

TEST(RowSchedule, SaysWhenTheBacklogIsFull) {
  RowSchedule rows({.most_rows = 2});
  rows.Changed(Rows({{1, 1}}), 1, 0);
  EXPECT_FALSE(rows.full());
  rows.Changed(Rows({{2, 2}}), 2, 0);
  EXPECT_TRUE(rows.full());
  RowSchedule events({.most_events = 4});
  events.Changed(Rows({{1, 1}}), 1, 0);
  EXPECT_FALSE(events.full());
  events.Changed(Rows({{1, 2}}), 2, 0);
  EXPECT_TRUE(events.full());
}

// Any order of changes, answers and failures: what the schedule says against what is plain to see.
TEST(RowSchedule, AnyScheduleWritesEveryRowsNewestChangeWithOneWriteInFlight) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    RowSchedule schedule(
        {.most_unlogged = 3, .refused_rows = 2, .window = {.least = 1, .first = 4, .most = 16}});
    std::map<int, Sequence> newest, stored;
    std::map<RowSchedule::Id, std::pair<int, Sequence>> flying;
    std::map<int, uint64_t> unlogged;
    uint64_t logged = 0;
    Sequence next = 1;
    int64_t now = 0;
    for (int step = 0; step < 400 || !schedule.idle(); ++step) {
      ASSERT_LT(step, 20'000);
      now += static_cast<int64_t>(random() % 1'000'000);
      const uint64_t choice = random() % 4;
      if (choice == 0 && step < 400) {
        ChangedRows changed;
        for (uint64_t n = random() % 4; n > 0; --n) {
          const auto user = static_cast<int>(random() % 6);
          bool twice = false;
          for (const ChangedRow& row : changed.rows) twice |= row.hash == uint64_t(user);
          if (twice) continue;
          const ChangedRows one = Rows({{user, next}});
          changed.Add(one.rows[0], one.key(one.rows[0]));
          newest[user] = next++;
        }
        schedule.Changed(changed, next - 1, now);
      } else if (choice == 1) {
        for (const auto& departure : Taken(&schedule, now, random() % 5)) {
          const int user = std::stoi(schedule.key(departure.row).bytes.substr(5));
          if (departure.again) {
            ASSERT_TRUE(flying.contains(departure.row));
          } else {
            ASSERT_TRUE(flying.emplace(departure.row, std::pair(user, newest[user])).second);
            schedule.SetSent(departure.row, newest[user]);
            ASSERT_LE(schedule.unlogged(departure.row).size(), 2u);
          }
          if (random() % 4 == 0) {
            schedule.Failed(departure.row, now);
          } else {
            const Sequence sequence = flying[departure.row].second;
            ASSERT_GE(sequence, stored[user]);
            stored[user] = sequence;
            schedule.Written(departure.row, {sequence, sequence}, now);
            flying.erase(departure.row);
          }
        }
      } else if (choice == 2 && schedule.learned_count() > logged) {
        schedule.ClearLearned();
        logged += 1 + random() % (schedule.learned_count() - logged);
        schedule.StampsDurable(logged);
      }
      Sequence known = next - 1;
      for (const auto& [user, sequence] : newest) {
        if (stored[user] < sequence) known = std::min(known, sequence - 1);
      }
      ASSERT_LE(schedule.known_sequence(), known) << "seed " << seed;
    }
    EXPECT_EQ(stored.size(), newest.size());
    for (const auto& [user, sequence] : newest) ASSERT_EQ(stored[user], sequence);
    EXPECT_EQ(schedule.known_sequence(), next - 1);
    EXPECT_EQ(schedule.counts().events, 0);
    EXPECT_EQ(schedule.counts().rows, 0);
  }
}

}  // namespace
}  // namespace skewless
