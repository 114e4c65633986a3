// A source that hands out the scenario's records, in batches as the dice have it, and goes on where
// the log says after a restart. Under a replay clock as the file source does: positions count the
// rows handed out, and apart from them the bad records dealt with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "property/dice.h"
#include "simulation/scenario.h"
#include "source/source.h"

namespace skewless::simulation {

// By stream and offset: how often a bad record was handed out.
using BadDeliveries = std::map<std::pair<std::string, int64_t>, int64_t>;

// An event of the case as a row of the batch's columns.
void AddColumns(const Scenario& scenario, int event, Batch* batch);

class SimulatedSource : public Source {
 public:
  // `fails`: asked before each batch, whether the source fails now.
  SimulatedSource(const Scenario& scenario, const Schema& schema, std::string name, uint32_t source,
                  const SourceOptions& options, DeadLetterSink sink, uint64_t seed,
                  std::function<bool()> fails, BadDeliveries* bad);

  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override { return progress_; }

 private:
  struct Place {
    const Stream* stream = nullptr;
    int64_t next = 0;  // delivery
    // Of a replay: rows and bad records passed, and how many of them the log knew.
    int64_t rows = 0;
    int64_t bad = 0;
    int64_t known_rows = 0;
    int64_t known_bad = 0;
  };
  Status HandOut(Place* place, size_t max_rows, Batch* batch);
  void AddRow(int event, Batch* batch);

  const Scenario& scenario_;
  const Schema& schema_;
  const std::string name_;
  const uint32_t source_;
  const DeadLetterSink sink_;
  property::Dice dice_;
  const std::function<bool()> fails_;
  BadDeliveries* bad_deliveries_;
  std::vector<Place> places_;
  SourceProgress progress_;
};

}  // namespace skewless::simulation
