// Errors of views, features and services: place, message, remedy.
#include "definition/broken_repository.h"

namespace skewless {
namespace {

class ViewErrorTest : public testing::TestWithParam<BrokenRepository> {};

TEST_P(ViewErrorTest, IsToldByLineAndColumn) { ExpectBroken(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Views, ViewErrorTest,
    testing::Values(
        BrokenRepository{"ViewUnknownSource", "source: lists", "source: list", "45:13",
                         "there is no source 'list'", "Did you mean 'lists'?"},
        BrokenRepository{"ViewUnknownEntity", "entity: other", "entity: nobody", "46:13",
                         "there is no entity 'nobody'", "There are 'user' and 'other'."},
        BrokenRepository{"ViewWithoutSource", "    source: lists\n", "", "45:5",
                         "feature view 'tagged': missing key 'source'",
                         "Add, as an example, 'source: clicks'."},
        BrokenRepository{"ViewUnknownKey", "    ttl: 30d", "    tll: 30d", "38:5",
                         "feature view 'activity': unknown key 'tll'", "Did you mean 'ttl'?"},
        BrokenRepository{"ViewKeyMissing", "entity: other", "entity: user", "46:13",
                         "source 'lists' has no column 'user_id' for the key of entity 'user'",
                         "Say which column it is: keys: {user_id: COLUMN}."},
        BrokenRepository{"ViewKeyType", "entity: other", "entity: user\n    keys: {user_id: uid}",
                         "47:21",
                         "key 'user_id' of entity 'user' is int64, and column 'uid' of source 'lis",
                         "Declare both with the same type."},
        BrokenRepository{"ViewKeyUnknownColumn", "entity: other",
                         "entity: other\n    keys: {uid: uuid}", "47:17",
                         "there is no column 'uuid'", "Did you mean 'uid'?"},
        BrokenRepository{"ViewKeyUnknownKey", "entity: other", "entity: other\n    keys: {id: uid}",
                         "47:12", "feature view 'tagged', keys of entity 'other': unknown key 'id'",
                         "Did you mean 'uid'?"},
        BrokenRepository{"Where", "where: price >= 0", "where: price + 1", "37:18",
                         "where must be a bool, and this is float64",
                         "Compare it with something, as in price >= 0."},
        BrokenRepository{"WhereUnknownColumn", "where: price >= 0",
                         "where: kind = 'a' and prize >= 0", "37:27",
                         "there is no column 'prize' here", "Did you mean 'price'?"},
        BrokenRepository{"WhereSyntax", "where: price >= 0", "where: price >=", "37:20",
                         "expected a value, found the end of the expression", ""},
        BrokenRepository{"WhereQuoted", "where: price >= 0", "where: 'kind = ''a'' and prize > 0'",
                         "37:30", "there is no column 'prize' here", "Did you mean 'price'?"},
        BrokenRepository{"WhereBlock", "where: price >= 0",
                         "where: >-\n      kind = 'a'\n      and prize > 0", "39:11",
                         "there is no column 'prize' here", "Did you mean 'price'?"},
        BrokenRepository{"Ttl", "ttl: 30d", "ttl: 30", "38:10",
                         "feature view 'activity', ttl: expected a duration, found '30'",
                         "Write a whole number and a unit: 250ms, 5s, 10m,"},
        BrokenRepository{"WriteElsewhere", "ttl: 30d", "write: increment", "38:12",
                         "feature view 'activity', write: only Redis is written in several ways, "
                         "and online.type is 'embedded'",
                         "Remove it."},
        BrokenRepository{"NoFeatures",
                         "    features:\n      visits: count(*)\n      spend: sum(price) over 1h\n",
                         "    features: {}\n", "39:15",
                         "feature view 'activity': a view needs a feature",
                         "Write visits: count(*)."},
        BrokenRepository{"FeatureEmpty", "visits: count(*)\n      spend", "visits:\n      spend",
                         "40:14", "feature 'visits': expected a text, found nothing",
                         "Write, as an example, 'visits: count(*) over 5m'"},
        BrokenRepository{"FeatureIsMap", "visits: count(*)\n      spend",
                         "visits: {count: x}\n      spend", "40:15",
                         "feature 'visits': expected a text, found a map",
                         "Write, as an example, 'visits: count(*) over 5m'"},
        BrokenRepository{"FeatureName", "spend: sum", "1st: sum", "41:7",
                         "'1st' can't be the name of a feature: a name has letters, digits and _,",
                         "Use a name such as '_1st'."},
        BrokenRepository{"FeatureIsKey", "spend: sum", "user_id: sum", "41:7",
                         "'user_id' is the name of a key of entity 'user'",
                         "Name the feature otherwise."},
        BrokenRepository{"FeatureReserved", "spend: sum", "applied: sum", "41:7",
                         "'applied' can't be the name of a feature: history tables have a column o",
                         "Use another name."},
        BrokenRepository{"FeatureIsPartition", "spend: sum", "event_date: sum", "41:7",
                         "'event_date' can't be the name of a feature: history tables have a colum",
                         "Use another name."}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Features, ViewErrorTest,
    testing::Values(
        BrokenRepository{"UnknownAggregate", "spend: sum(price) over 1h", "spend: summ(price)",
                         "41:14", "there is no aggregate 'summ'", "Did you mean 'sum'?"},
        BrokenRepository{"UnavailableAggregate", "spend: sum(price) over 1h",
                         "spend: approx_quantile(price, 0.5) over 1h", "41:14",
                         "approx_quantile is not available in this version",
                         "Use an exact aggregate, such as avg(x), min(x) o"},
        BrokenRepository{"DecayWithoutHalfLife", "spend: sum(price) over 1h",
                         "spend: sum_decayed(price)", "41:25", "sum_decayed needs two arguments",
                         "Write sum_decayed(x, 1h)."},
        BrokenRepository{"DecayOfABadHalfLife", "spend: sum(price) over 1h",
                         "spend: sum_decayed(price, fast)", "41:33",
                         "expected a duration, found 'fast'", "Write a whole number and a unit"},
        BrokenRepository{"TimeSinceLastOfSomething", "spend: sum(price) over 1h",
                         "spend: time_since_last(price)", "41:29",
                         "time_since_last takes no argument", "Write time_since_last()."},
        BrokenRepository{"SumOfBool", "spend: sum(price) over 1h", "spend: sum(ok)", "41:18",
                         "sum needs a number, and this is bool",
                         "To count the true ones write count(*) filter (wh"},
        BrokenRepository{"SumOfText", "spend: sum(price) over 1h", "spend: sum(kind) over 1h",
                         "41:18", "sum needs a number, and this is string",
                         "Turn it into a number: sum(cast(kind as float64)"},
        BrokenRepository{"AvgOfTime", "spend: sum(price) over 1h", "spend: avg(ts) over 1h",
                         "41:18", "avg needs a number, and this is timestamp",
                         "Its seconds are a number: avg(epoch(ts))."},
        BrokenRepository{"AvgStar", "spend: sum(price) over 1h", "spend: avg(*)", "41:18",
                         "avg(*) has no meaning: only count(*) has", "Name a column: avg(x)."},
        BrokenRepository{"TwoArguments", "spend: sum(price) over 1h", "spend: sum(price, 2)",
                         "41:25", "sum takes one argument", "Write sum(x)."},
        BrokenRepository{"NoArgument", "spend: sum(price) over 1h", "spend: sum()", "41:17",
                         "sum needs an argument", "Write sum(x)."},
        BrokenRepository{"NestedAggregate", "spend: sum(price) over 1h",
                         "spend: avg(price + max(price))", "41:26",
                         "the aggregate max can't stand inside an expression",
                         "Name it as a feature of its own, and use that na"},
        BrokenRepository{"ArithmeticAfter", "spend: sum(price) over 1h", "spend: sum(price) / 2",
                         "41:25", "a feature is one aggregate; found '/' after it",
                         "Name each aggregate as a feature, and combine th"},
        BrokenRepository{"UnknownColumn", "spend: sum(price) over 1h", "spend: sum(prise)", "41:18",
                         "there is no column 'prise' here", "Did you mean 'price'?"},
        BrokenRepository{"FilterNotBool", "spend: sum(price) over 1h",
                         "spend: sum(price) filter (where price)", "41:39",
                         "a filter must be a bool, and this is float64",
                         "Compare it with something, as in price >= 0."},
        BrokenRepository{"FilterTypes", "spend: sum(price) over 1h",
                         "spend: count(*) filter (where kind = 'a' and price = ok)", "41:60",
                         "cannot compare float64 with bool", "Write cast(ok as float64)."},
        BrokenRepository{"FilterUnclosed", "spend: sum(price) over 1h",
                         "spend: sum(price) filter (where ok", "41:32",
                         "this parenthesis is never closed", "Add ')'."},
        BrokenRepository{"WindowUnit", "spend: sum(price) over 1h",
                         "spend: sum(price) over 5 minutes", "41:30",
                         "expected a duration, found '5' without a unit",
                         "Write a whole number and the unit right behind i"},
        BrokenRepository{"HopNoDivisor", "spend: sum(price) over 1h",
                         "spend: sum(price) over 1h hop 7m", "41:37",
                         "the window of 1h is not a multiple of the hop of 7m",
                         "Write, as an example, over 1h hop 1m."},
        BrokenRepository{"HopTooLong", "spend: sum(price) over 1h",
                         "spend: sum(price) over 1h hop 2h", "41:37",
                         "the hop is longer than the window of 1h", "Name a hop that divides 1h."},
        BrokenRepository{"HopTooFine", "spend: sum(price) over 1h",
                         "spend: sum(price) over 7d hop 1s", "41:37",
                         "a window of 604800 tiles; at most 100000 are possible",
                         "Write, as an example, over 7d hop 3h, or over 7d"},
        BrokenRepository{"NoDefaultHop", "spend: sum(price) over 1h", "spend: sum(price) over 61s",
                         "41:30", "no round hop cuts 61s into at most 60 tiles",
                         "Name one, as an example: over 61s hop 1s."},
        BrokenRepository{"CenturyWindow", "spend: sum(price) over 1h",
                         "spend: sum(price) over 40000d", "41:30", "longer than a hundred years",
                         "Leave out 'over' for a feature over all time."},
        BrokenRepository{"ListSize", "spend: sum(price) over 1h", "spend: last(price, 10001)",
                         "41:26",
                         "expected how many to keep, a whole number from 1 to 10000, found '10001'",
                         "Write last(x, 10)."},
        BrokenRepository{"MinByNeedsTwo", "spend: sum(price) over 1h", "spend: min_by(price)",
                         "41:20", "min_by needs two arguments", "Write min_by(x, y)."},
        BrokenRepository{"BoolOr", "spend: sum(price) over 1h", "spend: bool_or(price)", "41:22",
                         "bool_or needs a bool, and this is float64",
                         "Write a condition, as in bool_or(price > 0)."},
        BrokenRepository{"RespectNulls", "spend: sum(price) over 1h",
                         "spend: sum(price) respect nulls", "41:25",
                         "'respect nulls' belongs to last(x) and first(x) alone",
                         "Remove it: sum skips nulls, as in SQL."},
        BrokenRepository{"MaxOfList", "latest: last(tags)", "latest: max(tags)", "49:19",
                         "max needs values with an order, and this is string[]",
                         "Lists have no order: name a column that is no li"},
        BrokenRepository{"ListOfLists", "latest: last(tags)", "latest: last(tags, 3)", "49:20",
                         "a list of lists has no type: this is string[]",
                         "Keep one list: last(tags)."},
        BrokenRepository{"OrderByList", "latest: last(tags)", "latest: max_by(uid, tags)", "49:27",
                         "max_by needs values with an order, and this is string[]",
                         "Lists have no order: name a column that is no li"}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Derived, ViewErrorTest,
    testing::Values(
        BrokenRepository{"DerivedUnknown", "spend / nullif", "spent / nullif", "43:18",
                         "there is no column 'spent' here", "Did you mean 'spend'?"},
        BrokenRepository{"DerivedSeesNoColumn", "per_visit: spend", "per_visit: price", "43:18",
                         "there is no column 'price' here",
                         "Derived features see features, no columns: name"},
        BrokenRepository{"DerivedOrder", "      per_visit: spend",
                         "      a: per_visit * 2\n      per_visit: spend", "43:10",
                         "there is no column 'per_visit' here",
                         "Derived features see the ones above them: move '"},
        BrokenRepository{"DerivedTwice", "per_visit: spend", "spend: spend", "43:7",
                         "'spend' is the name of a feature of this view already: skewless.yaml:41:",
                         "Rename one of the two."},
        BrokenRepository{"DerivedAggregate", "per_visit: spend", "per_visit: sum(spend)", "43:18",
                         "the aggregate sum can't stand inside an expression",
                         "Name it as a feature of its own, and use that na"}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Services, ViewErrorTest,
    testing::Values(
        BrokenRepository{"ServiceFeaturesText", "features: [activity, \"tagged:latest\"]",
                         "features: activity", "52:15",
                         "feature service 'ranking': expected a list of views and view:feature",
                         "Write features: [user_activity, item_stats:views"},
        BrokenRepository{"ServiceUnknownView", "features: [activity,", "features: [activty,",
                         "52:16", "there is no feature view 'activty'", "Did you mean 'activity'?"},
        BrokenRepository{"ServiceUnknownFeature", "tagged:latest", "tagged:lates", "52:34",
                         "feature view 'tagged' has no feature 'lates'", "Did you mean 'latest'?"},
        BrokenRepository{"ServiceTwice", "features: [activity,",
                         "features: [activity, \"activity:spend\",", "52:26",
                         "feature service 'ranking': 'activity:spend' is in the list already",
                         "Name the whole view, or its features one by one."},
        BrokenRepository{"ServiceNameOfView", "  ranking:", "  tagged:", "51:3",
                         "the name 'tagged' is taken: skewless.yaml:44:3",
                         "Rename one of the two."},
        BrokenRepository{"RequestIsFeature", "request: {total:", "request: {spend:", "53:15",
                         "'spend' is the name of a feature of this service: activity:spend",
                         "Name the request column otherwise."},
        BrokenRepository{"RequestIsKey", "request: {total:", "request: {user_id:", "53:15",
                         "'user_id' is the name of an entity's key",
                         "Name the request column otherwise."},
        BrokenRepository{"RequestType", "{total: float64}", "{total: number}", "53:22",
                         "the type of 'total': there is no type 'number'",
                         "The types are 'bool', 'int32', 'int64', 'float32"},
        BrokenRepository{"ServiceDerivedTaken", "      share: total", "      total: total", "55:7",
                         "'total' is the name of a request column",
                         "Name the derived feature otherwise."},
        BrokenRepository{"ServiceDerivedAmbiguous",
                         "features: [activity, \"tagged:latest\"]\n    request: {total: float64}\n "
                         "   derived:\n      share: total",
                         "features: [activity, \"tagged:latest\"]\n    request: {total: float64}\n "
                         "   derived:\n      share: visits",
                         "55:14", "there is no column 'visits' here",
                         "Say which one: activity:visits or tagged:visits."},
        BrokenRepository{"ServiceDerivedUnknown", "activity:spend, 0", "activity:spent, 0", "55:29",
                         "there is no column 'activity:spent' here",
                         "Did you mean 'activity:spend'?"},
        BrokenRepository{"ServiceUnknownKey", "    request: {", "    requests: {", "53:5",
                         "feature service 'ranking': unknown key 'requests'",
                         "Did you mean 'request'?"}),
    NameOfCase);

TEST(RightRepository, IsRight) {
  const auto definition = ParseDefinition(std::string(kRightRepository), "skewless.yaml", ".");
  EXPECT_TRUE(definition.has_value()) << definition.error().ToString();
}

TEST(ServiceError, KeysOfOneNameAndTwoTypes) {
  std::string text(kRightRepository);
  const auto replace = [&text](std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("columns: {uid: int32", "columns: {user_id: int32");
  replace("keys: {uid: int32}", "keys: {user_id: int32}");
  const auto definition = ParseDefinition(text, "skewless.yaml", ".");
  ASSERT_FALSE(definition.has_value());
  EXPECT_NE(
      definition.error().message.find("skewless.yaml:52:15: error: feature service 'ranking': two "
                                      "entities have a key 'user_id', one int64, one int32"),
      std::string::npos)
      << definition.error().message;
}

// What is told of by two places at once.
TEST(ViewError, AFeatureOfEveryInstantIsNoFinishedValue) {
  std::string text(kRightRepository);
  const auto replace = [&text](std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("{type: embedded, path: var/online}", "{type: redis, address: 'h:1', form: values}");
  replace("    arrival_timestamp: seen\n", "");  // the store's clock is its own
  EXPECT_TRUE(ParseDefinition(text, "skewless.yaml", ".").has_value());
  for (const char* feature : {"time_since_last()", "sum_decayed(price, 1h)"}) {
    std::string one = text;
    const std::string_view spend = "sum(price) over 1h";
    one.replace(one.find(spend), spend.size(), feature);
    const auto definition = ParseDefinition(one, "skewless.yaml", ".");
    ASSERT_FALSE(definition.has_value());
    EXPECT_TRUE(definition.error().message.starts_with(
        "skewless.yaml:40:14: error: feature 'spend' changes with every instant"))
        << definition.error().ToString();
    EXPECT_NE(definition.error().remedy.find("online.form 'state'"), std::string::npos);
  }
  for (const char* more : {"write: increment", "expire: true"}) {
    std::string one = text;
    const std::string_view form = "form: values";
    one.replace(one.find(form), form.size(), std::string(form) + ", " + more);
    EXPECT_FALSE(ParseDefinition(one, "skewless.yaml", ".").has_value()) << more;
  }
}

}  // namespace
}  // namespace skewless
