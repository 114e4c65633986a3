// Messages that Confluent's serializers frame, with their schemas from a registry over HTTP.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "base/certificate_fixture.h"
#include "base/file.h"
#include "decode/record_fixture.h"
#include "definition/definition.h"
#include "messages/registry_process.h"
#include "messages/written_cases.h"
#include "source/http_get.h"
#include "source/schema_decoder.h"

namespace skewless {
namespace {

class RegistryTest : public testing::Test {
 protected:
  // The registry and the messages are those of all tests.
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    ASSERT_TRUE(RunScript({"confluent_messages.py", "--protos", folder->path()}));
    registry = new RegistryProcess(folder->path());
    ASSERT_NE(registry->port(), 0);
    WriteMessages(*registry);
  }
  static void TearDownTestSuite() {
    delete registry;
    delete folder;
  }

  // Registers the schemas there, always under the same numbers.
  static void WriteMessages(const RegistryProcess& at) {
    ASSERT_TRUE(RunScript({"confluent_messages.py", at.url(), folder->path()}));
  }

  static std::vector<std::string> Payloads(const std::string& kind) {
    return ReadFramed(folder->File(kind + ".messages"));
  }

  static std::string Repository(const std::string& format, const std::string& url,
                                const std::string& more) {
    return "project: p\nlog: {path: log}\nonline: {type: embedded, path: o}\n"
           "sources:\n  clicks:\n    type: kafka\n    brokers: b:1\n    topic: t\n    format: " +
           format + "\n    schema_registry: " + url +
           "\n    columns: {user_id: int64, ts: timestamp" + more +
           "}\n    event_timestamp: ts\n"
           "entities: {user: {keys: {user_id: int64}}}\n"
           "feature_views:\n  v: {source: clicks, entity: user, features: {n: count(*)}}\n";
  }

  // A source with this format, registry and columns beside user_id and ts.
  std::unique_ptr<MessageDecoder> Open(const std::string& format, const std::string& url,
                                       const std::string& more) {
    const std::string text = Repository(format, url, more);
    auto definition = ParseDefinition(text, "skewless.yaml", folder->path());
    EXPECT_TRUE(definition.has_value()) << definition.error().ToString();
    definition_ = std::move(*definition);
    auto decoder = OpenSchemaDecoder(*definition_, definition_->sources[0]);
    EXPECT_TRUE(decoder.has_value()) << decoder.error().ToString();
    return std::move(*decoder);
  }

  Status Decode(MessageDecoder& decoder, const std::vector<std::string>& payloads) {
    std::vector<Message> messages;
    for (const std::string& payload : payloads) {
      messages.push_back({payload, 100 + static_cast<int64_t>(messages.size())});
    }
    batch_.Reset(&definition_->sources[0].schema, 0);
    bad_.clear();
    return decoder.Decode(messages, &batch_, &bad_);
  }

  void FailNext(int requests) {
    EXPECT_TRUE(
        RunScript({"post.py", registry->url() + "/test/failures", std::to_string(requests)}));
  }

  std::string RequestsSoFar() {
    const auto reply = HttpGetter().Get(registry->url() + "/test/requests", "", "*/*");
    return reply ? reply->body : "";
  }

