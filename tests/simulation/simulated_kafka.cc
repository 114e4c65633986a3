#include "simulation/simulated_kafka.h"

#include <algorithm>

#include "base/check.h"

namespace skewless::simulation {
namespace {

SimulatedKafka* of_this_machine = nullptr;

SimulatedKafka::Place PlaceOf(const Stream& stream) {
  return {stream.name.substr(0, stream.name.rfind('/')), stream.Partition()};
}

}  // namespace

SimulatedKafka& KafkaOfThisMachine() {
  SKEWLESS_CHECK(of_this_machine != nullptr);
  return *of_this_machine;
}

SimulatedKafka::SimulatedKafka(const Scenario& scenario)
    : unsteady_(scenario.unsteady),
      member_(scenario.member),
      dice_(scenario.seed * 2 + 0x4AF4AB40CE400000ULL) {
  of_this_machine = this;
  for (const Stream& stream : scenario.streams) AddStream(stream);
  for (auto& [name, topic] : topics_) {
    if (unsteady_) topic.there = static_cast<int32_t>(dice_.Between(1, topic.there));
  }
  away_ = dice_.Chance(10);
  Produce();
}

SimulatedKafka::~SimulatedKafka() { of_this_machine = nullptr; }

void SimulatedKafka::AddStream(const Stream& stream) {
  const Place place = PlaceOf(stream);
  Partition& partition = partitions_[place];
  topics_[place.first].there = std::max(topics_[place.first].there, place.second + 1);
  for (size_t i = 0; i < stream.deliveries.size(); ++i) {
    const Delivery& delivery = stream.deliveries[i];
    // A gap before it is one of compaction or of a transaction's end, or holds tombstones.
    if (stream.OffsetOf(i) > partition.end && dice_.Chance(50))
      partition.messages.push_back({stream.OffsetOf(i) - 1, std::nullopt});
    partition.messages.push_back(
        {stream.OffsetOf(i),
         delivery.event < 0 ? delivery.bad : kEventMark + std::to_string(delivery.event)});
    partition.end = stream.OffsetOf(i) + 1;
  }
  partition.end = std::max(partition.end, stream.end);
}

// ---- what happens to them

void SimulatedKafka::Trouble() {
  if (calm_) return;
  Produce();
  const bool was_away = away_;
  away_ = away_ ? !dice_.Chance(30) : dice_.Chance(6);
  outages += away_ && !was_away ? 1 : 0;
  if (dice_.Chance(10)) RemoveCommitted();
  if (unsteady_) TroubleTopics();
  if (member_ && dice_.Chance(dealt_ ? 8 : 40)) Deal(!dealt_ || dice_.Chance(50));
}

void SimulatedKafka::SetCalm(bool calm) {
  calm_ = calm;
  if (!calm) return;
  away_ = false;
  for (auto& [place, partition] : partitions_) {
    partition.produced = partition.messages.size();
    Topic& topic = topics_[place.first];
    topic.there = std::max(topic.there, place.second + 1);
    topic.forgotten = false;
  }
  Deal(true);
}

void SimulatedKafka::Produce() {
  for (auto& [place, partition] : partitions_) {
    const auto more = static_cast<size_t>(dice_.Pick({0, 0, 1, 3, 50}));
    partition.produced = std::min(partition.produced + more, partition.messages.size());
  }
}

void SimulatedKafka::RemoveCommitted() {
  for (auto& [place, partition] : partitions_) {
    if (partition.committed <= partition.begin) continue;
    partition.begin = dice_.Between(partition.begin, partition.committed);
    ++retired;
  }
}

void SimulatedKafka::TroubleTopics() {
  for (auto& [place, partition] : partitions_) {
    Topic& topic = topics_[place.first];
    if (place.second != topic.there || !dice_.Chance(10)) continue;
    ++topic.there;
    ++appeared;
    if (member_) Deal(true);
  }
  for (auto& [name, topic] : topics_) {
    const bool forgot = topic.forgotten;
    topic.forgotten = forgot ? !dice_.Chance(40) : dice_.Chance(5);
    forgotten += topic.forgotten && !forgot ? 1 : 0;
  }
}

void SimulatedKafka::Deal(bool dealt) {
  dealt_ = dealt;
  ++deal_;
  ++deals;
}

// ---- what a client is told

bool SimulatedKafka::forgets(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found != topics_.end() && found->second.forgotten;
}

int32_t SimulatedKafka::Partitions(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second.there;
}

int64_t SimulatedKafka::Begin(const Place& place) const {
  const auto found = partitions_.find(place);
  return found == partitions_.end() ? 0 : found->second.begin;
}

int64_t SimulatedKafka::End(const Place& place) const {
  const auto found = partitions_.find(place);
  if (found == partitions_.end()) return 0;
  const Partition& partition = found->second;
  return partition.produced == partition.messages.size()
             ? partition.end
             : partition.messages[partition.produced].offset;
}

const SimulatedMessage* SimulatedKafka::At(const Place& place, int64_t offset) const {
  const auto found = partitions_.find(place);
  if (found == partitions_.end()) return nullptr;
  const auto begin = found->second.messages.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(found->second.produced);
  const auto at = std::lower_bound(
      begin, end, offset,
      [](const SimulatedMessage& message, int64_t wanted) { return message.offset < wanted; });
  return at == end ? nullptr : &*at;
}

void SimulatedKafka::Commit(const Place& place, int64_t offset) {
  const auto found = partitions_.find(place);
  if (found != partitions_.end()) found->second.committed = offset;
}

}  // namespace skewless::simulation
