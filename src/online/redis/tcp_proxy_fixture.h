// A proxy in front of a server that delays what the server answers, swallows it, or cuts its
// connections: the network on a bad day.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace skewless::redis {

class TcpProxy {
 public:
  explicit TcpProxy(int server_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Delay(DurationUs delay_us) { delay_us_ = delay_us; }  // of what the server answers
  // What the server answers. A connection that lost an answer gets no later one, either.
  void Swallow(bool swallow) { swallow_ = swallow; }
  void Cut() { cut_ = true; }  // all connections, once
  // Likewise, as the kernel does it for a server that dies with commands unread: by a reset.
  void Reset() { reset_ = true; }
  // Whatever has come to either side by now has gone on to the other.
  void AwaitRound() const;
  uint64_t swallowed_bytes() const { return swallowed_bytes_; }

 private:
  struct Late {
    int64_t due_ns = 0;
    Bytes bytes;
  };
  struct Link {
    int client = -1;
    int server = -1;
    std::deque<Late> late;  // for the client
    bool mute = false;      // an answer was swallowed
    bool gone = false;
  };
  void Run();
  void Accept();
  void Move(Link& link, bool from_client, bool from_server);
  void SendLate(Link& link);

  int server_port_;
  int listener_;
  int port_;
  std::atomic<DurationUs> delay_us_{0};
  std::atomic<bool> swallow_{false};
  std::atomic<bool> cut_{false};
  std::atomic<bool> reset_{false};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> swallowed_bytes_{0};
  std::atomic<uint64_t> rounds_{0};
  std::vector<std::unique_ptr<Link>> links_;
  std::thread thread_;
};

}  // namespace skewless::redis
