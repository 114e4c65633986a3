#include "simulation/scenario.h"

#include <algorithm>
#include <set>

namespace skewless::simulation {

const char* EndingName(Ending ending) {
  constexpr const char* kNames[] = {"closed",       "dropped",    "killed",     "power cut",
                                    "disk fails",   "disk fills", "space ends", "reads fail",
                                    "source fails", "overrun"};
  return kNames[static_cast<int>(ending)];
}

int64_t Stream::OffsetOf(size_t delivery) const {
  const int64_t offset = deliveries[delivery].offset;
  return offset < 0 ? static_cast<int64_t>(delivery) : offset;
}

int32_t Stream::Partition() const { return std::stoi(name.substr(name.rfind('/') + 1)); }

int32_t Scenario::PartitionsOf(int source) const {
  int32_t partitions = 0;
  for (const Stream& stream : streams) {
    if (stream.source == source) partitions = std::max(partitions, stream.Partition() + 1);
  }
  return partitions;
}

size_t Scenario::records() const {
  size_t records = 0;
  for (const Stream& stream : streams) records += stream.deliveries.size();
  return records;
}

namespace {

void MakeTopic(const Scenario& scenario, SourceDefinition* source) {
  source->type = SourceType::kKafka;
  KafkaDefinition& kafka = source->kafka.emplace();
  kafka.brokers = "simulated:9092";
  kafka.topics = {source->name};
  if (scenario.member) kafka.group = "simulated";
  kafka.settings["topic.metadata.refresh.interval.ms"] = "500";
}

}  // namespace

Result<std::unique_ptr<Definition>> DefinitionOf(const Scenario& scenario,
                                                 const std::string& root) {
  SKEWLESS_ASSIGN_OR_RETURN(
      auto definition, ParseDefinition(property::YamlOf(scenario.drawn), "skewless.yaml", root));
  definition->log_segment_bytes = scenario.segment_bytes;
  if (scenario.values) definition->online.options["form"] = "values";
  if (scenario.redis && !scenario.values) {
    for (FeatureViewDefinition& view : definition->views) {
      if (std::all_of(view.features.begin(), view.features.end(), CanIncrement))
        view.write = WriteStrategy::kIncrement;
    }
  }
  if (scenario.offline) {
    definition->offline = definition->online;
    definition->offline->type = "parquet";
    definition->offline->path = "var/history";
  }
  for (size_t i = 0; i < definition->sources.size(); ++i) {
    SourceDefinition& source = definition->sources[i];
    if (scenario.replay) source.delay = 0;  // its source says when records arrived
    source.out_of_orderness_us = scenario.lateness[i].out_of_orderness_us;
    source.allowed_lateness_us = scenario.lateness[i].allowed_us;
    source.max_ahead_us = scenario.lateness[i].max_ahead_us;
    if (scenario.kafka) MakeTopic(scenario, &source);
  }
  return definition;
}

std::string Describe(const Scenario& scenario) {
  // Only what is delivered; the rest was cut away. Numbers stay what they were.
  std::set<int> delivered;
  for (const Stream& stream : scenario.streams) {
    for (const Delivery& delivery : stream.deliveries) delivered.insert(delivery.event);
  }
  property::Case drawn = scenario.drawn;
  drawn.events.clear();
  for (const int event : delivered) {
    if (event < 0) continue;
    drawn.events.push_back(scenario.drawn.events[static_cast<size_t>(event)]);
    drawn.events.back().starts_batch = false;
  }
  std::string out = property::Describe(drawn);
  for (size_t i = 0; i < scenario.lateness.size(); ++i) {
    const Lateness& lateness = scenario.lateness[i];
    out += "source s" + std::to_string(i) + ": out of orderness " +
           std::to_string(lateness.out_of_orderness_us) + " us, allowed lateness " +
           (lateness.allowed_us ? std::to_string(*lateness.allowed_us) + " us" : "any") +
           ", ahead at most " +
           (lateness.max_ahead_us ? std::to_string(*lateness.max_ahead_us) + " us" : "any") + "\n";
  }
  for (const Stream& stream : scenario.streams) {
    out += "stream " + stream.name + ":";
    for (const Delivery& delivery : stream.deliveries) {
      out += delivery.event < 0 ? " bad" : " #" + std::to_string(delivery.event + 1);
    }
    out += "\n";
  }
  if (!scenario.redefined.empty()) {
    drawn.views = scenario.redefined;
    out += "redefined from life to life, to and fro, as\n" + property::YamlOf(drawn);
  }
  out += scenario.replay ? (scenario.stepped ? "stepped replay" : "free replay") : "wall clock";
  out +=
      std::string(scenario.remote ? ", a store elsewhere" : "") +
      (scenario.kafka ? ", topics" : "") +
      (scenario.unsteady ? " whose partitions come and go" : "") +
      (scenario.member ? " that a group deals out" : "") +
      (scenario.redis ? ", which is Redis" : "") + (scenario.values ? ", of finished values" : "") +
      (scenario.offline ? ", offline tables" : "") + ", segments of " +
      std::to_string(scenario.segment_bytes) + " bytes, batches of " +
      std::to_string(scenario.batch_rows) + ", groups of " + std::to_string(scenario.group_rows) +
      ", company " + std::to_string(scenario.company) + " %\n";
  for (const Life& life : scenario.lives) {
    out += std::string("life: ") + EndingName(life.ending) + " at " + std::to_string(life.at) +
           (life.decays ? ", decays" : "") + ", seed " + std::to_string(life.seed) + "\n";
  }
  return out;
}

}  // namespace skewless::simulation
