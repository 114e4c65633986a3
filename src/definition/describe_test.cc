#include "definition/describe.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "definition/broken_repository.h"

namespace skewless {
namespace {

std::unique_ptr<Definition> Right() {
  return ParseDefinition(std::string(kRightRepository), "skewless.yaml", ".").value();
}

TEST(Describe, FoldsWhatALineHasNoRoomForBelowItsOwnColumn) {
  const std::string plan = DescribeDefinition(*Right(), 72);
  EXPECT_NE(plan.find("  columns       user_id int64, kind string, price float64, ok bool, ts\n"
                      "                timestamp, seen timestamp\n"),
            std::string::npos)
      << plan;
  size_t at = 0;
  for (size_t end = plan.find('\n'); end != std::string::npos; end = plan.find('\n', at)) {
    EXPECT_LE(end - at, 72u) << plan.substr(at, end - at);
    at = end + 1;
  }
  // What is folded is all there.
  const auto words = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  };
  EXPECT_EQ(words(plan), words(DescribeDefinition(*Right())));
}

TEST(Describe, PrintsThePlanForPeople) {
  EXPECT_EQ(DescribeDefinition(*Right()),
            R"(project  shop
log      var/log, 1 shard, segments of 256 MiB
online   embedded, var/online
offline  parquet, var/history
serving  127.0.0.1:6566, threads: 2, served vectors are not logged

source clicks
  from          file, csv, clicks.csv
  columns       user_id int64, kind string, price float64, ok bool, ts timestamp, seen timestamp
  times         event ts, arrival seen (drives the replay clock), out of order by 5s
  dead letters  var/log/dead_letters/clicks.jsonl

source lists
  from          file, json, lists.json
  columns       uid int32, tags string[], t timestamp[ms]
  times         event t
  dead letters  var/log/dead_letters/lists.jsonl

feature view activity
  entity  user: user_id int64
  source  clicks
  where   price >= 0
  ttl     30d
  feature    type     window    hop  tiles  definition
  visits     int64    all time              count(*)
  spend      float64  1h        1m   60     sum(price) over 1h
  per_visit  float64  derived               spend / nullif(visits, 0)

feature view tagged
  entity  other: uid int32
  source  lists
  feature  type      window    hop  tiles  definition
  visits   int64     all time              count(tags)
  latest   string[]  all time              last(tags)

feature service ranking
  output     type      from
  total      float64   request
  visits     int64     activity
  spend      float64   activity
  per_visit  float64   activity
  latest     string[]  tagged
  share      float64   derived: total / nullif(activity:spend, 0)
)");
}

TEST(Describe, GivesThePlanToScripts) {
  const nlohmann::json plan = DescribeDefinitionJson(*Right());
  EXPECT_EQ(plan["project"], "shop");
  EXPECT_EQ(plan["log"]["shards"], 1);
  EXPECT_EQ(plan["offline"]["path"], "var/history");
  EXPECT_EQ(plan["sources"][0]["event_timestamp"], "ts");
  EXPECT_EQ(plan["sources"][0]["arrival_timestamp"], "seen");
  EXPECT_TRUE(plan["sources"][1]["arrival_timestamp"].is_null());
  EXPECT_EQ(plan["sources"][1]["columns"][2]["type"], "timestamp[ms]");
  EXPECT_EQ(plan["entities"][0]["keys"][0]["name"], "user_id");
  const nlohmann::json& view = plan["feature_views"][0];
  EXPECT_EQ(view["ttl_us"], 30 * kDayUs);
  EXPECT_EQ(view["keys"][0]["column"], "user_id");
  EXPECT_EQ(view["features"][1]["window_us"], kHourUs);
  EXPECT_EQ(view["features"][1]["hop_us"], kMinuteUs);
  EXPECT_EQ(view["features"][1]["tiles"], 60);
  EXPECT_EQ(view["features"][1]["depends_on_order"], true);
  EXPECT_TRUE(view["features"][0]["window_us"].is_null());
  EXPECT_EQ(view["derived"][0]["definition"], "spend / nullif(visits, 0)");
  EXPECT_EQ(plan["feature_services"][0]["features"][3]["view"], "tagged");
  EXPECT_EQ(plan["feature_services"][0]["derived"][0]["type"], "float64");
}

TEST(Describe, ShowsExactWindowsWithoutTiles) {
  std::string text(kRightRepository);
  text.replace(text.find("over 1h"), 7, "over 1h exact");
  const auto definition = ParseDefinition(text, "skewless.yaml", ".").value();
  EXPECT_EQ(TilesOf(definition->views[0].features[1]), 0);
  EXPECT_NE(
      DescribeDefinition(*definition).find("1h        exact         sum(price) over 1h exact"),
      std::string::npos);
}

}  // namespace
}  // namespace skewless
