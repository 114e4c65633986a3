#include "source/kafka/kafka_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "decode/record_fixture.h"
#include "source/kafka/broker_fixture.h"

namespace skewless {
namespace {

class KafkaSourceTest : public ::testing::Test {
 protected:
  static constexpr int kPartitions = 2;
  static void SetUpTestSuite() { broker_ = new KafkaBroker(kPartitions); }
  static void TearDownTestSuite() {
    delete broker_;
    broker_ = nullptr;
  }

  KafkaSourceTest() {
    SourceDefinition source;
    source.name = "clicks";
    source.type = SourceType::kKafka;
    source.format = SourceFormat::kCsv;
    source.kafka.emplace();
    source.kafka->brokers = broker_->address();
    source.kafka->topics = {::testing::UnitTest::GetInstance()->current_test_info()->name()};
    source.schema = {{Spec("n", TypeKind::kInt64),
                      Spec("ts", TypeKind::kTimestamp, false, TimestampUnit::kMicros)}};
    source.event_timestamp = 1;
    definition_.sources.push_back(std::move(source));
  }
  const std::string& topic() const { return definition_.sources[0].kafka->topics[0]; }
  void Produce(int64_t count, const std::function<std::string(int64_t)>& message) {
    broker_->Produce(topic(), kPartitions, count, message);
  }

