// A Redis server that a seed moves: commands in their bytes in, replies in theirs out, its scripts
// run as they are. It restarts with what it held, with an older snapshot or empty.
#pragma once

#include <functional>
#include <optional>

#include "base/time.h"
#include "simulation/redis_scripts.h"

namespace skewless::simulation {

// The next whole command of `bytes`, from `*at` on, which moves behind it; nothing where none is
// whole.
std::optional<std::vector<std::string>> TakeCommand(ByteView bytes, size_t* at);

class SimulatedRedis {
 public:
  // What its clock says; each command takes it a microsecond further.
  using Clock = std::function<Timestamp()>;
  // Told of each key that a command wrote to, after it.
  using Watch = std::function<void(const std::string& key)>;
  SimulatedRedis(Clock clock, Watch watch);

  RedisReply Execute(RedisKeyspace::Words words);

  const RedisKeyspace::Value* Find(const std::string& key) const { return keys_.Find(key); }
  // Of rows that are written by increments: numbers that were added to; steps that did not fit.
  int64_t additions() const { return additions_; }
  int64_t apart() const { return apart_; }
  std::string run_id() const { return "run" + std::to_string(runs_); }

  void Save() { saved_ = keys_; }
  // Another process in its place: it keeps what it held, what it saved, or nothing.
  enum class Keeps { kAll, kSaved, kNothing };
  void Restart(Keeps keeps);

 private:
  RedisReply Evaluate(RedisKeyspace::Words words, bool by_name);
  RedisReply ExecuteOne(RedisKeyspace::Words words);
  RedisReply Time();

  const Clock clock_;
  const Watch watch_;
  RedisKeyspace keys_, saved_;
  RedisScripts scripts_;
  int runs_ = 1;
  int64_t additions_ = 0, apart_ = 0;
};

}  // namespace skewless::simulation
