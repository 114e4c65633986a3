// librdkafka's functions, as far as the Kafka source calls them, answered by the brokers of the
// simulated machine. They stand in the program itself, so the linker takes them and not the
// library's; lists of partitions, texts of errors and settings are the library's own.
//
// As in the library: what was fetched for an earlier assignment is never handed out after the next;
// callbacks come from within a call that fetches; brokers that are away fail what is asked and
// tell once that they are; a position that is not there is told as a message with an error.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "simulation/simulated_kafka.h"

using skewless::simulation::KafkaOfThisMachine;
using skewless::simulation::SimulatedKafka;
using skewless::simulation::SimulatedMessage;

struct rd_kafka_topic_s {
  std::string name;
};

namespace {

struct Callbacks {
  void* opaque = nullptr;
  void (*error)(rd_kafka_t*, int, const char*, void*) = nullptr;
  void (*committed)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                    void*) = nullptr;
  void (*rebalance)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                    void*) = nullptr;
};

// Of configurations that no client was made of yet.
std::map<const rd_kafka_conf_t*, Callbacks>& Pending() {
  static std::map<const rd_kafka_conf_t*, Callbacks> pending;
  return pending;
}

rd_kafka_topic_t* TopicOf(const std::string& name) {
  static std::map<std::string, rd_kafka_topic_s> topics;
  return &topics.try_emplace(name, rd_kafka_topic_s{name}).first->second;
}

struct OwnedMessage {
  rd_kafka_message_t message{};
  std::string value;
};

rd_kafka_message_t* NewMessage(const SimulatedKafka::Place& place, int64_t offset,
                               const std::optional<std::string>& value, rd_kafka_resp_err_t error) {
  auto owned = std::make_unique<OwnedMessage>();
  owned->value = value.value_or("");
  rd_kafka_message_t& message = owned->message;
  message.err = error;
  message.rkt = TopicOf(place.first);
  message.partition = place.second;
  message.offset = offset;
  if (value) {
    message.payload = owned->value.data();
    message.len = owned->value.size();
  }
  message._private = owned.get();
  return &owned.release()->message;
}

struct Fetch {
  int64_t next = 0;
  bool told_end = false;
  bool told_lost = false;  // that the position is not there
};

struct ListOwner {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

}  // namespace

struct rd_kafka_s {
  Callbacks callbacks;
  std::map<SimulatedKafka::Place, Fetch> fetches;
  std::deque<rd_kafka_message_t*> queue;
  std::set<std::string> seen;  // topics that it was told of
  std::set<std::string> subscribed;
  int64_t deal = 0;    // of the group, that it goes by
  bool holds = false;  // partitions of that deal
  bool told_away = false;
  bool commit_failed = false;

  void Serve();
  void ServeGroup();
  void FetchOf(const SimulatedKafka::Place& place, Fetch* fetch);
  void Assign(const rd_kafka_topic_partition_list_t* list);
  size_t Take(rd_kafka_message_t** messages, size_t size);
  void Purge();
  void Revoke();
  rd_kafka_resp_err_t Commit(const rd_kafka_topic_partition_list_t& list);
};

struct rd_kafka_queue_s {
  rd_kafka_t* client = nullptr;
};

void rd_kafka_s::Serve() {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  if (kafka.away() && !told_away)
    callbacks.error(this, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down",
                    callbacks.opaque);
  told_away = kafka.away();
  if (std::exchange(commit_failed, false))
    callbacks.committed(this, RD_KAFKA_RESP_ERR__TIMED_OUT, nullptr, callbacks.opaque);
  if (kafka.away()) return;
  if (!subscribed.empty()) ServeGroup();
  for (int round = 0; round < 2; ++round) {
    for (auto& [place, fetch] : fetches) FetchOf(place, &fetch);
  }
}

void rd_kafka_s::Revoke() {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, ListOwner> list(
      rd_kafka_topic_partition_list_new(0));
  holds = false;
  callbacks.rebalance(this, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, list.get(), callbacks.opaque);
}

