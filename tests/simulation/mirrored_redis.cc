#include "simulation/mirrored_redis.h"

#include <charconv>

#include "online/redis/hash_row.h"
#include "online/redis/redis_row.h"
#include "online/redis/values_row.h"

namespace skewless::simulation {
namespace {

std::vector<Stamp> StampsOf(redis::RowHead head) {
  std::vector<Stamp> stamps = std::move(head.unlogged);
  stamps.push_back(head.stamp);
  return stamps;
}

// As the client's library has it.
Result<redis::Reply> AsClientsHave(const RedisReply& reply) {
  Bytes bytes;
  reply.AppendTo(&bytes);
  redisReader* const reader = redisReaderCreate();
  void* parsed = nullptr;
  redisReaderFeed(reader, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  redisReaderGetReply(reader, &parsed);
  redisReaderFree(reader);
  if (parsed == nullptr) return Fail(ErrorCode::kCorrupt, "no whole reply");
  return redis::Reply(static_cast<redisReply*>(parsed));
}

uint64_t HolderIn(const RedisKeyspace::Value* clock) {
  const auto* const text = clock == nullptr ? nullptr : std::get_if<std::string>(clock);
  if (text == nullptr) return 0;
  return std::strtoull(text->c_str() + text->find(' '), nullptr, 10);
}

}  // namespace

// The product's own writer, of which the mirror learns what rows there may be.
class MirroredRedis::Rows final : public RemoteRows {
 public:
  Rows(MirroredRedis* redis, RedisOptions options, uint64_t seed)
      : redis_(*redis), dice_(seed), network_(&redis->port_, seed, dice_.Pick({0, 3, 15})) {
    options.network = &network_;
    options.timeout_us = dice_.Pick({kSecondUs, kDayUs});
    options.rows_per_call = static_cast<size_t>(dice_.Pick({1, 3, 32}));
    options.base_bytes = static_cast<size_t>(dice_.Pick({1000, 1 << 20}));
    options.window_rows = 40;
    auto opened = OpenRedisRows(options);
    SKEWLESS_CHECK(opened.has_value());
    rows_ = std::move(*opened);
  }
  Status Examine() override { return rows_->Examine(); }
  size_t room() const override { return rows_->room(); }
  Status Send(std::span<const RowWrite> rows) override {
    for (const RowWrite& row : rows) {
      std::string key;
      redis_.keys_->AppendRowKey(row.view, redis_.keys_->BucketOf(row.view, row.key), row.key,
                                 &key);
      redis_.names_.try_emplace(std::move(key), row.view, std::string(AsText(row.key)));
    }
    redis_.writes += static_cast<int64_t>(rows.size());
    return rows_->Send(rows);
  }
  Status Poll(DurationUs /*wait_us*/, std::vector<RowWritten>* done) override {
    const size_t before = done->size();
    const Status polled = rows_->Poll(0, done);
    for (size_t i = before; i < done->size(); ++i) {
      redis_.refused += (*done)[i].outcome == RowWritten::Outcome::kFailed ? 1 : 0;
      redis_.behind += (*done)[i].outcome == RowWritten::Outcome::kBehind ? 1 : 0;
    }
    return polled;
  }
  uint64_t incarnation() const override { return rows_->incarnation(); }
  Timestamp least_stamp() const override { return rows_->least_stamp(); }
  Timestamp now_us() const override { return rows_->now_us(); }
  Status Claim(uint32_t writer) override {
    redis_.first_claim_ = std::min<uint64_t>(redis_.first_claim_, writer);
    return rows_->Claim(writer);
  }
  Status ReadVersions(std::span<const RowKey> keys, std::vector<StoredRow>* rows) override {
    return rows_->ReadVersions(keys, rows);
  }
  Status OpenForReaders(uint64_t incarnation) override {
    return rows_->OpenForReaders(incarnation);
  }
  void RemoveOthers(Timestamp latest_us) override { rows_->RemoveOthers(latest_us); }

