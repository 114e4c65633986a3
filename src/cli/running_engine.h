// An engine and its server in a process: what `run` starts, watches and ends.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "cli/configured_server.h"
#include "cli/event_logger.h"
#include "cli/repository.h"
#include "pipeline/engine.h"
#include "serving/http_server.h"

namespace skewless {

struct RunOptions {
  bool strict = false;
  bool take_over = false;
  bool stepped_replay = false;
  bool once = false;  // end with the sources, though a server could go on
  bool json = false;
  std::string listen;  // overrides serving.listen
  size_t batch_rows = 8192;
  size_t commit_rows = 65'536;
  LogSettings log;
};

class RunningEngine {
 public:
  RunningEngine(const Repository& repository, RunOptions options);
  ~RunningEngine();
  Status Start();
  // Until it ends by itself or by a signal. Shows what it does meanwhile.
  Status Wait();

  const Engine& engine() const { return *engine_; }
  const HttpServer* server() const { return server_ ? &server_->http() : nullptr; }
  int64_t requests() const { return requests_; }
  const std::vector<OnlineWriter::ViewSize>& view_sizes() const { return view_sizes_; }
  double wall_seconds() const;
  double cpu_seconds() const;

 private:
  Status Open();
  Status StartServer();
  bool bounded() const;
  void WaitForSignal();
  void NoteEnd();
  void LogServingOn() const;

  const Repository& repository_;
  RunOptions options_;
  std::unique_ptr<ListenSocket> socket_;  // taken before the log was; until the server has it
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ConfiguredServer> server_;
  std::atomic<bool> stop_{false}, ended_{false};
  Status result_;
  std::thread engine_thread_, signal_thread_;
  int64_t requests_ = 0;                            // answered by the server
  std::vector<OnlineWriter::ViewSize> view_sizes_;  // as the sources ended
  // To the sources' end.
  int64_t start_nanos_ = 0, end_nanos_ = 0, start_cpu_nanos_ = 0, end_cpu_nanos_ = 0;
};

// Blocks SIGINT and SIGTERM in this and all later threads; call before any thread is started.
void BlockStopSignals();
// Waits for one of them, or until `ended`. True where a signal came.
bool WaitForStopSignal(const std::atomic<bool>& ended);
// Tells of a server that answers from now on.
void LogServing(const HttpServer& server);

}  // namespace skewless
