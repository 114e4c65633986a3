#include "simulation/simulated_redis.h"

#include <charconv>

#include "base/check.h"
#include "online/redis/script.h"

namespace skewless::simulation {
namespace {

// "<sign><number>\r\n" from `*at` on.
std::optional<size_t> TakeCount(std::string_view text, char sign, size_t* at) {
  const size_t end = text.find("\r\n", *at);
  if (end == std::string_view::npos) return std::nullopt;
  SKEWLESS_CHECK(text[*at] == sign);
  size_t count = 0;
  std::from_chars(text.data() + *at + 1, text.data() + end, count);
  *at = end + 2;
  return count;
}

}  // namespace

std::optional<std::vector<std::string>> TakeCommand(ByteView bytes, size_t* at) {
  const std::string_view text = AsText(bytes);
  size_t next = *at;
  const auto count = TakeCount(text, '*', &next);
  if (!count) return std::nullopt;
  std::vector<std::string> words;
  while (words.size() < *count) {
    const auto size = next < text.size() ? TakeCount(text, '$', &next) : std::nullopt;
    if (!size || next + *size + 2 > text.size()) return std::nullopt;
    words.emplace_back(text.substr(next, *size));
    next += *size + 2;
  }
  *at = next;
  return words;
}

SimulatedRedis::SimulatedRedis(Clock clock, Watch watch)
    : clock_(std::move(clock)),
      watch_(std::move(watch)),
      scripts_([this](RedisKeyspace::Words words) { return ExecuteOne(words); }) {}

RedisReply SimulatedRedis::Execute(RedisKeyspace::Words words) {
  RedisReply reply;
  if (words[0] == "INFO") {
    reply = RedisReply::Text("# Server\r\nrun_id:" + run_id() +
                             "\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n");
  } else if (words[0] == "SCRIPT") {
    reply = RedisReply::Text(redis::MakeScript(words[2]).name);
    scripts_.Load(reply.text, words[2]);
  } else if (words[0] == "EVALSHA") {
    reply = Evaluate(words, true);
  } else if (words[0] == "EVAL") {
    reply = Evaluate(words, false);
  } else {
    reply = ExecuteOne(words);
  }
  for (const std::string& key : keys_.TakeTouched()) watch_(key);
  return reply;
}

RedisReply SimulatedRedis::Evaluate(RedisKeyspace::Words words, bool by_name) {
  if (by_name && !scripts_.Knows(words[1]))
    return RedisReply::Error("NOSCRIPT No matching script. Please use EVAL.");
  const size_t keys = std::stoul(words[2]);
  const auto rest = words.subspan(3);
  RedisReply reply = by_name ? scripts_.RunByName(words[1], rest.first(keys), rest.subspan(keys))
                             : scripts_.Run(words[1], rest.first(keys), rest.subspan(keys));
  for (const RedisReply& part : reply.list) apart_ += part.text == "apart" ? 1 : 0;
  return reply;
}

RedisReply SimulatedRedis::ExecuteOne(RedisKeyspace::Words words) {
  additions_ += words[0] == "HINCRBY" ? 1 : 0;
  return words[0] == "TIME" ? Time() : keys_.Execute(words);
}

RedisReply SimulatedRedis::Time() {
  const Timestamp now = clock_();
  const int64_t seconds = FloorDiv(now, kSecondUs);
  return RedisReply::List({RedisReply::Text(std::to_string(seconds)),
                           RedisReply::Text(std::to_string(now - seconds * kSecondUs))});
}

void SimulatedRedis::Restart(Keeps keeps) {
  ++runs_;
  scripts_.Forget();
  if (keeps == Keeps::kNothing) saved_ = {};
  if (keeps != Keeps::kAll) keys_ = saved_;
}

}  // namespace skewless::simulation
