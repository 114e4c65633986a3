#include "online/redis/servers.h"

#include <algorithm>
#include <set>

namespace skewless::redis {
namespace {

constexpr int kMaxRedirects = 8;

void Put(const Servers::Question& question, bool asking, Connection* server) {
  Bytes& out = server->out();
  size_t replies = 1;
  if (!question.plain.empty()) {
    PutRaw(out, question.plain);
    ++replies;
  }
  if (asking) {
    AppendCommand({"ASKING"}, &out);
    ++replies;
  }
  PutRaw(out, question.keyed);
  server->Expect(replies);
}

Status TakeAnswer(Connection& server, const Servers::Question& question, bool asking,
                  Servers::Answer* answer) {
  answer->server = &server;
  if (!question.plain.empty()) {
    SKEWLESS_ASSIGN_OR_RETURN(answer->plain, server.WaitReply());
  }
  if (asking) {
    SKEWLESS_ASSIGN_OR_RETURN(answer->keyed, server.WaitReply());
  }
  SKEWLESS_ASSIGN_OR_RETURN(answer->keyed, server.WaitReply());
  return {};
}

}  // namespace

Error InCircles(const Endpoint& from) {
  return {ErrorCode::kUnavailable,
          "Redis at " + from.ToString() + ": its cluster sends us from one server to the other",
          "See 'redis-cli --cluster check'."};
}

Servers::Servers(Endpoint seed, bool cluster, ConnectionOptions options)
    : seed_(std::move(seed)), cluster_(cluster), options_(std::move(options)) {
  options_.allowance = std::make_shared<int64_t>(most_bytes_);
}

Result<std::unique_ptr<Servers>> Servers::Make(const RedisOptions& options,
                                               std::vector<const Script*> scripts) {
  SKEWLESS_ASSIGN_OR_RETURN(Endpoint seed, ParseEndpoint(options.address));
  SKEWLESS_ASSIGN_OR_RETURN(ConnectionOptions connection, ConnectionOptionsOf(options));
  connection.scripts = std::move(scripts);
  return std::unique_ptr<Servers>(
      new Servers(std::move(seed), options.cluster, std::move(connection)));
}

Connection& Servers::At(const Endpoint& endpoint) {
  std::unique_ptr<Connection>& connection = connections_[endpoint];
  if (connection == nullptr) connection = std::make_unique<Connection>(endpoint, options_);
  return *connection;
}

Connection* Servers::Of(uint32_t slot) {
  if (!cluster_) return &At(seed_);
  const Endpoint* const endpoint = map_.Of(slot);
  return endpoint == nullptr ? nullptr : &At(*endpoint);
}

std::vector<Connection*> Servers::Used() {
  std::vector<Connection*> used;
  if (!cluster_) return {&At(seed_)};
  for (const Endpoint& endpoint : map_.servers()) used.push_back(&At(endpoint));
  return used;
}

// From whoever answers: the servers known, then the seed.
Status Servers::LearnMap() {
  std::vector<Endpoint> candidates = map_.servers();
  candidates.push_back(seed_);
  Error last;
  for (const Endpoint& candidate : candidates) {
    Connection& server = At(candidate);
    if (Status ready = server.WaitReady(); !ready) {
      last = ready.error();
      continue;
    }
    AppendCommand({"CLUSTER", "SLOTS"}, &server.out());
    server.Expect(1);
    const auto reply = server.WaitReply();
    Status learned =
        reply ? map_.Learn(**reply, candidate) : Status(tl::unexpected<Error>(reply.error()));
    if (learned) return {};
    last = learned.error();
  }
  return tl::unexpected<Error>(last);
}

Status Servers::AskAt(Connection& server, const Question& question, bool asking, Answer* answer) {
  SKEWLESS_RETURN_IF_ERROR(server.WaitReady());
  Put(question, asking, &server);
  return TakeAnswer(server, question, asking, answer);
}

Status Servers::Follow(const Redirect& redirect, const Question& question, Answer* answer) {
  if (!redirect.ask) map_.Move(redirect.slot, redirect.to);
  return AskAt(At(redirect.to), question, redirect.ask, answer);
}

Status Servers::AskOnce(std::span<const Question> questions, std::vector<Answer>* answers) {
  answers->clear();
  answers->resize(questions.size());
  asked_.clear();
  for (const Question& question : questions) {
    Connection* const server = Of(question.slot);
    if (server == nullptr) {
      return Fail(
          ErrorCode::kUnavailable,
          "Redis at " + seed_.ToString() + ": no server has slot " + std::to_string(question.slot),
          "See 'redis-cli --cluster check'.");
    }
    SKEWLESS_RETURN_IF_ERROR(server->WaitReady());
    Put(question, false, server);
    asked_.push_back({server, server->openings()});
  }
  for (const auto& asked : asked_)
    asked.first->Advance(0);  // all are sent before one is waited for
  for (size_t i = 0; i < questions.size(); ++i) {
    Connection& server = *asked_[i].first;
    // One that was made anew meanwhile has forgotten what it was asked.
    if (server.openings() != asked_[i].second || !server.ready())
      return tl::unexpected<Error>(server.failure());
    SKEWLESS_RETURN_IF_ERROR(TakeAnswer(server, questions[i], false, &(*answers)[i]));
  }
  if (!cluster_) return {};
  for (size_t i = 0; i < questions.size(); ++i) {
    for (int hops = 0; hops < kMaxRedirects && IsError(*(*answers)[i].keyed); ++hops) {
      Answer& answer = (*answers)[i];
      const auto redirect = ParseRedirect(TextOf(*answer.keyed), answer.server->endpoint());
      if (!redirect) break;
      SKEWLESS_RETURN_IF_ERROR(Follow(*redirect, questions[i], &answer));
    }
    const Answer& answer = (*answers)[i];
    if (IsError(*answer.keyed) && ParseRedirect(TextOf(*answer.keyed), answer.server->endpoint()))
      return tl::unexpected<Error>(InCircles(answer.server->endpoint()));
  }
  return {};
}

Status Servers::Ask(std::span<const Question> questions, int tries, std::vector<Answer>* answers) {
  Status asked;
  *options_.allowance = most_bytes_;
  for (; tries > 0; --tries) {
    if (cluster_ && (map_.empty() || doubts_map_)) SKEWLESS_RETURN_IF_ERROR(LearnMap());
    asked = AskOnce(questions, answers);
    doubts_map_ = !asked.has_value() && asked.error().code == ErrorCode::kUnavailable;
    if (!doubts_map_) return asked;
    // What was asked elsewhere has no one to take its answer.
    for (const auto& [server, openings] : asked_) {
      if (server->ready() && server->awaited() > 0) server->Close(asked.error());
    }
  }
  return asked;
}

Status Servers::Load(const Script& script, Connection& server) {
  SKEWLESS_RETURN_IF_ERROR(server.WaitReady());
  AppendCommand({"SCRIPT", "LOAD", script.text}, &server.out());
  server.Expect(1);
  SKEWLESS_ASSIGN_OR_RETURN(const Reply reply, server.WaitReply());
  if (!IsError(*reply)) return {};
  return tl::unexpected<Error>(ErrorOf(TextOf(*reply), server.endpoint().ToString()).error);
}

Status Servers::AskByScript(const Script& script, std::span<const Question> questions, int tries,
                            std::vector<Answer>* answers) {
  SKEWLESS_RETURN_IF_ERROR(Ask(questions, tries, answers));
  std::set<Connection*> without;
  for (const Answer& answer : *answers) {
    if (IsError(*answer.keyed) && TextOf(*answer.keyed).starts_with("NOSCRIPT"))
      without.insert(answer.server);
  }
  if (without.empty()) return {};
  for (Connection* const server : without) SKEWLESS_RETURN_IF_ERROR(Load(script, *server));
  return Ask(questions, tries, answers);
}

}  // namespace skewless::redis
