// The stamps of rows in a real Redis: what a row carries, more than fit, what another writer left,
// and clocks that step back.
#include <gtest/gtest.h>

#include "online/redis/redis_row_fixture.h"

namespace skewless::redis {
namespace {

class RedisStampsTest : public RedisRowsTest {};

TEST_F(RedisStampsTest, ARowCarriesItsUnloggedStamps) {
  TestWriter writer(options());
  std::vector<Stamp> stamps;
  for (const size_t count : {0, 1, 16, 17, 5000}) {
    while (stamps.size() < count)
      stamps.push_back({kEpoch + static_cast<Sequence>(stamps.size()),
                        1'700'000'000'000'000 + static_cast<Timestamp>(stamps.size())});
    const RowWritten done =
        writer.Write(0, key_, 2 * kEpoch + static_cast<Sequence>(count), stamps);
    ASSERT_EQ(done.outcome, Outcome::kWritten);
    std::vector<Stamp> expected = stamps;
    expected.push_back({done.stored_sequence, done.available_us});
    const StoredRow stored = Stored(writer, 0, key_);
    EXPECT_TRUE(stored.found);
    EXPECT_EQ(stored.stamps, expected);
  }
  EXPECT_FALSE(Stored(writer, 1, key_).found);
}

// A write of an engine that died may come when the next one has compared all rows. Its stamp, and
// what it carries, are told to whoever meets it.
TEST_F(RedisStampsTest, StampsThatAnotherWriterLeftAreFound) {
  for (const size_t count : {0, 1, 300}) {
    TestWriter dead(options(), 1), engine(options(), 2);
    const auto user = static_cast<int64_t>(count);
    const ByteView key = KeyBytes(user);
    std::vector<Stamp> all;
    for (size_t i = 0; i < count; ++i)
      all.push_back({static_cast<Sequence>(i + 1), static_cast<Timestamp>(i + 1000)});
    const RowWritten late = dead.Write(0, key, 1000, all);
    EXPECT_TRUE(late.found.empty());
    EXPECT_TRUE(dead.Write(0, key, 1000, all).found.empty());
    all.push_back({1000, late.available_us});

    const RowWritten same = engine.Write(0, key, 1000);
    EXPECT_EQ(same.outcome, Outcome::kAlreadyThere);
    EXPECT_EQ(same.stored_sequence, 1000);
    EXPECT_EQ(same.available_us, late.available_us);
    EXPECT_EQ(same.found, all);
    const RowWritten over = engine.Write(0, key, 1001);
    EXPECT_EQ(over.outcome, Outcome::kWritten);
    EXPECT_EQ(over.stored_sequence, 1001);
    EXPECT_GT(over.available_us, late.available_us);
    EXPECT_EQ(over.found, all);
    EXPECT_EQ(Stored(engine, 0, key).stamps, (std::vector<Stamp>{{1001, over.available_us}}));

    EXPECT_TRUE(engine.Write(0, key, 1002).found.empty());
    const RowWritten older = dead.Write(0, key, 1001);
    EXPECT_EQ(older.outcome, Outcome::kOlder);
    EXPECT_TRUE(older.found.empty());
  }
}

// A clock that steps back does not take the stamps with it.
TEST_F(RedisStampsTest, StampsGoOnAboveWhatWasGiven) {
  TestWriter writer(options());
  const Timestamp ahead = 5'000'000'000'000'000;
  server_.Ask({"SET", "shop::clock", std::to_string(ahead)});
  EXPECT_EQ(writer.Write(0, key_, 1).available_us, ahead + 1);
  const int64_t other = 43;
  EXPECT_EQ(writer.Write(0, KeyBytes(other), 1).available_us, ahead + 2);
  server_.Ask({"DEL", "shop::clock"});
  // The row itself remembers.
  const RowWritten next = writer.Write(0, key_, 2);
  EXPECT_EQ(next.outcome, Outcome::kWritten);
  EXPECT_EQ(next.available_us, ahead + 2);
  EXPECT_EQ(Stored(writer, 0, key_).stamps, (std::vector<Stamp>{{2, ahead + 2}}));
  EXPECT_EQ(server_.AskText({"GET", "shop::clock"}), std::to_string(ahead + 2));
}

}  // namespace
}  // namespace skewless::redis
