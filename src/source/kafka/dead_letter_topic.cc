#include "source/kafka/dead_letter_topic.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "source/input_files.h"
#include "source/kafka/kafka_client.h"
#include "source/kafka/kafka_environment.h"

namespace skewless {
namespace {

// Kafka Connect's names (KIP-298), so that what reads its dead letters reads ours.
constexpr char kTopic[] = "__connect.errors.topic";
constexpr char kPartition[] = "__connect.errors.partition";
constexpr char kOffset[] = "__connect.errors.offset";
constexpr char kConnector[] = "__connect.errors.connector.name";
constexpr char kTask[] = "__connect.errors.task.id";
constexpr char kStage[] = "__connect.errors.stage";
constexpr char kClass[] = "__connect.errors.class.name";
constexpr char kException[] = "__connect.errors.exception.class.name";
constexpr char kMessage[] = "__connect.errors.exception.message";
constexpr char kStackTrace[] = "__connect.errors.exception.stacktrace";
constexpr char kExceptionName[] = "skewless.DataException";

constexpr int kAskMillis = 2000;
constexpr int kLookTries = 10;
constexpr auto kLookPause = std::chrono::milliseconds(200);

void Add(rd_kafka_headers_t* headers, std::string_view name,
         std::optional<std::string_view> value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                      value ? value->data() : nullptr,
                      value ? static_cast<ssize_t>(value->size()) : 0);
}

// Connect's name of the step that failed.
const char* StageOf(const DeadLetter& letter) {
  const RecordPart part =
      letter.message == nullptr ? RecordPart::kValue : letter.message->unreadable;
  if (part == RecordPart::kKey) return "KEY_CONVERTER";
  return part == RecordPart::kHeader ? "HEADER_CONVERTER" : "VALUE_CONVERTER";
}

// The caller owns them until they are sent.
rd_kafka_headers_t* HeadersOf(const DeadLetter& letter) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(16);
  if (const DeadMessage* message = letter.message; message != nullptr) {
    for (const auto& [name, value] : message->headers) Add(headers, name, value);
    Add(headers, kTopic, message->topic);
    Add(headers, kPartition, std::to_string(message->partition));
  } else {
    Add(headers, kTopic, letter.stream);
  }
  Add(headers, kOffset, std::to_string(letter.offset));
  Add(headers, kConnector, letter.source);
  Add(headers, kTask, "0");
  Add(headers, kStage, StageOf(letter));
  Add(headers, kClass, "skewless");
  Add(headers, kException, kExceptionName);
  Add(headers, kMessage, letter.reason);
  // As Java prints an exception; there is no stack that would tell a user more.
  Add(headers, kStackTrace, std::string(kExceptionName) + ": " + letter.reason + "\n");
  return headers;
}

class TopicStore final : public DeadLetterStore {
 public:
  TopicStore(const SourceDefinition& source, const DeadLetterTopic& to)
      : topic_(to.topic), place_(SourcePlace(source) + "dead_letters, ") {}

