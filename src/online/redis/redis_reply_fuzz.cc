// What a server may answer, from arbitrary bytes: replies of the write script, the cluster's map,
// redirects, times. An error or something that makes sense, and of each row sent exactly one word.
#include "base/check.h"
#include "online/redis/redis_keys.h"
#include "online/redis/slot_map.h"
#include "online/redis/write_call.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  using namespace skewless::redis;
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  const std::unique_ptr<redisReader, FreeReader> parser(redisReaderCreate());
  if (redisReaderFeed(parser.get(), reinterpret_cast<const char*>(data), size) != REDIS_OK)
    return 0;
  WriteCall call;
  for (uint64_t ticket = 0; ticket < 5; ++ticket) call.rows.push_back({ticket, 7});
  const Endpoint asked{"127.0.0.1", 6379};
  SlotMap map;
  for (;;) {
    void* parsed = nullptr;
    if (redisReaderGetReply(parser.get(), &parsed) != REDIS_OK || parsed == nullptr) return 0;
    const Reply reply(static_cast<redisReply*>(parsed));
    std::vector<RowWritten> done(1);
    const bool decoded = DecodeWriteReply(*reply, call, &done).has_value();
    SKEWLESS_CHECK(done.size() == (decoded ? 1 + call.rows.size() : 1));
    for (size_t i = 1; i < done.size(); ++i) SKEWLESS_CHECK(done[i].ticket == i - 1);
    if (map.Learn(*reply, asked).has_value()) SKEWLESS_CHECK(!map.empty());
    for (uint32_t slot = 0; slot < kSlots; slot += 97) {
      const Endpoint* const server = map.Of(slot);
      SKEWLESS_CHECK(server == nullptr || (server->port > 0 && server->port <= 65535));
    }
    static_cast<void>(TimeOf(*reply));
    if (!IsText(*reply) && !IsError(*reply)) continue;
    if (const auto redirect = ParseRedirect(TextOf(*reply), asked)) {
      SKEWLESS_CHECK(redirect->slot < kSlots);
      map.Move(redirect->slot, redirect->to);
    }
    static_cast<void>(ErrorOf(TextOf(*reply), "server"));
    static_cast<void>(CheckOpenValue(TextOf(*reply), "run", 7));
  }
}
