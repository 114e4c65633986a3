// The oracle judges everything else, so it is judged by examples that are worked out by hand.
#include "oracle/view_oracle.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace skewless::oracle {
namespace {

constexpr char kDefinition[] = R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.jsonl
    format: json
    columns: {user: int64, n: int64, x: float64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  view:
    source: events
    entity: user
    where: n is null or n <> 13
    ttl: 100us
    features:
)";

class OracleTest : public testing::Test {
 protected:
  void Define(const std::string& features) {
    auto parsed = ParseDefinition(kDefinition + features, "skewless.yaml", ".");
    if (!parsed) fprintf(stderr, "%s\n", parsed.error().ToString().c_str());
    SKEWLESS_CHECK(parsed.has_value());
    definition_ = std::move(*parsed);
  }
  void Add(int64_t user, Timestamp event_us, Timestamp available_us, int64_t n, double x) {
    const Type time{TypeKind::kTimestamp, false};
    records_.push_back(
        {0,
         static_cast<Sequence>(records_.size()) + 1,
         event_us,
         available_us,
         true,
         {Value::Int(user), Value::Int(n), Value::Double(x), Value::Int(event_us, time)}});
  }
  Vector Read(int64_t user, Timestamp t, const Availability& availability = AsLogged) {
    return ViewOracle(*definition_, 0, records_, availability).Read({Value::Int(user)}, t);
  }
  // "3, null": all values of user 1 at t.
  std::string Show(Timestamp t, const Availability& availability = AsLogged) {
    std::string out;
    for (const Value& value : Read(1, t, availability).values) {
      out += (out.empty() ? "" : ", ") + FormatValue(value.view());
    }
    return out;
  }

  std::unique_ptr<Definition> definition_;
  std::vector<Record> records_;
};

TEST_F(OracleTest, OnlyAvailableAppliedRecordsOfTheViewCount) {
  Define("      c: count(*)\n      l: last(n)\n");
  Add(1, 10, 20, 1, 0);
  Add(2, 10, 21, 2, 0);
  Add(1, 9, 22, 3, 0);
  Add(1, 11, 23, 13, 0);  // `where` refuses it
  Add(1, 12, 24, 4, 0);
  records_.back().applied = false;
  EXPECT_EQ(Read(1, 19).standing, Standing::kNotFound);
  EXPECT_EQ(Show(19), "null, null");
  EXPECT_EQ(Show(20), "1, 1");
  EXPECT_EQ(Show(30), "2, 1");  // the second one happened before
  EXPECT_EQ(Read(1, 30).sequence, 3);
  EXPECT_EQ(Read(1, 30).newest_event_us, 10);
  EXPECT_EQ(Show(19, AsOfEvent), "2, 1");
  EXPECT_EQ(Show(14, WithDelay(5)), "1, 3");
}

TEST_F(OracleTest, WindowsHoldTheirTilesOnly) {
  Define("      c: count(*) over 20us hop 10us\n      e: count(*) over 20us exact\n");
  for (const Timestamp event_us : {5, 9, 10, 29}) Add(1, event_us, 0, 1, 0);
  EXPECT_EQ(Show(9), "2, 2");   // tiles -1 and 0; 10 and 29 are of the future
  EXPECT_EQ(Show(19), "3, 3");  // tiles 0 and 1
  EXPECT_EQ(Show(20), "2, 3");  // tiles 1 and 2: 29 is to come, but in the running tile
  EXPECT_EQ(Show(25), "2, 2");  // exactly: 9 and 10, 5 is as old as the window
  EXPECT_EQ(Show(30), "1, 1");  // tiles 2 and 3; exactly: after 10
}

TEST_F(OracleTest, TimesBefore1970FloorDown) {
  Define("      c: count(*) over 10us hop 10us\n");
  Add(1, -1, -1, 1, 0);
  Add(1, -10, -1, 1, 0);
  Add(1, -11, -1, 1, 0);
  EXPECT_EQ(Show(-1), "2");
  EXPECT_EQ(Show(0), "0");
}

TEST_F(OracleTest, TooOldIsNotTheSameAsUnknown) {
  Define("      c: count(*)\n");
  Add(1, 50, 60, 1, 0);
  EXPECT_EQ(Read(1, 150).standing, Standing::kPresent);
  EXPECT_EQ(Read(1, 151).standing, Standing::kOutsideMaxAge);
  EXPECT_EQ(Show(151), "null");
  EXPECT_EQ(Read(1, 151).sequence, 1);
}

TEST_F(OracleTest, SumsAreFoldedTileByTile) {
  Define("      all: sum(x)\n      cut: sum(x) over 20us hop 10us\n      n: sum(n)\n");
  Add(1, 0, 15, 1, 1e16);
  Add(1, 10, 15, 2, 1);
  Add(1, 11, 15, 3, 1);
  EXPECT_EQ(Read(1, 15).values[0].double_value, (1e16 + 1) + 1);
  EXPECT_EQ(Read(1, 15).values[1].double_value, 1e16 + 2);
  EXPECT_NE(Read(1, 15).values[0].double_value, Read(1, 15).values[1].double_value);
  EXPECT_EQ(Read(1, 15).values[2].int_value, 6);
}

TEST_F(OracleTest, AggregatesByHand) {
  Define(
      "      avg: avg(n)\n      var: var_pop(n)\n      samp: var_samp(n)\n      least: min(n)\n"
      "      greatest: max(n)\n      first: first(n)\n      by: max_by(n, x)\n      two: last(n, "
      "2)\n"
      "      early: first(n, 2)\n      every: bool_and(n > 3)\n      any: bool_or(n > 3)\n");
  Add(1, 30, 30, 2, 5);
  Add(1, 10, 31, 4, 5);
  Add(1, 20, 32, 6, -1);
  EXPECT_EQ(Show(40), "4.0, 2.6666666666666665, 4.0, 2, 6, 4, 4, [6, 2], [4, 6], false, true");
}

TEST_F(OracleTest, DerivedSeesFeaturesAndThoseBefore) {
  Define(
      "      c: count(*)\n      s: sum(n)\n"
      "    derived:\n      mean: s / c\n      twice: mean * 2\n");
  Add(1, 0, 0, 4, 0);
  Add(1, 0, 0, 5, 0);
  EXPECT_EQ(Show(0), "2, 9, 4.5, 9.0");
  EXPECT_EQ(Show(-1), "null, null, null, null");
}

}  // namespace
}  // namespace skewless::oracle
