#include "serving/http_server.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "serving/serving_fixture.h"

namespace skewless {
namespace {

constexpr Timestamp kT = kTestStart;

struct Response {
  int status = 0;
  std::string head, body;
};

// One connection, kept alive.
class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    EXPECT_TRUE(connected_);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  static std::string Request(const std::string& method, const std::string& path,
                             const std::string& body = "") {
    return method + " " + path +
           " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  Response Receive() {
    Response response;
    const size_t head_end = ReadUntil("\r\n\r\n");
    if (head_end == std::string::npos) return response;
    response.head = received_.substr(0, head_end);
    response.status = std::stoi(response.head.substr(9, 3));
    const size_t at = response.head.find("Content-Length: ");
    const size_t size = at == std::string::npos ? 0 : std::stoul(response.head.substr(at + 16));
    while (received_.size() < head_end + 4 + size && ReadMore()) {
    }
    response.body = received_.substr(head_end + 4, size);
    received_.erase(0, head_end + 4 + size);
    return response;
  }
  Response Ask(const std::string& method, const std::string& path, const std::string& body = "") {
    Send(Request(method, path, body));
    return Receive();
  }

 private:
  bool ReadMore() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    received_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  size_t ReadUntil(const std::string& mark) {
    for (;;) {
      const size_t found = received_.find(mark);
      if (found != std::string::npos) return found;
      if (!ReadMore()) return std::string::npos;
    }
  }
  int socket_;
  bool connected_ = false;
  std::string received_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    store_.Click("7", "a", "2.0", kT);
    options.listen = "127.0.0.1:0";
    if (!options.open_reader) options.open_reader = [this] { return store_.OpenReader(); };
    auto started = HttpServer::Start(store_.definition(), store_.kernels(), std::move(options));
    ASSERT_TRUE(started.has_value()) << started.error().ToString();
    server_ = std::move(*started);
    ASSERT_GT(server_->port(), 0);
  }

  ServedStore store_;
  std::unique_ptr<HttpServer> server_;
};

const std::string kAsk = R"({"features":["activity:visits"],"entities":{"user":[7]}})";

TEST_F(HttpServerTest, ConnectionsAreKeptAndRequestsMayBePipelined) {
  Start();
  Client client(server_->port());
  const Response first = client.Ask("POST", "/get-online-features", kAsk);
  EXPECT_EQ(first.status, 200);
  EXPECT_NE(first.head.find("Content-Type: application/json"), std::string::npos) << first.head;
  EXPECT_EQ(first.body.find(R"({"results":[{"values":[7],)"), 0u) << first.body;
  const std::string other = R"({"features":["popular:visits"],"entities":{"item":["a","b"]}})";
  client.Send(Client::Request("POST", "/get-online-features", kAsk) +
              Client::Request("POST", "/get-online-features", other));
  EXPECT_EQ(client.Receive().body, first.body);
  const Response second = client.Receive();
  EXPECT_EQ(second.status, 200);
  EXPECT_NE(second.body.find(R"({"values":[1,null])"), std::string::npos) << second.body;
  EXPECT_EQ(server_->requests(), 3);
  EXPECT_EQ(server_->errors(), 0);
  EXPECT_EQ(server_->read_latency().count(), 3);
}

TEST_F(HttpServerTest, ABodyInPiecesIsOneBody) {
  Start();
  Client client(server_->port());
  const std::string request = Client::Request("POST", "/get-online-features", kAsk);
  for (const char byte : request) client.Send(std::string_view(&byte, 1));
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(HttpServerTest, ErrorsAreJsonInAJsonString) {
  Start();
  Client client(server_->port());
  const Response path = client.Ask("GET", "/nothing");
  EXPECT_EQ(path.status, 404);
  EXPECT_EQ(path.body.find(R"("{\"module\":\"feast.errors\",\"class\":)"), 0u) << path.body;
  EXPECT_NE(path.body.find("GET /nothing is not here"), std::string::npos);
  EXPECT_EQ(client.Ask("GET", "/get-online-features").status, 404);
  EXPECT_EQ(client.Ask("POST", "/get-online-features", "{").status, 422);
  EXPECT_EQ(client.Ask("POST", "/get-online-features").status, 422);
  EXPECT_EQ(client.Ask("POST", "/replay/advance", R"({"to_us":1})").status, 404);
  EXPECT_EQ(server_->errors(), 5);
  EXPECT_EQ(client.Ask("POST", "/get-online-features", kAsk).status, 200);
}

TEST_F(HttpServerTest, ABodyTooLargeIsRefused) {
  Start();
  Client client(server_->port());
  const std::string body((size_t{16} << 20) + 1, ' ');
  const Response refused = client.Ask("POST", "/get-online-features", body);
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("16 MiB"), std::string::npos);
  EXPECT_EQ(Client(server_->port()).Ask("GET", "/health").status, 200);
}

// One row is always answered, whatever it takes.
TEST_F(HttpServerTest, RowsThatTakeTooMuchMemoryAreRefused) {
  HttpServerOptions options;
  std::atomic<int> opened{0};
  options.open_reader = [this, &opened] {
    ++opened;
    return store_.OpenReader();
  };
  options.most_read_bytes = 4096;
  Start(std::move(options));
  Client client(server_->port());
  const auto ask = [&](size_t entities) {
    std::string body = R"({"features":["activity:visits"],"entities":{"user":[7)";
    for (size_t i = 1; i < entities; ++i) body += ",7";
    return client.Ask("POST", "/get-online-features", body + "]}}");
  };
  EXPECT_EQ(ask(2).status, 200);
  EXPECT_EQ(opened, 1);
  const Response refused = ask(1000);
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("Ask for fewer entities at a time."), std::string::npos);
  EXPECT_EQ(ask(2).status, 200);
  EXPECT_EQ(opened, 2);
  server_.reset();
}

