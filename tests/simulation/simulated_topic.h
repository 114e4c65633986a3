// A source that is a topic of the simulated brokers, read by the Kafka source of production. Of its
// messages only the decoding is simulated: a value names its event, or is a bad record. It ends
// where the scenario does, which a topic never would.
#pragma once

#include <functional>
#include <memory>

#include "property/dice.h"
#include "simulation/scenario.h"
#include "simulation/simulated_source.h"
#include "source/source.h"

namespace skewless::simulation {

class SimulatedTopic : public Source {
 public:
  // As SimulatedSource, but of `definition`, which has the topic.
  static Result<std::unique_ptr<Source>> Open(const Scenario& scenario,
                                              const Definition& definition, uint32_t source,
                                              SourceOptions options, DeadLetterSink sink,
                                              uint64_t seed, std::function<bool()> fails,
                                              BadDeliveries* bad);

  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override { return source_->progress(); }
  LiveProgress live_progress() const override { return source_->live_progress(); }
  void Durable(const std::vector<SourcePosition>& positions) override {
    source_->Durable(positions);
  }

 private:
  SimulatedTopic(const Scenario& scenario, const Schema& schema, uint32_t source, uint64_t seed,
                 std::function<bool()> fails)
      : scenario_(scenario),
        schema_(schema),
        number_(source),
        dice_(seed),
        fails_(std::move(fails)) {}
  bool AllRead() const;

  const Scenario& scenario_;
  const Schema& schema_;
  const uint32_t number_;
  property::Dice dice_;
  const std::function<bool()> fails_;
  std::unique_ptr<Source> source_;
};

}  // namespace skewless::simulation
