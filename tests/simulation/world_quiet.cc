// When nothing comes for a while and the store elsewhere takes what it is sent, its rows are what
// the contract reads of all records: each is there, rests on its newest record, and is not for a
// time before the quiet, unless it reads the same then.
#include "kernel/vector_encoding.h"
#include "simulation/world.h"

namespace skewless::simulation {
namespace {

constexpr int kTurns = 60;
constexpr int kMostRounds = 30;  // of so many turns, until it must be quiet

bool SameVector(const FeatureVector& row, const oracle::Vector& expected) {
  if (static_cast<int>(row.status) != static_cast<int>(expected.standing) ||
      row.newest_event_us != expected.newest_event_us)
    return false;
  for (size_t i = 0; i < expected.values.size(); ++i) {
    if (!SameBits(row.values[i], expected.values[i].view())) return false;
  }
  return true;
}

}  // namespace

void World::LookAtQuiet() {
  if (engine_ == nullptr || !open_ || overrun_ != nullptr || reads_fail_) return;
  server_.SetAway(false);
  server_.SetCalm(true);
  // What came due meanwhile is to be written; then also what comes due of rows that were only
  // looked at the first time.
  Finding stale;
  for (int look = 0; look < 2 && !stale && !Over(); ++look) {
    machine_.Advance(scenario_.drawn.hop_us * dice_.Pick({0, 1, 3, 20}));
    stale = AwaitQuiet();
  }
  server_.SetCalm(false);
  if (Over()) return;
  if (stale) return Broken("it is quiet, and " + *stale);
  ++tally_.quiets;
}

// What is not as it must be by then, after so many rounds.
Finding World::AwaitQuiet() {
  const Timestamp since = server_.Tell();
  const DurationUs pause =
      dice_.Pick({DurationUs{1}, kSecondUs / 100, scenario_.drawn.hop_us / kTurns + 1});
  Finding stale = "nothing was looked at";
  for (int round = 0; round < kMostRounds && stale && !Over(); ++round) {
    for (int turn = 0; turn < kTurns && !Over(); ++turn) {
      machine_.Advance(round == 0 ? pause : kSecondUs / 100);
      StepEngine(false);
      if (!Over()) StepRows();
      if (dice_.Chance(2)) Ask();
    }
    if (!Over()) stale = FindStale(since);
  }
  return stale;
}

Finding World::FindStale(Timestamp since) {
  // Who has nothing to write does not notice that the store was emptied (docs/operations/redis.md),
  // and that an older claim came after that.
  if (server_.lost_claim()) return std::nullopt;
  const auto book = ReadLog(files_, *definition_);
  if (!book) return std::nullopt;  // damaged on purpose
  for (size_t view = 0; view < kernels_.size(); ++view) {
    if (Finding stale = FindStale(static_cast<int>(view), *book, since)) return stale;
  }
  return std::nullopt;
}

Finding World::FindStale(int view, const LogBook& book, Timestamp since) {
  const oracle::ViewOracle oracle(*definition_, view, book.records);
  for (const std::vector<Value>& key : oracle.Keys()) {
    std::string name = "of " + definition_->views[static_cast<size_t>(view)].name + " [";
    for (const Value& value : key) name += " " + FormatValue(value.view());
    name += " ] ";
    const oracle::Vector newest = oracle.ReadUpTo(key, INT64_MAX, since);
    const auto* const row = server_.Find(ServerKey({view, *EncodeKey(key)}));
    if (row == nullptr) return name + "there is no row";
    if (row->sequence != newest.sequence) {
      return name + "the row rests on record " + std::to_string(CounterOf(row->sequence)) +
             " and not on " + std::to_string(CounterOf(newest.sequence));
    }
    ++tally_.quiet_rows;
    if (!scenario_.values || row->own().computed_us >= since) continue;
    if (const Status decoded = DecodeVector(row->state, &vector_); !decoded) {
      return name + decoded.error().ToString();
    }
    const Timestamp computed = row->own().computed_us;
    for (const Timestamp t : {since, computed + dice_.Below(since - computed)}) {
      if (SameVector(vector_, oracle.ReadUpTo(key, INT64_MAX, t))) continue;
      return name + "the row is as of " + std::to_string(computed) + ", which has changed by " +
             std::to_string(t) + ", and it was " + std::to_string(since);
    }
  }
  return std::nullopt;
}

}  // namespace skewless::simulation
