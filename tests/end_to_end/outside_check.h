// What must hold of every vector that a process beside the engine reads, whatever happens to the
// engine meanwhile. The history is made so that each state gives itself away (kill_test.py):
// a user's events carry the numbers 1, 2, 3..., all events together the same in `position`, so that
// a user's row and the world's row, read at one T, must tell the same prefix of the history.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serving/feature_reader.h"

namespace skewless::outside {

// The order in which users appear in the history.
class History {
 public:
  // A file of one 32-bit little-endian user a event.
  static Result<History> Load(const std::string& path);
  int64_t users() const { return static_cast<int64_t>(positions_.size()); }
  // How many of the first `events` events are of `user`.
  int64_t CountOf(int64_t user, int64_t events) const;

 private:
  std::vector<std::vector<int64_t>> positions_;  // by user, ascending, from 1
};

// What an earlier read told: T, and how much of the history was in it.
struct Moment {
  Timestamp read_us = kMinTimestamp;
  int64_t events = 0;
  Sequence sequence = 0;  // of the world's row
};

// One answered row, of the service `all`: the user's view, then the world's.
class RowCheck {
 public:
  RowCheck(const History& history, const ReadPlan& plan) : history_(history), plan_(plan) {}

  // Empty where the row is whole, else what is wrong with it. `*moment` is what it tells.
  std::string Check(int64_t user, const ReadRow& row, Moment* moment);

 private:
  bool Int(const char* name, const ReadRow& row, int64_t* out) const;
  void Expect(const char* name, const ReadRow& row, int64_t wanted);
  void CheckUser(int64_t user, int64_t count, const ReadRow& row);
  void CheckTrail(int64_t user, int64_t count, const ReadRow& row);
  size_t OutputOf(const char* name) const;

  const History& history_;
  const ReadPlan& plan_;
  std::string problem_;
  std::vector<ValueView> elements_;
};

// Of two moments the one with the later T has no less of the history: empty, else what is wrong.
std::string CheckOrder(const Moment& one, const Moment& other);

}  // namespace skewless::outside
