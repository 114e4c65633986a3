// Whether a store elsewhere takes rows; where it doesn't, the operator is told of it: it is away,
// or it is there and refuses (it is full, a replica, fails over). Only of what lasts, and once,
// and again where the reason becomes another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/event_log.h"
#include "base/result.h"

namespace skewless {

enum class StoreHealth {
  kConnecting,  // at first
  kTakesRows,
  kRefuses,  // it answers, with errors
  kAway,
};

class StoreWatch {
 public:
  // Now and then. `trouble` says why where it is away or refuses.
  void Look(int64_t now_nanos, StoreHealth health, const Error& trouble = {});
  StoreHealth health() const { return health_; }
  // Why it is away or refuses, or did last.
  const Error& trouble() const { return trouble_; }

 private:
  // Of one kind, from when it began until it is over.
  struct Spell {
    std::optional<int64_t> since_nanos;
    std::string told;  // the error, once it was told
    EventInterval interval{10 * kSecondUs};

    // It is worth telling of; then it counts as told.
    bool Lasts(int64_t now_nanos, const Error& trouble);
    // How many seconds it lasted, where it was told of.
    std::optional<double> End(int64_t now_nanos);
  };

  StoreHealth health_ = StoreHealth::kConnecting;
  Error trouble_;
  Spell away_, refuses_;
};

}  // namespace skewless
