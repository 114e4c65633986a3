// The servers of one store: one of them, or a cluster's, a connection each; and questions to them
// that are waited for.
#pragma once

#include <functional>
#include <limits>
#include <map>

#include "online/redis/connection.h"
#include "online/redis/slot_map.h"

namespace skewless::redis {

// Of a request that a cluster's servers only pass on; kUnavailable.
Error InCircles(const Endpoint& from);

class Servers {
 public:
  static Result<std::unique_ptr<Servers>> Make(const RedisOptions& options,
                                               std::vector<const Script*> scripts);

  bool cluster() const { return cluster_; }
  // From now on the answers to one Ask may be of so many bytes together: where they are of more, it
  // fails, and they were too large.
  void set_most_bytes(int64_t most) { most_bytes_ = most; }
  bool too_large() const { return *options_.allowance < 0; }
  const Endpoint& seed() const { return seed_; }
  Connection& At(const Endpoint& endpoint);
  // The connection to the server of a slot; null where the map doesn't say.
  Connection* Of(uint32_t slot);
  SlotMap& map() { return map_; }
  // Who has which slot by now, whatever was known of it. Nothing of a server on its own.
  Status LearnMapAnew() { return cluster_ ? LearnMap() : Status{}; }
  // Of all servers that something lies on, by the map; of one server, that one.
  std::vector<Connection*> Used();
  const std::map<Endpoint, std::unique_ptr<Connection>>& connections() const {
    return connections_;
  }
  // Commands to whoever has `slot`: `plain` names no key and goes first (may be empty); `keyed` may
  // be redirected. One reply each.
  struct Question {
    uint32_t slot = 0;
    Bytes plain;
    Bytes keyed;
  };
  struct Answer {
    Reply plain;
    Reply keyed;
    Connection* server = nullptr;

    // What one of them says that is an error, and which server it came from.
    Error ErrorIn(const Reply& reply) const {
      return ErrorOf(TextOf(*reply), server->endpoint().ToString()).error;
    }
  };
  // Asks all at once and waits for all. Redirects are followed, a connection that had broken is
  // made anew once; what a server answers in errors beyond that is the caller's to see.
  Status Ask(std::span<const Question> questions, std::vector<Answer>* answers) {
    return Ask(questions, kMaxTries, answers);
  }
  // The same of questions that call `script` by its name. Where a server has forgotten it, it is
  // told again and all are asked once more: they must bear to be.
  Status AskByScript(const Script& script, std::span<const Question> questions,
                     std::vector<Answer>* answers) {
    return AskByScript(script, questions, kMaxTries, answers);
  }
  // The same where a connection that breaks is no reason to ask again: what it took with it may
  // still come, at any time, and must not be taken for what was asked later.
  Status AskByScriptOnce(const Script& script, std::span<const Question> questions,
                         std::vector<Answer>* answers) {
    return AskByScript(script, questions, /*tries=*/1, answers);
  }

 private:
  // A cluster that fails over answers with errors for a while; its map is asked for this often.
  static constexpr int kMaxTries = 3;

  Servers(Endpoint seed, bool cluster, ConnectionOptions options);
  Status Ask(std::span<const Question> questions, int tries, std::vector<Answer>* answers);
  Status AskByScript(const Script& script, std::span<const Question> questions, int tries,
                     std::vector<Answer>* answers);
  Status LearnMap();
  Status AskOnce(std::span<const Question> questions, std::vector<Answer>* answers);
  Status Follow(const Redirect& redirect, const Question& question, Answer* answer);
  Status Load(const Script& script, Connection& server);
  Status AskAt(Connection& server, const Question& question, bool asking, Answer* answer);

  Endpoint seed_;
  bool cluster_;
  ConnectionOptions options_;
  int64_t most_bytes_ = std::numeric_limits<int64_t>::max();
  SlotMap map_;
  bool doubts_map_ = false;  // a question came to nobody who answered
  std::map<Endpoint, std::unique_ptr<Connection>> connections_;
  std::vector<std::pair<Connection*, uint64_t>> asked_;  // by question: whom, and its opening
};

}  // namespace skewless::redis
