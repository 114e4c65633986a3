// What the writer knows of its servers: who has which slot, who is away, and that they may have
// lost rows.
#include <algorithm>

#include "base/clock.h"
#include "online/redis/redis_rows.h"

namespace skewless::redis {
namespace {

constexpr int64_t kSlotsPauseNs = 100'000'000;  // between questions for the cluster's map

}  // namespace

void RedisRows::AskForSlots(Lane& lane) {
  const int64_t now = MonotonicNanos();
  if (now - slots_asked_ns_ < kSlotsPauseNs) return;
  slots_asked_ns_ = now;
  AppendCommand({"CLUSTER", "SLOTS"}, &lane.connection->out());
  lane.connection->Expect(1);
  lane.sent.push_back({Awaited::kSlotMap, nullptr});
}

// The claim stood there and is gone: rows that stood there may be, too.
void RedisRows::NoteUnclaimed(uint32_t slot) {
  if (!claimed_[servers_->cluster() ? slot : 0]) return;
  ++losses_;
  UpdateIncarnation();
}

// The first server in use that is away, if any.
Status RedisRows::Health() {
  if (servers_->cluster() && servers_->map().empty()) {
    const Connection& seed = servers_->At(servers_->seed());
    if (!seed.ready() && seed.failures() > 0) return tl::unexpected<Error>(seed.failure());
    if (!slots_) return slots_;
  }
  for (const Connection* const used : servers_->Used()) {
    if (!used->ready() && used->failures() > 0) return tl::unexpected<Error>(used->failure());
  }
  return {};
}

// Of which server has which slot. Where one is away it stays what it was.
void RedisRows::UpdateIncarnation() {
  std::string servers = std::to_string(losses_);
  if (servers_->cluster() && servers_->map().empty()) return;
  const Connection* last = nullptr;
  for (const uint32_t slot : row_slots_) {
    Connection* const server = servers_->Of(slot);
    if (server == nullptr || server->run_id().empty()) return;
    if (server == last) continue;
    servers += " " + std::to_string(slot) + " " + server->run_id();
    last = server;
  }
  const uint64_t now = std::max<uint64_t>(1, Hash64(AsBytes(servers)));
  if (now != incarnation_ && incarnation_ != 0) {
    claimed_.assign(claimed_.size(), false);
    bases_.Clear();
    StopWalks();
  }
  incarnation_ = now;
}

}  // namespace skewless::redis
