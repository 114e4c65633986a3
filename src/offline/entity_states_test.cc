#include "offline/entity_states.h"

#include "kernel/repository_fixture.h"

namespace skewless {
namespace {

constexpr const char* kYaml = R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {name: string, amount: int64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {name: string}}
feature_views:
  totals:
    source: events
    entity: user
    features:
      visits: count(*)
      total: sum(amount)
      amounts: last(amount, 30)
)";

// Many more entities than the table begins with, and states that outgrow their first room.
TEST(EntityStates, EveryEntityKeepsItsStateWhileTheTableGrows) {
  TestRepository repository(kYaml);
  const ViewKernel& kernel = *repository.kernels()[0];
  EntityStates states(kernel);
  constexpr int kEntities = 5000;
  ViewInput input;
  EvaluationScratch scratch;
  FeatureVector vector;
  for (int round = 0; round < 3; ++round) {
    std::vector<TestRecord> records;
    for (int i = 0; i < kEntities; ++i) {
      const Timestamp at = kTestStart + round * kSecondUs;
      records.push_back(
          {{"entity-" + std::to_string(i), std::to_string(i), std::to_string(at)}, at});
    }
    Batch batch;
    FillBatch(repository.definition(), 0, records, 1 + round * kEntities, &batch);
    kernel.Prepare(batch, scratch, &input);
    for (size_t row = 0; row < input.rows; ++row) states.Fold(input, row);
    for (size_t row = 0; row < input.rows; row += 7) {
      const ByteView state = states.Find(input.keys.hash[row], input.keys.key(row));
      ASSERT_TRUE(kernel.Validate(state).has_value());
      kernel.Read(state, kTestStart + round * kSecondUs, &vector);
      ASSERT_EQ(vector.status, RowStatus::kPresent);
      EXPECT_EQ(vector.values[0].int_value, round + 1);
      EXPECT_EQ(vector.values[1].int_value, static_cast<int64_t>(row) * (round + 1));
    }
  }
  const std::string never = "\x05never";
  EXPECT_TRUE(states.Find(HashKey(AsBytes(never)), AsBytes(never)).empty());
}

}  // namespace
}  // namespace skewless
