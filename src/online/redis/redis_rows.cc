#include "online/redis/redis_rows.h"

#include <algorithm>
#include <ctime>

#include "base/check.h"
#include "base/clock.h"
#include "online/redis/claim_script.h"
#include "online/redis/rights_script.h"

namespace skewless::redis {
namespace {

constexpr int kMaxRedirects = 16;
constexpr size_t kMaxSpare = 256;

// Of most calls; others are told of when they are wanted.
std::vector<const Script*> ScriptsOf(const RedisOptions& options) {
  if (options.keeps_values()) return {&ValuesScript(), &RemovalScript()};
  return {&VersionedScript()};
}

Error Unserved(const std::string& address) {
  return {ErrorCode::kUnavailable, "Redis at " + address + ": no server of the cluster has a slot",
          "See 'redis-cli --cluster check'."};
}

}  // namespace

Result<std::unique_ptr<RemoteRows>> RedisRows::Open(const RedisOptions& options) {
  SKEWLESS_CHECK(options.views.size() == options.fingerprints.size());
  SKEWLESS_ASSIGN_OR_RETURN(auto servers, Servers::Make(options, ScriptsOf(options)));
  SKEWLESS_ASSIGN_OR_RETURN(
      auto questions, Servers::Make(options, {&ClaimScript(), &OpenScript(), &RightsScript()}));
  return std::unique_ptr<RemoteRows>(
      new RedisRows(options, std::move(servers), std::move(questions)));
}

RedisRows::RedisRows(const RedisOptions& options, std::unique_ptr<Servers> servers,
                     std::unique_ptr<Servers> questions)
    : options_(options),
      keys_(options),
      row_slots_(keys_.RowSlots()),
      servers_(std::move(servers)),
      questions_(std::move(questions)),
      wants_slots_(options.cluster),
      bases_(options.base_bytes) {
  for (const DurationUs after : options_.expire_after_us) expires_ |= after > 0;
  for (const ViewKernel* const kernel : options_.increments) increments_ |= kernel != nullptr;
  SKEWLESS_CHECK(!increments_ || !options_.keeps_values());
  for (uint32_t bucket = 0; bucket < keys_.buckets(); ++bucket)
    bucket_slot_.push_back(keys_.SlotOfBucket(bucket));
  claimed_.resize(keys_.clocks());
}

size_t RedisRows::room() const {
  return in_flight_ < options_.window_rows ? options_.window_rows - in_flight_ : 0;
}

Status RedisRows::Send(std::span<const RowWrite> rows) {
  SKEWLESS_CHECK(rows.size() <= room());
  EncodeGroups(rows);
  Advance(0);
  return {};
}

RedisRows::Lane& RedisRows::LaneOf(Connection& connection) {
  Lane& lane = lanes_[connection.endpoint()];
  if (lane.connection == nullptr) lane.connection = &connection;
  return lane;
}

void RedisRows::Place() {
  for (size_t count = unplaced_.size(); count > 0; --count) {
    Call call = std::move(unplaced_.front());
    unplaced_.pop_front();
    Connection* const server = servers_->Of(call->slot);
    if (server == nullptr) {
      unplaced_.push_back(std::move(call));
      continue;
    }
    LaneOf(*server).waiting.push_back(std::move(call));
  }
}

void RedisRows::SendWaiting(Lane& lane) {
  Connection& connection = *lane.connection;
  if (wants_slots_) AskForSlots(lane);
  AskForTime(lane);
  AskForClaim(lane);
  GoOnWalking(lane);
  while (!lane.waiting.empty()) {
    Call call = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    Bytes& out = connection.out();
    if (call->asking) {
      AppendCommand({"ASKING"}, &out);
      connection.Expect(1);
      lane.sent.push_back({Awaited::kNothing, nullptr});
    }
    PutRaw(out, call->command);
    connection.Expect(1);
    lane.sent.push_back({Awaited::kCall, std::move(call)});
  }
}

// What the connection had in flight may have landed or not, but for what was answered before it
// failed: a server that lost its rows then leaves nobody else who knows what was readable, and from
// when on. It must not be opened anew before.
void RedisRows::FailLane(Lane& lane) {
  lane.failures = lane.connection->failures();
  TakeReplies(lane);
  for (Awaited& awaited : lane.sent) {
    if (awaited.kind != Awaited::kCall) continue;
    in_flight_ -= awaited.call->rows.size();
    FailCall(*awaited.call, lane.connection->failure(), true, &done_);
  }
  lane.sent.clear();
  if (lane.walk) lane.walk->Forget();
  // Another server may have its slots by now.
  if (!servers_->cluster()) return;
  wants_slots_ = true;
  for (Call& call : lane.waiting) unplaced_.push_back(std::move(call));
  lane.waiting.clear();
}

void RedisRows::FailLate(std::deque<Call>* calls, const Error& error) {
  const bool hopeless = error.code != ErrorCode::kUnavailable;
  const int64_t oldest = MonotonicNanos() - options_.timeout_us * 1000;
  while (!calls->empty() && (hopeless || calls->front()->given_ns < oldest)) {
    in_flight_ -= calls->front()->rows.size();
    FailCall(*calls->front(), error, !hopeless, &done_);
    calls->pop_front();
  }
}

void RedisRows::TakeCallReply(Lane& lane, Call call, const redisReply& reply) {
  if (IsError(reply)) {
    const std::string_view text = TextOf(reply);
    const Endpoint& from = lane.connection->endpoint();
    if (text.starts_with("NOSCRIPT")) {
      if (lane.connection->ready()) {
        AppendCommand({"SCRIPT", "LOAD", call->script->text}, &lane.connection->out());
        lane.connection->Expect(1);
        lane.sent.push_back({Awaited::kNothing, nullptr});
      }
      lane.waiting.push_front(std::move(call));
      return;
    }
    const auto redirect = servers_->cluster() ? ParseRedirect(text, from) : std::nullopt;
    if (redirect && ++call->redirects <= kMaxRedirects) {
      call->asking = redirect->ask;
      if (!redirect->ask) {
        servers_->map().Move(redirect->slot, redirect->to);
        wants_slots_ = true;
      }
      LaneOf(servers_->At(redirect->to)).waiting.push_back(std::move(call));
      return;
    }
    const ServerError error =
        redirect ? ServerError{InCircles(from), true} : ErrorOf(text, from.ToString());
    in_flight_ -= call->rows.size();
    FailCall(*call, error.error, error.may_retry, &done_);
  } else {
    in_flight_ -= call->rows.size();
    const auto decoded = options_.keeps_values() ? DecodeValuesReply(reply, *call, &done_)
                                                 : DecodeWriteReply(reply, *call, &done_);
    if (!decoded) {
      FailCall(*call, decoded.error(), false, &done_);
    } else if (!decoded->claimed) {
      NoteUnclaimed(call->slot);
    } else {
      NoteTime(decoded->stamp_us);
      if (!servers_->cluster()) least_stamp_ = std::max(least_stamp_, decoded->stamp_us + 1);
      if (!call->kept.empty()) TakeIncrements(*call, decoded->apart);
    }
  }
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(call));
}

