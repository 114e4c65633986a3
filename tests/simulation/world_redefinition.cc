// Engines whose definition changes between two lives, and comes back. The embedded store and the
// offline tables are made anew then. In Redis rows of finished values lie under the same keys, of
// whichever definition they are. Those that the one in use doesn't have
// leave once its own are there; none of its own does, whatever comes late of a walk of before.
#include "simulation/world.h"

namespace skewless::simulation {
namespace {

constexpr int kMostTurns = 20'000;
constexpr int kWalkTurns = 6000;  // of a walk through all keys of a world

}  // namespace

void World::SwapDefinitions() {
  std::swap(definition_, other_.definition);
  std::swap(kernels_, other_.kernels);
  std::swap(redis_options_, other_.redis_options);
  std::swap(views_, other_.views);
  version_ = 1 - version_;
  if (redis_ != nullptr) redis_->Expect(redis_options_);
}

// Before a life. By other records of an entity its newest may be an older one, and of the log's
// times an engine that never wrote these rows takes those for the store's that it has.
void World::Redefine() {
  SwapDefinitions();
  for (Reader& reader : readers_) reader.handle.reset();
  serving_ &= scenario_.remote;  // the embedded store is of the other definition as yet
  closed_in_order_ = false;
  by_two_clocks_ = true;
  seen_.clear();
}

// A life or two for that alone: rows whose stamps nobody had made durable stay until the next one.
Finding World::Sweep() {
  sweeping_ = true;
  server_.SetAway(false);
  server_.SetCalm(true);
  Finding left;
  for (int life = 0; life < 3; ++life) {
    Life sweeping;
    sweeping.seed = scenario_.seed + 100 + static_cast<uint64_t>(life);
    if (Finding found = Live(sweeping, true)) return found;
    if (error_) return "the engine ended while it swept: " + error_->ToString();
    left = redis_->FindLeft();
    if (!left) break;
  }
  tally_.removed = redis_->removed;
  return left;
}

// All rows there and readers let in, then the walk alone.
void World::AwaitWalk() {
  const int64_t before = server_.openings();
  for (int turn = 0; turn < kMostTurns && server_.openings() == before && !Over(); ++turn) {
    machine_.Advance(kSecondUs / 100);
    StepRows();
    if (turn % 10 != 9 || server_.openings() != before) continue;
    StepSource();
    StepEngine(false);
  }
  if (server_.openings() == before && !Over()) return Broken("readers are never let in");
  for (int turn = 0; turn < kWalkTurns && !Over(); ++turn) {
    machine_.Advance(kSecondUs / 40);
    StepRows();
  }
  if (Over()) return;
  const auto book = ReadLog(files_, *definition_);
  if (!book) return;
  for (size_t view = 0; view < kernels_.size(); ++view) {
    if (Finding stale = FindStale(static_cast<int>(view), *book, kMinTimestamp))
      return Broken("swept, and " + *stale);
  }
}

}  // namespace skewless::simulation