// What a large request took isn't kept for the small ones that follow it.
TEST_F(HttpServerTest, AReaderOfManyRowsIsLetGo) {
  HttpServerOptions options;
  std::atomic<int> opened{0};
  options.open_reader = [this, &opened] {
    ++opened;
    return store_.OpenReader();
  };
  Start(std::move(options));
  Client client(server_->port());
  const auto ask = [&](size_t entities) {
    std::string body = R"({"features":["activity:visits"],"entities":{"user":[7)";
    for (size_t i = 1; i < entities; ++i) body += ",7";
    return client.Ask("POST", "/get-online-features", body + "]}}").status;
  };
  EXPECT_EQ(ask(1), 200);
  EXPECT_EQ(ask(1000), 200);
  EXPECT_EQ(ask(1), 200);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(ask(1001), 200);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(ask(1), 200);
  EXPECT_EQ(opened, 2);
  const std::string long_body(size_t{65} << 10, ' ');
  EXPECT_EQ(client.Ask("POST", "/get-online-features", long_body + kAsk).status, 200);
  EXPECT_EQ(ask(1), 200);
  EXPECT_EQ(opened, 3);
  server_.reset();
}

TEST_F(HttpServerTest, HealthTellsWhetherTheStoreCanBeRead) {
  Start();
  Client client(server_->port());
  const Response well = client.Ask("GET", "/health");
  EXPECT_EQ(well.status, 200);
  EXPECT_EQ(well.body, "");
  EXPECT_EQ(client.Ask("HEAD", "/health").status, 200);

  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  options.open_reader = [this] {
    return OpenEmbeddedReader(store_.Path("nowhere"), ViewNames(store_.kernels()),
                              Fingerprints(store_.kernels()));
  };
  const auto away = HttpServer::Start(store_.definition(), store_.kernels(), std::move(options));
  ASSERT_TRUE(away.has_value());
  Client other((*away)->port());
  const Response ill = other.Ask("GET", "/health");
  EXPECT_EQ(ill.status, 503);
  const Response refused = other.Ask("POST", "/get-online-features", kAsk);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(ill.body, refused.body);
  EXPECT_EQ((*away)->errors(), 1);
}

// One that another definition has, as after an engine's start with it.
TEST_F(HttpServerTest, HealthNamesViewsThatCannotBeReadWhereOthersCan) {
  std::vector<uint64_t> fingerprints = Fingerprints(store_.kernels());
  HttpServerOptions options;
  options.open_reader = [&] {
    return OpenEmbeddedReader(store_.Path("var/online"), ViewNames(store_.kernels()), fingerprints);
  };
  for (const size_t view : {0, 2}) ++fingerprints[view];
  Start(options);
  const Response some = Client(server_->port()).Ask("GET", "/health");
  EXPECT_EQ(some.status, 200);
  EXPECT_EQ(some.body, R"({"unavailable_feature_views":["activity","pairs"]})");

  ++fingerprints[1];
  Start(options);
  const Response none = Client(server_->port()).Ask("GET", "/health");
  EXPECT_EQ(none.status, 503);
  EXPECT_NE(none.body.find("with this definition"), std::string::npos) << none.body;
}