void rd_kafka_s::ServeGroup() {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  if (deal == kafka.deal() || kafka.dice().Chance(30)) return;
  if (holds) return Revoke();  // and is told of the next deal by a later call
  deal = kafka.deal();
  if (!kafka.dealt()) return;
  const std::unique_ptr<rd_kafka_topic_partition_list_t, ListOwner> list(
      rd_kafka_topic_partition_list_new(1));
  for (const std::string& topic : subscribed) {
    for (int32_t i = 0; i < kafka.Partitions(topic); ++i)
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
  }
  holds = true;
  callbacks.rebalance(this, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, list.get(), callbacks.opaque);
}

void rd_kafka_s::FetchOf(const SimulatedKafka::Place& place, Fetch* fetch) {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  if (fetch->next < kafka.Begin(place) || fetch->next > kafka.End(place)) {
    if (!std::exchange(fetch->told_lost, true))
      queue.push_back(NewMessage(place, fetch->next, "the offset is out of range",
                                 RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET));
    return;
  }
  for (int n = kafka.dice().Pick({0, 0, 1, 3, 20}); n > 0; --n) {
    const SimulatedMessage* message = kafka.At(place, fetch->next);
    if (message == nullptr) {
      // Offsets of no message are passed over, too.
      fetch->next = kafka.End(place);
      if (!std::exchange(fetch->told_end, true))
        queue.push_back(
            NewMessage(place, fetch->next, std::nullopt, RD_KAFKA_RESP_ERR__PARTITION_EOF));
      return;
    }
    queue.push_back(NewMessage(place, message->offset, message->value, RD_KAFKA_RESP_ERR_NO_ERROR));
    fetch->next = message->offset + 1;
    fetch->told_end = false;
  }
}

size_t rd_kafka_s::Take(rd_kafka_message_t** messages, size_t size) {
  const size_t count = std::min(size, queue.size());
  std::copy_n(queue.begin(), count, messages);
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

void rd_kafka_s::Purge() {
  for (rd_kafka_message_t* message : queue) rd_kafka_message_destroy(message);
  queue.clear();
}

void rd_kafka_s::Assign(const rd_kafka_topic_partition_list_t* list) {
  Purge();
  fetches.clear();
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& given = list->elems[i];
    fetches[{given.topic, given.partition}].next = given.offset;
  }
}

rd_kafka_resp_err_t rd_kafka_s::Commit(const rd_kafka_topic_partition_list_t& list) {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  const bool answered = !kafka.away() && !kafka.dice().Chance(5);
  // The brokers may have taken it, and their answer was lost.
  for (int i = 0; (answered || kafka.dice().Chance(50)) && i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& given = list.elems[i];
    kafka.Commit({given.topic, given.partition}, given.offset);
  }
  commit_failed |= !answered;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// ---- the library's functions

rd_kafka_t* rd_kafka_new(rd_kafka_type_t /*type*/, rd_kafka_conf_t* conf, char* /*errstr*/,
                         size_t /*errstr_size*/) {
  auto client = std::make_unique<rd_kafka_s>();
  client->callbacks = Pending()[conf];
  Pending().erase(conf);
  rd_kafka_conf_destroy(conf);
  return client.release();
}

void rd_kafka_destroy_flags(rd_kafka_t* client, int /*flags*/) {
  client->Purge();
  delete client;
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t* conf, void* opaque) {
  Pending()[conf].opaque = opaque;
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t* conf,
                                void (*error_cb)(rd_kafka_t*, int, const char*, void*)) {
  Pending()[conf].error = error_cb;
}

void rd_kafka_conf_set_offset_commit_cb(rd_kafka_conf_t* conf,
                                        void (*offset_commit_cb)(rd_kafka_t*, rd_kafka_resp_err_t,
                                                                 rd_kafka_topic_partition_list_t*,
                                                                 void*)) {
  Pending()[conf].committed = offset_commit_cb;
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t* conf,
                                    void (*rebalance_cb)(rd_kafka_t*, rd_kafka_resp_err_t,
                                                         rd_kafka_topic_partition_list_t*, void*)) {
  Pending()[conf].rebalance = rebalance_cb;
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t* /*client*/) {
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_queue_t* rd_kafka_queue_get_consumer(rd_kafka_t* client) {
  return std::make_unique<rd_kafka_queue_s>(rd_kafka_queue_s{client}).release();
}

rd_kafka_queue_t* rd_kafka_queue_new(rd_kafka_t* client) {
  return rd_kafka_queue_get_consumer(client);
}

void rd_kafka_queue_destroy(rd_kafka_queue_t* queue) { delete queue; }

rd_kafka_event_t* rd_kafka_queue_poll(rd_kafka_queue_t* /*queue*/, int /*timeout_ms*/) {
  return nullptr;
}

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t* client,
                                       const rd_kafka_topic_partition_list_t* topics) {
  for (int i = 0; i < topics->cnt; ++i) client->subscribed.insert(topics->elems[i].topic);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t* client) {
  if (client->holds) client->Revoke();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t* client,
                                    const rd_kafka_topic_partition_list_t* partitions) {
  client->Assign(partitions);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int /*timeout_ms*/,
                                     rd_kafka_message_t** messages, size_t size) {
  rd_kafka_t& client = *queue->client;
  // A partition may be taken back amid a batch, behind messages of it.
  size_t taken = 0;
  if (KafkaOfThisMachine().dice().Chance(50)) taken = client.Take(messages, size);
  client.Serve();
  taken += client.Take(messages + taken, size - taken);
  return static_cast<ssize_t>(taken);
}

rd_kafka_message_t* rd_kafka_consume_queue(rd_kafka_queue_t* queue, int timeout_ms) {
  rd_kafka_message_t* message = nullptr;
  return rd_kafka_consume_batch_queue(queue, timeout_ms, &message, 1) == 1 ? message : nullptr;
}

void rd_kafka_message_destroy(rd_kafka_message_t* message) {
  delete static_cast<OwnedMessage*>(message->_private);
}

const char* rd_kafka_message_errstr(const rd_kafka_message_t* message) {
  return rd_kafka_err2str(message->err);
}

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t* /*message*/,
                                             rd_kafka_headers_t** /*headers*/) {
  return RD_KAFKA_RESP_ERR__NOENT;
}

