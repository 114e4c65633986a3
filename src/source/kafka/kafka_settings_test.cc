#include "source/kafka/kafka_settings.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace skewless {
namespace {

// "13:5: message" and the remedy, of a source with these lines from the 12th on.
std::string ErrorOf(const std::string& lines) {
  const std::string text = R"(project: live
log: {path: var/log}
online: {type: embedded, path: var/online}
entities: {user: {keys: {user_id: int64}}}
feature_views: {seen: {source: clicks, entity: user, features: {visits: count(*)}}}
sources:
  clicks:
    {type: kafka, format: json, brokers: "a:9092", topic: clicks,
     columns: {user_id: int64, ts: timestamp}, event_timestamp: ts,
)" + lines + "}\n";
  const auto definition = ParseDefinition(text, "skewless.yaml", ".");
  if (!definition) return definition.error().ToString();
  const Status checked = CheckKafkaSettings(**definition);
  if (checked) return "none";
  const std::string& message = checked.error().message;
  return message.substr(0, message.find('\n')) + "\n" + checked.error().remedy;
}

TEST(KafkaSettings, WhatTheLibraryTakes) {
  EXPECT_EQ(ErrorOf("     start: earliest"), "none");
  EXPECT_EQ(ErrorOf("     settings: {fetch.min.bytes: 10, security.protocol: ssl}"), "none");
}

TEST(KafkaSettings, AnUnknownOneIsShownWithTheNearest) {
  EXPECT_EQ(ErrorOf("     settings: {fetch.min.bytes: 10, sekurity.protocol: ssl}"),
            "skewless.yaml:10:38: error: source 'clicks': librdkafka has no setting "
            "'sekurity.protocol'\nDid you mean 'security.protocol'?");
}

TEST(KafkaSettings, AValueThatItDoesNotTake) {
  EXPECT_EQ(ErrorOf("     settings: {security.protocol: tls}"),
            "skewless.yaml:10:17: error: source 'clicks': Invalid value \"tls\" for configuration "
            "property \"security.protocol\"\nWrite it as librdkafka's CONFIGURATION.md says.");
}

// Only a client that is made of them all finds these.
TEST(KafkaSettings, FilesThatAreNotThereAndOnesThatDoNotFit) {
  const std::string missing = ErrorOf(
      "     settings: {security.protocol: ssl,\n                ssl.ca.location: /nowhere}");
  EXPECT_EQ(missing.find("skewless.yaml:11:17: error: source 'clicks': ssl.ca.location failed"), 0U)
      << missing;
  const std::string unfit =
      ErrorOf("     settings: {session.timeout.ms: 10000, max.poll.interval.ms: 10}");
  EXPECT_EQ(unfit.find("skewless.yaml:10:"), 0U) << unfit;
}

// Where the variable isn't set, all is checked that doesn't need it: definitions are checked on
// other machines than they run on.
TEST(KafkaSettings, ThoseThatTheEnvironmentHolds) {
  ASSERT_EQ(::setenv("KAFKA_SETTINGS_TEST_PROTOCOL", "tls", 1), 0);
  EXPECT_EQ(ErrorOf("     settings_env: {security.protocol: KAFKA_SETTINGS_TEST_PROTOCOL}"),
            "skewless.yaml:10:21: error: source 'clicks': Invalid value \"tls\" for configuration "
            "property \"security.protocol\"\nWrite it as librdkafka's CONFIGURATION.md says.");
  ASSERT_EQ(::setenv("KAFKA_SETTINGS_TEST_PROTOCOL", "ssl", 1), 0);
  EXPECT_EQ(ErrorOf("     settings_env: {security.protocol: KAFKA_SETTINGS_TEST_PROTOCOL}"),
            "none");
  EXPECT_EQ(ErrorOf("     settings_env: {sasl.password: KAFKA_SETTINGS_TEST_NOT_SET}"), "none");
  EXPECT_EQ(ErrorOf("     settings_env: {sasl.pasword: KAFKA_SETTINGS_TEST_NOT_SET}"),
            "skewless.yaml:10:21: error: source 'clicks': librdkafka has no setting "
            "'sasl.pasword'\nSee librdkafka's CONFIGURATION.md.");
  const std::string wrong = ErrorOf(
      "     settings: {security.protocol: tls},\n     settings_env: {sasl.password: "
      "KAFKA_SETTINGS_TEST_NOT_SET}");
  EXPECT_EQ(wrong.find("skewless.yaml:10:17: error: source 'clicks': Invalid value"), 0U) << wrong;
}

TEST(KafkaSettings, ThoseOfDeadLettersToo) {
  const std::string wrong =
      ErrorOf("     dead_letters: {topic: dead, settings: {compression.type: zip}}");
  EXPECT_EQ(wrong.find("skewless.yaml:10:45: error: source 'clicks': dead_letters, Invalid value"),
            0U)
      << wrong;
}

// Each by itself is one that the library takes.
TEST(KafkaSettings, ThoseThatDoNotFitWhatDeadLettersAreWrittenWith) {
  const std::string unfit = ErrorOf("     dead_letters: {topic: dead, settings: {retries: 0}}");
  EXPECT_EQ(unfit.find("skewless.yaml:10:45: error: source 'clicks': dead_letters, "), 0U) << unfit;
  EXPECT_NE(unfit.find("retries"), std::string::npos) << unfit;
  for (const std::string name : {"message.timeout.ms", "delivery.timeout.ms", "transactional.id"}) {
    const std::string owned =
        ErrorOf("     dead_letters: {topic: dead, settings: {" + name + ": 5}}");
    EXPECT_EQ(
        owned.find("skewless.yaml:10:45: error: source 'clicks', dead_letters: the setting '" +
                   name + "' is not for you to choose"),
        0U)
        << owned;
  }
}

// With librdkafka's 3 s a member with a shorter session is put out of its group again and again.
TEST(KafkaSettings, TheHeartBeatsThriceASession) {
  EXPECT_EQ(HeartbeatMillis({}), 3000);
  EXPECT_EQ(HeartbeatMillis({{"session.timeout.ms", "1500"}}), 500);
  EXPECT_EQ(HeartbeatMillis({{"session.timeout.ms", "45000"}}), 3000);
  EXPECT_EQ(HeartbeatMillis({{"session.timeout.ms", "1"}}), 1);
}

}  // namespace
}  // namespace skewless