TEST_F(HttpServerTest, ManyConnectionsAtOnce) {
  HttpServerOptions options;
  options.threads = 2;
  Start(std::move(options));
  const std::string expected =
      Client(server_->port()).Ask("POST", "/get-online-features", kAsk).body;
  constexpr int kThreads = 4, kEach = 50;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Client client(server_->port());
      for (int n = 0; n < kEach; ++n) {
        const Response response = client.Ask("POST", "/get-online-features", kAsk);
        if (response.status == 200 && response.body == expected) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), kThreads * kEach);
  EXPECT_EQ(server_->requests(), kThreads * kEach + 1);
}

// More than the library's own limit: as many as the process may have files open, less its own.
TEST_F(HttpServerTest, IdleConnectionsKeepNobodyOut) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit wide{std::max<rlim_t>(before.rlim_cur, 4096), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &wide), 0);
  Start();
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 1100; ++i) idle.push_back(std::make_unique<Client>(server_->port()));
  Client client(server_->port());
  EXPECT_EQ(client.Ask("POST", "/get-online-features", kAsk).status, 200);
  idle.clear();
  server_.reset();
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(MostConnections, LeavesFilesForTheRest) {
  EXPECT_EQ(MostConnections(1024), 768u);
  EXPECT_EQ(MostConnections(100), 50u);
  EXPECT_EQ(MostConnections(0), 1u);
  EXPECT_EQ(MostConnections(20'000), 19'744u);
  EXPECT_EQ(MostConnections(RLIM_INFINITY), 65'536u);
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Whoever comes beyond the limit waits until others go.
TEST_F(HttpServerTest, ACrowdLeavesFilesForTheLog) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit narrow{200, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &narrow), 0);
  Start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const size_t files = OpenFiles();
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 300; ++i) crowd.push_back(std::make_unique<Client>(server_->port()));
  EXPECT_EQ(crowd.front()->Ask("POST", "/get-online-features", kAsk).status, 200);
  EXPECT_LE(OpenFiles(), files + 300 + 100 + 20);  // some are the reader's
  const auto last = std::move(crowd.back());
  crowd.clear();
  EXPECT_EQ(last->Ask("POST", "/get-online-features", kAsk).status, 200);
}

TEST_F(HttpServerTest, TheReplayClockIsMovedByItsReaders) {
  HttpServerOptions options;
  options.advance_replay = [this](Timestamp time) -> Result<Timestamp> {
    if (time > kT + 1000) return Fail(ErrorCode::kUnavailable, "the engine stopped");
    store_.MoveTo(time);
    return time;
  };
  Start(std::move(options));
  Client client(server_->port());
  const Response moved =
      client.Ask("POST", "/replay/advance", "{\"to_us\":" + std::to_string(kT + 500) + "}");
  EXPECT_EQ(moved.status, 200);
  EXPECT_EQ(moved.body, "{\"reached_us\":" + std::to_string(kT + 500) + "}");
  EXPECT_NE(client.Ask("POST", "/get-online-features", kAsk)
                .body.find("\"read_timestamp_us\":" + std::to_string(kT + 500)),
            std::string::npos);
  EXPECT_EQ(client.Ask("POST", "/replay/advance", "{}").status, 422);
  EXPECT_EQ(client.Ask("POST", "/replay/advance", "{\"to_us\":9000000000000000}").status, 503);
}

// Every line is a comment or "name{labels} number"; buckets rise to the count.
TEST_F(HttpServerTest, MetricsAreInPrometheusText) {
  HttpServerOptions options;
  options.more_metrics = [] {
    MetricFamilies more;
    more.push_back(GaugeFamily("skewless_more", "More.", 2.5));
    return more;
  };
  Start(std::move(options));
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) client.Ask("POST", "/get-online-features", kAsk);
  const Response response = client.Ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.head.find("text/plain; version=0.0.4"), std::string::npos);
  std::map<std::string, double> values;
  double last_bucket = 0;
  size_t buckets = 0;
  for (size_t at = 0; at < response.body.size();) {
    const size_t end = response.body.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = response.body.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    const size_t space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    char* parsed_to = nullptr;
    const double value = strtod(line.c_str() + space + 1, &parsed_to);
    ASSERT_EQ(*parsed_to, '\0') << line;
    values[line.substr(0, space)] = value;
    if (!line.starts_with("skewless_read_seconds_bucket")) continue;
    EXPECT_GE(value, last_bucket) << line;
    EXPECT_EQ(line.find("99999"), std::string::npos) << line;
    last_bucket = value;
    ++buckets;
  }
  EXPECT_GT(buckets, 20u);
  EXPECT_EQ(last_bucket, 3);
  EXPECT_EQ(values["skewless_read_seconds_count"], 3);
  EXPECT_EQ(values["skewless_http_requests_total"], 4);
  EXPECT_EQ(values["skewless_more"], 2.5);
}

