#include "definition/definition.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "definition/describe.h"

namespace skewless {
namespace {

// The example of the reference, with a second view, and every form of an aggregate.
constexpr const char* kShop = R"(project: shop

log:     {path: var/log}
online:  {type: embedded, path: var/online}       # redis | cassandra | dynamodb
offline: {type: parquet, path: var/history}       # iceberg; path may be s3:// or gs://
serving: {listen: 127.0.0.1:6566}

sources:
  clicks:
    type: kafka                                   # file
    brokers: localhost:9092
    topic: clicks
    format: json                                  # csv | parquet | avro | protobuf
    columns: {user_id: int64, item_id: int64, kind: string, price: float64, ts: timestamp[ms]}
    event_timestamp: ts
    # arrival_timestamp: seen_at                  # file sources: drives the replay clock
    out_of_orderness: 5s                          # watermark = greatest event time - this
    idle_after: 30s                               # a silent partition stops holding the watermark
  views:
    type: file
    path: [data/a.csv, "data/b*.csv.gz"]
    format: csv
    csv: {delimiter: ";", null: "NA", header: false}
    compression: gzip
    columns:
      item: int64
      ok: bool
      small: int32
      ratio: float32
      at: timestamp
      seen: timestamp[us]
    event_timestamp: at
    arrival_timestamp: seen
    allowed_lateness: 0s
    max_ahead: 5m
    dead_letters: var/bad.jsonl

entities:
  user: {keys: {user_id: int64}}                  # several keys make a composite
  item: {keys: {item_id: int64}}

feature_views:
  user_activity:
    source: clicks
    entity: user
    where: price >= 0
    ttl: 30d
    features:
      clicks_last_5_minutes: count(*) filter (where kind = 'click') over 5m
      spend_1h:              sum(price) filter (where kind = 'buy') over 1h
      average_price_24h:     avg(price) over 24h
      visits:                count(*)
      last_item:             last(item_id)
      last_items:            last(item_id, 10) over 7d
    derived:
      spend_per_click: spend_1h / nullif(clicks_last_5_minutes, 0)
  item_stats:
    source: views
    entity: item
    keys: {item_id: item}
    features:
      views_1h: count(ok) over 1h exact
      visits: count(*)
      total: sum(small)
      ratio_sum: sum(ratio) over 10m hop 30s
      ratio_max: max(ratio)
      good: bool_and(ok) over 1h
      best: max_by(ratio, at)
      first_ok: first(ok) respect nulls
      firsts: FIRST(small, 3)
      spread: stddev_samp(small + 1)
      newest: max(at)

feature_services:
  ranking:
    features: [user_activity, "item_stats:views_1h"]
    request: {cart_total: float64}                # columns that come with the request
    derived: {share: cart_total / nullif(user_activity:spend_1h, 0), twice: share * 2}
)";

std::unique_ptr<Definition> Parsed(const std::string& text) {
  auto definition = ParseDefinition(text, "skewless.yaml", "/shop");
  EXPECT_TRUE(definition.has_value()) << (definition ? "" : definition.error().ToString());
  return definition ? std::move(*definition) : nullptr;
}

const FeatureDefinition& Feature(const Definition& definition, std::string_view view,
                                 std::string_view name) {
  const auto& found = definition.views[static_cast<size_t>(definition.FindView(view))];
  return found.features[static_cast<size_t>(found.FindOutput(name))];
}

TEST(Definition, ReadsSettings) {
  const auto shop = Parsed(kShop);
  EXPECT_EQ(shop->project, "shop");
  EXPECT_EQ(shop->log_path, "var/log");
  EXPECT_EQ(shop->log_segment_bytes, 256 << 20);
  EXPECT_EQ(shop->online.type, "embedded");
  EXPECT_EQ(shop->offline->type, "parquet");
  EXPECT_EQ(shop->offline->path, "var/history");
  EXPECT_EQ(shop->serving->listen, "127.0.0.1:6566");
  EXPECT_EQ(shop->serving->served_log, "");
  EXPECT_EQ(shop->ResolvePath("var/log"), "/shop/var/log");
  EXPECT_EQ(shop->ResolvePath("/var/log"), "/var/log");
  EXPECT_EQ(shop->ResolvePath("s3://bucket/x"), "s3://bucket/x");
}

TEST(Definition, ReadsAKafkaSource) {
  const auto shop = Parsed(kShop);
  const SourceDefinition& clicks = shop->sources[0];
  EXPECT_EQ(clicks.name, "clicks");
  EXPECT_EQ(clicks.place.line, 9);
  EXPECT_EQ(clicks.place.column, 3);
  EXPECT_EQ(clicks.type, SourceType::kKafka);
  EXPECT_EQ(clicks.format, SourceFormat::kJson);
  ASSERT_TRUE(clicks.kafka.has_value());
  EXPECT_EQ(clicks.kafka->brokers, "localhost:9092");
  EXPECT_EQ(clicks.kafka->topics, (std::vector<std::string>{"clicks"}));
  ASSERT_EQ(clicks.schema.columns.size(), 5U);
  EXPECT_EQ(clicks.schema.columns[4],
            (ColumnSpec{"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMillis}));
  EXPECT_EQ(clicks.event_timestamp, 4);
  EXPECT_EQ(clicks.arrival_timestamp, -1);
  EXPECT_EQ(clicks.out_of_orderness_us, 5 * kSecondUs);
  EXPECT_EQ(clicks.idle_after_us, 30 * kSecondUs);
  EXPECT_FALSE(clicks.allowed_lateness_us.has_value());
  EXPECT_FALSE(clicks.max_ahead_us.has_value());
  EXPECT_EQ(clicks.dead_letters, "var/log/dead_letters/clicks.jsonl");
}

TEST(Definition, TakesNoTimeAtAllOfAnyUnit) {
  const auto of = [](const std::string& duration) {
    std::string text = kShop;
    constexpr std::string_view kGiven = "out_of_orderness: 5s ";
    return ParseDefinition(
        text.replace(text.find(kGiven), kGiven.size(), "out_of_orderness: " + duration + " "),
        "skewless.yaml", ".");
  };
  for (const char* zero : {"0", "00", "0d", "0h", "0m", "0s", "0ms", "0us", "00us"}) {
    const auto definition = of(zero);
    ASSERT_TRUE(definition.has_value()) << zero << ": " << definition.error().ToString();
    EXPECT_EQ((*definition)->sources[0].out_of_orderness_us, 0) << zero;
  }
  for (const char* other : {"0w", "0 s", "0.0s", "-0s", "0_s"}) EXPECT_FALSE(of(other)) << other;
  EXPECT_EQ(of("05m").value()->sources[0].out_of_orderness_us, 5 * kMinuteUs);
}

TEST(Definition, ReadsAFileSource) {
  const auto shop = Parsed(kShop);
  const SourceDefinition& views = shop->sources[1];
  EXPECT_EQ(views.type, SourceType::kFile);
  EXPECT_EQ(views.format, SourceFormat::kCsv);
  EXPECT_EQ(views.path, "data/a.csv");
  EXPECT_EQ(views.paths, (std::vector<std::string>{"data/a.csv", "data/b*.csv.gz"}));
  EXPECT_EQ(
      views.options,
      (std::map<std::string, std::string>{
          {"delimiter", ";"}, {"null_text", "NA"}, {"header", "false"}, {"compression", "gzip"}}));
  EXPECT_EQ(views.arrival_timestamp, 5);
  EXPECT_EQ(views.allowed_lateness_us, 0);
  EXPECT_EQ(views.max_ahead_us, 5 * kMinuteUs);
  EXPECT_EQ(views.dead_letters, "var/bad.jsonl");
}

TEST(Definition, PlansTheExampleView) {
  const auto shop = Parsed(kShop);
  const FeatureViewDefinition& view = shop->views[0];
  EXPECT_EQ(view.source, 0);
  EXPECT_EQ(view.entity, 0);
  EXPECT_EQ(view.key_columns, std::vector<int>{0});
  EXPECT_EQ(view.where_text, "price >= 0");
  ASSERT_NE(view.where_program, nullptr);
  EXPECT_EQ(view.where_program->inputs(), std::vector<int>{3});
  EXPECT_EQ(view.ttl_us, 30 * kDayUs);
  ASSERT_EQ(view.output_count(), 7U);
  EXPECT_EQ(view.output_name(0), "clicks_last_5_minutes");
  EXPECT_EQ(view.output_name(6), "spend_per_click");
  EXPECT_EQ(view.output_type(6), (Type{TypeKind::kFloat64, false}));
  EXPECT_EQ(view.FindOutput("spend_per_click"), 6);
  EXPECT_EQ(view.FindOutput("nothing"), -1);
}

TEST(Definition, PlansWindowsAndArguments) {
  const auto shop = Parsed(kShop);
  const FeatureDefinition& clicks = Feature(*shop, "user_activity", "clicks_last_5_minutes");
  EXPECT_EQ(clicks.aggregate, AggregateKind::kCount);
  EXPECT_EQ(clicks.argument, nullptr);
  EXPECT_EQ(clicks.argument_program, nullptr);
  ASSERT_NE(clicks.filter_program, nullptr);
  EXPECT_EQ(clicks.filter_program->inputs(), std::vector<int>{2});
  EXPECT_EQ(clicks.window->window_us, 5 * kMinuteUs);
  EXPECT_EQ(clicks.window->hop_us, 5 * kSecondUs);
  EXPECT_EQ(clicks.type, (Type{TypeKind::kInt64, false}));
  EXPECT_EQ(clicks.place.line, 49);

  EXPECT_FALSE(Feature(*shop, "user_activity", "visits").window.has_value());
  EXPECT_EQ(Feature(*shop, "user_activity", "average_price_24h").window->hop_us, 30 * kMinuteUs);
  EXPECT_EQ(Feature(*shop, "item_stats", "views_1h").window->hop_us, 1);
  EXPECT_EQ(Feature(*shop, "item_stats", "ratio_sum").window->hop_us, 30 * kSecondUs);
  const FeatureDefinition& best = Feature(*shop, "item_stats", "best");
  EXPECT_EQ(best.aggregate, AggregateKind::kMaxBy);
  ASSERT_NE(best.order_program, nullptr);
  EXPECT_EQ(best.order_program->inputs(), std::vector<int>{4});
  EXPECT_EQ(shop->views[1].key_columns, std::vector<int>{0});
}

TEST(Definition, TypesAggregates) {
  const auto shop = Parsed(kShop);
  const auto type = [&](std::string_view name) {
    return TypeName(Feature(*shop, "item_stats", name).type);
  };
  EXPECT_EQ(type("views_1h"), "int64");
  EXPECT_EQ(type("total"), "int64");
  EXPECT_EQ(type("ratio_sum"), "float64");
  EXPECT_EQ(type("ratio_max"), "float32");
  EXPECT_EQ(type("good"), "bool");
  EXPECT_EQ(type("best"), "float32");
  EXPECT_EQ(type("first_ok"), "bool");
  EXPECT_EQ(type("firsts"), "int32[]");
  EXPECT_EQ(type("spread"), "float64");
  EXPECT_EQ(type("newest"), "timestamp");
  EXPECT_EQ(TypeName(Feature(*shop, "user_activity", "last_items").type), "int64[]");
  EXPECT_EQ(Feature(*shop, "user_activity", "last_items").aggregate, AggregateKind::kLastN);
  EXPECT_EQ(Feature(*shop, "user_activity", "last_items").list_size, 10);
  EXPECT_TRUE(Feature(*shop, "item_stats", "first_ok").respect_nulls);
}

TEST(Definition, KnowsWhichAggregatesDependOnOrder) {
  const auto shop = Parsed(kShop);
  EXPECT_TRUE(DependsOnOrder(Feature(*shop, "user_activity", "spend_1h")));
  EXPECT_TRUE(DependsOnOrder(Feature(*shop, "user_activity", "average_price_24h")));
  EXPECT_TRUE(DependsOnOrder(Feature(*shop, "item_stats", "spread")));
  EXPECT_TRUE(DependsOnOrder(Feature(*shop, "item_stats", "ratio_max")));
  EXPECT_FALSE(DependsOnOrder(Feature(*shop, "item_stats", "total")));
  EXPECT_FALSE(DependsOnOrder(Feature(*shop, "user_activity", "visits")));
  EXPECT_FALSE(DependsOnOrder(Feature(*shop, "item_stats", "newest")));
  EXPECT_EQ(AggregateName(AggregateKind::kLastN), "last");
  EXPECT_EQ(AggregateName(AggregateKind::kStddevSamp), "stddev_samp");
}

TEST(Definition, ScopesServices) {
  const auto shop = Parsed(kShop);
  const FeatureServiceDefinition& ranking = shop->services[0];
  ASSERT_EQ(ranking.features.size(), 8U);
  EXPECT_EQ(ranking.features[7].view, 1);
  EXPECT_EQ(ranking.features[7].output, 0);
  ASSERT_EQ(ranking.scope.size(), ranking.scope_entries.size());
  EXPECT_EQ(ranking.scope[0].name, "cart_total");
  EXPECT_EQ(ranking.scope[1].name, "user_activity:clicks_last_5_minutes");
  EXPECT_EQ(ranking.scope[2].name, "clicks_last_5_minutes");
  int qualified_visits = 0;
  for (size_t i = 0; i < ranking.scope.size(); ++i) {
    EXPECT_NE(ranking.scope[i].name, "visits") << "two views share it";
    qualified_visits += ranking.scope[i].name.ends_with(":visits") ? 1 : 0;
    const auto& entry = ranking.scope_entries[i];
    if (entry.kind != FeatureServiceDefinition::ScopeEntry::kFeature) continue;
    const auto& view = shop->views[static_cast<size_t>(entry.feature.view)];
    const std::string& output = view.output_name(static_cast<size_t>(entry.feature.output));
    EXPECT_TRUE(ranking.scope[i].name == output ||
                ranking.scope[i].name == view.name + ":" + output);
    EXPECT_EQ(ranking.scope[i].type, view.output_type(static_cast<size_t>(entry.feature.output)));
  }
  EXPECT_EQ(qualified_visits, 2);
  ASSERT_EQ(ranking.derived.size(), 2U);
  EXPECT_EQ(ranking.derived[0].text, "cart_total / nullif(user_activity:spend_1h, 0)");
  EXPECT_EQ(ranking.scope.back().name, "twice");
  // `twice` reads the entry that `share` became.
  ASSERT_EQ(ranking.derived[1].program->inputs().size(), 1U);
  const auto share = static_cast<size_t>(ranking.derived[1].program->inputs()[0]);
  EXPECT_EQ(ranking.scope[share].name, "share");
  EXPECT_EQ(ranking.scope_entries[share].kind, FeatureServiceDefinition::ScopeEntry::kDerived);
  EXPECT_EQ(ranking.scope_entries[share].index, 0);
}

TEST(Definition, ADerivedFeatureOfAServiceMayTakeTheNameOfAnOutputThatItDoesNotList) {
  std::string text = kShop;
  text.replace(text.find("twice: share"), 5, "total");
  const auto shop = Parsed(text);
  int total = 0;
  for (const ScopeColumn& column : shop->services[0].scope) total += column.name == "total" ? 1 : 0;
  EXPECT_EQ(total, 1);
}

TEST(ResolveFeatures, TakesViewsOutputsAndServices) {
  const auto shop = Parsed(kShop);
  const auto one = ResolveFeatures(*shop, {"item_stats:total"});
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ((*one)[0].view, 1);
  EXPECT_EQ((*one)[0].output, 2);
  EXPECT_EQ(ResolveFeatures(*shop, {"user_activity"})->size(), 7U);
  const auto plain = Parsed(std::string(kShop) +
                            "  plain: {features: [user_activity, \"item_stats:views_1h\"]}\n");
  EXPECT_EQ(ResolveFeatures(*plain, {"plain"})->size(), 8U);
  EXPECT_EQ(ResolveFeatures(*plain, {"plain", "user_activity:visits"})->size(), 8U);
  EXPECT_TRUE(ResolveFeatures(*shop, {})->empty());
}

// Its derived features would be missing from the list without a word.
TEST(ResolveFeatures, RefusesAServiceWithFeaturesOfItsOwn) {
  const auto shop = Parsed(kShop);
  const auto resolved = ResolveFeatures(*shop, {"item_stats", "ranking"});
  ASSERT_FALSE(resolved.has_value());
  EXPECT_NE(resolved.error().message.find("'ranking' has derived features of its own ('share')"),
            std::string::npos)
      << resolved.error().message;
  EXPECT_FALSE(resolved.error().remedy.empty());
}

TEST(ResolveFeatures, OffersNearNames) {
  const auto shop = Parsed(kShop);
  const auto error = [&](const char* name) {
    const auto resolved = ResolveFeatures(*shop, {name});
    EXPECT_FALSE(resolved.has_value());
    EXPECT_EQ(resolved.error().code, ErrorCode::kNotFound);
    return resolved.error().ToString();
  };
  EXPECT_NE(error("user_activty").find("Did you mean 'user_activity'?"), std::string::npos);
  EXPECT_NE(error("rankin").find("Did you mean 'ranking'?"), std::string::npos);
  EXPECT_NE(error("item_stats:totl").find("Did you mean 'total'?"), std::string::npos);
  EXPECT_NE(error("spend_1h").find("Did you mean 'user_activity:spend_1h'?"), std::string::npos);
  EXPECT_NE(error("").find("there is no feature view"), std::string::npos);
}

TEST(Definition, ReadsEveryStoreAndFormatOfTheLanguage) {
  std::string text = kShop;
  const auto replace = [](std::string base, std::string_view from, std::string_view to) {
    return base.replace(base.find(from), from.size(), to);
  };
  constexpr std::string_view kOnline = "{type: embedded, path: var/online}";
  // No other store is driven by a replay clock.
  const std::string live = replace(text, "    arrival_timestamp: seen\n", "");
  const auto redis =
      Parsed(replace(live, kOnline, "{type: redis, address: localhost:6379, form: values}"));
  EXPECT_EQ(redis->online.type, "redis");
  EXPECT_EQ(redis->online.options.at("address"), "localhost:6379");
  EXPECT_EQ(Parsed(replace(live, kOnline, "{type: cassandra, contact_points: a, keyspace: k}"))
                ->online.type,
            "cassandra");
  EXPECT_EQ(Parsed(replace(live, kOnline, "{type: dynamodb, table_prefix: p}"))->online.type,
            "dynamodb");
  EXPECT_EQ(Parsed(replace(text, "{type: parquet, path: var/history}",
                           "{type: iceberg, path: s3://b/x, catalog: http://c}"))
                ->offline->type,
            "iceberg");
  EXPECT_EQ(Parsed(replace(text, "format: json ", "format: avro\n    schema: a.avsc "))
                ->sources[0]
                .format,
            SourceFormat::kAvro);
  EXPECT_EQ(Parsed(replace(text, "format: json ",
                           "format: protobuf\n    schema: a.proto\n    message: A "))
                ->sources[0]
                .options.at("message"),
            "A");
  const auto registry = Parsed(replace(
      text, "format: json ", "format: avro\n    schema_registry: https://a:p%40@registry:8081/ "));
  EXPECT_EQ(registry->sources[0].options.at("schema_registry"), "https://registry:8081");
  EXPECT_EQ(registry->sources[0].registry_user, "a:p@");
  const auto user_of = [&](const std::string& url) {
    return ParseDefinition(replace(text, "format: json ",
                                   "format: avro\n    schema: a.avsc\n" + url +
                                       "    schema_registry_user_env: REGISTRY_USER "),
                           "f.yaml", ".");
  };
  EXPECT_EQ((*user_of("    schema_registry: https://registry\n"))
                ->sources[0]
                .options.at("schema_registry_user_env"),
            "REGISTRY_USER");
  EXPECT_NE(user_of("    schema_registry: https://a:p@registry\n")
                .error()
                .message.find("schema_registry names a user, too"),
            std::string::npos);
  EXPECT_NE(user_of("").error().message.find("there is no registry"), std::string::npos);

  const auto tls_of = [&](const std::string& url, const std::string& keys) {
    const auto parsed = ParseDefinition(
        replace(text, "format: json ", "format: avro\n    schema_registry: " + url + keys + " "),
        "f.yaml", ".");
    return parsed ? "none" : parsed.error().message + parsed.error().remedy;
  };
  const std::string ca = "\n    schema_registry_ca: ca.pem";
  const std::string cert = "\n    schema_registry_cert: our.pem";
  const std::string key = "\n    schema_registry_key: our.key";
  EXPECT_EQ(tls_of("https://registry", ca + cert + key), "none");
  EXPECT_NE(
      tls_of("http://registry", ca).find("schema_registry_ca: there is no registry with https://"),
      std::string::npos);
  EXPECT_NE(tls_of("https://registry", cert).find("Add 'schema_registry_key'"), std::string::npos);
  EXPECT_NE(tls_of("https://registry", key).find("Add 'schema_registry_cert'"), std::string::npos);
}

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("skewless_definition_" + std::to_string(reinterpret_cast<uintptr_t>(this)) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "features" / "more");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, std::string_view contents) {
    ASSERT_TRUE(
        WriteFileAtomically(SystemFiles(), (folder_ / name).string(), contents).has_value());
  }
  std::filesystem::path folder_;
};

constexpr std::string_view kSettings =
    "project: shop\nlog: {path: l}\nonline: {type: embedded, path: o}\n";
constexpr std::string_view kItems =
    "sources:\n  items: {type: file, path: i.json, format: json, event_timestamp: t,\n"
    "          columns: {item: string, t: timestamp}}\n";
constexpr std::string_view kViews =
    "entities: {item: {keys: {item: string}}}\n"
    "feature_views: {v: {source: items, entity: item, features: {n: count(*)}}}\n";

TEST_F(FolderTest, ReadsFilesUnderFeatures) {
  Write("skewless.yaml", kSettings);
  Write("features/b.yaml", kItems);
  Write("features/more/a.yml", kViews);
  Write("features/.hidden.yaml", "nonsense: true\n");
  Write("features/notes.txt", "nonsense\n");
  const auto definition = LoadDefinition(folder_.string());
  ASSERT_TRUE(definition.has_value()) << definition.error().ToString();
  EXPECT_EQ((*definition)->views.size(), 1U);
  EXPECT_EQ((*definition)->root, folder_.string());
  EXPECT_EQ((*definition)->views[0].place.file, (folder_ / "features/more/a.yml").string());
  EXPECT_EQ((*definition)->ResolvePath("l"), (folder_ / "l").string());
}

TEST_F(FolderTest, NamesTheFirstOfTwoPlaces) {
  Write("skewless.yaml", std::string(kSettings) + std::string(kItems) + std::string(kViews));
  Write("features/b.yaml", kItems);
  const auto definition = LoadDefinition(folder_.string());
  ASSERT_FALSE(definition.has_value());
  const std::string& message = definition.error().message;
  EXPECT_NE(message.find("b.yaml:2:3: error: the name 'items' is taken: "), std::string::npos)
      << message;
  EXPECT_NE(message.find("skewless.yaml:5:3"), std::string::npos) << message;
}

TEST_F(FolderTest, KeepsSettingsInTheMainFile) {
  Write("skewless.yaml", kSettings);
  Write("features/b.yaml", "serving: {listen: 'a:1'}\n");
  const auto definition = LoadDefinition(folder_.string());
  ASSERT_FALSE(definition.has_value());
  EXPECT_NE(
      definition.error().message.find("b.yaml:1:1: error: 'serving' belongs into skewless.yaml"),
      std::string::npos);
}

TEST_F(FolderTest, SaysWhereNoRepositoryIs) {
  const auto definition = LoadDefinition(folder_.string());
  ASSERT_FALSE(definition.has_value());
  EXPECT_EQ(definition.error().code, ErrorCode::kNotFound);
  EXPECT_NE(definition.error().remedy.find("skewless init"), std::string::npos);
}

}  // namespace
}  // namespace skewless
