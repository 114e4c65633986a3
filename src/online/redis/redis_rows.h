// The writer of one Redis or cluster. Calls of the write script go out pipelined, one after the
// other on each server's connection. A call that a server sends elsewhere follows; one whose
// connection breaks fails, as it may have landed.
#pragma once

#include <deque>
#include <optional>

#include "online/redis/earlier_rows.h"
#include "online/redis/increment_call.h"
#include "online/redis/row_bases.h"
#include "online/redis/row_walk.h"
#include "online/redis/servers.h"

namespace skewless::redis {

class RedisRows final : public RemoteRows {
 public:
  static Result<std::unique_ptr<RemoteRows>> Open(const RedisOptions& options);

  Result<Timestamp> Examine() override;
  size_t room() const override;
  Status Send(std::span<const RowWrite> rows) override;
  Status Poll(DurationUs wait_us, std::vector<RowWritten>* done) override;
  uint64_t incarnation() const override { return incarnation_; }
  Timestamp least_stamp() const override { return least_stamp_; }
  Status Claim(uint32_t writer) override;
  Timestamp now_us() const override;
  Status ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) override;
  Result<bool> ReadEarlier(std::span<const EarlierRows> earlier, bool anew,
                           std::vector<EarlierRow>* rows) override;
  Status OpenForReaders(uint64_t incarnation) override;
  void RemoveOthers(Timestamp latest_us) override;

 private:
  using Call = std::unique_ptr<WriteCall>;
  // What a reply is of: a call, the cluster's slots, a server's time, the claim that stands there,
  // the walk through its rows, or nothing that matters.
  struct Awaited {
    enum Kind { kCall, kSlotMap, kTime, kClaim, kWalk, kNothing } kind = kNothing;
    Call call;
    uint32_t slot = 0;         // whose claim
    uint64_t incarnation = 0;  // and when it was asked for
  };
  struct Lane {
    Connection* connection = nullptr;
    std::deque<Call> waiting;  // for the connection
    std::deque<Awaited> sent;  // in the order of their replies
    uint64_t failures = 0;     // of the connection, as far as they were dealt with
    uint64_t openings = 0;
    Timestamp time_us = kMinTimestamp;  // by its server's clock, as it was last told
    int64_t time_asked_ns = 0;
    int64_t claim_asked_ns = 0;
    std::optional<RowWalk> walk;
  };

  RedisRows(const RedisOptions& options, std::unique_ptr<Servers> servers,
            std::unique_ptr<Servers> questions);
  Call NewCall(uint32_t slot);
  void EncodeGroups(std::span<const RowWrite> rows);
  void EncodeGroup(std::span<const size_t> group, std::span<const RowWrite> rows);
  void EncodeIncrements(const std::string& clock, std::span<const std::string> keys,
                        WriteCall* call);
  void TakeIncrements(const WriteCall& call, std::span<const size_t> apart);
  int64_t ExpireAtMs(const RowWrite& row) const;
  Lane& LaneOf(Connection& connection);
  void Place();  // calls into their servers' lanes
  void Advance(DurationUs wait_us);
  void Serve(Lane& lane, short revents);
  void SendWaiting(Lane& lane);
  void TakeReplies(Lane& lane);
  void TakeCallReply(Lane& lane, Call call, const redisReply& reply);
  void FailLane(Lane& lane);
  void FailLate(std::deque<Call>* calls, const Error& error);
  void AskForSlots(Lane& lane);
  void AskForTime(Lane& lane);
  void AskForClaim(Lane& lane);
  void TakeClaim(const Awaited& awaited, const redisReply& reply);
  void GoOnWalking(Lane& lane);
  void ExpectOfWalk(Lane& lane, size_t replies);
  void TakeWalk(Lane& lane, const redisReply& reply);
  void StopWalks();
  void TakeTime(Lane* lane, const redisReply& reply);
  void NoteUnclaimed(uint32_t slot);
  void NoteTime(Timestamp time_us);
  void UpdateIncarnation();
  Status Health();
  enum class Owner { kLook, kBecome };  // kBecome: where nobody is
  std::string RemovalFrom(const Endpoint& server) const;
  Status CheckOwner(Owner what = Owner::kBecome);
  Result<int64_t> HolderIn(const Servers::Answer& answer) const;
  Status CheckPolicies();
  Status CheckRights();
  std::vector<uint32_t> SlotOfEachServer();
  Status AskInChunks(std::span<const RowKey> keys, size_t head_bytes, std::vector<StoredRow>* rows,
                     std::vector<size_t>* longer);
  void AppendQuestion(int view, const std::string& key, size_t head_bytes, Bytes* out) const;
  // `*more`: it has more stamps than the answer holds.
  Result<StoredRow> TakeVersion(int view, const redisReply& reply, bool* more) const;

  RedisOptions options_;
  Keys keys_;
  const std::vector<uint32_t> row_slots_;  // that rows may lie in
  std::unique_ptr<Servers> servers_;       // the writes go to
  std::unique_ptr<Servers> questions_;     // their own connections, for what is waited for
  std::map<Endpoint, Lane> lanes_;
  std::deque<Call> unplaced_;
  std::vector<Call> spare_;
  std::vector<RowWritten> done_;
  std::vector<Servers::Question> asked_;
  std::vector<Servers::Answer> answers_;
  size_t in_flight_ = 0;  // rows
  bool wants_slots_;
  Status slots_;  // what came of the last question for them
  int64_t slots_asked_ns_ = 0;
  bool expires_ = false;
  bool increments_ = false;    // of some view
  std::vector<bool> claimed_;  // by slot, in this incarnation
  uint64_t losses_ = 0;        // claims that were gone
  uint32_t writer_ = 0;        // as it claimed the rows
  uint64_t incarnation_ = 0;
  Timestamp least_stamp_ = kMinTimestamp;
  Timestamp time_us_ = kMinTimestamp;  // the last that a server told of its clock, and when
  int64_t time_noted_ns_ = 0;
  std::vector<uint32_t> bucket_slot_;
  std::optional<EarlierWalk> earlier_;
  RowBases bases_;  // of rows written by increments
  IncrementEncoder encoder_;
  std::vector<IncrementWrite> group_increments_;
  // Scratch of Send.
  std::vector<uint32_t> buckets_;
  std::vector<size_t> order_;
  std::vector<RowWrite> group_rows_;
  std::vector<std::string> group_keys_;
  std::vector<int64_t> group_expire_;
};

}  // namespace skewless::redis
