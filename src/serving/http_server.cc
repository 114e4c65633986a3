#include "serving/http_server.h"

#include <fmt/format.h>
#include <microhttpd.h>
#include <simdjson.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "serving/online_request.h"
#include "serving/served_rows.h"

namespace skewless {
namespace {

constexpr size_t kMaxBodyBytes = size_t{16} << 20;

// A worker that was used for more is let go, and its memory with it.
constexpr size_t kKeptBodyBytes = size_t{64} << 10;
constexpr size_t kKeptRows = 1'000;
constexpr size_t kKeptReadBytes = size_t{16} << 20;

// What one request at a time uses; borrowed from a pool, so that nothing is made anew.
struct Worker {
  Worker(const Definition& definition, const KernelSet& kernels,
         std::unique_ptr<OnlineReader> online, size_t most_bytes)
      : plans(definition), reader(definition, kernels, std::move(online), most_bytes) {}
  bool is_small(const std::string& body) const {
    return body.size() <= kKeptBodyBytes && request.rows <= kKeptRows &&
           reader.read_bytes() <= kKeptReadBytes && !reader.gave_up();
  }
  simdjson::dom::parser parser;
  PlanCache plans;
  OnlineRequest request;
  FeatureReader reader;
  ServedRow served;
};

// A request while its body arrives.
struct Exchange {
  std::string body;
  bool too_large = false;
};

struct Reply {
  int status = MHD_HTTP_OK;
  std::string body;
  const char* content_type = "application/json";
};

class MicrohttpdServer : public HttpServer {
 public:
  MicrohttpdServer(const Definition& definition, const KernelSet& kernels,
                   HttpServerOptions options)
      : definition_(definition), kernels_(kernels), options_(std::move(options)) {}
  ~MicrohttpdServer() override {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  Status Listen();
  int port() const override { return port_; }
  const LatencyHistogram& read_latency() const override { return latency_; }
  int64_t requests() const override { return requests_.load(std::memory_order_relaxed); }
  int64_t errors() const override { return errors_.load(std::memory_order_relaxed); }

 private:
  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* url,
                              const char* method, const char* version, const char* upload,
                              size_t* upload_size, void** state);
  static void OnCompleted(void* self, MHD_Connection* connection, void** state,
                          MHD_RequestTerminationCode why);

  Reply Answer(std::string_view method, std::string_view url, const Exchange& exchange);
  Reply GetOnlineFeatures(const std::string& body);
  Reply AdvanceReplay(const std::string& body);
  Reply Metrics();
  Reply Health();
  Reply Failed(const HttpError& error);
  void LogUnanswered(const HttpError& error);
  Result<std::unique_ptr<Worker>> Borrow();
  void GiveBack(std::unique_ptr<Worker> worker);

  const Definition& definition_;
  const KernelSet& kernels_;
  HttpServerOptions options_;
  MHD_Daemon* daemon_ = nullptr;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
  EventInterval unanswered_{10 * kSecondUs};  // under mutex_
  LatencyHistogram latency_;
  const Timestamp started_us_ = NewWallClock()->Now();
  std::atomic<int64_t> requests_{0}, errors_{0};
};

HttpError Unavailable(const Error& error) { return {503, "FeastError", error.ToString()}; }

Result<std::unique_ptr<Worker>> MicrohttpdServer::Borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, options_.open_reader());
  return std::make_unique<Worker>(definition_, kernels_, std::move(reader),
                                  options_.most_read_bytes);
}

void MicrohttpdServer::GiveBack(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

Reply MicrohttpdServer::Failed(const HttpError& error) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  if (error.status >= 500) LogUnanswered(error);
  return {error.status, ErrorBody(error)};
}

// What the client can't mend.
void MicrohttpdServer::LogUnanswered(const HttpError& error) {
  if (!WantsEvents(EventLevel::kWarning)) return;
  std::optional<int64_t> requests;
  {
    const std::lock_guard lock(mutex_);
    requests = unanswered_.Add();
  }
  if (!requests) return;
  LogEvent(EventLevel::kWarning, "requests could not be answered",
           {{"requests", *requests}, {"status", error.status}, {"error", error.message}});
}