TEST_F(HttpServerTest, AnsweredRowsAreLogged) {
  const std::string directory = store_.Path("served");
  std::filesystem::create_directories(directory);
  auto log = ServedLogWriter::Open(SystemFiles(), directory);
  ASSERT_TRUE(log.has_value());
  HttpServerOptions options;
  options.served_log = log->get();
  Start(std::move(options));
  Client client(server_->port());
  EXPECT_EQ(
      client
          .Ask(
              "POST", "/get-online-features",
              R"({"feature_service":"ranking","entities":{"user":[7,null],"item":["a","b"],"cart":[1,2]}})")
          .status,
      200);
  EXPECT_EQ(client.Ask("POST", "/get-online-features", "{").status, 422);
  EXPECT_EQ(client.Ask("POST", "/get-online-features", kAsk).status, 200);
  ASSERT_TRUE((*log)->Flush().has_value());
  auto reader = ServedLogReader::Open(SystemFiles(), directory);
  ASSERT_TRUE(reader.has_value());
  std::vector<ServedRow> rows(1);
  for (;;) {
    const auto more = (*reader)->Next(&rows.back());
    ASSERT_TRUE(more.has_value());
    if (!*more) break;
    rows.emplace_back();
  }
  rows.pop_back();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].read_us, kT);
  EXPECT_EQ(rows[0].service, "ranking");
  EXPECT_EQ(rows[0].outputs, (std::vector<std::string>{"activity:spend", "popular:visits",
                                                       "ranking:share", "ranking:many"}));
  ASSERT_EQ(rows[0].inputs.size(), 3u);
  EXPECT_EQ(rows[0].inputs[0].first, "user");
  EXPECT_EQ(rows[0].inputs[2].second.double_value, 1);
  EXPECT_EQ(rows[0].values[2].double_value, 0.5);
  ASSERT_EQ(rows[0].views.size(), 2u);
  EXPECT_EQ(rows[0].views[0].view, "activity");
  EXPECT_EQ(rows[0].views[0].sequence, 1);
  EXPECT_FALSE(rows[1].inputs[0].second.valid);
  EXPECT_EQ(rows[1].views[0].status, static_cast<uint8_t>(RowStatus::kNotFound));
  EXPECT_EQ(rows[2].service, "");
  EXPECT_EQ(rows[2].outputs, (std::vector<std::string>{"activity:visits"}));
}

TEST_F(HttpServerTest, APlaceThatIsTakenOrNoneIsNamed) {
  Start();
  HttpServerOptions options;
  for (const std::string none : {"127.0.0.1:99999", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1",
                                 "6566", ":6566", "", "[::1]:6566"}) {
    const auto bound = ListenSocket::Bind(none);
    ASSERT_FALSE(bound.has_value()) << none;
    EXPECT_EQ(bound.error().code, ErrorCode::kInvalid) << none;
  }
  options.listen = "127.0.0.1:port";
  const auto wrong = HttpServer::Start(store_.definition(), store_.kernels(), options);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalid);
  EXPECT_NE(wrong.error().message.find("127.0.0.1:port"), std::string::npos);
  // Two servers on one port would each be asked now and then, and answer with what they have.
  options.listen = "127.0.0.1:" + std::to_string(server_->port());
  const auto taken = HttpServer::Start(store_.definition(), store_.kernels(), options);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kIo);
  EXPECT_NE(taken.error().message.find(options.listen), std::string::npos);
  EXPECT_NE(taken.error().remedy.find("Is another server there?"), std::string::npos);
  const auto elsewhere = ListenSocket::Bind("192.0.2.1:0");  // an example's, and nobody's
  ASSERT_FALSE(elsewhere.has_value());
  EXPECT_NE(elsewhere.error().remedy.find("an address of this machine"), std::string::npos);
}

TEST_F(HttpServerTest, APortIsTakenBeforeAnybodyCanConnect) {
  HttpServerOptions options;
  auto bound = ListenSocket::Bind("127.0.0.1:0");
  ASSERT_TRUE(bound.has_value()) << bound.error().ToString();
  const int port = (*bound)->port();
  Start();
  const auto taken = ListenSocket::Bind("127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_FALSE(taken.has_value());
  server_.reset();
  options.socket = std::move(*bound);
  Start(std::move(options));
  EXPECT_EQ(server_->port(), port);
  Client client(port);
  client.Send(Client::Request("GET", "/health"));
  EXPECT_EQ(client.Receive().status, 200);
}

}  // namespace
}  // namespace skewless
