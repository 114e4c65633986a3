// The join that keeps last values only, beside the one that keeps records: few users and few times,
// so that nearly all is a tie, with nulls, a filter and a derived feature.
#include "training/last_values.h"

#include <random>

#include "training/training_fixture.h"

namespace skewless {
namespace {

constexpr char kYaml[] = R"yaml(project: last
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, x: float64, n: int64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  latest:
    source: events
    entity: user
    features:
      x: last(x)
      n: last(n)
      big: last(x) filter (where n > 2)
    derived:
      both: x + n
)yaml";

class LastValuesTest : public ::testing::Test {
 protected:
  // Batches of 50 rows whose availability ascends, several rows at each instant.
  void MakeHistory() {
    std::mt19937_64 random(3);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    Timestamp now = 0;
    for (size_t batch = 0; batch < 40; ++batch) {
      batches_.emplace_back();
      for (int row = 0; row < 50; ++row) {
        now += below(3) == 0 ? 1 : 0;
        const std::string x = below(4) == 0 ? "" : std::to_string(below(1000));
        const std::string n = below(4) == 0 ? "" : std::to_string(below(6));
        const std::string event = std::to_string(kTestStart + now - below(3));
        batches_.back().push_back({{std::to_string(below(20)), x, n, event}, kTestStart + now});
      }
    }
    end_ = now;
  }
  HistoryStream Stream() {
    return [this, next = size_t{0}](Batch* batch) mutable -> Result<bool> {
      if (next == batches_.size()) return false;
      FillBatch(repository_.definition(), 0, batches_[next], static_cast<Sequence>(next) * 50 + 1,
                batch);
      ++next;
      return true;
    };
  }
  ViewLabels Labels() const {
    std::mt19937_64 random(5);
    ViewLabels labels;
    Column users;
    users.type = {TypeKind::kInt64, false};
    for (int i = 0; i < 2000; ++i) {
      random() % 50 == 0 ? users.AppendNull()
                         : users.AppendInt(static_cast<int64_t>(random() % 22));
      labels.time_us.push_back(kTestStart - 5 +
                               static_cast<Timestamp>(random() % static_cast<uint64_t>(end_ + 10)));
    }
    const Column* columns[] = {&users};
    EncodeKeys(columns, users.size(), &labels.keys);
    return labels;
  }

  TestRepository repository_{kYaml};
  std::vector<std::vector<TestRecord>> batches_;
  Timestamp end_ = 0;
};

TEST_F(LastValuesTest, AreThoseOfTheRecords) {
  MakeHistory();
  const ViewLabels labels = Labels();
  const std::vector<std::vector<int>> outputs{{0, 1, 2, 3}};
  std::vector<ViewKernel::LastValue> values;
  ASSERT_TRUE(repository_.kernels()[0]->IsLastValuesOnly(outputs[0], &values));
  ASSERT_EQ(values.size(), 3u);
  JoinOptions options;
  options.available_ascends = true;
  std::vector<ViewAnswers> by[2];
  for (const bool provenance : {true, false}) {
    options.provenance = provenance;  // which asks for the records
    for (const int threads : {1, 2}) {
      options.threads = threads;
      JoinCounts counts;
      auto answers =
          JoinHistory(repository_.kernels(), Stream(), {labels}, outputs, options, &counts);
      ASSERT_TRUE(answers.has_value()) << answers.error().ToString();
      EXPECT_GT(counts.not_found, 40);
      by[provenance ? 0 : 1] = std::move(*answers);
    }
  }
  EXPECT_EQ(by[0][0].status, by[1][0].status);
  for (const int output : outputs[0]) {
    const Column& records = by[0][0].outputs[static_cast<size_t>(output)];
    const Column& kept = by[1][0].outputs[static_cast<size_t>(output)];
    for (size_t row = 0; row < labels.time_us.size(); ++row) {
      ASSERT_TRUE(SameBits(ValueAt(records, row), ValueAt(kept, row)))
          << output << " of label " << row << ": " << FormatValue(ValueAt(records, row)) << ", "
          << FormatValue(ValueAt(kept, row));
    }
  }
}

}  // namespace
}  // namespace skewless