Reply MicrohttpdServer::GetOnlineFeatures(const std::string& body) {
  const int64_t start = MonotonicNanos();
  auto borrowed = Borrow();
  if (!borrowed) return Failed(Unavailable(borrowed.error()));
  Worker& worker = **borrowed;
  Reply reply;
  OnlineRequest& request = worker.request;
  if (auto parsed = ParseOnlineRequest(body, worker.parser, worker.plans, &request); !parsed) {
    reply = Failed(parsed.error());
  } else if (auto rows = worker.reader.ReadMany(*request.plan, request.inputs, request.rows);
             !rows) {
    reply = Failed(worker.reader.gave_up() ? HttpError{413, "FeastError", rows.error().ToString()}
                                           : Unavailable(rows.error()));
  } else {
    AppendOnlineReply(definition_, request, *rows, reply.body);
    if (options_.served_log != nullptr) {
      Status logged =
          AppendServedRows(definition_, request, *rows, *options_.served_log, &worker.served);
      // A vector that can't be logged can't be proven: it isn't served.
      if (!logged) reply = Failed(Unavailable(logged.error()));
    }
  }
  if (worker.is_small(body)) GiveBack(std::move(*borrowed));
  latency_.Record(MonotonicNanos() - start);
  return reply;
}

Reply MicrohttpdServer::AdvanceReplay(const std::string& body) {
  if (!options_.advance_replay)
    return Failed({404, "FeastError", "no replay clock waits here: run --replay-waits"});
  simdjson::dom::parser parser;
  int64_t time = 0;
  if (parser.parse(body)["to_us"].get_int64().get(time) != simdjson::SUCCESS) {
    return Failed({422, "FeastError", "give {\"to_us\": microseconds since 1970}"});
  }
  auto reached = options_.advance_replay(time);
  if (!reached) return Failed(Unavailable(reached.error()));
  return {MHD_HTTP_OK, fmt::format("{{\"reached_us\":{}}}", *reached)};
}

Reply MicrohttpdServer::Metrics() {
  MetricFamilies families;
  families.push_back(GaugeFamily("skewless_start_time_seconds", "When it started, since 1970.",
                                 static_cast<double>(started_us_) / 1e6));
  families.push_back(CounterFamily("skewless_http_requests_total", "Requests answered.",
                                   static_cast<double>(requests())));
  families.push_back(CounterFamily("skewless_http_errors_total", "Of them, with an error.",
                                   static_cast<double>(errors())));
  families.push_back(HistogramFamily("skewless_read_seconds",
                                     "A read of features, from its body to its reply.", latency_));
  if (options_.more_metrics) {
    for (auto& family : options_.more_metrics()) families.push_back(std::move(family));
  }
  return {MHD_HTTP_OK, SerializeMetrics(families), "text/plain; version=0.0.4"};
}

Reply MicrohttpdServer::Health() {
  // No request failed that somebody waits for: nothing is logged, or counted as an error.
  const auto unhealthy = [](const Error& error) {
    return Reply{503, ErrorBody(Unavailable(error))};
  };
  auto worker = Borrow();
  if (!worker) return unhealthy(worker.error());
  const auto closed = (*worker)->reader.ClosedViews();
  GiveBack(std::move(*worker));
  if (!closed) return unhealthy(closed.error());
  if (closed->empty()) return {MHD_HTTP_OK, ""};
  std::string names;
  for (const int view : *closed) {
    if (!names.empty()) names += ',';
    AppendJsonString(names, definition_.views[static_cast<size_t>(view)].name);
  }
  return {MHD_HTTP_OK, "{\"unavailable_feature_views\":[" + names + "]}"};
}