 private:
  MirroredRedis& redis_;
  property::Dice dice_;
  SimulatedNetwork network_;
  std::unique_ptr<RemoteRows> rows_;
};

MirroredRedis::MirroredRedis(SimulatedMachine* machine, DurationUs ahead_us, bool values)
    : SimulatedServer(machine, ahead_us, values),
      redis_([this] { return TellTime(); }, [this](const std::string& key) { Changed(key); }),
      port_(&redis_),
      readers_(&port_, /*seed=*/1, /*trouble=*/0) {}

void MirroredRedis::Expect(const RedisOptions& options) {
  options_ = options;
  keys_.emplace(options_);
  first_claim_ = UINT64_MAX;
  LookAnew();
}

void MirroredRedis::LookAnew() {
  ForgetRows();
  for (const auto& [key, row] : names_) {
    auto read = Read(row.first, key);
    if (read && *read) Adopt(row, std::move(**read));
  }
}

std::optional<std::string> MirroredRedis::FindLeft() const {
  for (const auto& [key, row] : names_) {
    const auto* const value = redis_.Find(key);
    if (value == nullptr) continue;
    const auto& hash = std::get<RedisKeyspace::Hash>(*value);
    const uint64_t ours = options_.fingerprints[static_cast<size_t>(row.first)];
    const auto layout = hash.find(":layout");
    if (layout != hash.end() && std::strtoull(layout->second.c_str(), nullptr, 16) == ours)
      continue;
    return "the row " + key + " of another definition is left";
  }
  return std::nullopt;
}

std::unique_ptr<RemoteRows> MirroredRedis::OpenRows(uint64_t log_identity, uint64_t seed) {
  RedisOptions options = options_;
  options.log_identity = log_identity;
  return std::make_unique<Rows>(this, std::move(options), seed);
}

Result<std::unique_ptr<OnlineReader>> MirroredRedis::OpenReader() {
  RedisOptions options = options_;
  options.network = &readers_;
  return OpenRedisReader(options);
}

// No two commands of a server come within a microsecond.
Timestamp MirroredRedis::TellTime() {
  Pass(1);
  return Now();
}

// ---- what happens to it

void MirroredRedis::Restart(Loss loss) {
  using Keeps = SimulatedRedis::Keeps;
  redis_.Restart(loss == Loss::kAll       ? Keeps::kNothing
                 : loss == Loss::kNothing ? Keeps::kAll
                                          : Keeps::kSaved);
  port_.LoseLate();
  SimulatedServer::Restart(loss);
  LookAnew();  // what was saved may have been by another definition
}

void MirroredRedis::Flush() {
  SimulatedServer::Flush();
  const int64_t walked = removed;
  port_.Execute({"FLUSHALL"});
  removed = walked;
  redis_.Save();  // as it does then
}

void MirroredRedis::Save() {
  redis_.Save();
  SimulatedServer::Save();
}

void MirroredRedis::SetAway(bool away) {
  port_.away = away;
  SimulatedServer::SetAway(away);
}

void MirroredRedis::SetCalm(bool calm) {
  port_.calm = calm;
  SimulatedServer::SetCalm(calm);
}

void MirroredRedis::LateArrivals(property::Dice* dice) { late_writes += port_.LateArrivals(dice); }

// ---- what it holds

void MirroredRedis::Changed(const std::string& key) {
  if (key == keys_->Clock(0)) return NoteHolder(HolderIn(redis_.Find(key)));
  if (key == keys_->Open(0)) {
    const auto* const value = redis_.Find(key);
    const auto* const text = value == nullptr ? nullptr : std::get_if<std::string>(value);
    if (text != nullptr && *text == redis::OpenValue(redis_.run_id(), redis::LayoutsOf(options_)))
      NoteOpening();
    return;
  }
  const auto row = names_.find(key);
  if (row != names_.end()) ChangedRow(row->second, key);
}

void MirroredRedis::ChangedRow(const Key& row, const std::string& key) {
  const auto read = Read(row.first, key);
  if (!read) {
    damage_ = "a row of view " + std::to_string(row.first) + " was written that " +
              read.error().ToString();
    return;
  }
  const SimulatedServer::Row* const before = Find(row);
  if (redis_.Find(key) == nullptr) {
    ++removed;
    // Until an engine of this definition has the rows, an older one may go on with its own.
    if (before != nullptr && holder() >= first_claim_)
      damage_ = "a row of view " + std::to_string(row.first) + " was removed";
  }
  if (!*read) return Remove(row);
  if (before != nullptr && before->own() == (*read)->own()) return;
  timed_writes += before != nullptr && before->sequence == (*read)->sequence ? 1 : 0;
  Put(row, std::move(**read));
}

Result<std::optional<SimulatedServer::Row>> MirroredRedis::Read(int view, const std::string& key) {
  const auto* const value = redis_.Find(key);
  if (value == nullptr) return std::nullopt;
  if (options_.keeps_values())
    return ReadValues(view, redis_.Execute(std::vector<std::string>{"HGETALL", key}));
  const ViewKernel* const kernel = options_.increments_of(view);
  if (kernel != nullptr) {
    SKEWLESS_ASSIGN_OR_RETURN(Row row, ReadHash(*kernel, std::get<RedisKeyspace::Hash>(*value)));
    return row;
  }
  const ByteView bytes = AsBytes(std::get<std::string>(*value));
  SKEWLESS_ASSIGN_OR_RETURN(const redis::Row row, redis::DecodeRow(bytes));
  SKEWLESS_ASSIGN_OR_RETURN(redis::RowHead head, redis::DecodeRowHead(bytes));
  return Row{row.stamp.sequence, Bytes(row.state.begin(), row.state.end()),
             StampsOf(std::move(head))};
}

Result<SimulatedServer::Row> MirroredRedis::ReadHash(const ViewKernel& kernel,
                                                     const RedisKeyspace::Hash& hash) {
  std::vector<std::string_view> words;
  for (const auto& [field, text] : hash) {
    words.push_back(field);
    words.push_back(text);
  }
  redis::HashRow row;
  SKEWLESS_RETURN_IF_ERROR(redis::DecodeHashRow(words, &row));
  const auto head_text = hash.find(std::string(redis::kRowField));
  SKEWLESS_ASSIGN_OR_RETURN(redis::RowHead head,
                            redis::DecodeRowHead(AsBytes(head_text->second), redis::kHashRowMagic));
  Row out;
  out.sequence = row.stamp.sequence;
  out.stamps = StampsOf(std::move(head));
  SKEWLESS_RETURN_IF_ERROR(StateOfNumbers(kernel, row.header, row.numbers, &out.state));
  return out;
}

Result<std::optional<SimulatedServer::Row>> MirroredRedis::ReadValues(int view,
                                                                      const RedisReply& hash) {
  const auto index = static_cast<size_t>(view);
  SKEWLESS_ASSIGN_OR_RETURN(const redis::Reply reply, AsClientsHave(hash));
  SKEWLESS_ASSIGN_OR_RETURN(
      redis::DecodedValues decoded,
      redis::DecodeValuesRow(options_.values[index], options_.fingerprints[index], *reply));
  if (decoded.other_layout) return std::nullopt;
  Row row;
  row.sequence = decoded.stamp.sequence;
  row.state = std::move(decoded.vector);
  for (size_t i = 0; i + 1 < hash.list.size(); i += 2) {
    if (hash.list[i].text != ":unlogged") continue;
    if (!redis::ParseStampsText(hash.list[i + 1].text, &row.stamps))
      return Fail(ErrorCode::kCorrupt, "has stamps that are none");
  }
  row.stamps.push_back(decoded.stamp);
  return row;
}

}  // namespace skewless::simulation
