#include "cli/source_metrics.h"

#include <algorithm>

namespace skewless {
namespace {

MetricLabels LabelsOf(const std::string& source, const std::string& stream) {
  const size_t slash = stream.rfind('/');
  return {{"source", source},
          {"topic", stream.substr(0, slash)},
          {"partition", stream.substr(slash + 1)}};
}

}  // namespace

void AddSourceMetrics(const Definition& definition, const Engine& engine,
                      MetricFamilies* families) {
  using enum MetricKind;
  auto messages = LabelledFamily(kCounter, "skewless_kafka_messages_total",
                                 "Messages read from a partition, dead letters included.");
  auto position = LabelledFamily(kGauge, "skewless_kafka_position",
                                 "The offset of the partition's next message.");
  auto lag = LabelledFamily(kGauge, "skewless_kafka_lag",
                            "Messages of the partition that are not read yet.");
  auto up = LabelledFamily(kGauge, "skewless_kafka_up",
                           "1 while some of the source's brokers answer, 0 while none does.");
  auto errors = LabelledFamily(kCounter, "skewless_kafka_errors_total",
                               "Errors of brokers and connections, all of them tried again.");
  auto reconnects = LabelledFamily(kCounter, "skewless_kafka_reconnects_total",
                                   "Times that the brokers came back.");
  auto lost = LabelledFamily(kCounter, "skewless_kafka_lost_messages_total",
                             "Messages that were gone before they were read (on_lost_data).");
  auto lost_ends =
      LabelledFamily(kCounter, "skewless_kafka_lost_ends_total",
                     "Times that a partition ended before its position (on_lost_data).");
  auto tombstones = LabelledFamily(kCounter, "skewless_kafka_tombstones_total",
                                   "Messages without a value, passed over.");
  bool any = false;
  for (size_t i = 0; i < definition.sources.size(); ++i) {
    const SourceDefinition& source = definition.sources[i];
    if (source.type != SourceType::kKafka) continue;
    any = true;
    const LiveProgress live = engine.live_progress(i);
    for (const StreamProgress& stream : live.streams) {
      const MetricLabels labels = LabelsOf(source.name, stream.stream);
      AddSample(&messages, labels, static_cast<double>(stream.records));
      AddSample(&position, labels, static_cast<double>(stream.position));
      if (stream.end < 0) continue;
      const int64_t behind = std::max<int64_t>(0, stream.end - stream.position);
      AddSample(&lag, labels, static_cast<double>(behind));
    }
    const MetricLabels labels = {{"source", source.name}};
    AddSample(&up, labels, live.away ? 0 : 1);
    AddSample(&errors, labels, static_cast<double>(live.errors));
    AddSample(&reconnects, labels, static_cast<double>(live.reconnects));
    AddSample(&lost, labels, static_cast<double>(live.lost));
    AddSample(&lost_ends, labels, static_cast<double>(live.lost_ends));
    AddSample(&tombstones, labels, static_cast<double>(live.tombstones));
  }
  if (!any) return;
  for (auto* family :
       {&messages, &position, &lag, &up, &errors, &reconnects, &lost, &lost_ends, &tombstones})
    families->push_back(std::move(*family));
}

}  // namespace skewless
