// Goes through the keys of all servers, for what rows of earlier definitions carry: states, as one
// value or by increments, lie under keys that tell their view, their layout and their entity. What
// those definitions knew of entities nobody else does, so nothing but the keys lists them.
//
// A step asks each server for some thousands of its keys, and then for the heads of the rows among
// them. It begins anew where a server has restarted, or slots are known to have moved: keys may
// have gone from what was not asked yet to what was.
#pragma once

#include "online/redis/redis_keys.h"
#include "online/redis/servers.h"

namespace skewless::redis {

class EarlierWalk {
 public:
  // `slots`: in which rows may lie.
  EarlierWalk(const Keys& keys, const std::vector<uint32_t>& slots,
              std::span<const EarlierRows> earlier);

  // Appends what was found. False: that was all. After an error the same step is the next one.
  Result<bool> Step(Servers& servers, std::vector<EarlierRow>* rows);

 private:
  struct Head {
    std::string begin;  // of keys
    size_t of = 0;
    bool is_hash = false;
  };
  struct Scan {
    uint32_t slot = 0;  // of its server
    std::string cursor;
    std::string run_id;  // that gave it
  };
  struct Found {
    std::string redis_key;
    const Head* head = nullptr;
  };
  std::vector<const Connection*> Owners(Servers& servers) const;
  void Begin();
  bool MustBeginAnew(Servers& servers) const;
  Status TakeKeys(const Servers::Answer& answer, std::string* cursor, std::vector<Found>* found);
  const Head* HeadOf(std::string_view redis_key) const;
  Status ReadHeads(Servers& servers, std::span<const Found> found, size_t head_bytes,
                   std::vector<EarlierRow>* rows, std::vector<Found>* longer);

  const std::vector<uint32_t>& slots_;
  const std::string pattern_;
  std::vector<Head> heads_;
  std::vector<const Connection*> owners_;  // by slot, when it began; empty: it didn't
  std::vector<Scan> scans_;                // that go on
  std::vector<Servers::Question> asked_;
  std::vector<Servers::Answer> answers_;
};

}  // namespace skewless::redis
