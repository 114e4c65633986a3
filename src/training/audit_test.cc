#include "training/audit.h"

#include <cmath>

#include "kernel/service_kernel.h"
#include "log/served_log.h"
#include "training/label_file_fixture.h"
#include "training/point_in_time.h"
#include "training/record_availability.h"
#include "training/training_fixture.h"
#include "training/training_set.h"

namespace skewless {
namespace {

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    clicks_.Append({{1, "a", "2.0", 10, 10}, {2, "b", "3.0", 20, 20}, {1, "b", "4.5", 30, 30}});
    std::filesystem::create_directories(clicks_.Path("served"));
  }

  // What a server answers at `t` of the service `ranking`.
  ServedRow Serve(int64_t user, const std::string& item, double cart, Timestamp t) {
    const std::map<std::string, Value> keys{{"user", Value::Int(user)},
                                            {"item", Value::String(item)}};
    const std::vector<int> views{0, 1};
    const auto states = StatesAt(SystemFiles(), clicks_.definition(), clicks_.kernels(), views,
                                 keys, kTestStart + t);
    EXPECT_TRUE(states.has_value());
    ServedRow row;
    row.read_us = kTestStart + t;
    row.service = "ranking";
    row.outputs = {"activity:spend", "popular:views", "ranking:share"};
    row.inputs = {
        {"user", Value::Int(user)}, {"item", Value::String(item)}, {"cart", Value::Double(cart)}};
    FeatureVector vectors[2];
    for (size_t v = 0; v < 2; ++v) {
      clicks_.kernels()[v]->Read((*states)[v].state, row.read_us, &vectors[v]);
      row.views.push_back({v == 0 ? "activity" : "popular", vectors[v].sequence,
                           static_cast<uint8_t>(vectors[v].status)});
    }
    row.values = {Value::Of(vectors[0].values[1]), Value::Of(vectors[1].values[0]),
                  Value::Null({TypeKind::kFloat64, false})};
    if (row.values[0].valid && row.values[0].double_value != 0)
      row.values[2] = Value::Double(cart / row.values[0].double_value);
    return row;
  }
  void Log(const std::vector<ServedRow>& rows) {
    auto log = ServedLogWriter::Open(SystemFiles(), clicks_.Path("served"));
    ASSERT_TRUE(log.has_value());
    for (const ServedRow& row : rows) ASSERT_TRUE((*log)->Append(row).has_value());
    ASSERT_TRUE((*log)->Flush().has_value());
  }
  AuditReport Run() {
    JoinOptions options;
    options.threads = 1;
    auto report = Audit(SystemFiles(), clicks_.definition(), clicks_.Path("served"), options);
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return report.has_value() ? std::move(*report) : AuditReport{};
  }
  // One planted row beside two right ones.
  AuditReport RunWith(const ServedRow& planted) {
    Log({Serve(1, "a", 1, 30), planted, Serve(2, "b", 1, 100)});
    AuditReport report = Run();
    EXPECT_EQ(report.rows, 3);
    EXPECT_EQ(report.different_rows, 1);
    EXPECT_EQ(report.examples.size(), 1u);
    return report;
  }
  // Of the labels in labels.csv.
  void MakeSet(const std::string& feature) {
    TrainingSetRequest request;
    request.labels_path = clicks_.Path("labels.csv");
    request.output_path = clicks_.Path("set.csv");
    request.features = {feature};
    request.join.threads = 1;
    ASSERT_TRUE(MakeTrainingSet(SystemFiles(), clicks_.definition(), request).has_value());
  }
  Result<TrainingSetAudit> AuditSet() {
    return AuditTrainingSet(SystemFiles(), clicks_.Path("served"), clicks_.Path("set.csv"),
                            "event_timestamp");
  }

  LoggedClicks clicks_;
};

TEST_F(AuditTest, WhatWasServedIsWhatTheLogGives) {
  ServedRow nobody = Serve(9, "zzz", 1, 25);
  ServedRow null_key = nobody;
  null_key.inputs[0].second = Value::Null({TypeKind::kInt64, false});
  Log({Serve(1, "a", 13, 30), Serve(1, "b", 13, 29), Serve(2, "b", 1, 20), nobody, null_key});
  const AuditReport report = Run();
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.values, 15);
  EXPECT_EQ(report.first_read_us, kTestStart + 20);
  EXPECT_EQ(report.last_read_us, kTestStart + 30);
}

