// The writer's claim to the rows, and that readers may read them while it stands.
#include <algorithm>

#include "base/clock.h"
#include "online/redis/claim_script.h"
#include "online/redis/redis_rows.h"
#include "online/redis/rights_script.h"

namespace skewless::redis {
namespace {

constexpr int64_t kClaimPauseNs = 500'000'000;  // between looks at whether it still stands

}  // namespace

// Where nothing is written, a server that was flushed tells nobody. Of a cluster's server one slot
// tells: what is flushed is all of it.
void RedisRows::AskForClaim(Lane& lane) {
  const int64_t now = MonotonicNanos();
  if (now - lane.claim_asked_ns < kClaimPauseNs) return;
  lane.claim_asked_ns = now;
  const auto slot = std::find_if(row_slots_.begin(), row_slots_.end(), [&](uint32_t one) {
    return claimed_[servers_->cluster() ? one : 0] && servers_->Of(one) == lane.connection;
  });
  if (slot == row_slots_.end()) return;
  AppendCommand({"GET", keys_.Clock(*slot)}, &lane.connection->out());
  lane.connection->Expect(1);
  lane.sent.push_back({Awaited::kClaim, nullptr, *slot, incarnation_});
}

// An error tells of slots that move: writes will follow them.
void RedisRows::TakeClaim(const Awaited& awaited, const redisReply& reply) {
  if (reply.type != REDIS_REPLY_NIL || awaited.incarnation != incarnation_) return;
  NoteUnclaimed(awaited.slot);
}

// Each server has users of its own.
Status RedisRows::CheckRights() {
  const Script& script = RightsScript();
  std::vector<std::string> words{"EVALSHA", script.name, "1", ""};
  for (std::string& command : CommandsOfScripts(options_)) words.push_back(std::move(command));
  std::vector<Servers::Question> questions;
  for (const uint32_t slot : SlotOfEachServer()) {
    Servers::Question& question = questions.emplace_back();
    question.slot = slot;
    words[3] = keys_.Nothing(slot);
    BeginCommand(words.size(), &question.keyed);
    for (const std::string& word : words) AppendWord(word, &question.keyed);
  }
  std::vector<Servers::Answer> answers;
  SKEWLESS_RETURN_IF_ERROR(questions_->AskByScript(script, questions, &answers));
  for (const Servers::Answer& answer : answers) {
    if (IsError(*answer.keyed)) return tl::unexpected<Error>(answer.ErrorIn(answer.keyed));
  }
  return {};
}

Status RedisRows::Claim(uint32_t writer) {
  SKEWLESS_RETURN_IF_ERROR(CheckOwner());
  SKEWLESS_RETURN_IF_ERROR(CheckRights());
  const uint32_t count = keys_.clocks();
  const Script& script = ClaimScript();
  const std::string layouts = OpenValue("", LayoutsOf(options_));
  asked_.assign(count, {});
  // Also where none of our rows lie: those of the other form may.
  for (uint32_t slot = 0; slot < count; ++slot) {
    asked_[slot].slot = slot;
    AppendCommand({"EVALSHA", script.name, "2", keys_.Clock(slot), keys_.Open(slot),
                   std::to_string(writer), layouts},
                  &asked_[slot].keyed);
  }
  // Each claim that is sent has a number of its own: one that came late, after the server had lost
  // rows and the claim with them, would be taken for the one that stood there.
  SKEWLESS_RETURN_IF_ERROR(questions_->AskByScriptOnce(script, asked_, &answers_));
  for (const Servers::Answer& answer : answers_) {
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t holder, HolderIn(answer));
    if (holder > writer) return tl::unexpected<Error>(TakenOver(writer, holder));
  }
  claimed_.assign(claimed_.size(), true);
  writer_ = writer;
  return {};
}

// What the claim's and the opening's scripts answer.
Result<int64_t> RedisRows::HolderIn(const Servers::Answer& answer) const {
  const redisReply& reply = *answer.keyed;
  if (IsError(reply)) return tl::unexpected<Error>(answer.ErrorIn(answer.keyed));
  if (reply.type == REDIS_REPLY_INTEGER) return reply.integer;
  return Fail(ErrorCode::kCorrupt, "a script's reply makes no sense");
}

Status RedisRows::OpenForReaders(uint64_t incarnation) {
  SKEWLESS_RETURN_IF_ERROR(CheckOwner());
  const auto changed = [&] {
    return Fail(ErrorCode::kUnavailable,
                "Redis at " + options_.address + " has restarted, or others have taken its place",
                "Read the rows' versions again, and write what is missing.");
  };
  if (incarnation != incarnation_ || incarnation == 0) return changed();
  const Script& script = OpenScript();
  const std::vector<uint64_t> layouts = LayoutsOf(options_);
  asked_.assign(row_slots_.size(), {});
  for (size_t i = 0; i < row_slots_.size(); ++i) {
    const uint32_t slot = row_slots_[i];
    const Connection* const server = servers_->Of(slot);
    if (server == nullptr) return changed();
    // By the run id that the rows were written under. Where the server is another one by now,
    // readers see that it isn't the one named.
    Servers::Question& question = asked_[i];
    question.slot = slot;
    AppendCommand({"EVALSHA", script.name, "2", keys_.Clock(slot), keys_.Open(slot),
                   std::to_string(writer_), OpenValue(server->run_id(), layouts)},
                  &question.keyed);
  }
  SKEWLESS_RETURN_IF_ERROR(questions_->AskByScript(script, asked_, &answers_));
  for (size_t i = 0; i < row_slots_.size(); ++i) {
    const uint32_t slot = row_slots_[i];
    const Servers::Answer& answer = answers_[i];
    SKEWLESS_ASSIGN_OR_RETURN(const int64_t holder, HolderIn(answer));
    if (holder > writer_) return tl::unexpected<Error>(TakenOver(writer_, holder));
    if (holder < writer_) {
      NoteUnclaimed(slot);
      return changed();
    }
    if (answer.server->run_id() != servers_->Of(slot)->run_id()) return changed();
  }
  return {};
}

}  // namespace skewless::redis
