// Rows of Redis at one instant T of its servers' clocks. In one round trip: TIME, then one MGET of
// the rows and of what says that they are all there; where some are hashes, or finished values, a
// script instead, which reads as much.
//
// A server runs one command at a time, so the clock that TIME told, less a microsecond, is an
// instant by which all that was stamped until then is in what was read. Nothing stamped later may
// be: rows of one MGET are one snapshot, and T moves up to the newest of their stamps. Rows of
// several MGETs (a cluster's slots) are not; T is then the least of the servers' clocks, and where
// a row's stamp is above it, all are read again.
#pragma once

#include "online/redis/hash_row.h"
#include "online/redis/servers.h"

namespace skewless::redis {

class RedisReader final : public OnlineReader {
 public:
  static Result<std::unique_ptr<OnlineReader>> Open(const RedisOptions& options);

  Result<Timestamp> Read(std::span<const RowKey> keys) override;
  ByteView state(size_t i) const override { return states_[i]; }
  Sequence last_committed() const override { return newest_; }
  Result<std::vector<int>> ClosedViews() override;
  bool finished() const override { return options_.keeps_values(); }

 private:
  RedisReader(const RedisOptions& options, std::unique_ptr<Servers> servers);
  void MakeQuestions(std::span<const RowKey> keys);
  void MakeQuestion(std::span<const RowKey> keys, std::span<const size_t> group,
                    const std::string& open, Servers::Question* question);
  void AppendKey(const RowKey& key, uint32_t bucket, Bytes* out);
  // What the answers hold: the least clock of their servers, the greatest stamp of their rows.
  struct Snapshot {
    Timestamp least_time = kMaxTimestamp;
    Timestamp greatest_stamp = kMinTimestamp;
  };
  Result<Snapshot> TakeAnswers(std::span<const RowKey> keys);
  Status TakeRows(const Servers::Answer& answer, std::span<const RowKey> keys,
                  std::span<const size_t> group, Snapshot* snapshot);
  // A row of the answer, which is the one at `row`. No stamp where there is none.
  Result<Stamp> TakeState(const redisReply& reply, int view, size_t row);
  Result<Stamp> TakeHash(const redisReply& reply, const ViewKernel& kernel, size_t row);
  Result<Stamp> TakeValues(const redisReply& reply, int view, size_t row);
  Status CheckOpen(const redisReply& open, const Connection& server, int view) const;
  bool is_hash(int view) const { return options_.increments_of(view) != nullptr; }

  RedisOptions options_;
  Keys keys_;
  std::unique_ptr<Servers> servers_;
  std::vector<Servers::Question> questions_;
  std::vector<Servers::Answer> answers_;
  std::vector<size_t> order_;        // of the keys: those of a question together
  std::vector<size_t> group_begin_;  // by question, and the end of the last: into order_
  std::vector<uint32_t> buckets_;
  std::string key_;
  std::vector<ByteView> states_;
  std::vector<Bytes> made_;  // by row: what states_ are of, where a row is a hash
  // Of hashes that are written by increments: their words.
  std::vector<std::string_view> words_;
  HashRow hash_;
  std::vector<uint64_t> layouts_;  // by view
  Sequence newest_ = 0;
};

}  // namespace skewless::redis
