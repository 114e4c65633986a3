#include "online/redis/slot_map.h"

#include <algorithm>
#include <charconv>

namespace skewless::redis {
namespace {

struct SlotRange {
  size_t first = 0;
  size_t last = 0;
  Endpoint server;
};

std::optional<SlotRange> ParseRange(const redisReply& entry, const Endpoint& asked) {
  if (!IsArray(entry, 3)) return std::nullopt;
  const redisReply& first = *entry.element[0];
  const redisReply& last = *entry.element[1];
  const redisReply& server = *entry.element[2];  // the primary; its replicas follow
  if (first.type != REDIS_REPLY_INTEGER || last.type != REDIS_REPLY_INTEGER ||
      !IsArray(server, 2) || server.element[1]->type != REDIS_REPLY_INTEGER)
    return std::nullopt;
  if (first.integer < 0 || last.integer < first.integer || last.integer >= kSlots)
    return std::nullopt;
  SlotRange range{static_cast<size_t>(first.integer), static_cast<size_t>(last.integer), {}};
  const redisReply& host = *server.element[0];
  range.server.host =
      IsText(host) && host.len > 0 && TextOf(host) != "?" ? std::string(TextOf(host)) : asked.host;
  if (server.element[1]->integer <= 0 || server.element[1]->integer > 65535) return std::nullopt;
  range.server.port = static_cast<int>(server.element[1]->integer);
  return range;
}

}  // namespace

std::optional<Redirect> ParseRedirect(std::string_view error, const Endpoint& asked) {
  Redirect redirect;
  if (error.starts_with("ASK ")) {
    redirect.ask = true;
  } else if (!error.starts_with("MOVED ")) {
    return std::nullopt;
  }
  error.remove_prefix(error.find(' ') + 1);
  const size_t space = error.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto [stop, wrong] = std::from_chars(error.data(), error.data() + space, redirect.slot);
  if (wrong != std::errc() || stop != error.data() + space || redirect.slot >= kSlots)
    return std::nullopt;
  const std::string_view to = error.substr(space + 1);
  const size_t colon = to.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto parsed = ParseEndpoint(colon == 0 ? asked.host + std::string(to) : std::string(to));
  // An IPv6 address comes without brackets: all before the last colon is the host.
  if (!parsed) return std::nullopt;
  redirect.to = std::move(*parsed);
  return redirect;
}

int SlotMap::IndexOf(const Endpoint& server) {
  const auto found = std::find(servers_.begin(), servers_.end(), server);
  if (found != servers_.end()) return static_cast<int>(found - servers_.begin());
  servers_.push_back(server);
  return static_cast<int>(servers_.size()) - 1;
}

Status SlotMap::Learn(const redisReply& slots, const Endpoint& asked) {
  if (IsError(slots)) return tl::unexpected<Error>(ErrorOf(TextOf(slots), asked.ToString()).error);
  SlotMap learned;
  for (size_t i = 0; IsArray(slots, 0) && i < slots.elements; ++i) {
    const auto range = ParseRange(*slots.element[i], asked);
    if (!range) {
      return Fail(ErrorCode::kCorrupt,
                  "Redis at " + asked.ToString() + ": CLUSTER SLOTS answers something else");
    }
    const int server = learned.IndexOf(range->server);
    std::fill(learned.server_of_.begin() + static_cast<ptrdiff_t>(range->first),
              learned.server_of_.begin() + static_cast<ptrdiff_t>(range->last) + 1, server);
  }
  if (learned.servers_.empty()) {
    return Fail(ErrorCode::kUnavailable,
                "Redis at " + asked.ToString() + ": its cluster serves no slots",
                "Assign the slots (redis-cli --cluster create).");
  }
  *this = std::move(learned);
  return {};
}

void SlotMap::Move(uint32_t slot, const Endpoint& to) { server_of_[slot] = IndexOf(to); }

const Endpoint* SlotMap::Of(uint32_t slot) const {
  const int server = server_of_[slot];
  return server < 0 ? nullptr : &servers_[static_cast<size_t>(server)];
}

}  // namespace skewless::redis
