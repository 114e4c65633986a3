#include <gtest/gtest.h>

#include "definition/definition.h"
#include "definition/error_fixture.h"
#include "definition/sections.h"

namespace skewless {
namespace {

constexpr char kRepository[] = R"yaml(project: live
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: kafka
    format: json
    columns: {user_id: int64, ts: timestamp}
    event_timestamp: ts
)yaml";
constexpr char kRest[] = R"yaml(
entities: {user: {keys: {user_id: int64}}}
feature_views: {seen: {source: clicks, entity: user, features: {visits: count(*)}}}
)yaml";

// Lines of the source, from line 10 on.
Result<std::unique_ptr<Definition>> Parse(const std::string& lines) {
  return ParseDefinition(kRepository + lines + kRest, "skewless.yaml", ".");
}

SourceDefinition Read(const std::string& lines) {
  auto parsed = Parse("    brokers: a:9092,b:9092\n" + lines);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().ToString();
  return parsed ? (*parsed)->sources[0] : SourceDefinition{};
}

std::string ErrorOf(const std::string& lines) {
  const auto parsed = Parse("    brokers: a:9092\n" + lines);
  return parsed ? "none" : PlaceAndRemedy(parsed.error());
}

TEST(KafkaSection, OneTopicAndNothingElse) {
  const SourceDefinition source = Read("    topic: clicks\n");
  ASSERT_TRUE(source.kafka.has_value());
  EXPECT_EQ(source.kafka->brokers, "a:9092,b:9092");
  EXPECT_EQ(source.kafka->topics, (std::vector<std::string>{"clicks"}));
  EXPECT_TRUE(source.kafka->partitions.empty());
  EXPECT_EQ(source.kafka->group, "");
  EXPECT_EQ(source.kafka->start.kind, KafkaStart::Kind::kEarliest);
  EXPECT_FALSE(source.kafka->go_on_where_data_is_lost);
  EXPECT_EQ(source.dead_letters, "var/log/dead_letters/clicks.jsonl");
}

TEST(KafkaSection, EverythingThatCanBeSaid) {
  const SourceDefinition source = Read(R"(    topics: [clicks, views.eu-1]
    partitions: [3, 0]
    start: {offsets: {clicks/3: 1200, views.eu-1/0: 7}}
    on_lost_data: continue
    settings: {security.protocol: ssl, ssl.ca.location: /etc/ca.pem, fetch.min.bytes: 10}
    dead_letters: {topic: clicks-dead}
    idle_after: 30s
)");
  EXPECT_EQ(source.kafka->topics, (std::vector<std::string>{"clicks", "views.eu-1"}));
  EXPECT_EQ(source.kafka->partitions, (std::vector<int32_t>{3, 0}));
  EXPECT_EQ(source.kafka->start.kind, KafkaStart::Kind::kOffsets);
  EXPECT_EQ(source.kafka->start.offsets,
            (std::map<std::string, int64_t>{{"clicks/3", 1200}, {"views.eu-1/0", 7}}));
  EXPECT_TRUE(source.kafka->go_on_where_data_is_lost);
  EXPECT_EQ(source.kafka->settings.at("ssl.ca.location"), "/etc/ca.pem");
  EXPECT_EQ(source.kafka->settings.at("fetch.min.bytes"), "10");
  EXPECT_EQ(source.idle_after_us, 30 * kSecondUs);
  ASSERT_TRUE(source.dead_letter_topic.has_value());
  EXPECT_EQ(source.dead_letter_topic->topic, "clicks-dead");
  EXPECT_EQ(source.dead_letter_topic->brokers, "a:9092,b:9092");
  EXPECT_EQ(source.dead_letter_topic->settings.at("security.protocol"), "ssl");
  EXPECT_EQ(source.dead_letters, "");
}

TEST(KafkaSection, StartsAndGroups) {
  EXPECT_EQ(Read("    topic: c\n    start: latest\n").kafka->start.kind, KafkaStart::Kind::kLatest);
  const SourceDefinition timed =
      Read("    topic: c\n    group: g\n    start: {timestamp: 2026-01-01T00:00:00Z}\n");
  EXPECT_EQ(timed.kafka->start.kind, KafkaStart::Kind::kTimestamp);
  EXPECT_EQ(FormatTimestamp(timed.kafka->start.time_us), "2026-01-01T00:00:00Z");
  EXPECT_EQ(timed.kafka->group, "g");
  const SourceDefinition elsewhere = Read(
      "    topic: c\n    dead_letters: {topic: d, brokers: z:1, settings: {linger.ms: 1}}\n"
      "    settings: {security.protocol: ssl}\n");
  EXPECT_EQ(elsewhere.dead_letter_topic->brokers, "z:1");
  EXPECT_EQ(elsewhere.dead_letter_topic->settings,
            (std::map<std::string, std::string>{{"linger.ms", "1"}}));
}

