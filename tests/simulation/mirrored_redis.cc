#include "simulation/mirrored_redis.h"

#include <algorithm>
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
      : redis_(*redis),
        keys_(options),
        rows_of_(redis->rows_of_),
        dice_(seed),
        network_(&redis->port_, seed, dice_.Pick({0, 3, 15})) {
    options.network = &network_;
    options.timeout_us = dice_.Pick({kSecondUs, kDayUs});
    options.rows_per_call = static_cast<size_t>(dice_.Pick({1, 3, 32}));
    options.base_bytes = static_cast<size_t>(dice_.Pick({1000, 1 << 20}));
    options.window_rows = 40;
    auto opened = OpenRedisRows(options);
    SKEWLESS_CHECK(opened.has_value());
    rows_ = std::move(*opened);
  }
  Result<Timestamp> Examine() override { return rows_->Examine(); }
  size_t room() const override { return rows_->room(); }
  Status Send(std::span<const RowWrite> rows) override {
    for (const RowWrite& row : rows) {
      std::string key;
      keys_.AppendRowKey(row.view, keys_.BucketOf(row.view, row.key), row.key, &key);
      redis_.names_.try_emplace(std::move(key), rows_of_[static_cast<size_t>(row.view)],
                                std::string(AsText(row.key)));
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
  Result<bool> ReadEarlier(std::span<const EarlierRows> earlier, bool anew,
                           std::vector<EarlierRow>* rows) override {
    const size_t before = rows->size();
    auto more = rows_->ReadEarlier(earlier, anew, rows);
    redis_.earlier_rows += static_cast<int64_t>(rows->size() - before);
    return more;
  }
  Status OpenForReaders(uint64_t incarnation) override {
    return rows_->OpenForReaders(incarnation);
  }
  void RemoveOthers(Timestamp latest_us) override { rows_->RemoveOthers(latest_us); }

 private:
  MirroredRedis& redis_;
  const redis::Keys keys_;  // of the engine's own definition
  const std::vector<int> rows_of_;
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
  const std::vector<uint64_t> layouts = redis::LayoutsOf(options_);
  rows_of_.clear();
  for (size_t view = 0; view < options_.views.size(); ++view) {
    Layout layout{options_.views[view]};
    if (!options_.keeps_values()) {
      layout.fingerprint = options_.fingerprints[view];
      layout.layout = layouts[view];
      layout.increments = options_.increments_of(static_cast<int>(view));
      // As stamps of rows by increments are logged (StampedViewsOf).
      if (layout.increments != nullptr) layout.fingerprint = ~layout.fingerprint;
    }
    rows_of_.push_back(NumberOf(layout));
  }
  LookAnew();
}

int MirroredRedis::NumberOf(const Layout& layout) {
  const auto same = [&](const Layout& other) {
    return other.view == layout.view && other.layout == layout.layout;
  };
  const auto found = std::find_if(layouts_.begin(), layouts_.end(), same);
  const auto number = static_cast<int>(found - layouts_.begin());
  if (found == layouts_.end()) layouts_.push_back(layout);
  return number;
}

// States lie where no other definition's do: what is known of them stays so.
void MirroredRedis::LookAnew() {
  if (!options_.keeps_values()) return;
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
    const auto view = std::find(rows_of_.begin(), rows_of_.end(), row.first);
    if (view == rows_of_.end()) continue;  // a view that was removed leaves its rows
    const uint64_t ours = options_.fingerprints[static_cast<size_t>(view - rows_of_.begin())];
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
    damage_ =
        "a row of " + StampedAs(row.first).first + " was written that " + read.error().ToString();
    return;
  }
  const SimulatedServer::Row* const before = Find(row);
  if (redis_.Find(key) == nullptr) {
    ++removed;
    // Until an engine of this definition has the rows, an older one may go on with its own.
    if (before != nullptr && (holder() >= first_claim_ || !options_.keeps_values()))
      damage_ = "a row of " + StampedAs(row.first).first + " was removed";
  }
  if (!*read) return Remove(row);
  if (before != nullptr && before->own() == (*read)->own()) return;
  timed_writes += before != nullptr && before->sequence == (*read)->sequence ? 1 : 0;
  Put(row, std::move(**read));
}

Result<std::optional<SimulatedServer::Row>> MirroredRedis::Read(int rows, const std::string& key) {
  const auto* const value = redis_.Find(key);
  if (value == nullptr) return std::nullopt;
  if (options_.keeps_values()) {
    const auto view = std::find(rows_of_.begin(), rows_of_.end(), rows);
    if (view == rows_of_.end()) return std::nullopt;  // this definition lacks it
    return ReadValues(static_cast<int>(view - rows_of_.begin()),
                      redis_.Execute(std::vector<std::string>{"HGETALL", key}));
  }
  const ViewKernel* const kernel = layouts_[static_cast<size_t>(rows)].increments;
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
