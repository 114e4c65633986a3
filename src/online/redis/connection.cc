#include "online/redis/connection.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "base/random_bits.h"

namespace skewless::redis {
namespace {

constexpr DurationUs kFirstPauseUs = 20'000;
constexpr DurationUs kLongestPauseUs = 2 * kSecondUs;
constexpr size_t kReadBytes = size_t{64} << 10;
constexpr size_t kKeptOutBytes = size_t{1} << 20;
constexpr char kMayWantTls[] =
    "Is it running, and reachable from here? Where its port speaks TLS, set online.tls to true.";
constexpr char kMaySpeakNoTls[] =
    "Is it overloaded, or the network between? Where its port speaks no TLS, remove online.tls.";

// The value of "name:value\r\n" in what INFO answers.
std::string InfoField(std::string_view info, const std::string& name) {
  const size_t at = info.find("\n" + name + ":");
  if (at == std::string_view::npos) return {};
  const size_t begin = at + name.size() + 2;
  return std::string(info.substr(begin, info.find_first_of("\r\n", begin) - begin));
}

}  // namespace

Result<ConnectionOptions> ConnectionOptionsOf(const RedisOptions& options) {
  ConnectionOptions connection;
  connection.username = options.username;
  connection.password = options.password;
  connection.database = options.database;
  connection.connect_timeout_us = options.connect_timeout_us;
  connection.timeout_us = options.timeout_us;
  connection.network = options.network;
  SKEWLESS_ASSIGN_OR_RETURN(connection.tls, MakeTlsContext(options.tls));
  return connection;
}

Connection::Connection(Endpoint endpoint, ConnectionOptions options)
    : endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      random_(static_cast<uint32_t>(RandomBits())) {
  failure_ = {ErrorCode::kUnavailable, "Redis at " + endpoint_.ToString() + ": not connected yet",
              "Try again."};
}

Bytes& Connection::out() {
  SKEWLESS_DCHECK(ready());
  return out_;
}

void Connection::Expect(size_t replies) {
  if (awaited_ == 0) progress_ns_ = MonotonicNanos();
  awaited_ += replies;
}

void Connection::Open() {
  if (state_ != State::kClosed || MonotonicNanos() < open_after_ns_) return;
  out_.clear();
  sent_ = awaited_ = 0;
  parser_.reset(redisReaderCreate());
  auto socket = options_.network == nullptr ? Socket::Connect(endpoint_, options_.tls)
                                            : options_.network->Connect(endpoint_);
  if (!socket) return Close(socket.error());
  socket_ = std::move(*socket);
  state_ = State::kConnecting;
  progress_ns_ = MonotonicNanos();
}

void Connection::Close(Error why) {
  const bool was_ready = ready();
  state_ = State::kClosed;
  socket_.reset();
  failure_ = std::move(why);
  ++failures_;
  // A connection that worked is made anew at once; after that, pauses. Half of a pause is certain,
  // half is chance: many clients don't come back together.
  open_after_ns_ = 0;
  if (was_ready) return;
  pause_us_ = std::clamp(2 * pause_us_, kFirstPauseUs, kLongestPauseUs);
  const DurationUs jitter = static_cast<DurationUs>(random_()) % (pause_us_ / 2);
  open_after_ns_ = MonotonicNanos() + (pause_us_ / 2 + jitter) * 1000;
}

void Connection::Greet() {
  greeting_replies_ = 0;
  const auto greet = [&](std::span<const std::string_view> words) {
    AppendCommand(words, &out_);
    ++greeting_replies_;
  };
  if (!options_.password.empty()) {
    if (options_.username.empty()) {
      greet(std::initializer_list<std::string_view>{"AUTH", options_.password});
    } else {
      greet(std::initializer_list<std::string_view>{"AUTH", options_.username, options_.password});
    }
  }
  const std::string database = std::to_string(options_.database);
  if (options_.database != 0) greet(std::initializer_list<std::string_view>{"SELECT", database});
  for (const Script* const script : options_.scripts)
    greet(std::initializer_list<std::string_view>{"SCRIPT", "LOAD", script->text});
  greet(std::initializer_list<std::string_view>{"INFO"});
  awaited_ = greeting_replies_;
  state_ = State::kGreeting;
  progress_ns_ = MonotonicNanos();
}

void Connection::TakeGreeting() {
  while (state_ == State::kGreeting) {
    const Reply reply = Take();
    if (reply == nullptr) return;
    if (IsError(*reply)) return Close(ErrorOf(TextOf(*reply), endpoint_.ToString()).error);
    --greeting_replies_;
    if (greeting_replies_ > 0) continue;
    if (IsText(*reply)) {
      run_id_ = InfoField(TextOf(*reply), "run_id");
      eviction_policy_ = InfoField(TextOf(*reply), "maxmemory_policy");
    }
    if (run_id_.empty()) {
      return Close({ErrorCode::kUnsupported,
                    "Redis at " + endpoint_.ToString() + ": INFO does not tell its run_id",
                    "Allow the user INFO, and use Redis 6.2 or newer."});
    }
    state_ = State::kReady;
    pause_us_ = 0;
    ++openings_;
  }
}

pollfd Connection::Wanted() const {
  if (state_ == State::kClosed) return {-1, 0, 0};
  short events = POLLIN;
  if (socket_->wants_write() || (state_ != State::kConnecting && sent_ < out_.size()))
    events |= POLLOUT;
  return {socket_->descriptor(), events, 0};
}

bool Connection::TimedOut() const {
  const bool connecting = state_ == State::kConnecting;
  if (!connecting && awaited_ == 0) return false;
  const DurationUs limit = connecting ? options_.connect_timeout_us : options_.timeout_us;
  return MonotonicNanos() - progress_ns_ > limit * 1000;
}

void Connection::Advance(short revents) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting && revents != 0) {
    const auto connected = socket_->FinishConnect();
    if (!connected) return Lose(connected.error());
    if (*connected) Greet();
  }
  if (state_ != State::kConnecting) {
    Flush();
    // Where this thread stood still for long, the answers are there.
    if (state_ != State::kClosed && (revents != 0 || TimedOut())) Fill();
    TakeGreeting();
  }
  if (state_ != State::kClosed && TimedOut()) {
    Lose({ErrorCode::kUnavailable, "Redis at " + endpoint_.ToString() + ": no answer in time",
          "Is it overloaded, or the network between?"});
  }
}

