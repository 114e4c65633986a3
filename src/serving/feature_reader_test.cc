#include "serving/feature_reader.h"

#include "base/base64.h"
#include "serving/serving_fixture.h"

namespace skewless {
namespace {

constexpr Timestamp kT = kTestStart;

std::string Show(const ReadRow& row) {
  std::string text;
  for (const ValueView& value : row.values) text += (text.empty() ? "" : ", ") + FormatValue(value);
  return text;
}

TEST(ReadPlan, AServiceHasItsViewsKeysAndRequestColumns) {
  const ServedStore store;
  const auto plan = PlanService(store.definition(), "ranking");
  ASSERT_TRUE(plan.has_value());
  std::vector<std::string> names, full, keys, request;
  for (const auto& output : plan->outputs)
    names.push_back(output.name), full.push_back(output.full_name);
  for (const auto& key : plan->keys) keys.push_back(key.name);
  for (const auto& column : plan->request) request.push_back(column.name);
  EXPECT_EQ(names, (std::vector<std::string>{"spend", "visits", "share", "many"}));
  EXPECT_EQ(full, (std::vector<std::string>{"activity__spend", "popular__visits", "ranking__share",
                                            "ranking__many"}));
  EXPECT_EQ(keys, (std::vector<std::string>{"user", "item"}));
  EXPECT_EQ(request, (std::vector<std::string>{"cart"}));
  EXPECT_EQ(plan->views, (std::vector<int>{0, 1}));
}

TEST(ReadPlan, NamesThatAreNotThereOfferTheNearest) {
  const ServedStore store;
  const auto service = PlanService(store.definition(), "rankin");
  ASSERT_FALSE(service.has_value());
  EXPECT_EQ(service.error().code, ErrorCode::kNotFound);
  EXPECT_NE(service.error().remedy.find("'ranking'"), std::string::npos);
  const auto view = PlanService(store.definition(), "activity");
  ASSERT_FALSE(view.has_value());
  EXPECT_EQ(view.error().ToString(),
            "'activity' is a feature view, no feature service\n"
            "  Ask for it as \"features\": [\"activity\"].");
  const auto feature = PlanFeatures(store.definition(), {"activity:visit"});
  ASSERT_FALSE(feature.has_value());
  EXPECT_NE(feature.error().ToString().find("visits"), std::string::npos);
  EXPECT_FALSE(PlanFeatures(store.definition(), {"nothing"}).has_value());
}

// One value would be looked for in both, and found in one.
TEST(ReadPlan, KeysOfOneNameMustBeOfOneType) {
  const TestRepository repository(R"yaml(project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  s: {type: file, path: s.csv, format: csv, columns: {id: int64, code: string, ts: timestamp}, event_timestamp: ts}
entities:
  user: {keys: {id: int64}}
  account: {keys: {id: int64}}
  item: {keys: {id: string}}
feature_views:
  clicks: {source: s, entity: user, features: {n: count(*)}}
  orders: {source: s, entity: account, features: {m: count(*)}}
  views: {source: s, entity: item, keys: {id: code}, features: {k: count(*)}}
)yaml");
  const auto same = PlanFeatures(repository.definition(), {"clicks", "orders"});
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->keys.size(), 1U);
  const auto mixed = PlanFeatures(repository.definition(), {"views:k", "clicks"});
  ASSERT_FALSE(mixed.has_value());
  EXPECT_EQ(mixed.error().code, ErrorCode::kInvalid);
  EXPECT_NE(mixed.error().message.find("two entities with a key 'id', one int64, one string"),
            std::string::npos)
      << mixed.error().message;
}

TEST(FeatureReader, ManyRowsOfSeveralViewsAtOneTime) {
  ServedStore store;
  store.Click("1", "a", "2.0", kT);
  store.Click("1", "b", "3.0", kT + 10);
  store.Click("2", "a", "8.0", kT + 20);
  FeatureReader reader = store.Reader();
  const ReadPlan plan = *PlanService(store.definition(), "ranking");
  std::vector<Column> inputs(3);
  inputs[0].type = {TypeKind::kInt64, false};
  inputs[1].type = {TypeKind::kString, false};
  inputs[2].type = {TypeKind::kFloat64, false};
  for (const int64_t user : {1, 2, 9}) inputs[0].AppendInt(user);
  inputs[0].AppendNull();
  for (const char* item : {"a", "b", "a"}) inputs[1].AppendString(item);
  inputs[1].AppendString("a");
  for (const double cart : {1.0, 4.0, 1.0, 1.0}) inputs[2].AppendDouble(cart);
  const auto rows = reader.ReadMany(plan, inputs, 4);
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 4u);
  EXPECT_EQ(Show((*rows)[0]), "5.0, 2, 0.2, true");
  EXPECT_EQ(Show((*rows)[1]), "8.0, 1, 0.5, false");
  EXPECT_EQ(Show((*rows)[2]), "null, 2, null, null");
  EXPECT_EQ(Show((*rows)[3]), "null, 2, null, null");
  for (const ReadRow& row : *rows) EXPECT_EQ(row.read_us, kT + 20);
  EXPECT_EQ((*rows)[0].views[0].sequence, 2);
  EXPECT_EQ((*rows)[0].views[1].sequence, 3);
  EXPECT_EQ((*rows)[0].newest_event_us[0], kT + 10);
  for (const size_t missing : {2u, 3u}) {
    EXPECT_EQ((*rows)[missing].statuses[0], RowStatus::kNotFound);
    EXPECT_EQ((*rows)[missing].views[0].sequence, 0);
    EXPECT_EQ((*rows)[missing].newest_event_us[0], 0);
  }
  // The next, smaller request sees nothing of this one.
  for (Column& column : inputs) column.Clear();
  inputs[0].type = {TypeKind::kInt64, false};
  inputs[1].type = {TypeKind::kString, false};
  inputs[2].type = {TypeKind::kFloat64, false};
  inputs[0].AppendInt(2);
  inputs[1].AppendString("zzz");
  inputs[2].AppendNull();
  const auto next = reader.ReadMany(plan, inputs, 1);
  ASSERT_EQ(next->size(), 1u);
  EXPECT_EQ(Show((*next)[0]), "8.0, null, null, false");
}

