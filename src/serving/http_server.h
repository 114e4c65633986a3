// Features over HTTP, after Feast's feature server: POST /get-online-features, GET /health,
// /metrics; and POST /replay/advance where a replay clock waits for its readers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/latency_histogram.h"
#include "log/served_log.h"
#include "serving/feature_reader.h"
#include "serving/listen_socket.h"
#include "serving/metric_families.h"

namespace skewless {

struct HttpServerOptions {
  std::string listen = "127.0.0.1:6566";  // port 0: any free one
  std::shared_ptr<ListenSocket> socket;   // of that address, where it was taken before
  int threads = 1;
  ServedLogWriter* served_log = nullptr;  // every answered row is appended, where given
  std::function<Result<std::unique_ptr<OnlineReader>>()> open_reader;  // one a thread
  size_t most_read_bytes = FeatureReader::kMostBytes;  // of one request's rows in the store
  // Moves the replay clock to the time and returns where it stands; empty: 404.
  std::function<Result<Timestamp>(Timestamp)> advance_replay;
  // More metrics (the engine's); may be empty.
  std::function<std::vector<prometheus::MetricFamily>()> more_metrics;
};

// How many connections a server keeps where the process may have so many files open: it leaves some
// for the log, the tables and the sources, which a crowd of clients must not take from them. Who
// comes beyond waits until another goes.
unsigned MostConnections(uint64_t open_files);

class HttpServer {
 public:
  // `definition` and `kernels` outlive the server.
  static Result<std::unique_ptr<HttpServer>> Start(const Definition& definition,
                                                   const KernelSet& kernels,
                                                   HttpServerOptions options);
  virtual ~HttpServer() = default;  // stops
  virtual int port() const = 0;
  virtual const LatencyHistogram& read_latency() const = 0;  // request parsed to reply built
  virtual int64_t requests() const = 0;
  virtual int64_t errors() const = 0;
};

}  // namespace skewless
