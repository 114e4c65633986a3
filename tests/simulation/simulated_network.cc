#include "simulation/simulated_network.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"

namespace skewless::simulation {
namespace {

tl::unexpected<Error> Broken(const char* what) {
  return Fail(ErrorCode::kUnavailable, std::string("the simulated server: ") + what);
}

}  // namespace

int64_t RedisPort::LateArrivals(property::Dice* dice) {
  int64_t came = 0;
  for (auto commands = late_.begin(); commands != late_.end();) {
    while (!commands->empty() && dice->Chance(30)) {
      const Command command = std::move(commands->front());
      commands->pop_front();
      if (dice->Chance(30)) {
        commands->clear();  // the rest never comes
      } else {
        Execute(command);
        ++came;
      }
    }
    commands = commands->empty() ? late_.erase(commands) : std::next(commands);
  }
  return came;
}

class SimulatedNetwork::Connection final : public redis::Socket {
 public:
  explicit Connection(SimulatedNetwork* network)
      : network_(*network),
        port_(network->port_),
        run_id_(port_.run_id()),
        descriptor_(::eventfd(1, EFD_CLOEXEC)) {
    SKEWLESS_CHECK(descriptor_ >= 0);
  }
  ~Connection() override {
    ::close(descriptor_);
    if (run_id_ == port_.run_id()) port_.ComeLate(std::move(under_way_));
  }

  // Always ready to be read: whoever waits for an answer moves what is under way.
  int descriptor() const override { return descriptor_; }
  bool wants_write() const override { return false; }
  Result<bool> FinishConnect() override {
    if (Failed()) return Broken("no connection");
    return !Trouble(50);
  }

  Result<size_t> Write(ByteView bytes) override {
    if (Failed()) return Broken("it closed the connection");
    sent_.insert(sent_.end(), bytes.begin(), bytes.end());
    size_t at = 0;
    while (at < sent_.size()) {
      auto command = TakeCommand(sent_, &at);
      if (!command) break;
      under_way_.push_back(std::move(*command));
    }
    sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(at));
    return bytes.size();
  }

  Result<size_t> Read(uint8_t* to, size_t size) override {
    if (Trouble(network_.trouble_ / 3)) broken_ = true;
    if (!Failed()) RunSome();
    if (Failed()) {
      // What had come to this machine before can still be read, in part of the cases all of it.
      if (!network_.dice_.Chance(50)) answered_.clear();
      if (answered_.empty()) return Broken("it closed the connection");
    } else if (network_.dice_.Chance(Slow())) {
      return size_t{0};
    }
    const size_t count = std::min(size, answered_.size());
    std::copy_n(answered_.begin(), count, to);
    answered_.erase(answered_.begin(), answered_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

 private:
  void RunSome() {
    // Once for all that comes together, or nobody ever got through who asks for much.
    const bool breaks = !under_way_.empty() && Trouble(network_.trouble_);
    int64_t until = breaks ? network_.dice_.Below(std::ssize(under_way_)) : -1;
    while (!under_way_.empty() && !Failed() && !network_.dice_.Chance(Slow())) {
      const RedisPort::Command command = std::move(under_way_.front());
      under_way_.pop_front();
      const RedisReply reply = port_.Execute(command);
      broken_ |= until-- == 0;  // its answer is lost, and all behind it
      if (!Failed()) reply.AppendTo(&answered_);
    }
  }
  bool Trouble(int percent) { return !port_.calm && network_.dice_.Chance(percent); }
  int Slow() const { return network_.trouble_ == 0 ? 0 : 40; }
  bool Failed() const { return broken_ || port_.away || run_id_ != port_.run_id(); }

  SimulatedNetwork& network_;
  RedisPort& port_;
  const std::string run_id_;
  const int descriptor_;
  bool broken_ = false;
  Bytes sent_;  // what is no whole command yet
  std::deque<RedisPort::Command> under_way_;
  Bytes answered_;
};

Result<std::unique_ptr<redis::Socket>> SimulatedNetwork::Connect(const redis::Endpoint& /*to*/) {
  if (port_.away) return Broken("connection refused");
  return std::make_unique<Connection>(this);
}

}  // namespace skewless::simulation