// What a row's values point into outlives the rows that are read after it.
TEST(FeatureReader, TextsAndListsOfManyRowsAreEachRowsOwn) {
  ServedStore store;
  constexpr int kUsers = 300;
  for (int user = 0; user < kUsers; ++user) {
    const std::string number = std::to_string(user);
    std::string blob;
    AppendBase64(blob, AsBytes("blob of " + number));
    store.Click(number, "a", number + ".5", kT + user, blob);
  }
  FeatureReader reader = store.Reader();
  const ReadPlan plan = *PlanFeatures(store.definition(), {"activity:blob", "activity:prices"});
  std::vector<Column> inputs(1);
  inputs[0].type = {TypeKind::kInt64, false};
  for (int user = 0; user < kUsers; ++user) inputs[0].AppendInt(user);
  const auto rows = reader.ReadMany(plan, inputs, kUsers);
  ASSERT_TRUE(rows.has_value());
  for (int user = 0; user < kUsers; ++user) {
    const std::string number = std::to_string(user);
    const ReadRow& row = (*rows)[static_cast<size_t>(user)];
    EXPECT_EQ(row.values[0].bytes, "blob of " + number);
    EXPECT_EQ(FormatValue(row.values[1]), "[" + number + ".5]");
  }
}

TEST(FeatureReader, OneRowByNames) {
  ServedStore store;
  store.Click("1", "a", "2.0", kT);
  FeatureReader reader = store.Reader();
  const ReadPlan plan =
      *PlanFeatures(store.definition(), {"pairs:visits", "activity:visits", "activity:per_visit"});
  const auto row = reader.Read(
      plan, {{"user", Value::Int(1)}, {"item", Value::String("a")}, {"other", Value::Int(3)}});
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(Show(**row), "1, 1, 2.0");
  const auto missing = reader.Read(plan, {{"user", Value::Int(1)}});
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().message.find("'item'"), std::string::npos);
  const auto no_cart = reader.Read(*PlanService(store.definition(), "ranking"),
                                   {{"user", Value::Int(1)}, {"item", Value::String("a")}});
  ASSERT_FALSE(no_cart.has_value());
  EXPECT_NE(no_cart.error().message.find("'cart'"), std::string::npos);
  // One null part of a composite key is no key.
  const auto null_key = reader.Read(
      plan, {{"user", Value::Int(1)}, {"item", Value::Null({TypeKind::kString, false})}});
  ASSERT_TRUE(null_key.has_value());
  EXPECT_EQ(Show(**null_key), "null, 1, 2.0");
}

TEST(FeatureReader, TimeToLiveRunsOutByTheReadersClock) {
  ServedStore store;
  store.Click("1", "a", "2.0", kT);
  FeatureReader reader = store.Reader();
  const ReadPlan plan = *PlanFeatures(store.definition(), {"activity:visits", "popular:visits"});
  const std::map<std::string, Value> inputs{{"user", Value::Int(1)}, {"item", Value::String("a")}};
  store.MoveTo(kT + kDayUs);
  EXPECT_EQ(Show(**reader.Read(plan, inputs)), "1, 1");
  store.MoveTo(kT + kDayUs + 1);
  const auto row = reader.Read(plan, inputs);
  EXPECT_EQ(Show(**row), "null, 1");
  EXPECT_EQ((*row)->statuses[0], RowStatus::kOutsideMaxAge);
  EXPECT_EQ((*row)->newest_event_us[0], kT);
}

// `get --at` finishes states from the log as a read finishes those of the store.
TEST(FeatureReader, FinishIsAReadOfGivenStates) {
  ServedStore store;
  store.Click("1", "a", "2.0", kT);
  store.Click("1", "b", "3.0", kT + 10);
  auto online = store.OpenReader();
  const ReadPlan plan = *PlanService(store.definition(), "ranking");
  const int64_t user = 1;
  const Bytes item = *EncodeKey(std::vector<Value>{Value::String("a")});
  const RowKey keys[] = {{0, {reinterpret_cast<const uint8_t*>(&user), 8}}, {1, item}};
  ASSERT_TRUE((*online)->Read(keys).has_value());
  const Bytes activity((*online)->state(0).begin(), (*online)->state(0).end());
  const Bytes popular((*online)->state(1).begin(), (*online)->state(1).end());
  const std::map<std::string, Value> inputs{
      {"user", Value::Int(1)}, {"item", Value::String("a")}, {"cart", Value::Double(1)}};
  FeatureReader finisher(store.definition(), store.kernels(), nullptr);
  const auto finished = finisher.Finish(plan, inputs, kT + 10, {activity, popular});
  ASSERT_TRUE(finished.has_value());
  FeatureReader reader = store.Reader();
  EXPECT_EQ(Show(**finished), Show(**reader.Read(plan, inputs)));
  EXPECT_EQ(Show(**finisher.Finish(plan, inputs, kT, {ByteView{}, ByteView{}})),
            "null, null, null, null");
}

}  // namespace
}  // namespace skewless
