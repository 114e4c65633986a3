// Which server of a cluster has which slot.
#pragma once

#include <optional>
#include <vector>

#include "online/redis/redis_keys.h"
#include "online/redis/reply.h"
#include "online/redis/socket.h"

namespace skewless::redis {

// What a server answers where a slot lies elsewhere: "MOVED 3999 127.0.0.1:6381" for good, "ASK
// ..." for this once, while the slot is on its way.
struct Redirect {
  bool ask = false;
  uint32_t slot = 0;
  Endpoint to;
};
// `asked`: whom the answer came from, for answers that leave the host out.
std::optional<Redirect> ParseRedirect(std::string_view error, const Endpoint& asked);

class SlotMap {
 public:
  SlotMap() : server_of_(kSlots, -1) {}
  // Takes what CLUSTER SLOTS answers; an error where it makes no sense, and the map is as it was.
  Status Learn(const redisReply& slots, const Endpoint& asked);
  void Move(uint32_t slot, const Endpoint& to);
  // Null where no server is known to have it.
  const Endpoint* Of(uint32_t slot) const;
  const std::vector<Endpoint>& servers() const { return servers_; }
  bool empty() const { return servers_.empty(); }

 private:
  int IndexOf(const Endpoint& server);
  std::vector<Endpoint> servers_;
  std::vector<int> server_of_;  // by slot
};

}  // namespace skewless::redis
