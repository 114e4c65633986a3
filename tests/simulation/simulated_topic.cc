#include "simulation/simulated_topic.h"

#include <algorithm>
#include <string>
#include <utility>

#include "decode/message_decoder.h"
#include "simulation/simulated_kafka.h"
#include "source/kafka/kafka_source.h"

namespace skewless::simulation {
namespace {

class EventDecoder : public MessageDecoder {
 public:
  EventDecoder(const Scenario& scenario, uint64_t seed) : scenario_(scenario), dice_(seed) {}

  Status Decode(std::span<const Message> messages, Batch* batch,
                std::vector<BadRecord>* bad) override {
    // As of a registry that is away: the same messages come again.
    if (dice_.Chance(3)) return Fail(ErrorCode::kUnavailable, "no schema can be had now");
    for (const Message& message : messages) {
      if (message.payload.starts_with(kEventMark)) {
        AddColumns(scenario_, std::stoi(std::string(message.payload.substr(1))), batch);
      } else {
        bad->push_back({message.offset, 0, "unreadable", std::string(message.payload)});
      }
    }
    return {};
  }

 private:
  const Scenario& scenario_;
  property::Dice dice_;
};

}  // namespace

Result<std::unique_ptr<Source>> SimulatedTopic::Open(const Scenario& scenario,
                                                     const Definition& definition, uint32_t source,
                                                     SourceOptions options, DeadLetterSink sink,
                                                     uint64_t seed, std::function<bool()> fails,
                                                     BadDeliveries* bad) {
  options.follow = true;
  std::unique_ptr<SimulatedTopic> topic(new SimulatedTopic(
      scenario, definition.sources[source].schema, source, seed, std::move(fails)));
  DeadLetterSink counted = [bad, sink = std::move(sink)](const DeadLetter& letter) {
    ++(*bad)[{letter.stream, letter.offset}];
    return sink(letter);
  };
  SKEWLESS_ASSIGN_OR_RETURN(
      topic->source_, KafkaSource::Open(definition, source, options,
                                        std::make_unique<EventDecoder>(scenario, seed ^ 0xDEC0DE),
                                        std::move(counted)));
  return topic;
}

// Never waits: there is one thread, and what comes comes by its other steps.
Result<bool> SimulatedTopic::Next(size_t max_rows, DurationUs /*wait_us*/, Batch* batch) {
  if (fails_()) {
    batch->Reset(&schema_, number_);
    return Fail(ErrorCode::kUnavailable, "the source is away");
  }
  SKEWLESS_ASSIGN_OR_RETURN(const bool more, source_->Next(max_rows, 0, batch));
  if (!more) return Fail(ErrorCode::kInternal, "a topic that is followed has come to an end");
  return batch->rows() > 0 || !AllRead() || dice_.Chance(50);
}

bool SimulatedTopic::AllRead() const {
  const LiveProgress live = source_->live_progress();
  return std::ranges::all_of(scenario_.streams, [&](const Stream& stream) {
    if (stream.source != static_cast<int>(number_) || stream.deliveries.empty()) return true;
    const auto at = std::ranges::find(live.streams, stream.name, &StreamProgress::stream);
    return at != live.streams.end() && at->position > stream.OffsetOf(stream.deliveries.size() - 1);
  });
}

}  // namespace skewless::simulation
