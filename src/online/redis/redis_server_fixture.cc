#include "online/redis/redis_server_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/can_listen_fixture.h"
#include "base/check.h"

namespace skewless::redis {
namespace {

constexpr int kPorts = 20;
constexpr int kStartTries = 2000;
constexpr auto kStartPause = std::chrono::milliseconds(10);

Result<std::unique_ptr<Servers>> ServersAt(const std::string& address) {
  RedisOptions options;
  options.address = address;
  options.timeout_us = kMinuteUs;
  return Servers::Make(options, {});
}

// Runs a program to its end or, with `wait` false, returns its process id.
int RunProgram(const std::vector<std::string>& words, const std::string& output, bool wait) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int pid = ::fork();
  SKEWLESS_CHECK(pid >= 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
    const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  if (!wait) return pid;
  int status = 0;
  SKEWLESS_CHECK(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

// It and a cluster's own, 10000 above it, are below those that the kernel gives to connections.
int FreePort() {
  constexpr int kFirst = 12000, kCount = 10000;
  static int next = ::getpid();
  for (;;) {
    const int port = kFirst + next++ % kCount;
    if (CanListen(port) && CanListen(port + 10000)) return port;
  }
}

RedisServer::RedisServer(std::string directory, std::vector<std::string> settings)
    : directory_(std::move(directory)), settings_(std::move(settings)), port_(FreePort()) {
  std::filesystem::create_directories(directory_);
  for (int tries = 1; !TryStart(); ++tries) {
    SKEWLESS_CHECK(tries < kPorts);  // else its log says why it doesn't start
    port_ = FreePort();
  }
}

RedisServer::~RedisServer() { Kill(); }

void RedisServer::Start() { SKEWLESS_CHECK(TryStart()); }

// False where another process took the port first.
bool RedisServer::TryStart() {
  SKEWLESS_CHECK(pid_ < 0);
  std::vector<std::string> words = {"redis-server",
                                    "--bind",
                                    "127.0.0.1",
                                    "--port",
                                    std::to_string(port_),
                                    "--dir",
                                    directory_,
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no"};
  words.insert(words.end(), settings_.begin(), settings_.end());
  pid_ = RunProgram(words, directory_ + "/log", false);
  auto servers = ServersAt(address());
  SKEWLESS_CHECK(servers.has_value());
  for (int tries = 0; tries < kStartTries; ++tries) {
    Connection& connection = (*servers)->At((*servers)->seed());
    if (connection.WaitReady().has_value()) {
      const std::string ours = "process_id:" + std::to_string(pid_) + "\r";
      if (AskText({"INFO", "server"}).find(ours) != std::string::npos) return true;
      Kill();
      return false;
    }
    // It answers, and wants a password.
    if (connection.failure().code == ErrorCode::kInvalid) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = -1;
      SKEWLESS_CHECK(std::filesystem::file_size(directory_ + "/log") > 0);  // it must be installed
      return false;
    }
    std::this_thread::sleep_for(kStartPause);
  }
  SKEWLESS_CHECK(!"redis-server did not answer");
  return false;
}

void RedisServer::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Pause() { ::kill(pid_, SIGSTOP); }
void RedisServer::Continue() { ::kill(pid_, SIGCONT); }

Reply RedisServer::Ask(std::initializer_list<std::string_view> words) {
  auto servers = ServersAt(address());
  SKEWLESS_CHECK(servers.has_value());
  Connection& connection = (*servers)->At((*servers)->seed());
  SKEWLESS_CHECK(connection.WaitReady().has_value());
  AppendCommand(words, &connection.out());
  connection.Expect(1);
  auto reply = connection.WaitReply();
  SKEWLESS_CHECK(reply.has_value());
  return std::move(*reply);
}

std::string RedisServer::AskText(std::initializer_list<std::string_view> words) {
  const Reply reply = Ask(words);
  return reply->str == nullptr ? std::to_string(reply->integer) : std::string(TextOf(*reply));
}

RedisCluster::RedisCluster(const std::string& directory) {
  std::vector<std::string> create = {"redis-cli", "--cluster", "create"};
  for (int i = 0; i < 3; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(
        directory + "/" + std::to_string(i),
        std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-node-timeout", "15000",
                                 "--cluster-require-full-coverage", "no"}));
    create.push_back(servers_.back()->address());
  }
  create.insert(create.end(), {"--cluster-replicas", "0", "--cluster-yes"});
  SKEWLESS_CHECK(RunProgram(create, directory + "/create", true) == 0);
  for (auto& server : servers_) {
    int tries = 0;
    while (server->AskText({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) {
      SKEWLESS_CHECK(++tries < kStartTries);
      std::this_thread::sleep_for(kStartPause);
    }
  }
}

size_t RedisCluster::ServerOf(uint32_t slot) {
  SlotMap map;
  const Reply slots = servers_[0]->Ask({"CLUSTER", "SLOTS"});
  SKEWLESS_CHECK(map.Learn(*slots, {"127.0.0.1", servers_[0]->port()}).has_value());
  const Endpoint* const found = map.Of(slot);
  for (size_t i = 0; i < servers_.size(); ++i) {
    if (found != nullptr && servers_[i]->port() == found->port) return i;
  }
  SKEWLESS_CHECK(!"no server has the slot");
  return 0;
}

void RedisCluster::MoveSlot(uint32_t slot, size_t to, const std::function<void()>& halfway) {
  const std::string number = std::to_string(slot);
  RedisServer& source = *servers_[ServerOf(slot)];
  RedisServer& target = *servers_[to];
  const std::string source_id = source.AskText({"CLUSTER", "MYID"});
  const std::string target_id = target.AskText({"CLUSTER", "MYID"});
  target.Ask({"CLUSTER", "SETSLOT", number, "IMPORTING", source_id});
  source.Ask({"CLUSTER", "SETSLOT", number, "MIGRATING", target_id});
  bool first = true;
  for (;;) {
    const Reply keys = source.Ask({"CLUSTER", "GETKEYSINSLOT", number, "100"});
    SKEWLESS_CHECK(keys->type == REDIS_REPLY_ARRAY);
    if (keys->elements == 0) break;
    for (size_t i = 0; i < keys->elements; ++i) {
      source.Ask({"MIGRATE", "127.0.0.1", std::to_string(target.port()), TextOf(*keys->element[i]),
                  "0", "5000"});
      if (first) halfway();
      first = false;
    }
  }
  for (RedisServer* const server : {&target, &source})
    server->Ask({"CLUSTER", "SETSLOT", number, "NODE", target_id});
  for (auto& server : servers_) server->Ask({"CLUSTER", "SETSLOT", number, "NODE", target_id});
}

}  // namespace skewless::redis