rd_kafka_topic_t* rd_kafka_topic_new(rd_kafka_t* /*client*/, const char* topic,
                                     rd_kafka_topic_conf_t* /*conf*/) {
  return TopicOf(topic);
}

void rd_kafka_topic_destroy(rd_kafka_topic_t* /*topic*/) {}

const char* rd_kafka_topic_name(const rd_kafka_topic_t* topic) { return topic->name.c_str(); }

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t* client, int /*all_topics*/,
                                      rd_kafka_topic_t* only,
                                      const struct rd_kafka_metadata** metadata,
                                      int /*timeout_ms*/) {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  if (kafka.away() || kafka.dice().Chance(5)) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  auto told = std::make_unique<struct rd_kafka_metadata>();
  if (only != nullptr) {
    told->topic_cnt = 1;
    told->topics = std::make_unique<rd_kafka_metadata_topic>().release();
    rd_kafka_metadata_topic& topic = told->topics[0];
    // A topic that isn't there at the first look ends the engine.
    if (client->seen.contains(only->name) && kafka.forgets(only->name)) {
      topic.err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    } else if (kafka.dice().Chance(3)) {
      topic.err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    } else {
      topic.partition_cnt = kafka.Partitions(only->name);
      client->seen.insert(only->name);
    }
  }
  *metadata = told.release();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata* metadata) {
  delete metadata->topics;
  delete metadata;
}

rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t* /*client*/, const char* topic,
                                                     int32_t partition, int64_t* low, int64_t* high,
                                                     int /*timeout_ms*/) {
  SimulatedKafka& kafka = KafkaOfThisMachine();
  if (kafka.away() || kafka.dice().Chance(5)) return RD_KAFKA_RESP_ERR__TRANSPORT;
  *low = kafka.Begin({topic, partition});
  *high = kafka.End({topic, partition});
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t* /*client*/, const char* topic,
                                                   int32_t partition, int64_t* low, int64_t* high) {
  *low = KafkaOfThisMachine().Begin({topic, partition});
  *high = KafkaOfThisMachine().End({topic, partition});
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t* /*client*/,
                                               rd_kafka_topic_partition_list_t* /*offsets*/,
                                               int /*timeout_ms*/) {
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t* client,
                                    const rd_kafka_topic_partition_list_t* offsets, int /*async*/) {
  return client->Commit(*offsets);
}

rd_kafka_resp_err_t rd_kafka_commit_queue(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets, rd_kafka_queue_t* /*queue*/,
    void (* /*cb*/)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*),
    void* /*opaque*/) {
  return client->Commit(*offsets);
}