  Status Connect(const DeadLetterTopic& to) {
    const KafkaSettings otherwise = {
        {"client.id", "skewless"}, {"linger.ms", "5"}, {"message.max.bytes", "100000000"}};
    SKEWLESS_ASSIGN_OR_RETURN(const KafkaSettings settings,
                              WithEnvironment(place_, to.settings, to.settings_env));
    SKEWLESS_ASSIGN_OR_RETURN(auto conf, KafkaConfiguration(place_, to.brokers, settings, otherwise,
                                                            DeadLetterSettings()));
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), OnDelivered);
    SKEWLESS_ASSIGN_OR_RETURN(client_, NewKafkaClient(place_, RD_KAFKA_PRODUCER, std::move(conf)));
    brokers_ = to.brokers;
    return LookForTopic();
  }

  Status Append(const DeadLetter& letter) override {
    if (!seen_) {
      // Each look waits, and there may be thousands of letters. Not kUnavailable, by which a source
      // tries again.
      if (interrupted_.load()) return Interrupted(ErrorCode::kIo);
      SKEWLESS_RETURN_IF_ERROR(LookForTopic());
    }
    const bool has_key = letter.message != nullptr && letter.message->key;
    const std::string_view key = has_key ? *letter.message->key : std::string_view();
    const std::string_view value =
        letter.message != nullptr ? letter.message->value : std::string_view(letter.record);
    rd_kafka_resp_err_t error = Produce(letter, key, value);
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && failure_.has_value() && !interrupted_.load()) {
      rd_kafka_poll(client_.get(), 100);
      error = Produce(letter, key, value);
    }
    rd_kafka_poll(client_.get(), 0);
    SKEWLESS_RETURN_IF_ERROR(failure_);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Refused(rd_kafka_err2str(error));
    ++count_;
    return {};
  }

  Status Sync() override {
    while (failure_.has_value() && acknowledged_ < count_) {
      if (interrupted_.load()) return Interrupted(ErrorCode::kUnavailable);
      rd_kafka_poll(client_.get(), 50);
    }
    return failure_;
  }

  int64_t count() const override { return count_; }
  void Interrupt() override { interrupted_.store(true); }

 private:
  // Once brokers can tell: else a topic that isn't there would only be missed by the first letter,
  // and that half a minute later. Brokers that make topics when they are asked for need a moment.
  Status LookForTopic() {
    const KafkaHandle<rd_kafka_topic_t> handle(
        rd_kafka_topic_new(client_.get(), topic_.c_str(), nullptr));
    for (int tries = 0; tries < kLookTries; ++tries) {
      if (tries > 0) std::this_thread::sleep_for(kLookPause);
      const rd_kafka_metadata_t* told = nullptr;
      if (rd_kafka_metadata(client_.get(), 0, handle.get(), &told, kAskMillis) !=
          RD_KAFKA_RESP_ERR_NO_ERROR)
        return {};
      const rd_kafka_resp_err_t error = told->topics[0].err;
      rd_kafka_metadata_destroy(told);
      if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return Refused(rd_kafka_err2str(error));
      seen_ = error == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!SaysNotThere(error)) return {};
    }
    return Fail(ErrorCode::kNotFound, place_ + "there is no topic '" + topic_ + "' at " + brokers_,
                "Create the topic, or mend its name.");
  }

  rd_kafka_resp_err_t Produce(const DeadLetter& letter, std::string_view key,
                              std::string_view value) {
    rd_kafka_headers_t* headers = HeadersOf(letter);
    rd_kafka_vu_t parts[5] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic_.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[1].u.i = RD_KAFKA_MSG_F_COPY;
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {const_cast<char*>(key.data()), key.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {const_cast<char*>(value.data()), value.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers;
    rd_kafka_error_t* refused = rd_kafka_produceva(client_.get(), parts, std::size(parts));
    if (refused == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_resp_err_t error = rd_kafka_error_code(refused);
    rd_kafka_error_destroy(refused);
    rd_kafka_headers_destroy(headers);
    return error;
  }

  tl::unexpected<Error> Interrupted(ErrorCode code) const {
    return Fail(code, place_ + "topic '" + topic_ +
                          "' has not acknowledged all of them; they will come again");
  }

  tl::unexpected<Error> Refused(const std::string& reason) const {
    return Fail(ErrorCode::kIo, place_ + "topic '" + topic_ + "' doesn't take them: " + reason,
                "Create the topic, let it take messages as large as the source's, and give the "
                "client the right to write to it.");
  }

  // Called from within rd_kafka_poll, on the thread that polls.
  static void OnDelivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* self) {
    auto& store = *static_cast<TopicStore*>(self);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++store.acknowledged_;
    } else if (store.failure_.has_value()) {
      store.failure_ = store.Refused(rd_kafka_err2str(message->err));
    }
  }

  const std::string topic_;
  const std::string place_;
  std::string brokers_;
  bool seen_ = false;  // the topic
  int64_t count_ = 0;
  int64_t acknowledged_ = 0;
  Status failure_;
  std::atomic<bool> interrupted_{false};
  KafkaHandle<rd_kafka_t> client_;
};

}  // namespace

// A letter waits for its brokers for as long as it takes. One request at a time: a broker that has
// just made the topic may refuse a first request, not leading yet, and take the second, of whose
// success the client concludes that it has both.
const KafkaSettings& DeadLetterSettings() {
  static const KafkaSettings settings = {{"enable.idempotence", "true"},
                                         {"max.in.flight.requests.per.connection", "1"},
                                         {"message.timeout.ms", "0"}};
  return settings;
}

Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterTopic(const SourceDefinition& source) {
  SKEWLESS_CHECK(source.dead_letter_topic.has_value());
  const DeadLetterTopic& topic = *source.dead_letter_topic;
  auto store = std::make_unique<TopicStore>(source, topic);
  SKEWLESS_RETURN_IF_ERROR(store->Connect(topic));
  return store;
}

}  // namespace skewless
