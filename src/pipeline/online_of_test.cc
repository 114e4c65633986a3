// What a definition says of its online store, and that its readers find the rows there.
#include "pipeline/online_of.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "online/redis/redis_rows_fixture.h"

namespace skewless {
namespace {

constexpr char kViews[] = R"(
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, price: float64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  windows:
    source: clicks
    entity: user
    features: {clicks: count(*) over 1h, spend: sum(price) over 24h}
    derived: {mean: spend / clicks}
  all_time:
    source: clicks
    entity: user
    features: {clicks: count(*) over 1h, visits: count(*)}
  short_lived:
    source: clicks
    entity: user
    ttl: 7d
    features: {visits: count(*)}
)";

struct Opened {
  std::unique_ptr<Definition> definition;
  KernelSet kernels;
};

Opened Open(const std::string& online) {
  Opened opened;
  auto definition = ParseDefinition(
      "project: shop\nlog: {path: var/log}\nonline: " + online + kViews, "skewless.yaml", "/shop");
  if (!definition) throw std::runtime_error(definition.error().ToString());
  opened.definition = std::move(*definition);
  auto kernels = CompileKernels(*opened.definition);
  SKEWLESS_CHECK(kernels.has_value());
  opened.kernels = std::move(*kernels);
  return opened;
}

TEST(OnlineOf, RedisTakesWhatTheDefinitionSays) {
  ASSERT_EQ(::setenv("ONLINE_OF_TEST_PASSWORD", "secret", 1), 0);
  const Opened opened = Open(
      "{type: redis, address: 'cache:6380', username: features, "
      "password_env: ONLINE_OF_TEST_PASSWORD, database: 3, tls: true, tls_ca: ca.pem, "
      "key_prefix: 'a:', expire: true}");
  const auto store = RedisStoreOf(*opened.definition, opened.kernels);
  ASSERT_TRUE(store.has_value()) << store.error().ToString();
  EXPECT_EQ(store->address, "cache:6380");
  EXPECT_FALSE(store->cluster);
  EXPECT_EQ(store->username, "features");
  EXPECT_EQ(store->password, "secret");
  EXPECT_EQ(store->database, 3);
  EXPECT_TRUE(store->tls.enabled);
  EXPECT_EQ(store->tls.ca_file, "/shop/ca.pem");
  EXPECT_EQ(store->tls.cert_file, "");
  EXPECT_EQ(store->key_prefix, "a:");
  EXPECT_EQ(store->project, "shop");
  EXPECT_EQ(store->views, ViewNames(opened.kernels));
  EXPECT_EQ(store->fingerprints, Fingerprints(opened.kernels));
  // By the longest window; never, as visits run for all time; by the time to live.
  EXPECT_EQ(store->expire_after_us, (std::vector<DurationUs>{kDayUs, 0, 7 * kDayUs}));
}

TEST(OnlineOf, RedisByDefaultIsOneServerAndItsRowsStay) {
  const Opened opened = Open("{type: redis, address: 'cache:6379', cluster: true, password: p}");
  const auto store = RedisStoreOf(*opened.definition, opened.kernels);
  ASSERT_TRUE(store.has_value()) << store.error().ToString();
  EXPECT_TRUE(store->cluster);
  EXPECT_EQ(store->password, "p");
  EXPECT_FALSE(store->tls.enabled);
  EXPECT_EQ(store->expire_after_us, (std::vector<DurationUs>{0, 0, 0}));
}

TEST(OnlineOf, RowsOfFinishedValuesAreToldByAllThatTheyDependOn) {
  const Opened opened = Open("{type: redis, address: 'cache:6379', form: values}");
  const auto store = RedisStoreOf(*opened.definition, opened.kernels);
  ASSERT_TRUE(store.has_value()) << store.error().ToString();
  ASSERT_EQ(store->values.size(), opened.kernels.size());
  for (size_t i = 0; i < store->values.size(); ++i) {
    const ValuesView& view = store->values[i];
    ASSERT_EQ(view.outputs.size(), opened.kernels[i]->view().output_count());
    for (size_t o = 0; o < view.outputs.size(); ++o) {
      EXPECT_EQ(view.outputs[o].type, opened.kernels[i]->view().output_type(o));
      EXPECT_EQ(view.index.at(view.outputs[o].name), o);
    }
    EXPECT_NE(store->fingerprints[i], opened.kernels[i]->fingerprint());
  }
  EXPECT_TRUE(StampedViewsOf(*opened.definition, opened.kernels)[0].values);
}

TEST(OnlineOf, WhatThisVersionDoesNotDoIsNamed) {
  const auto error = [](const std::string& online) {
    const Opened opened = Open(online);
    const auto reader = OpenOnlineReader(*opened.definition, opened.kernels);
    return reader.has_value() ? Error{} : reader.error();
  };
  EXPECT_EQ(error("{type: dynamodb, table_prefix: p}").code, ErrorCode::kUnsupported);
  const Error missing = error("{type: redis, address: 'h:1', password_env: ONLINE_OF_NOT_SET}");
  EXPECT_EQ(missing.code, ErrorCode::kInvalid);
  EXPECT_NE(missing.message.find("'ONLINE_OF_NOT_SET'"), std::string::npos);
  EXPECT_EQ(error("{type: redis, address: 'h:1', tls: true, tls_ca: nowhere.pem}").code,
            ErrorCode::kInvalid);
}

TEST(OnlineOf, AReaderFindsItsRowsInRedis) {
  redis::TestDirectory directory("online_of_test");
  redis::RedisServer server(directory.path());
  const Opened opened = Open("{type: redis, address: '" + server.address() + "'}");
  auto reader = OpenOnlineReader(*opened.definition, opened.kernels);
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  const int64_t user = 42;
  const RowKey key{1, redis::KeyBytes(user)};
  EXPECT_EQ((*reader)->Read(std::span(&key, 1)).error().code, ErrorCode::kUnavailable);
  auto store = RedisStoreOf(*opened.definition, opened.kernels);
  ASSERT_TRUE(store.has_value());
  store->timeout_us = 20 * kSecondUs;
  redis::TestWriter writer(*store);
  EXPECT_EQ(writer.Write(1, redis::KeyBytes(user), 5).outcome, redis::Outcome::kWritten);
  writer.ConnectAndOpen();
  const auto t = (*reader)->Read(std::span(&key, 1));
  ASSERT_TRUE(t.has_value()) << t.error().ToString();
  EXPECT_EQ(redis::SequenceIn((*reader)->state(0)), 5);
}

}  // namespace
}  // namespace skewless