TEST_F(AuditTest, NothingServedPasses) {
  Log({});
  EXPECT_TRUE(Run().passed());
}

TEST_F(AuditTest, AnotherValueOfTheSameRecord) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.values[0].double_value = std::nextafter(6.5, 7);
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kValue), 1);
  EXPECT_EQ(report.examples[0].output, "activity:spend");
  EXPECT_EQ(report.examples[0].served, "6.500000000000001");
  EXPECT_EQ(report.examples[0].replayed, "6.5");
  EXPECT_NE(report.examples[0].key.find("user=1"), std::string::npos);
  EXPECT_EQ(report.examples[0].served_sequence, row.views[0].sequence);
  EXPECT_EQ(report.examples[0].replayed_sequence, row.views[0].sequence);
  EXPECT_NE(row.views[0].sequence, row.views[1].sequence);
}

TEST_F(AuditTest, AnotherValueOfAServicesOwn) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.values[2].double_value = 2.5;
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kValue), 1);
  EXPECT_EQ(report.examples[0].output, "ranking:share");
  EXPECT_EQ(report.examples[0].served_sequence, std::nullopt);
}

TEST_F(AuditTest, AnotherRecord) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.read_us = kTestStart + 29;  // it was not there yet
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kSequence), 1);
  EXPECT_GT(report.examples[0].served_sequence.value(),
            report.examples[0].replayed_sequence.value());
}

// Its values agree by chance: what it rests on is older than it should be all the same.
TEST_F(AuditTest, AnOlderRecordWithTheSameValues) {
  ServedRow row = Serve(1, "a", 13, 30);
  --row.views[0].sequence;
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kSequence), 1);
  EXPECT_LT(report.examples[0].served_sequence.value(),
            report.examples[0].replayed_sequence.value());
}

TEST_F(AuditTest, AnotherStatus) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.views[0].status = static_cast<uint8_t>(RowStatus::kOutsideMaxAge);
  EXPECT_EQ(RunWith(row).by_cause.at(DifferenceCause::kStatus), 1);
}

TEST_F(AuditTest, ARecordThatTheLogLacks) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.views[1].sequence = clicks_.last_sequence() + 1;
  EXPECT_EQ(RunWith(row).by_cause.at(DifferenceCause::kMissingHistory), 1);
}

TEST_F(AuditTest, AFeatureThatIsNoLongerDefined) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.outputs[0] = "activity:gone";
  EXPECT_EQ(RunWith(row).by_cause.at(DifferenceCause::kUnknownFeature), 1);
}

TEST_F(AuditTest, AViewThatIsNoLongerDefined) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.views[1].view = "gone";
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kUnknownFeature), 1);
  EXPECT_EQ(report.examples[0].served_sequence, row.views[1].sequence);
  EXPECT_EQ(report.examples[0].replayed_sequence, std::nullopt);
}

// Its derived feature needs a view that it did not read when it answered.
TEST_F(AuditTest, AServiceThatReadsMoreThanItDid) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.views.erase(row.views.begin());
  row.outputs = {"popular:views", "ranking:share"};
  row.values = {row.values[1], row.values[2]};
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kUnknownFeature), 1);
  EXPECT_EQ(report.examples[0].output, "ranking:share");
}

// As the stamps of a store with a clock of its own tell.
TEST_F(AuditTest, AnotherRecordOfAViewThatWasOfOtherRecords) {
  ServedRow row = Serve(1, "a", 1, 200);
  --row.views[0].sequence;
  {
    StampedView then = StampedViewOf(clicks_.definition(), *clicks_.kernels()[0]);
    ++then.records;
    auto stamps = clicks_.OpenStamps(/*epoch=*/9, then);
    ASSERT_TRUE(stamps.has_value()) << stamps.error().ToString();
    StampKnowledge known;
    known.opened_us = kTestStart + 150;
    known.closed = true;
    ASSERT_TRUE((*stamps)->Write(known).has_value());
  }
  const AuditReport report = RunWith(row);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kDefinedAnew), 1);
  EXPECT_EQ(report.examples[0].output, "activity");
}