// One side that speaks TLS and one that doesn't look like this, among other things.
void Connection::Lose(Error why) {
  if (state_ == State::kGreeting && options_.tls == nullptr) why.remedy = kMayWantTls;
  if (state_ == State::kConnecting && options_.tls != nullptr && TimedOut())
    why.remedy = kMaySpeakNoTls;
  Close(std::move(why));
}

// Where the other side is gone, what it had answered before is read first: it tells of what was
// done, and nobody else may be left who knows.
void Connection::Flush() {
  while (sent_ < out_.size()) {
    const auto wrote = socket_->Write(ByteView(out_).subspan(sent_));
    if (!wrote) {
      static_cast<void>(ReadUp(ReadUntil::kNothing));
      return Lose(wrote.error());
    }
    if (*wrote == 0) return;
    sent_ += *wrote;
  }
  out_.clear();
  sent_ = 0;
  if (out_.capacity() > kKeptOutBytes) Bytes().swap(out_);
}

// Until less comes than there is room for, which saves a call, or until nothing does.
Status Connection::ReadUp(ReadUntil until) {
  uint8_t buffer[kReadBytes];
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const size_t got, socket_->Read(buffer, sizeof buffer));
    if (got == 0) return {};
    progress_ns_ = MonotonicNanos();
    if (options_.allowance != nullptr && (*options_.allowance -= static_cast<int64_t>(got)) < 0) {
      return Fail(ErrorCode::kInvalid,
                  "Redis at " + endpoint_.ToString() + ": its answer is larger than was asked for",
                  "Ask for less at a time.");
    }
    if (redisReaderFeed(parser_.get(), reinterpret_cast<const char*>(buffer), got) != REDIS_OK)
      return Fail(ErrorCode::kCorrupt, "Redis at " + endpoint_.ToString() + ": out of memory");
    if (until == ReadUntil::kLess && got < sizeof buffer) return {};
  }
}

void Connection::Fill() {
  const Status read = ReadUp(ReadUntil::kLess);
  if (read) return;
  if (read.error().code == ErrorCode::kUnavailable) return Lose(read.error());
  Close(read.error());
}

Reply Connection::Take() {
  if (awaited_ == 0) return nullptr;
  void* reply = nullptr;
  if (redisReaderGetReply(parser_.get(), &reply) != REDIS_OK) {
    if (state_ == State::kClosed) return nullptr;
    Close({ErrorCode::kCorrupt,
           "Redis at " + endpoint_.ToString() + ": it does not speak Redis: " + parser_->errstr,
           "Mend online.address; where its port speaks TLS, set online.tls to true."});
    return nullptr;
  }
  if (reply != nullptr) --awaited_;
  return Reply(static_cast<redisReply*>(reply));
}

Status Connection::WaitABit() {
  pollfd wanted = Wanted();
  ::poll(&wanted, 1, 10);
  Advance(wanted.revents);
  return state_ == State::kClosed ? Status(tl::unexpected<Error>(failure_)) : Status();
}

Status Connection::WaitReady() {
  Open();
  if (state_ == State::kClosed) return tl::unexpected<Error>(failure_);
  while (!ready()) SKEWLESS_RETURN_IF_ERROR(WaitABit());
  return {};
}

Result<Reply> Connection::WaitReply() {
  Flush();
  for (;;) {
    if (state_ == State::kClosed) return tl::unexpected<Error>(failure_);
    if (Reply reply = Take()) return reply;
    SKEWLESS_RETURN_IF_ERROR(WaitABit());
  }
}

}  // namespace skewless::redis
