// What the tests of rows written by increments share: a view of numbers, entities that are fed
// event by event, and a writer that sends their states as the engine does.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "kernel/kernel_fixture.h"
#include "online/redis/hash_row.h"
#include "online/redis/redis_rows_fixture.h"

namespace skewless::redis {

inline RedisOptions IncrementOptions(const std::string& address, const ViewKernel& kernel,
                                     bool cluster = false) {
  RedisOptions options = TestOptions(address, cluster);
  options.views = {"numbers"};
  options.fingerprints = {kernel.fingerprint()};
  options.increments = {&kernel};
  return options;
}

class IncrementWriter {
 public:
  IncrementWriter(const RedisOptions& options, const ViewKernel& kernel, uint32_t writer = 1)
      : kernel_(kernel), writer_(writer) {
    auto opened = OpenRedisRows(options);
    SKEWLESS_CHECK(opened.has_value());
    rows_ = std::move(*opened);
    std::vector<RowWritten> done;
    while (rows_->incarnation() == 0) static_cast<void>(rows_->Poll(1000, &done));
    Claim();
  }
  RemoteRows& rows() { return *rows_; }
  void Claim() { SKEWLESS_CHECK(rows_->Claim(writer_).has_value()); }
  void Open() { SKEWLESS_CHECK(rows_->OpenForReaders(rows_->incarnation()).has_value()); }

  void Send(ByteView key, ByteView state, uint64_t ticket = 0,
            std::span<const Stamp> unlogged = {}) {
    Bytes& compact = sent_[ticket];
    kernel_.Compact(state, &compact);
    const RowWrite row{0,      key,    LoadStateHeader(compact.data()).sequence, compact, unlogged,
                       ticket, writer_};
    SKEWLESS_CHECK(rows_->Send(std::span(&row, 1)).has_value());
    ++awaited_;
  }
  std::vector<RowWritten> Finish() {
    std::vector<RowWritten> done;
    while (done.size() < awaited_) static_cast<void>(rows_->Poll(10'000, &done));
    awaited_ = 0;
    return done;
  }
  RowWritten Write(ByteView key, ByteView state, std::span<const Stamp> unlogged = {}) {
    Send(key, state, 0, unlogged);
    return Finish()[0];
  }

 private:
  const ViewKernel& kernel_;
  const uint32_t writer_;
  std::unique_ptr<RemoteRows> rows_;
  std::map<uint64_t, Bytes> sent_;
  size_t awaited_ = 0;
};

class IncrementTest : public testing::Test {
 protected:
  IncrementTest()
      : directory_("redis_increment_test"),
        server_(directory_.path()),
        view_({{"visits", "count(*)"},
               {"total", "sum(n) over 1m hop 1s"},
               {"most", "max(n) over 1m hop 10s"}}) {}

  const ViewKernel& kernel() const { return view_.kernel(); }
  RedisOptions options() const { return IncrementOptions(server_.address(), kernel()); }
  std::string RedisKey() const {
    std::string key;
    Keys(options()).AppendRowKey(0, BucketOf(key_), key_, &key);
    return key;
  }
  static void Add(TestEntity& entity, int64_t seconds, int64_t n) {
    const Timestamp at = 1000 * kSecondUs + seconds * kSecondUs;
    entity.Apply(TestEvent{.event_us = at, .n = n, .x = {}, .s = {}, .b = {}}, at);
  }
  // How often the server was called so since it began.
  int64_t Calls(const std::string& command) {
    const std::string stats = server_.AskText({"INFO", "commandstats"});
    const std::string line = "cmdstat_" + command + ":calls=";
    const size_t at = stats.find(line);
    return at == std::string::npos ? 0 : std::stoll(stats.substr(at + line.size()));
  }
  std::map<std::string, std::string> Fields() {
    const Reply reply = server_.Ask({"HGETALL", RedisKey()});
    std::map<std::string, std::string> fields;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
      fields[std::string(TextOf(*reply->element[i]))] = TextOf(*reply->element[i + 1]);
    return fields;
  }
  // What a reader makes of the row, as people see it; or the error's message.
  std::string Read(Timestamp t) {
    auto reader = OpenRedisReader(options());
    SKEWLESS_CHECK(reader.has_value());
    const RowKey key{0, key_};
    const auto read = (*reader)->Read(std::span(&key, 1));
    if (!read) return read.error().message;
    const ByteView state = (*reader)->state(0);
    if (state.empty()) return "not found";
    TestEntity entity(view_);
    entity.set_state(Bytes(state.begin(), state.end()));
    return entity.Show(t);
  }

  TestDirectory directory_;
  RedisServer server_;
  TestView view_;
  const int64_t user_ = 42;
  const ByteView key_ = KeyBytes(user_);
  const Timestamp now_ = 1010 * kSecondUs;
};

}  // namespace skewless::redis