// The store lost a write, and with it from when on readers had its record: those who read it then
// are counted apart, by view, time and record. All else of them is compared.
TEST_F(AuditTest, ARecordOfALostWrite) {
  ServedRow row = Serve(1, "a", 1, 30);
  row.read_us = kTestStart + 25;
  ServedRow otherwise = row;
  otherwise.values[1] = Value::Int(99);
  {
    auto stamps =
        clicks_.OpenStamps(/*epoch=*/9, StampedViewOf(clicks_.definition(), *clicks_.kernels()[0]));
    ASSERT_TRUE(stamps.has_value()) << stamps.error().ToString();
    StampKnowledge known;
    known.opened_us = kTestStart + 150;
    known.known_sequence = INT64_MAX;  // no record needs what comes behind
    ASSERT_TRUE((*stamps)->Write(known).has_value());
    const Bytes key = *EncodeKey(std::vector{Value::Int(1)});
    const Bytes other = *EncodeKey(std::vector{Value::Int(2)});
    const Sequence sequence = row.views[0].sequence;
    (*stamps)->AddLost({0, key, sequence, kTestStart + 22, kTestStart + 26});
    (*stamps)->AddLost({0, key, sequence - 1, kTestStart + 10, kTestStart + 40});
    (*stamps)->AddLost({0, other, sequence, kTestStart + 10, kTestStart + 40});
    known.closed = true;
    ASSERT_TRUE((*stamps)->Write(known).has_value());
  }
  std::vector<ServedRow> rows(4, row);
  rows[0].read_us = kTestStart + 21;  // too early
  rows[3].read_us = kTestStart + 26;  // too late
  rows.push_back(otherwise);
  // Of the record that the replay has there, too.
  rows.push_back(Serve(1, "a", 1, 25));
  rows.back().values[0] = Value::Double(99);
  Log(rows);
  const AuditReport report = Run();
  EXPECT_EQ(report.rows, 6);
  EXPECT_EQ(report.lost_write_rows, 2);
  EXPECT_EQ(report.different_rows, 4);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kSequence), 2);
  EXPECT_EQ(report.by_cause.at(DifferenceCause::kValue), 2);
  EXPECT_EQ(report.examples[2].output, "popular:views");
  EXPECT_EQ(report.examples[3].output, "activity:spend");
}

TEST_F(AuditTest, ATrainingSetBesideTheServedVectors) {
  ServedRow other;  // of another service: other keys, other outputs
  other.read_us = kTestStart + 30;
  other.outputs = {"pairs:together"};
  other.inputs = {{"another", Value::Int(1)}};
  other.views = {{"pairs", 0, 1}};
  other.values = {Value::Null({TypeKind::kInt64, false})};
  Log({other, Serve(1, "a", 13, 30), Serve(2, "b", 1, 25), Serve(9, "a", 1, 25)});
  const auto time = [](Timestamp t) { return std::to_string(kTestStart + t); };
  clicks_.repository().Write("labels.csv", "user,item,cart,event_timestamp\n1,a,13.0," + time(30) +
                                               "\n2,b,1.0," + time(25) + "\n9,a,1.0," + time(25) +
                                               "\n1,a,13.0," + time(31) + "\n1,b,13.0," + time(30) +
                                               "\n");
  MakeSet("ranking");
  auto audit = AuditSet();
  ASSERT_TRUE(audit.has_value()) << audit.error().ToString();
  EXPECT_EQ(audit->rows, 3);
  EXPECT_EQ(audit->different_rows, 0);
  EXPECT_EQ(audit->unmatched_rows, 2);
  // One value changed by hand.
  std::string text = *ReadWholeFile(SystemFiles(), clicks_.Path("set.csv"));
  const size_t at = text.find("6.5");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 3, "6.4");
  clicks_.repository().Write("set.csv", text);
  audit = AuditSet();
  ASSERT_TRUE(audit.has_value());
  EXPECT_EQ(audit->rows, 3);
  EXPECT_EQ(audit->different_rows, 1);
  ASSERT_EQ(audit->examples.size(), 1u);
  EXPECT_EQ(audit->examples[0].output, "activity:spend");
  EXPECT_EQ(audit->examples[0].served, "6.5");
  EXPECT_EQ(audit->examples[0].replayed, "6.4");
}