// What is said of a setting last, for dead letters or for both, is where its value is.
TEST(KafkaSection, SettingsThatTheEnvironmentHolds) {
  const SourceDefinition source = Read(R"(    topic: c
    settings: {sasl.username: features, ssl.key.password: k}
    settings_env: {sasl.password: KAFKA_PASSWORD}
    dead_letters:
      topic: d
      settings: {sasl.password: p}
      settings_env: {ssl.key.password: DEAD_KEY}
)");
  using Settings = std::map<std::string, std::string>;
  EXPECT_EQ(source.kafka->settings,
            (Settings{{"sasl.username", "features"}, {"ssl.key.password", "k"}}));
  EXPECT_EQ(source.kafka->settings_env, (Settings{{"sasl.password", "KAFKA_PASSWORD"}}));
  EXPECT_EQ(source.dead_letter_topic->settings,
            (Settings{{"sasl.password", "p"}, {"sasl.username", "features"}}));
  EXPECT_EQ(source.dead_letter_topic->settings_env, (Settings{{"ssl.key.password", "DEAD_KEY"}}));
}

TEST(KafkaSection, MetadataFillTheLastColumns) {
  const SourceDefinition source =
      Read("    topic: c\n    metadata: {user_id: {header: user-id}}\n");
  EXPECT_EQ(NamesOf(source.schema.columns), (std::vector<std::string>{"ts", "user_id"}));
  EXPECT_EQ(NamesOf(ValueSchemaOf(source).columns), (std::vector<std::string>{"ts"}));
  EXPECT_EQ(source.event_timestamp, 0);
  EXPECT_EQ(source.column_places[1].column, 15);
  ASSERT_EQ(source.kafka->metadata.size(), 1U);
  EXPECT_EQ(MetadataText(source.kafka->metadata[0]), "header user-id");
  const SourceDefinition timed = Read("    topic: c\n    metadata: {ts: timestamp}\n");
  EXPECT_EQ(timed.event_timestamp, 1);
  EXPECT_EQ(MetadataText(timed.kafka->metadata[0]), "timestamp");
}

TEST(KafkaSection, DeadLettersOfAFileSource) {
  const auto parsed = ParseDefinition(R"yaml(project: live
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: a.json
    format: json
    columns: {user_id: int64, ts: timestamp}
    event_timestamp: ts
    dead_letters: {topic: dead}
)yaml",
                                      "skewless.yaml", ".");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().message.find("missing key 'brokers'"), std::string::npos);
}

