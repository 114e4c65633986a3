// What the tests of Redis' rows share: a writer and a reader with the views of the embedded store's
// tests, states that say what they are, and waiting for what was sent.
#pragma once

#include <map>

#include "base/check.h"
#include "base/clock.h"
#include "online/embedded/store_fixture.h"
#include "online/redis/redis_server_fixture.h"

namespace skewless::redis {

// A state of a view that holds the record `sequence` and whatever else `size` asks for.
inline Bytes StateOf(uint64_t fingerprint, Sequence sequence, size_t size = sizeof(StateHeader)) {
  Bytes state(std::max(size, sizeof(StateHeader)), static_cast<uint8_t>(sequence));
  StoreLe(state.data(), StateHeader{.magic = kStateMagic,
                                    .size = static_cast<uint32_t>(state.size()),
                                    .fingerprint = fingerprint,
                                    .sequence = sequence,
                                    .available_us = 0,
                                    .newest_event_us = sequence,
                                    .records = 1});
  return state;
}

inline RedisOptions TestOptions(const std::string& address, bool cluster = false) {
  RedisOptions options;
  options.address = address;
  options.cluster = cluster;
  options.project = "shop";
  options.views = {"activity", "spending"};
  options.fingerprints = {0x1111222233334444, 0x5555666677778888};
  options.log_identity = 7;
  options.timeout_us = 20 * kSecondUs;  // slow machines are no failures
  return options;
}

// Drives a writer as the engine does, one write of a row at a time.
class TestWriter {
 public:
  // `claims`: before its first write, where nobody has claimed the rows for it.
  explicit TestWriter(const RedisOptions& options, uint32_t epoch = 1, bool claims = true)
      : options_(options), writer_(RowClaim(epoch, 0)), claimed_(!claims) {
    auto opened = OpenRedisRows(options);
    SKEWLESS_CHECK(opened.has_value());
    rows_ = std::move(*opened);
  }
  RemoteRows& rows() { return *rows_; }

  // As an engine does it before its first write, and when the server has lost rows.
  Status Claim() {
    claimed_ = true;
    return rows_->Claim(writer_);
  }

  // Waits until it knows its servers.
  void Connect() {
    std::vector<RowWritten> done;
    while (rows_->incarnation() == 0) static_cast<void>(rows_->Poll(1000, &done));
    SKEWLESS_CHECK(done.empty());
  }
  void ConnectAndOpen() {
    Connect();
    if (!claimed_) static_cast<void>(Claim());
    const Status opened = rows_->OpenForReaders(rows_->incarnation());
    if (!opened) throw std::runtime_error(opened.error().ToString());
  }
  void Send(int view, ByteView key, Sequence sequence, uint64_t ticket = 0,
            std::span<const Stamp> unlogged = {}, size_t size = 0) {
    if (!claimed_) static_cast<void>(Claim());  // where it fails, so do the writes
    const Bytes state = StateOf(options_.fingerprints[static_cast<size_t>(view)], sequence, size);
    const RowWrite row{view, key, sequence, state, unlogged, ticket, writer_, 0, least_us_};
    SKEWLESS_CHECK(rows_->Send(std::span(&row, 1)).has_value());
    ++sent_;
  }
  // Until everything that was sent is done; `done` already is.
  std::vector<RowWritten> Finish(std::vector<RowWritten> done = {}) {
    while (done.size() < sent_) static_cast<void>(rows_->Poll(10'000, &done));
    SKEWLESS_CHECK(done.size() == sent_);
    sent_ = 0;
    return done;
  }
  RowWritten Write(int view, ByteView key, Sequence sequence, std::span<const Stamp> unlogged = {},
                   size_t size = 0) {
    Send(view, key, sequence, 0, unlogged, size);
    return Finish()[0];
  }
  RowWritten WriteNoEarlier(int view, ByteView key, Sequence sequence, Timestamp least_us) {
    least_us_ = least_us;
    Send(view, key, sequence);
    least_us_ = kMinTimestamp;
    return Finish()[0];
  }
  // Again until the store has answered, whatever it has lost.
  RowWritten WriteSurely(int view, ByteView key, Sequence sequence) {
    for (;;) {
      RowWritten done = Write(view, key, sequence);
      if (done.outcome != RowWritten::Outcome::kFailed) return done;
      SKEWLESS_CHECK(done.may_retry);
      static_cast<void>(Claim());
    }
  }

 private:
  RedisOptions options_;
  uint32_t writer_;
  std::unique_ptr<RemoteRows> rows_;
  bool claimed_;
  Timestamp least_us_ = kMinTimestamp;
  size_t sent_ = 0;
};

inline Sequence SequenceIn(ByteView state) {
  return state.empty() ? 0 : LoadStateHeader(state.data()).sequence;
}

using embedded::KeyBytes;
using embedded::TestDirectory;
using Outcome = RowWritten::Outcome;

}  // namespace skewless::redis
