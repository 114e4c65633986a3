// The stamps of rows in a real Redis: what a row carries, more than fit, and clocks that step back.
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

// Rows that a definition left behind, each with another layout, beside ours and other things; more
// than the server tells of at once.
TEST_F(RedisStampsTest, RowsOfEarlierDefinitionsAreFoundByTheirKeys) {
  RedisOptions before = options();
  before.fingerprints = {0xAAAA, 0xBBBB};
  std::map<std::pair<size_t, std::string>, std::vector<Stamp>> expected, found;
  TestWriter old(before);
  std::vector<Stamp> stamps;
  for (int64_t user = 0; user < 5000; ++user) {
    if (user % 1000 == 999) stamps.resize(stamps.size() + 17, {kEpoch - 1, user});
    const auto view = static_cast<int>(user % 2);
    const RowWritten done = old.Write(view, KeyBytes(user), kEpoch + user, stamps);
    ASSERT_EQ(done.outcome, Outcome::kWritten);
    std::vector<Stamp>& of_row = expected[{1 - view, std::string(AsText(KeyBytes(user)))}];
    of_row = stamps;
    of_row.push_back({done.stored_sequence, done.available_us});
  }
  RedisOptions another = before;
  another.project = "shop2";
  another.log_identity = 8;
  TestWriter(another).Write(0, key_, 1);
  const std::string head = Keys(before).StatesHead("activity", 0xAAAA);
  server_.Ask(
      {"SET", head + "{000}no row", "but long enough to be one, for all that its head has"});
  server_.Ask({"SADD", head + "{000}no value", "1"});
  TestWriter writer(options(), 2);
  writer.Write(0, key_, kEpoch);
  const std::vector<EarlierRows> earlier = {
      {"spending", 0xBBBB}, {"activity", 0xAAAA}, {"activity", 0xCCCC}};
  int steps = 0;
  for (bool more = true; more; ++steps) {
    std::vector<EarlierRow> rows;
    const auto read = writer.rows().ReadEarlier(earlier, steps == 0, &rows);
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    more = *read;
    for (EarlierRow& row : rows)
      found[{row.of, std::string(AsText(row.key))}] = std::move(row.stamps);
  }
  EXPECT_GT(steps, 1);
  EXPECT_EQ(found, expected);
}

// A clock that steps back does not take the stamps with it.
TEST_F(RedisStampsTest, StampsGoOnAboveWhatWasGiven) {
  TestWriter writer(options());
  const Timestamp ahead = 5'000'000'000'000'000;
  server_.Ask({"SET", "shop::clock", std::to_string(ahead) + " 65536"});
  EXPECT_EQ(writer.Write(0, key_, 1).available_us, ahead + 1);
  const int64_t other = 43;
  EXPECT_EQ(writer.Write(0, KeyBytes(other), 1).available_us, ahead + 2);
  // The writer remembers what it was told, where the server has lost it.
  server_.Ask({"DEL", "shop::clock"});
  ASSERT_TRUE(writer.Claim().has_value());
  EXPECT_EQ(writer.rows().least_stamp(), ahead + 3);
  EXPECT_EQ(writer.Write(0, KeyBytes(other), 2).available_us, ahead + 3);
  // So does the row.
  server_.Ask({"DEL", "shop::clock"});
  TestWriter newer(options(), 2);
  const RowWritten next = newer.Write(0, key_, 2);
  EXPECT_EQ(next.outcome, Outcome::kWritten);
  EXPECT_EQ(next.available_us, ahead + 2);
  EXPECT_EQ(Stored(newer, 0, key_).stamps, (std::vector<Stamp>{{2, ahead + 2}}));
  EXPECT_EQ(server_.AskText({"GET", "shop::clock"}), std::to_string(ahead + 2) + " 131072");
}

// What a writer relied on holds, whatever the server's clock says.
TEST_F(RedisStampsTest, NoWriteIsStampedBeforeItsLeast) {
  TestWriter writer(options());
  const Timestamp least = writer.Write(0, key_, 1).available_us + 3600 * kSecondUs;
  EXPECT_EQ(writer.WriteNoEarlier(0, key_, 2, least).available_us, least);
  // The clock goes on from there, for others, too.
  const int64_t other = 43;
  EXPECT_EQ(writer.Write(0, KeyBytes(other), 1).available_us, least + 1);
}

}  // namespace
}  // namespace skewless::redis