// The same keys were asked for more, by another service: what the set has is compared.
TEST_F(AuditTest, ATrainingSetOfSomeOfWhatWasServed) {
  Log({Serve(1, "a", 13, 30)});
  clicks_.repository().Write(
      "labels.csv", "user,item,cart,event_timestamp\n1,a,13.0,2020-01-01T00:00:00.000030Z\n");
  MakeSet("activity:spend");
  const auto audit = AuditSet();
  ASSERT_TRUE(audit.has_value()) << audit.error().ToString();
  EXPECT_EQ(audit->rows, 1);
  EXPECT_EQ(audit->different_rows, 0);
  EXPECT_EQ(audit->lacking, (std::set<std::string>{"popular:views", "ranking:share"}));
}

// A plain name of two views' features: neither a difference nor a proof.
TEST_F(AuditTest, ATrainingSetWhoseColumnMayBeOfTwoViews) {
  ServedRow row = Serve(1, "a", 13, 30);
  row.outputs[1] = "other:spend";
  Log({row});
  const auto audit_of = [&](const std::string& column) {
    clicks_.repository().Write("set.csv", "user,item,cart,event_timestamp," + column +
                                              "\n1,a,13.0,2020-01-01T00:00:00.000030Z,6.5\n");
    return AuditSet();
  };
  const auto plain = audit_of("spend");
  ASSERT_FALSE(plain.has_value());
  EXPECT_NE(plain.error().ToString().find(
                "set.csv: column 'spend' may be activity:spend or other:spend: both were served\n"
                "  Join with --full-feature-names"),
            std::string::npos)
      << plain.error().ToString();
  const auto full = audit_of("activity__spend");
  ASSERT_TRUE(full.has_value()) << full.error().ToString();
  EXPECT_EQ(full->rows, 1);
  EXPECT_EQ(full->different_rows, 0);
  EXPECT_TRUE(full->lacking.contains("other:spend"));
}

// Labels alone hold nothing that could differ: they must not pass.
TEST_F(AuditTest, ATrainingSetWithoutAFeatureThatWasServedIsRefused) {
  Log({Serve(1, "a", 13, 30)});
  clicks_.repository().Write("labels.csv",
                             "user,item,cart,event_timestamp\n1,a,13.0,2020-01-01T00:00:30Z\n");
  const auto audit = AuditTrainingSet(SystemFiles(), clicks_.Path("served"),
                                      clicks_.Path("labels.csv"), "event_timestamp");
  ASSERT_FALSE(audit.has_value());
  EXPECT_NE(audit.error().message.find("labels.csv: has no feature that was served"),
            std::string::npos)
      << audit.error().message;
  EXPECT_NE(audit.error().remedy.find("activity:spend"), std::string::npos) << audit.error().remedy;
}

// Of whatever bits: as a set has it that was computed elsewhere.
TEST_F(AuditTest, ATrainingSetWithAnotherNaNIsThatOfTheRowServed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Log({Serve(1, "a", nan, 30)});
  LabelTable labels;
  labels.table = arrow::Table::Make(
      arrow::schema({arrow::field("user", arrow::int64()), arrow::field("item", arrow::utf8()),
                     arrow::field("cart", arrow::float64()),
                     arrow::field("event_timestamp", arrow::int64()),
                     arrow::field("spend", arrow::float64())}),
      {ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {1}),
       ArrayOf<arrow::StringBuilder, std::string>(arrow::utf8(), {"a"}),
       ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {std::copysign(nan, -1)}),
       ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {kTestStart + 30}),
       ArrayOf<arrow::DoubleBuilder, double>(arrow::float64(), {6.5})});
  ASSERT_TRUE(WriteTrainingSet(labels, {}, clicks_.Path("set.parquet")).has_value());
  const auto audit = AuditTrainingSet(SystemFiles(), clicks_.Path("served"),
                                      clicks_.Path("set.parquet"), "event_timestamp");
  ASSERT_TRUE(audit.has_value()) << audit.error().ToString();
  EXPECT_EQ(audit->rows, 1);
  EXPECT_EQ(audit->different_rows, 0);
  EXPECT_EQ(audit->unmatched_rows, 0);
}

}  // namespace
}  // namespace skewless
