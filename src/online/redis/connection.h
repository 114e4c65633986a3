// One connection to one Redis server, driven by one thread, that never blocks unless asked to wait.
// It logs in, selects the database, learns which server it is, and then takes commands; replies
// come in the order of the commands. After a failure it opens again when it is asked to, not before
// its pause is over; pauses double, with jitter.
#pragma once

#include <poll.h>

#include <random>
#include <string>

#include "online/redis/reply.h"
#include "online/redis/script.h"
#include "online/redis/socket.h"

namespace skewless::redis {

struct ConnectionOptions {
  std::string username;
  std::string password;
  int database = 0;
  DurationUs connect_timeout_us = 0;
  DurationUs timeout_us = 0;
  std::shared_ptr<TlsContext> tls;
  Network* network = nullptr;  // null: TCP
  // That the server is to know by name before anything else is asked.
  std::vector<const Script*> scripts;
  // Bytes that may still come, over all connections that share it; one that gets more fails. Null:
  // any.
  std::shared_ptr<int64_t> allowance;
};
Result<ConnectionOptions> ConnectionOptionsOf(const RedisOptions& options);

class Connection {
 public:
  enum class State { kClosed, kConnecting, kGreeting, kReady };

  Connection(Endpoint endpoint, ConnectionOptions options);

  const Endpoint& endpoint() const { return endpoint_; }
  State state() const { return state_; }
  bool ready() const { return state_ == State::kReady; }
  // Why it is closed. kUnavailable, or what needs a person.
  const Error& failure() const { return failure_; }
  // How often it became ready, and how often it failed.
  uint64_t openings() const { return openings_; }
  uint64_t failures() const { return failures_; }
  // Of the server, once ready.
  const std::string& run_id() const { return run_id_; }
  const std::string& eviction_policy() const { return eviction_policy_; }

  // Opens it where it is closed and its pause is over.
  void Open();
  // Fails it as if the other side had gone.
  void Close(Error why);
  // Where commands are appended; only while ready.
  Bytes& out();
  void Expect(size_t replies);
  size_t awaited() const { return awaited_; }
  // Writes and reads what can be, without waiting. `revents` is what poll said.
  void Advance(short revents);
  pollfd Wanted() const;
  // The next reply; null where it isn't whole yet. Until it opens again a connection that failed
  // still gives those that had come by then.
  Reply Take();

  // Waiting, for callers with nothing else to do: until ready; for the next reply.
  Status WaitReady();
  Result<Reply> WaitReply();

 private:
  void Greet();
  void TakeGreeting();
  void Flush();
  enum class ReadUntil { kLess, kNothing };
  Status ReadUp(ReadUntil until);
  void Fill();
  void Lose(Error why);
  bool TimedOut() const;
  Status WaitABit();

  Endpoint endpoint_;
  ConnectionOptions options_;
  State state_ = State::kClosed;
  Error failure_;
  std::unique_ptr<Socket> socket_;
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, FreeReader> parser_;
  Bytes out_;
  size_t sent_ = 0;  // of out_
  size_t awaited_ = 0;
  size_t greeting_replies_ = 0;
  int64_t progress_ns_ = 0;  // when something last came, or began to be awaited
  int64_t open_after_ns_ = 0;
  DurationUs pause_us_ = 0;
  uint64_t openings_ = 0;
  uint64_t failures_ = 0;
  std::minstd_rand random_;
  std::string run_id_;
  std::string eviction_policy_;
};

}  // namespace skewless::redis
