// Rows over TLS, from a server with a certificate of an authority that was made for the test.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "base/certificate_fixture.h"
#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {
namespace {

class RedisTlsTest : public testing::Test {
 protected:
  RedisTlsTest() : directory_("redis_tls_test"), port_(FreePort()) {
    std::filesystem::create_directories(directory_.path());
    // Their own authorities, for 127.0.0.1 and for another address.
    MakeCertificate(directory_.path() + "/right", "127.0.0.1");
    MakeCertificate(directory_.path() + "/wrong", "127.0.0.9");
  }
  std::string File(const std::string& name, const std::string& kind) const {
    return directory_.path() + "/" + name + "." + kind;
  }
  std::unique_ptr<RedisServer> Serve(const std::string& certificate, bool asks_clients) {
    return std::make_unique<RedisServer>(
        directory_.path() + "/" + certificate,
        std::vector<std::string>{
            "--tls-port", std::to_string(port_), "--tls-cert-file", File(certificate, "pem"),
            "--tls-key-file", File(certificate, "key"), "--tls-ca-cert-file",
            File(certificate, "pem"), "--tls-auth-clients", asks_clients ? "yes" : "no"});
  }
  RedisOptions Options(const std::string& authority) const {
    RedisOptions options = TestOptions("127.0.0.1:" + std::to_string(port_));
    options.tls.enabled = true;
    options.tls.ca_file = File(authority, "pem");
    return options;
  }
  static Result<Timestamp> Read(const RedisOptions& options) {
    auto reader = OpenRedisReader(options);
    if (!reader) return tl::unexpected<Error>(reader.error());
    const int64_t user = 1;
    const RowKey key{0, KeyBytes(user)};
    auto read = (*reader)->Read(std::span(&key, 1));
    if (read) {
      EXPECT_EQ(SequenceIn((*reader)->state(0)), 5);
    }
    return read;
  }

  TestDirectory directory_;
  int port_;
};

TEST_F(RedisTlsTest, RowsGoBothWays) {
  const auto server = Serve("right", false);
  TestWriter writer(Options("right"));
  const int64_t user = 1;
  // Longer than a record of TLS.
  EXPECT_EQ(writer.Write(0, KeyBytes(user), 5, {}, 100'000).outcome, Outcome::kWritten);
  for (int64_t other = 2; other < 2000; ++other) writer.Send(0, KeyBytes(other), 5, 0, {}, 500);
  for (const RowWritten& done : writer.Finish()) ASSERT_EQ(done.outcome, Outcome::kWritten);
  writer.ConnectAndOpen();
  const auto read = Read(Options("right"));
  EXPECT_TRUE(read.has_value()) << read.error().ToString();
}

// A program that does nothing about SIGPIPE is ended by one, and what it does is its own affair.
TEST_F(RedisTlsTest, AConnectionThatIsGoneIsAnErrorAndNoSignal) {
  static volatile std::sig_atomic_t came;
  came = 0;
  const auto note = [](int) { came = 1; };
  const auto before = std::signal(SIGPIPE, note);
  const auto server = Serve("right", false);
  TestWriter writer(Options("right"));
  const int64_t user = 1;
  EXPECT_EQ(writer.Write(0, KeyBytes(user), 5).outcome, Outcome::kWritten);
  EXPECT_GE(server->Ask({"CLIENT", "KILL", "TYPE", "normal"})->integer, 1);
  // Many records of TLS: the first is answered with a reset, and those behind it find no peer.
  const RowWritten gone = writer.Write(0, KeyBytes(user), 6, {}, 1'000'000);
  EXPECT_EQ(gone.outcome, Outcome::kFailed);
  EXPECT_TRUE(gone.may_retry);
  EXPECT_EQ(writer.WriteSurely(0, KeyBytes(user), 6).outcome, Outcome::kWritten);
  EXPECT_EQ(came, 0);
  EXPECT_EQ(std::signal(SIGPIPE, before), +note);
}

TEST_F(RedisTlsTest, AStrangersCertificateIsRefused) {
  const auto server = Serve("right", false);
  const auto read = Read(Options("wrong"));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(read.error().message.find("TLS: "), std::string::npos) << read.error().ToString();
}

TEST_F(RedisTlsTest, AnotherHostsCertificateIsRefused) {
  const auto server = Serve("wrong", false);
  const auto read = Read(Options("wrong"));
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("IP address mismatch"), std::string::npos)
      << read.error().ToString();
}

TEST_F(RedisTlsTest, AServerMayAskForOurs) {
  const auto server = Serve("right", true);
  RedisOptions options = Options("right");
  EXPECT_FALSE(Read(options).has_value());
  options.tls.cert_file = File("right", "pem");
  options.tls.key_file = File("right", "key");
  TestWriter writer(options);
  const int64_t user = 1;
  EXPECT_EQ(writer.Write(0, KeyBytes(user), 5).outcome, Outcome::kWritten);
  writer.ConnectAndOpen();
  EXPECT_TRUE(Read(options).has_value());
  options.tls.key_file = File("wrong", "key");
  const auto opened = OpenRedisReader(options);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
}

// A client without TLS, and TLS towards a server without.
TEST_F(RedisTlsTest, BothSidesMustSpeakIt) {
  const auto server = Serve("right", false);
  RedisOptions plain = Options("right");
  plain.tls = {};
  plain.timeout_us = kSecondUs;
  EXPECT_FALSE(Read(plain).has_value());
  RedisOptions encrypted = Options("right");
  encrypted.address = server->address();
  encrypted.connect_timeout_us = kSecondUs;
  const auto read = Read(encrypted);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace skewless::redis