Reply MicrohttpdServer::Answer(std::string_view method, std::string_view url,
                               const Exchange& exchange) {
  if (exchange.too_large) return Failed({413, "FeastError", "the body is larger than 16 MiB"});
  const bool post = method == "POST";
  // Load balancers ask for the head alone; the library leaves out the body then.
  const bool get = method == "GET" || method == "HEAD";
  if (post && url == "/get-online-features") return GetOnlineFeatures(exchange.body);
  if (post && url == "/replay/advance") return AdvanceReplay(exchange.body);
  if (get && url == "/health") return Health();
  if (get && url == "/metrics") return Metrics();
  return Failed(
      {404, "FeastError",
       fmt::format("{} {} is not here; try POST /get-online-features, GET /health, GET /metrics",
                   method, url)});
}

MHD_Result MicrohttpdServer::OnRequest(void* self, MHD_Connection* connection, const char* url,
                                       const char* method, const char*, const char* upload,
                                       size_t* upload_size, void** state) {
  auto& server = *static_cast<MicrohttpdServer*>(self);
  if (*state == nullptr) {
    *state = new Exchange();
    return MHD_YES;
  }
  auto& exchange = *static_cast<Exchange*>(*state);
  if (*upload_size > 0) {
    if (exchange.body.size() + *upload_size > kMaxBodyBytes) exchange.too_large = true;
    if (!exchange.too_large) exchange.body.append(upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  server.requests_.fetch_add(1, std::memory_order_relaxed);
  Reply reply = server.Answer(method, url, exchange);
  // The library keeps the text until it is sent.
  auto body = std::make_unique<std::string>(std::move(reply.body));
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), [](void* text) { delete static_cast<std::string*>(text); },
      body.get());
  static_cast<void>(body.release());
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply.content_type);
  const MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return queued;
}

void MicrohttpdServer::OnCompleted(void*, MHD_Connection*, void** state,
                                   MHD_RequestTerminationCode) {
  delete static_cast<Exchange*>(*state);
  *state = nullptr;
}

uint64_t OpenFilesLimit() {
  rlimit limit{};
  SKEWLESS_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit.rlim_cur;
}

Status MicrohttpdServer::Listen() {
  if (options_.socket == nullptr) {
    SKEWLESS_ASSIGN_OR_RETURN(options_.socket, ListenSocket::Bind(options_.listen));
  }
  port_ = options_.socket->port();
  SKEWLESS_ASSIGN_OR_RETURN(const int socket, options_.socket->Listen());
  const unsigned most =
      std::max(MostConnections(OpenFilesLimit()), static_cast<unsigned>(options_.threads));
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO;
  std::vector<MHD_OptionItem> items{
      {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&MicrohttpdServer::OnCompleted),
       this},
      {MHD_OPTION_LISTEN_SOCKET, socket, nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, most, nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, 300, nullptr}};
  if (options_.threads > 1)
    items.push_back({MHD_OPTION_THREAD_POOL_SIZE, options_.threads, nullptr});
  items.push_back({MHD_OPTION_END, 0, nullptr});
  daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &MicrohttpdServer::OnRequest, this,
                             MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  const int error = errno;
  if (daemon_ == nullptr) {
    return Fail(ErrorCode::kIo,
                fmt::format("cannot serve on {}: {}", options_.listen, strerror(error)),
                "Are there threads and descriptors enough? Look at ulimit -u and ulimit -n.");
  }
  return {};
}

}  // namespace

unsigned MostConnections(uint64_t open_files) {
  constexpr uint64_t kOwn = 256;
  constexpr uint64_t kMost = 65'536;
  const uint64_t own = std::min(kOwn, open_files / 2);
  return static_cast<unsigned>(std::clamp<uint64_t>(open_files - own, 1, kMost));
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Definition& definition,
                                                      const KernelSet& kernels,
                                                      HttpServerOptions options) {
  auto server = std::make_unique<MicrohttpdServer>(definition, kernels, std::move(options));
  SKEWLESS_RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace skewless