void RedisRows::TakeReplies(Lane& lane) {
  while (!lane.sent.empty()) {
    const Reply reply = lane.connection->Take();
    if (reply == nullptr) return;
    Awaited awaited = std::move(lane.sent.front());
    lane.sent.pop_front();
    if (awaited.kind == Awaited::kCall) {
      TakeCallReply(lane, std::move(awaited.call), *reply);
    } else if (awaited.kind == Awaited::kSlotMap) {
      // Where it makes no sense, the next answer may.
      slots_ = servers_->map().Learn(*reply, lane.connection->endpoint());
      if (slots_) {
        wants_slots_ = false;
        UpdateIncarnation();
      }
    } else if (awaited.kind == Awaited::kWalk) {
      if (lane.connection->ready()) TakeWalk(lane, *reply);  // else it goes over these keys again
    } else if (awaited.kind == Awaited::kTime) {
      TakeTime(&lane, *reply);
    } else if (awaited.kind == Awaited::kClaim) {
      TakeClaim(awaited, *reply);
    }
  }
}

void RedisRows::Serve(Lane& lane, short revents) {
  Connection& connection = *lane.connection;
  connection.Advance(revents);
  if (connection.ready()) TakeReplies(lane);
  if (connection.failures() != lane.failures) FailLane(lane);
  if (connection.ready() && connection.openings() != lane.openings) {
    lane.openings = connection.openings();
    UpdateIncarnation();
  }
  if (connection.ready()) {
    SendWaiting(lane);
    connection.Advance(0);
    if (connection.failures() != lane.failures) FailLane(lane);
  } else {
    FailLate(&lane.waiting, connection.failure());
  }
}

void RedisRows::Advance(DurationUs wait_us) {
  Place();
  if (servers_->map().empty()) LaneOf(servers_->At(servers_->seed()));
  for (Connection* const used : servers_->Used()) LaneOf(*used);
  std::vector<pollfd> wanted;
  for (auto& [endpoint, lane] : lanes_) {
    lane.connection->Open();
    if (lane.connection->ready()) {
      SendWaiting(lane);
      lane.connection->Advance(0);
    }
    wanted.push_back(lane.connection->Wanted());
  }
  if (!done_.empty()) wait_us = 0;
  const timespec wait{wait_us / kSecondUs, (wait_us % kSecondUs) * 1000};
  ::ppoll(wanted.data(), wanted.size(), &wait, nullptr);
  size_t i = 0;
  std::vector<Lane*> lanes;  // serving one may add others
  for (auto& [endpoint, lane] : lanes_) lanes.push_back(&lane);
  for (Lane* const lane : lanes) Serve(*lane, wanted[i++].revents);
  const Status health = Health();
  FailLate(&unplaced_, health ? Unserved(options_.address) : health.error());
}

Status RedisRows::Poll(DurationUs wait_us, std::vector<RowWritten>* done) {
  Advance(wait_us);
  done->insert(done->end(), std::make_move_iterator(done_.begin()),
               std::make_move_iterator(done_.end()));
  done_.clear();
  return Health();
}

}  // namespace skewless::redis

namespace skewless {

Result<std::unique_ptr<RemoteRows>> OpenRedisRows(const RedisOptions& options) {
  return redis::RedisRows::Open(options);
}

}  // namespace skewless
