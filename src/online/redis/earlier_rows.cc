#include "online/redis/earlier_rows.h"

#include <algorithm>
#include <set>

#include "online/redis/hash_row.h"

namespace skewless::redis {
namespace {

constexpr char kKeysPerStep[] = "2000";
// A row's head and as many stamps as most rows carry; and all that any can.
constexpr size_t kCommonBytes = kRowHeadBytes + 16 * kUnloggedBytes;
constexpr size_t kMostBytes = kRowHeadBytes + kUnloggedBytes * kMaxUnloggedStamps;

}  // namespace

// A fingerprint doesn't say which of the two ways rows were written: where it is of increments, it
// is the complement of the states' (docs/formats/stamps.md).
EarlierWalk::EarlierWalk(const Keys& keys, const std::vector<uint32_t>& slots,
                         std::span<const EarlierRows> earlier)
    : slots_(slots), pattern_(keys.Pattern()) {
  for (size_t i = 0; i < earlier.size(); ++i) {
    const auto& [view, fingerprint] = earlier[i];
    heads_.push_back({keys.StatesHead(view, fingerprint), i, false});
    heads_.push_back({keys.StatesHead(view, LayoutOfIncrements(~fingerprint)), i, true});
  }
}

std::vector<const Connection*> EarlierWalk::Owners(Servers& servers) const {
  std::vector<const Connection*> owners;
  for (const uint32_t slot : slots_) owners.push_back(servers.Of(slot));
  return owners;
}

void EarlierWalk::Begin() {
  std::set<const Connection*> found;
  scans_.clear();
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (found.insert(owners_[i]).second) scans_.push_back({slots_[i], "0", ""});
  }
}

bool EarlierWalk::MustBeginAnew(Servers& servers) const {
  for (size_t i = 0; i < scans_.size(); ++i) {
    const std::string& before = scans_[i].run_id;
    if (!before.empty() && before != answers_[i].server->run_id()) return true;
  }
  return Owners(servers) != owners_;
}

Result<bool> EarlierWalk::Step(Servers& servers, std::vector<EarlierRow>* rows) {
  if (owners_.empty()) {
    owners_ = Owners(servers);
    Begin();
  }
  asked_.assign(scans_.size(), {});
  for (size_t i = 0; i < scans_.size(); ++i) {
    asked_[i].slot = scans_[i].slot;
    AppendCommand({"SCAN", scans_[i].cursor, "MATCH", pattern_, "COUNT", kKeysPerStep},
                  &asked_[i].keyed);
  }
  SKEWLESS_RETURN_IF_ERROR(servers.Ask(asked_, &answers_));
  if (MustBeginAnew(servers)) {
    owners_.clear();
    return true;
  }
  std::vector<Scan> next = scans_;
  std::vector<Found> found, longer, none;
  for (size_t i = 0; i < next.size(); ++i) {
    next[i].run_id = answers_[i].server->run_id();
    SKEWLESS_RETURN_IF_ERROR(TakeKeys(answers_[i], &next[i].cursor, &found));
  }
  const size_t before = rows->size();
  Status read = ReadHeads(servers, found, kCommonBytes, rows, &longer);
  // Few rows carry more stamps than that.
  for (size_t i = 0; read.has_value() && i < longer.size(); ++i)
    read = ReadHeads(servers, std::span(&longer[i], 1), kMostBytes, rows, &none);
  std::erase_if(next, [](const Scan& scan) { return scan.cursor == "0"; });
  // A slot that moved to a server that was past it had nobody asked for its rows, and so told.
  if (read.has_value() && next.empty()) read = servers.LearnMapAnew();
  if (!read) {
    rows->resize(before);
    return tl::unexpected<Error>(read.error());
  }
  if (next.empty() && Owners(servers) != owners_) {
    owners_.clear();
    return true;
  }
  scans_ = std::move(next);
  return !scans_.empty();
}

Status EarlierWalk::TakeKeys(const Servers::Answer& answer, std::string* cursor,
                             std::vector<Found>* found) {
  const redisReply& reply = *answer.keyed;
  if (IsError(reply)) return tl::unexpected<Error>(answer.ErrorIn(answer.keyed));
  const redisReply* const keys = KeysOfScan(reply, cursor);
  if (keys == nullptr) return Fail(ErrorCode::kCorrupt, "SCAN did not answer with keys");
  for (size_t i = 0; i < keys->elements; ++i) {
    const std::string_view key = TextOf(*keys->element[i]);
    if (const Head* const head = HeadOf(key)) found->push_back({std::string(key), head});
  }
  return {};
}

const EarlierWalk::Head* EarlierWalk::HeadOf(std::string_view redis_key) const {
  const auto head = std::find_if(heads_.begin(), heads_.end(), [&](const Head& one) {
    return redis_key.starts_with(one.begin) &&
           redis_key.size() >= one.begin.size() + Keys::kTagBytes;
  });
  return head == heads_.end() ? nullptr : &*head;
}

// What can't be read as a row, or has gone since, tells nothing.
Status EarlierWalk::ReadHeads(Servers& servers, std::span<const Found> found, size_t head_bytes,
                              std::vector<EarlierRow>* rows, std::vector<Found>* longer) {
  if (found.empty()) return {};
  asked_.assign(found.size(), {});
  for (size_t i = 0; i < found.size(); ++i) {
    const auto& [key, head] = found[i];
    asked_[i].slot = SlotOf(key);
    if (head->is_hash) {
      AppendCommand({"HGET", key, kRowField}, &asked_[i].keyed);
    } else {
      AppendCommand({"GETRANGE", key, "0", std::to_string(head_bytes - 1)}, &asked_[i].keyed);
    }
  }
  SKEWLESS_RETURN_IF_ERROR(servers.Ask(asked_, &answers_));
  for (size_t i = 0; i < found.size(); ++i) {
    const auto& [key, head] = found[i];
    const redisReply& reply = *answers_[i].keyed;
    if (IsError(reply) && answers_[i].ErrorIn(answers_[i].keyed).code == ErrorCode::kUnavailable)
      return tl::unexpected<Error>(answers_[i].ErrorIn(answers_[i].keyed));
    if (reply.type != REDIS_REPLY_STRING) continue;
    auto row = DecodeRowHead(AsBytes(TextOf(reply)), head->is_hash ? kHashRowMagic : kRowMagic);
    if (!row) continue;
    if (row->unlogged.size() < row->unlogged_count && head_bytes < kMostBytes) {
      longer->push_back(found[i]);
      continue;
    }
    const ByteView entity = AsBytes(key).subspan(head->begin.size() + Keys::kTagBytes);
    rows->push_back({head->of, Bytes(entity.begin(), entity.end()), std::move(row->unlogged)});
    rows->back().stamps.push_back(row->stamp);
  }
  return {};
}

}  // namespace skewless::redis