  struct Read {
    std::vector<int64_t> numbers;
    std::map<std::string, int64_t> positions;
    std::vector<std::string> letters;
    size_t batches = 0;
    std::string error;
  };
  // To the end, or until so many batches with rows.
  Read ReadAll(size_t max_rows = 100, size_t most_batches = 1'000'000) {
    Read read;
    const DeadLetterSink sink = [&](const DeadLetter& letter) -> Status {
      EXPECT_EQ(letter.message->topic, topic());
      EXPECT_EQ(KafkaStream(topic(), letter.message->partition), letter.stream);
      read.letters.push_back(letter.stream + ":" + std::to_string(letter.offset) + ": " +
                             std::string(letter.message->value));
      return {};
    };
    auto source = OpenSource(definition_, 0, options_, sink);
    if (!source) return {{}, {}, {}, 0, source.error().message};
    Batch batch;
    while (read.batches < most_batches) {
      const size_t letters = read.letters.size();
      const Result<bool> more = (*source)->Next(max_rows, 20'000, &batch);
      if (!more) {
        read.error = more.error().message;
        break;
      }
      EXPECT_LE(batch.rows() + read.letters.size() - letters, max_rows);
      CheckRuns(batch);
      read.numbers.insert(read.numbers.end(), batch.columns[0].ints.begin(),
                          batch.columns[0].ints.end());
      for (const SourcePosition& position : batch.positions)
        read.positions[position.stream] = position.offset;
      if (batch.rows() > 0) ++read.batches;
      if (!*more) break;
    }
    return read;
  }
  // The messages' numbers are dealt out to the partitions in turn: each row is of its run's.
  void CheckRuns(const Batch& batch) const {
    size_t row = 0;
    for (const StreamRun& run : batch.runs) {
      for (size_t i = 0; i < run.rows; ++i, ++row) {
        const auto partition = static_cast<int32_t>(batch.columns[0].ints[row] % kPartitions);
        EXPECT_EQ(run.stream, KafkaStream(topic(), partition));
      }
    }
    EXPECT_EQ(row, batch.rows());
    EXPECT_EQ(batch.event_us.size(), batch.columns[0].size());
  }
  void Resume(const Read& from) {
    options_.resume.clear();
    for (const auto& [stream, offset] : from.positions) options_.resume.push_back({stream, offset});
  }

  static KafkaBroker* broker_;
  Definition definition_;
  SourceOptions options_;
};
KafkaBroker* KafkaSourceTest::broker_ = nullptr;

std::string Line(int64_t i) { return std::to_string(i) + "," + std::to_string(1000 + i); }

TEST_F(KafkaSourceTest, GoesOnAtTheLogsPositions) {
  Produce(1000, Line);
  std::vector<int64_t> numbers;
  Read read;
  for (int starts = 0; starts < 5; ++starts) {
    read = ReadAll(/*max_rows=*/70, /*most_batches=*/3);
    EXPECT_EQ(read.error, "");
    numbers.insert(numbers.end(), read.numbers.begin(), read.numbers.end());
    for (const SourcePosition& before : options_.resume)
      read.positions.emplace(before.stream, before.offset);
    Resume(read);
  }
  read = ReadAll();
  numbers.insert(numbers.end(), read.numbers.begin(), read.numbers.end());
  EXPECT_EQ(read.positions,
            (std::map<std::string, int64_t>{{topic() + "/0", 500}, {topic() + "/1", 500}}));
  std::sort(numbers.begin(), numbers.end());
  ASSERT_EQ(numbers.size(), 1000u);
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(numbers[static_cast<size_t>(i)], i);
}

TEST_F(KafkaSourceTest, AStartInTimeIsTheFirstMessageOfThenOrLater) {
  constexpr int64_t kBeginMs = 1'700'000'000'000;
  broker_->ProduceWhole(topic(), kPartitions, 10, [](int64_t i) {
    return KafkaBroker::Sent{Line(i), {}, {}, kBeginMs + i};
  });
  definition_.sources[0].kafka->start.kind = KafkaStart::Kind::kTimestamp;
  definition_.sources[0].kafka->start.time_us = (kBeginMs + 6) * 1000;
  EXPECT_EQ(ReadAll().numbers.size(), 4u);
  definition_.sources[0].kafka->start.time_us += 1;
  EXPECT_EQ(ReadAll().numbers.size(), 3u);
}

// A partition of a topic that was read before is one that was added: all of it is new.
TEST_F(KafkaSourceTest, ATopicIsNotKnownByAnothersPositions) {
  Produce(10, Line);
  definition_.sources[0].kafka->start.kind = KafkaStart::Kind::kLatest;
  options_.resume = {{topic() + "2/0", 3}};
  EXPECT_TRUE(ReadAll().numbers.empty());
  options_.resume = {{topic() + "/1", 5}};
  EXPECT_EQ(ReadAll().numbers.size(), 5u);
}

TEST_F(KafkaSourceTest, AGroupIsToldOnlyWhatIsDurable) {
  Produce(20, Line);
  const std::string group = "skewless--clicks";
  const auto read = [&](int64_t durable) {
    auto source = OpenSource(definition_, 0, options_, nullptr);
    ASSERT_TRUE(source.has_value()) << source.error().message;
    Batch batch;
    while ((*source)->Next(100, 20'000, &batch).value()) {
    }
    if (durable > 0) (*source)->Durable({{topic() + "/0", durable}});
  };
  read(0);
  EXPECT_EQ(broker_->Committed(group, topic(), 0), RD_KAFKA_OFFSET_INVALID);
  // At its end it waits a second for the broker, which may be busy.
  for (int tries = 0; tries < 20 && broker_->Committed(group, topic(), 0) != 4; ++tries) read(4);
  EXPECT_EQ(broker_->Committed(group, topic(), 0), 4);
  EXPECT_EQ(broker_->Committed(group, topic(), 1), RD_KAFKA_OFFSET_INVALID);
}

TEST_F(KafkaSourceTest, BadMessagesKeepTheirPlace) {
  Produce(100, [](int64_t i) { return i % 10 == 7 ? "bad " + std::to_string(i) : Line(i); });
  const Read read = ReadAll();
  EXPECT_EQ(read.numbers.size(), 90u);
  ASSERT_EQ(read.letters.size(), 10u);
  for (const std::string& letter : read.letters) {
    // Messages 7, 17, ... all went to partition 1, at half their number.
    const int64_t number = std::stoll(letter.substr(letter.rfind(' ')));
    EXPECT_EQ(letter,
              topic() + "/1:" + std::to_string(number / 2) + ": bad " + std::to_string(number));
  }
  Resume(read);
  const Read rest = ReadAll();
  EXPECT_TRUE(rest.numbers.empty());
  EXPECT_TRUE(rest.letters.empty());
}

// Else nobody would learn of their positions, or could stop the source, before they end.
TEST_F(KafkaSourceTest, BadMessagesAloneEndABatchToo) {
  constexpr int64_t kCount = 20'000;
  Produce(kCount, [](int64_t) { return "no number"; });
  const Read read = ReadAll();
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.letters.size(), static_cast<size_t>(kCount));
  EXPECT_EQ(read.batches, 0U);
}

TEST_F(KafkaSourceTest, APositionBeyondTheEndIsLostData) {
  Produce(10, Line);
  options_.resume = {{topic() + "/0", 6}};
  EXPECT_TRUE(
      Has(ReadAll().error,
          "partition '" + topic() + "/0': position 6 is no longer there; the broker has 0 to 5"));
  definition_.sources[0].kafka->go_on_where_data_is_lost = true;
  std::string noticed;
  options_.notice = [&](const std::string& line) { noticed += line; };
  const Read read = ReadAll();
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.numbers, (std::vector<int64_t>{1, 3, 5, 7, 9}));
  EXPECT_TRUE(Has(noticed, "the broker has 0 to 5; going on at 5: what is there was read before"));
}

// What it holds by then is new, where the source saw the old one go.
TEST_F(KafkaSourceTest, ATopicThatWasMadeAnewIsReadFromItsBeginning) {
  broker_->CreateTopic(topic(), kPartitions);
  Produce(100, Line);
  definition_.sources[0].kafka->go_on_where_data_is_lost = true;
  definition_.sources[0].kafka->settings = {{"topic.metadata.refresh.interval.ms", "100"}};
  options_.follow = true;
  std::string noticed;
  options_.notice = [&](const std::string& line) { noticed += line + "\n"; };
  const auto source = OpenSource(definition_, 0, options_, nullptr);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  std::vector<int64_t> numbers;
  const auto read_until = [&](const std::function<bool()>& done) {
    Batch batch;
    while (!done()) {
      const Result<bool> more = (*source)->Next(100, 20'000, &batch);
      ASSERT_TRUE(more.has_value()) << more.error().message;
      numbers.insert(numbers.end(), batch.columns[0].ints.begin(), batch.columns[0].ints.end());
    }
  };
  read_until([&] { return numbers.size() == 100; });
  broker_->DeleteTopic(topic());
  read_until([&] { return Has(noticed, "/0' vanished") && Has(noticed, "/1' vanished"); });
  broker_->CreateTopic(topic(), kPartitions);
  numbers.clear();
  Produce(10, Line);
  read_until([&] { return numbers.size() == 10 || Has(noticed, "going on at 5"); });
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_TRUE(Has(noticed, "the broker has 0 to 5; going on at 0: the topic was made anew"));
  read_until([&] { return (*source)->live_progress().lost_ends == kPartitions; });
  EXPECT_EQ((*source)->live_progress().lost, 0);
}

// Key, headers and Kafka's timestamp fill columns; what doesn't fit is a dead letter.
TEST_F(KafkaSourceTest, MetadataBecomesColumns) {
  using Part = KafkaMetadata::Part;
  SourceDefinition& source = definition_.sources[0];
  source.schema.columns = {Spec("n", TypeKind::kInt64), Spec("user", TypeKind::kInt64),
                           Spec("tenant", TypeKind::kString), Spec("topic", TypeKind::kString),
                           Spec("ts", TypeKind::kTimestamp)};
  source.event_timestamp = 4;
  source.kafka->value_schema.columns = {source.schema.columns[0]};
  source.kafka->metadata = {
      {Part::kKey, ""}, {Part::kHeader, "tenant"}, {Part::kTopic, ""}, {Part::kTimestamp, ""}};
  const std::vector<KafkaBroker::Sent> sent = {
      {"0", "70", {{"tenant", "a"}, {"other", "x"}, {"tenant", "b"}}, 1'700'000'000'123},
      {"one", "71", {{"tenant", "c"}}, 1'700'000'000'124},
      {"2", {}, {{"tenant", std::nullopt}}, 1'700'000'000'125},
      {"3", "no number", {}, 1'700'000'000'126},
      {"4", "72", {{"tenant", ""}}, 1'700'000'000'127},
      {"5", "73", {{"tenant", "\xFF"}}, 1'700'000'000'128},
  };
  broker_->ProduceWhole(topic(), 1, 6, [&](int64_t i) { return sent[static_cast<size_t>(i)]; });
  std::vector<std::string> letters;
  const DeadLetterSink sink = [&](const DeadLetter& letter) -> Status {
    letters.push_back(std::to_string(letter.offset) + " " + std::string(letter.message->value) +
                      ": " + letter.reason);
    return {};
  };
  const auto opened = OpenSource(definition_, 0, options_, sink);
  ASSERT_TRUE(opened.has_value());
  std::string rows;
  Batch batch;
  for (bool more = true; more;) {
    const Result<bool> next = (*opened)->Next(100, 20'000, &batch);
    ASSERT_TRUE(next.has_value()) << next.error().ToString();
    more = *next;
    ASSERT_EQ(batch.columns[4].size(), batch.rows());
    for (size_t row = 0; row < batch.rows(); ++row) {
      for (size_t i = 0; i < 3; ++i) {
        const Column& column = batch.columns[i];
        if (column.valid[row] == 0) {
          rows += "null ";
        } else if (i == 2) {
          rows += "'" + std::string(column.strings[row]) + "' ";
        } else {
          rows += std::to_string(column.ints[row]) + " ";
        }
      }
      rows += FormatTimestamp(batch.event_us[row]) + "\n";
      EXPECT_EQ(batch.columns[3].strings[row], topic());
    }
  }
  EXPECT_EQ(rows,
            "0 70 'b' 2023-11-14T22:13:20.123Z\n"
            "2 null null 2023-11-14T22:13:20.125Z\n"
            "4 72 '' 2023-11-14T22:13:20.127Z\n");
  EXPECT_EQ(letters, (std::vector<std::string>{
                         "1 one: column 'n': expected int64, found \"one\"",
                         "3 3: key: column 'user': expected int64, found \"no number\"",
                         "5 5: header tenant: column 'tenant': not valid UTF-8"}));
}

// A producer may send none: -1, which is not the last millisecond of 1969.
TEST_F(KafkaSourceTest, AMessageWithoutATimestampHasNone) {
  SourceDefinition& source = definition_.sources[0];
  source.kafka->value_schema.columns = {source.schema.columns[0]};
  source.kafka->metadata = {{KafkaMetadata::Part::kTimestamp, ""}};
  broker_->ProduceWhole(topic(), kPartitions, 3, [](int64_t i) {
    return KafkaBroker::Sent{std::to_string(i), {}, {}, i == 1 ? -1 : 1'700'000'000'000 + i};
  });
  const Read read = ReadAll();
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(std::set(read.numbers.begin(), read.numbers.end()), (std::set<int64_t>{0, 2}));
  // There is no event without a time.
  EXPECT_EQ(read.letters, Rows{topic() + "/1:0: 1"});
}

TEST_F(KafkaSourceTest, TheCommonSettingsAreTaken) {
  definition_.sources[0].kafka->settings = {{"no.such.setting", "1"}};
  EXPECT_TRUE(Has(ReadAll().error, "No such configuration property: \"no.such.setting\""));
  definition_.sources[0].kafka->settings = {{"fetch.min.bytes", "many"}};
  EXPECT_TRUE(Has(ReadAll().error, "fetch.min.bytes"));
}

TEST_F(KafkaSourceTest, SettingsComeFromTheEnvironment) {
  definition_.sources[0].kafka->settings_env = {{"fetch.min.bytes", "KAFKA_SOURCE_TEST_BYTES"}};
  EXPECT_TRUE(Has(ReadAll().error,
                  "settings_env, fetch.min.bytes names 'KAFKA_SOURCE_TEST_BYTES', and the "
                  "environment has no such variable"));
  ASSERT_EQ(::setenv("KAFKA_SOURCE_TEST_BYTES", "many", 1), 0);
  EXPECT_TRUE(Has(ReadAll().error, "fetch.min.bytes"));
}

}  // namespace
}  // namespace skewless