  static TemporaryFolder* folder;
  static RegistryProcess* registry;
  std::unique_ptr<Definition> definition_;
  Batch batch_;
  std::vector<BadRecord> bad_;
};

TemporaryFolder* RegistryTest::folder = nullptr;
RegistryProcess* RegistryTest::registry = nullptr;

TEST_F(RegistryTest, AvroOfTwoVersionsIsReadByTheSchemaThatWroteIt) {
  const auto decoder = Open("avro", registry->url(), ", kind: string, price: float64");
  const auto payloads = Payloads("avro");
  ASSERT_EQ(payloads.size(), 40U);
  const Status decoded = Decode(*decoder, payloads);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(bad_.empty());
  ASSERT_EQ(batch_.columns[0].size(), 40U);
  EXPECT_EQ(RowText(batch_, 0), "0, 2023-11-14T22:13:20Z, 'kind 0', null");  // has no price
  EXPECT_EQ(RowText(batch_, 1), "0, 2023-11-14T22:13:20Z, 'click', null");
  EXPECT_EQ(RowText(batch_, 11), "5, 2023-11-14T22:13:20.000005Z, 'buy', 0.625");
  EXPECT_EQ(RowText(batch_, 38), "19, 2023-11-14T22:13:20.019Z, 'kind 19', null");
}

TEST_F(RegistryTest, ProtobufIsReadByItsPathInTheFile) {
  const auto decoder = Open("protobuf", registry->url(), ", kind: string, price: float64");
  const auto payloads = Payloads("protobuf");
  ASSERT_EQ(payloads.size(), 40U);
  const Status decoded = Decode(*decoder, payloads);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  for (const BadRecord& record : bad_) ADD_FAILURE() << record.reason;
  ASSERT_EQ(batch_.columns[0].size(), 40U);
  EXPECT_EQ(RowText(batch_, 0), "0, 2023-11-14T22:13:20Z, 'NONE', null");
  EXPECT_EQ(RowText(batch_, 1), "0, 1970-01-01T00:00:00Z, null, null");  // a View
  EXPECT_EQ(RowText(batch_, 10), "5, 2023-11-14T22:13:25Z, 'BUY', 0.625");
}

TEST_F(RegistryTest, WithAMessageNamedOthersAreBad) {
  const auto decoder =
      Open("protobuf\n    message: shop.Envelope.Click", registry->url(), ", kind: string");
  ASSERT_TRUE(Decode(*decoder, Payloads("protobuf")).has_value());
  EXPECT_EQ(batch_.columns[0].size(), 20U);
  ASSERT_EQ(bad_.size(), 20U);
  EXPECT_EQ(bad_[0].record, 101);
  EXPECT_EQ(bad_[0].reason, "is of type shop.View, not shop.Envelope.Click");
}

TEST_F(RegistryTest, ASchemaIsFetchedOnce) {
  const auto decoder = Open("avro", registry->url(), "");
  const std::string before = RequestsSoFar();
  ASSERT_TRUE(Decode(*decoder, Payloads("avro")).has_value());
  // Two schemas, and the two that the second refers to.
  EXPECT_EQ(std::stoi(RequestsSoFar()), std::stoi(before) + 4);
  ASSERT_TRUE(Decode(*decoder, Payloads("avro")).has_value());
  EXPECT_EQ(std::stoi(RequestsSoFar()), std::stoi(before) + 4);
}

TEST_F(RegistryTest, WhatIsNoMessageOfARegisteredSchemaIsBad) {
  const auto decoder = Open("avro", registry->url(), "");
  std::string good = Payloads("avro")[0];
  const std::string unknown = std::string("\0\0\0\x03\xe7", 5) + good.substr(5);
  const std::string protobuf = Payloads("protobuf")[0];
  const Status decoded =
      Decode(*decoder, {good, unknown, protobuf, "{\"user_id\": 1}", "", std::string(1, '\0'),
                        good.substr(0, 7), good + "!", good});
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(batch_.columns[0].size(), 2U);
  std::vector<std::string> reasons;
  for (const BadRecord& record : bad_) {
    reasons.push_back(std::to_string(record.record) + " " + record.reason);
  }
  EXPECT_EQ(reasons, (std::vector<std::string>{
                         "101 schema 999 is not in the registry",
                         "102 schema 6: is of type PROTOBUF, not AVRO",
                         "103 not framed by a schema registry: the first byte is 123, not 0",
                         "104 not framed by a schema registry: the message is empty",
                         "105 not framed by a schema registry: ends inside the schema's id",
                         "106 not valid Avro: field 'ts': ends inside a long, at byte 1",
                         "107 not valid Avro of its schema: 1 bytes follow the record"}));
  EXPECT_EQ(bad_[0].text, unknown);
}

TEST_F(RegistryTest, AColumnThatTheSchemaCannotFillMakesItsMessagesBad) {
  const auto decoder = Open("avro", registry->url(), ", kind: float64");
  ASSERT_TRUE(Decode(*decoder, Payloads("avro")).has_value());
  EXPECT_EQ(batch_.columns[0].size(), 0U);
  ASSERT_EQ(bad_.size(), 40U);
  EXPECT_TRUE(Has(bad_[0].reason, "field 'kind' is a string and cannot be read as float64"));
  EXPECT_TRUE(Has(bad_[1].reason, "field 'kind' is an enum (shop.Kind) and cannot be read as"));
}

TEST_F(RegistryTest, AFewFailuresAreTriedAgain) {
  const auto decoder = Open("avro", registry->url(), "");
  FailNext(2);
  EXPECT_TRUE(Decode(*decoder, Payloads("avro")).has_value());
  EXPECT_EQ(batch_.columns[0].size(), 40U);
}

TEST_F(RegistryTest, WhileItIsAwayNothingIsConsumed) {
  const auto payloads = Payloads("avro");
  auto own = std::make_unique<RegistryProcess>(folder->path());
  const int port = own->port();
  const std::string url = own->url();
  const auto decoder = Open("avro", url, "");
  own.reset();
  Status decoded = Decode(*decoder, payloads);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(Begins(decoded.error().message, "schema registry " + url + ": "));
  EXPECT_EQ(batch_.columns[0].size(), 0U);
  EXPECT_TRUE(bad_.empty());

  own = std::make_unique<RegistryProcess>(folder->path(), port);
  ASSERT_EQ(own->port(), port);
  WriteMessages(*own);
  decoded = Decode(*decoder, payloads);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(batch_.columns[0].size(), 40U);
  // What was fetched once needs no registry.
  own.reset();
  EXPECT_TRUE(Decode(*decoder, payloads).has_value());
}

TEST_F(RegistryTest, WhatFailsThriceIsAway) {
  const auto decoder = Open("avro", registry->url(), "");
  FailNext(3);
  const Status decoded = Decode(*decoder, Payloads("avro"));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(decoded.error().message,
            "schema registry " + registry->url() + ": it answers with status 503");
}

// Else all messages of a topic were dead letters where somebody left out a path.
TEST_F(RegistryTest, A404ThatIsNotOfASchemaIsAWrongAddress) {
  const std::string url = registry->url() + "/apis/ccompat";
  const auto decoder = Open("avro", url, "");
  const Status decoded = Decode(*decoder, Payloads("avro"));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(decoded.error().message,
            "schema registry " + url + ": its reply to /schemas/ids/3 has status 404");
  EXPECT_TRUE(bad_.empty());
}

TEST_F(RegistryTest, AsksAsTheUserInItsUrl) {
  const RegistryProcess locked(folder->path(), 0, "reader:p@ss");
  ASSERT_NE(locked.port(), 0);
  const std::string host = "127.0.0.1:" + std::to_string(locked.port());
  const auto payloads = Payloads("avro");
  auto decoder = Open("avro", "http://reader:p%40ss@" + host, "");
  // It lets us in, and has no schemas.
  ASSERT_TRUE(Decode(*decoder, payloads).has_value());
  EXPECT_EQ(bad_.size(), payloads.size());
  decoder = Open("avro", "http://reader:wrong@" + host, "");
  const Status decoded = Decode(*decoder, payloads);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(Has(decoded.error().message, "lets nobody in as this user (status 401)"));
  EXPECT_FALSE(Has(decoded.error().ToString(), "wrong"));
  ASSERT_EQ(::setenv("REGISTRY_TEST_USER", "reader:p@ss", 1), 0);
  decoder =
      Open("avro", "http://" + host + "\n    schema_registry_user_env: REGISTRY_TEST_USER", "");
  ASSERT_TRUE(Decode(*decoder, payloads).has_value());
  EXPECT_EQ(bad_.size(), payloads.size());
}

// Authorities that the system doesn't know, and a registry that asks who we are.
TEST_F(RegistryTest, AsksOverTls) {
  for (const std::string name : {"right", "wrong"}) {
    MakeCertificate(folder->File(name), "127.0.0.1");
  }
  const RegistryProcess locked(folder->path(), 0, "", folder->File("right.pem"),
                               folder->File("right.key"));
  ASSERT_NE(locked.port(), 0);
  const auto payloads = Payloads("avro");
  const std::string url = "https://127.0.0.1:" + std::to_string(locked.port());
  const std::string ours =
      "\n    schema_registry_cert: right.pem\n    schema_registry_key: right.key";
  // It lets us in, and has no schemas.
  auto decoder = Open("avro", url + "\n    schema_registry_ca: right.pem" + ours, "");
  Status decoded = Decode(*decoder, payloads);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().ToString();
  EXPECT_EQ(bad_.size(), payloads.size());

  for (const std::string ca : {"", "\n    schema_registry_ca: wrong.pem"}) {
    decoder = Open("avro", url + ca + ours, "");
    decoded = Decode(*decoder, payloads);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, ErrorCode::kUnavailable);
    EXPECT_TRUE(Has(decoded.error().message, "self-signed certificate")) << ca;
    EXPECT_TRUE(Has(decoded.error().remedy, "name its file as schema_registry_ca")) << ca;
  }
  decoder = Open("avro", url + "\n    schema_registry_ca: right.pem", "");
  EXPECT_FALSE(Decode(*decoder, payloads).has_value());
}

TEST_F(RegistryTest, ACertificateThatIsNoneIsToldOfAtOnce) {
  folder->Write("empty.pem", "");
  const auto error = [&](const std::string& file) {
    const std::string text =
        Repository("avro", "https://localhost:1\n    schema_registry_ca: " + file, "");
    const auto definition = ParseDefinition(text, "skewless.yaml", folder->path());
    const Status checked = CheckSchemas(**definition);
    return checked ? "" : checked.error().message;
  };
  EXPECT_TRUE(Has(error("absent.pem"), "source 'clicks': schema_registry_ca: cannot open"));
  EXPECT_TRUE(Has(error("absent.pem"), "absent.pem': No such file"));
  EXPECT_TRUE(Has(error("empty.pem"), "empty.pem: holds nothing in PEM"));
}

// libparquet carries an OpenSSL of its own, which TLS must not be handed to.
TEST(Linking, TlsIsDebiansOwn) {
  void* const found = ::dlsym(RTLD_DEFAULT, "SSL_new");
  ASSERT_NE(found, nullptr);
  Dl_info library{};
  ASSERT_NE(::dladdr(found, &library), 0);
  EXPECT_TRUE(Has(library.dli_fname, "libssl.so"));
}

}  // namespace
}  // namespace skewless
