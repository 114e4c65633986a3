// What readers should have been given, by the log, by what the store told, and by the contract.
#pragma once

#include <deque>
#include <vector>

#include "simulation/evidence.h"
#include "simulation/stamp_truth.h"
#include "simulation/world.h"

namespace skewless::simulation {

class Expectation {
 public:
  explicit Expectation(World* world) : world_(*world) {}

  // What is wrong with the stamps, if anything is. `book` is the whole log.
  Finding Load(const LogBook& book);

  // At `t`, and in training with `t` as a label. Where rows are finished values: what the last
  // write by then says that it is, which is of the time that it was computed for.
  oracle::Vector At(const property::Label& label, Timestamp t) const;
  // What a row says that names this record and that time.
  oracle::Vector OfRow(const property::Label& label, Sequence last, Timestamp computed_us) const;
  // By when records were available, whatever the form of rows: as the offline tables tell.
  oracle::Vector AsAvailable(const property::Label& label, Timestamp t) const;
  Timestamp AvailableOf(int view, const oracle::Record& record) const;

  bool is_open_ended() const { return truth_.is_open_ended(); }
  // Nobody was told of what was seen then.
  bool IsForgotten(const property::Label& label, Timestamp t) const;

 private:
  World& world_;
  StampTruth truth_;
  std::deque<oracle::ViewOracle> available_;  // by view
  std::deque<oracle::ViewOracle> computed_;   // where rows are finished values
};

}  // namespace skewless::simulation
