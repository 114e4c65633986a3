#include "simulation/simulated_source.h"

#include <algorithm>

namespace skewless::simulation {

SimulatedSource::SimulatedSource(const Scenario& scenario, const Schema& schema, std::string name,
                                 uint32_t source, const SourceOptions& options, DeadLetterSink sink,
                                 uint64_t seed, std::function<bool()> fails, BadDeliveries* bad)
    : scenario_(scenario),
      schema_(schema),
      name_(std::move(name)),
      source_(source),
      sink_(std::move(sink)),
      dice_(seed),
      fails_(std::move(fails)),
      bad_deliveries_(bad) {
  for (const Stream& stream : scenario.streams) {
    if (stream.source != static_cast<int>(source)) continue;
    places_.push_back({&stream});
    for (const SourcePosition& position : options.resume) {
      Place& place = places_.back();
      if (!scenario.replay && position.stream == stream.name) place.next = position.offset;
      if (scenario.replay && position.stream == stream.name) place.known_rows = position.offset;
      if (scenario.replay && position.stream == "dead:" + stream.name)
        place.known_bad = position.offset;
    }
  }
}

void AddColumns(const Scenario& scenario, int event, Batch* batch) {
  const oracle::Record& record = scenario.drawn.events[static_cast<size_t>(event)].record;
  for (size_t i = 0; i < record.columns.size(); ++i) {
    ValueView value = record.columns[i].view();
    if (value.valid && PhysicalOf(value.type) == Physical::kBytes) {
      value.bytes = batch->strings.Add(value.bytes);
    }
    AppendValue(batch->columns[i], value);
  }
}

void SimulatedSource::AddRow(int event, Batch* batch) {
  const oracle::Record& record = scenario_.drawn.events[static_cast<size_t>(event)].record;
  AddColumns(scenario_, event, batch);
  batch->event_us.push_back(record.event_us);
  if (scenario_.replay) batch->arrival_us.push_back(record.available_us);
}

Status SimulatedSource::HandOut(Place* place, size_t max_rows, Batch* batch) {
  const auto& deliveries = place->stream->deliveries;
  const int64_t before = place->next;
  const auto wanted = dice_.Pick({0, 1, 2, 5, 30, 1000});
  for (int n = 0; n < wanted; ++n) {
    if (place->next >= static_cast<int64_t>(deliveries.size())) break;
    const Delivery& delivery = deliveries[static_cast<size_t>(place->next)];
    if (delivery.event >= 0) {
      if (batch->rows() == max_rows) break;
      if (++place->rows > place->known_rows) AddRow(delivery.event, batch);
    } else {
      ++progress_.dead_letters;
      if (++place->bad > place->known_bad) {
        ++(*bad_deliveries_)[{place->stream->name, place->next}];
        SKEWLESS_RETURN_IF_ERROR(
            sink_({name_, place->stream->name, place->next, 0, "unreadable", delivery.bad}));
      }
    }
    ++place->next;
    ++progress_.records;
  }
  if (place->next == before) return {};
  if (!scenario_.replay) {
    batch->positions.push_back({place->stream->name, place->next});
  } else {
    // The first one counts rows: a slice of the batch takes its part of them.
    batch->positions.push_back({place->stream->name, std::max(place->rows, place->known_rows)});
    batch->positions.push_back(
        {"dead:" + place->stream->name, std::max(place->bad, place->known_bad)});
  }
  return {};
}

Result<bool> SimulatedSource::Next(size_t max_rows, DurationUs /*wait_us*/, Batch* batch) {
  batch->Reset(&schema_, source_);
  if (fails_()) return Fail(ErrorCode::kUnavailable, "the source '" + name_ + "' is away");
  const auto start = static_cast<size_t>(dice_.Below(static_cast<int64_t>(places_.size())));
  for (size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[(start + i) % places_.size()];
    SKEWLESS_RETURN_IF_ERROR(HandOut(&place, max_rows, batch));
  }
  for (const Place& place : places_) {
    if (place.next < static_cast<int64_t>(place.stream->deliveries.size())) return true;
  }
  return dice_.Chance(50);
}

}  // namespace skewless::simulation