TEST(KafkaSection, ErrorsHaveAPlace) {
  const struct {
    const char* lines;
    const char* error;
  } cases[] = {
      {"", "6:5: source 'clicks': missing key 'topic'\nAdd, as an example, 'topic: clicks'."},
      {"    topic: c\n    topics: [c]\n",
       "12:13: source 'clicks': both topic and topics say what to read\nRemove one of the two."},
      {"    topic: 'a b'\n",
       "11:12: source 'clicks', topic: 'a b' can't be the name of a topic\n"
       "Use letters, digits, '.', '_' and '-', at most 249 of them."},
      {"    topics: []\n",
       "11:13: source 'clicks', topics: expected a list of topics\n"
       "Write, as an example, 'topics: [clicks, views]'."},
      {"    topics: [a, a]\n",
       "11:17: source 'clicks', topics: 'a' is named twice\nRemove one of them."},
      {"    topic: c\n    partitions: [0, 0]\n",
       "12:21: source 'clicks', partitions: 0 is named twice\nRemove one of them."},
      {"    topic: c\n    partitions: 1\n",
       "12:17: source 'clicks', partitions: expected a list of numbers\n"
       "Write, as an example, 'partitions: [0, 1]'."},
      {"    topic: c\n    partitions: [0]\n    group: g\n",
       "13:12: source 'clicks': a group deals the partitions out itself\n"
       "Remove 'group' or 'partitions'."},
      {"    topic: c\n    start: erliest\n",
       "12:12: source 'clicks', start: expected 'earliest' or 'latest', found 'erliest'\n"
       "Did you mean 'earliest'?"},
      {"    topic: c\n    start: {time: 5}\n",
       "12:13: source 'clicks', start: unknown key 'time'\nThe keys are 'timestamp' and "
       "'offsets'."},
      {"    topic: c\n    start: {timestamp: yesterday}\n",
       "12:24: source 'clicks', start.timestamp: 'yesterday' is no time since 1970\n"
       "Write it as in 2026-01-01T00:00:00Z."},
      {"    topic: c\n    start: {offsets: {c: 5}}\n",
       "12:23: source 'clicks', start.offsets: 'c' is no partition of the source\n"
       "Name topic and partition, as in 'c/0'."},
      {"    topic: c\n    start: {offsets: {d/0: 5}}\n",
       "12:23: source 'clicks', start.offsets: 'd/0' is no partition of the source\n"
       "Name topic and partition, as in 'c/0'."},
      {"    topic: c\n    partitions: [0, 2]\n    start: {offsets: {c/1: 5}}\n",
       "13:23: source 'clicks', start.offsets: 'c/1' is none of 'partitions'\n"
       "Add it there, or remove it here."},
      {"    topic: c\n    settings: ssl\n",
       "12:15: source 'clicks', settings: expected a map of librdkafka's settings\n"
       "Write, as an example, 'settings: {security.protocol: ssl}'."},
      {"    topic: c\n    settings: {enable.auto.commit: true}\n",
       "12:16: source 'clicks': the setting 'enable.auto.commit' is not for you to choose\n"
       "Remove it: offsets are committed behind the durable log."},
      {"    topic: c\n    settings: {group.id: g}\n",
       "12:16: source 'clicks': the setting 'group.id' is not for you to choose\n"
       "Use the key 'group'."},
      {"    topic: c\n    settings_env: KAFKA_PASSWORD\n",
       "12:19: source 'clicks', settings_env: expected a map of settings to variables\n"
       "Write, as an example, 'settings_env: {sasl.password: KAFKA_PASSWORD}'."},
      {"    topic: c\n    settings_env: {group.id: G}\n",
       "12:20: source 'clicks': the setting 'group.id' is not for you to choose\n"
       "Use the key 'group'."},
      {"    topic: c\n    settings: {sasl.password: p}\n    settings_env: {sasl.password: P}\n",
       "13:20: source 'clicks': 'settings' and 'settings_env' both say the setting "
       "'sasl.password'\nRemove one of them."},
      {"    topic: c\n    on_lost_data: ignore\n",
       "12:19: source 'clicks', on_lost_data: expected 'stop' or 'continue', found 'ignore'\n"},
      {"    topic: c\n    dead_letters: {topic: c}\n",
       "12:27: source 'clicks', dead_letters: 'c' is a topic that the source reads\n"
       "Use a topic of its own."},
      {"    topic: c\n    dead_letters: {tpic: d}\n",
       "12:20: source 'clicks', dead_letters: unknown key 'tpic'\nDid you mean 'topic'?"},
      {"    topic: c\n    dead_letters: {topic: d, settings: {acks: 1}}\n",
       "12:41: source 'clicks', dead_letters: the setting 'acks' is not for you to choose\n"
       "Remove it: a dead letter counts once all replicas have it."},
      {"    topic: c\n    dead_letters: {topic: d, settings: {max.in.flight: 5}}\n",
       "12:41: source 'clicks', dead_letters: the setting 'max.in.flight' is not for you to "
       "choose\n"
       "Remove it: of dead letters one request is under way at a time."},
      {"    topic: c\n    delay: 5s\n",
       "12:12: source 'clicks': messages arrive as they are read\nRemove 'delay'."},
      {"    topic: c\n    metadata: {usr_id: key}\n",
       "12:16: there is no column 'usr_id'\nDid you mean 'user_id'?"},
      {"    topic: c\n    metadata: {user_id: value}\n",
       "12:25: source 'clicks', metadata, user_id: expected 'key', 'topic' or 'timestamp', found "
       "'value'\n"},
      {"    topic: c\n    metadata: {user_id: {heder: h}}\n",
       "12:26: source 'clicks', metadata, user_id: unknown key 'heder'\nDid you mean 'header'?"},
      {"    topic: c\n    metadata: {user_id: topic}\n",
       "12:25: source 'clicks', metadata: column 'user_id' is int64, and a message's topic is a "
       "string\nDeclare it as string."},
      {"    topic: c\n    metadata: {ts: timestamp, user_id: key}\n",
       "12:15: source 'clicks', metadata: no column is left for the messages' values\n"
       "Leave at least one column out."},
      {"    topic: c\n    path: x\n",
       "12:5: source 'clicks': key 'path' belongs to file sources\n"
       "Remove it, or set type: file."},
  };
  for (const auto& one : cases) EXPECT_EQ(ErrorOf(one.lines), one.error) << one.lines;
}

}  // namespace
}  // namespace skewless
