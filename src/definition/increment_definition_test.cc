// Which views may be written by increments, and how one says so.
#include <gtest/gtest.h>

#include "definition/definition.h"

namespace skewless {
namespace {

Result<std::unique_ptr<Definition>> Parse(const std::string& online, const std::string& view) {
  return ParseDefinition("project: shop\nlog: {path: var/log}\nonline: " + online + R"(
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, n: int64, x: float64, s: string, b: bool, t: timestamp}
    event_timestamp: t
entities:
  user: {keys: {user: int64}}
feature_views:
  activity: {source: clicks, entity: user, )" +
                             view + "}\n",
                         "skewless.yaml", ".");
}

constexpr char kRedis[] = "{type: redis, address: 'h:1'}";
constexpr char kIncrementing[] = "{type: redis, address: 'h:1', write: increment}";

WriteStrategy WriteOf(const std::string& online, const std::string& view) {
  const auto parsed = Parse(online, view);
  if (!parsed) throw std::runtime_error(parsed.error().ToString());
  return (*parsed)->views[0].write;
}

TEST(IncrementDefinition, AViewSaysItselfOrElseTheStore) {
  const std::string features = "features: {visits: count(*)}";
  EXPECT_EQ(WriteOf(kRedis, features), WriteStrategy::kVersioned);
  EXPECT_EQ(WriteOf(kIncrementing, features), WriteStrategy::kIncrement);
  EXPECT_EQ(WriteOf(kRedis, "write: increment, " + features), WriteStrategy::kIncrement);
  EXPECT_EQ(WriteOf(kIncrementing, "write: versioned, " + features), WriteStrategy::kVersioned);
  // A view that has it written whole may hold anything.
  EXPECT_EQ(WriteOf(kIncrementing, "write: versioned, features: {a: last(s)}"),
            WriteStrategy::kVersioned);
}

TEST(IncrementDefinition, CountsAndIntegersAreTaken) {
  for (const char* const feature :
       {"count(*) filter (where x > 0) over 1h", "count(s)", "sum(n) over 1d exact", "avg(n)",
        "sum(cast(x * 100 as int64)) over 1h", "min(n) over 5m", "max(t)", "bool_and(b)",
        "bool_or(b) over 1m", "time_since_last()"}) {
    EXPECT_TRUE(Parse(kIncrementing, "features: {a: '" + std::string(feature) + "'}").has_value())
        << feature;
  }
}

TEST(IncrementDefinition, WhatDoesNotAddUpIsRefusedWhereItStands) {
  struct Refused {
    const char* feature;
    const char* message;
  };
  for (const Refused& refused : std::initializer_list<Refused>{
           {"sum(x)", "increments of sum over float64 would round in an order of their own"},
           {"avg(x) over 1h", "increments of avg over float64 would round"},
           {"min(x)", "min over float64 can't be incremented: only integers' can"},
           {"max(s)", "max over string can't be incremented: only integers' can"},
           {"last(n)", "last can't be incremented: it is no count and no sum"},
           {"first(n, 3)", "first can't be incremented"},
           {"stddev_pop(n) over 1h", "stddev_pop can't be incremented"},
           {"max_by(n, n)", "max_by can't be incremented"},
           {"count_by(s)", "count_by can't be incremented"},
           {"sum_decayed(x, 1h)", "sum_decayed can't be incremented"}}) {
    const auto parsed =
        Parse(kIncrementing, "features: {a: '" + std::string(refused.feature) + "'}");
    ASSERT_FALSE(parsed.has_value()) << refused.feature;
    EXPECT_NE(parsed.error().message.find(refused.message), std::string::npos)
        << parsed.error().message;
    EXPECT_NE(parsed.error().message.find("skewless.yaml:14:"), std::string::npos)
        << parsed.error().message;
    EXPECT_EQ(parsed.error().remedy,
              "Give its view 'write: versioned', or move the feature to a view that has it.");
  }
}

TEST(IncrementDefinition, FinishedValuesAreNotIncremented) {
  const auto parsed = Parse("{type: redis, address: 'h:1', form: values}",
                            "write: increment, features: {a: count(*)}");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().message.find("finished values can't be incremented"), std::string::npos);
}

}  // namespace
}  // namespace skewless
