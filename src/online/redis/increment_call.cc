#include "online/redis/increment_call.h"

#include "base/check.h"

namespace skewless::redis {

void IncrementEncoder::MakePlan(const IncrementWrite& write, Plan* plan) {
  ListNumbers(*write.kernel, write.row->state, &after_);
  before_.clear();
  if (!write.base.empty()) ListNumbers(*write.kernel, write.base, &before_);
  FindIncrements(before_, after_, &plan->changes);
  plan->head.clear();
  EncodeHashHead(*write.row, after_, &plan->head);
  plan->plan.clear();
  for (const auto* const changes :
       {&plan->changes.sets, &plan->changes.adds, &plan->changes.removes})
    PutLe(plan->plan, static_cast<uint32_t>(changes->size()));
  if (!write.base.empty()) PutLe(plan->plan, LoadStateHeader(write.base.data()).sequence);
}

void IncrementEncoder::Append(const Plan& plan, Bytes* out) {
  AppendWord(AsText(plan.head), out);
  AppendWord(AsText(plan.plan), out);
  for (const auto* const changes : {&plan.changes.sets, &plan.changes.adds}) {
    for (const StateNumber& number : *changes) {
      FormatField(number, &text_);
      AppendWord(text_, out);
      FormatNumber(number.value, &text_);
      AppendWord(text_, out);
    }
  }
  for (const StateNumber& number : plan.changes.removes) {
    FormatField(number, &text_);
    AppendWord(text_, out);
  }
}

void IncrementEncoder::Encode(const std::string& clock_key, std::span<const IncrementWrite> writes,
                              std::span<const std::string> keys,
                              std::span<const int64_t> expire_at_ms, WriteCall* call) {
  SKEWLESS_DCHECK(writes.size() == keys.size());
  if (plans_.size() < writes.size()) plans_.resize(writes.size());
  size_t words = expire_at_ms.size();
  for (size_t i = 0; i < writes.size(); ++i) {
    MakePlan(writes[i], &plans_[i]);
    const Increments& changes = plans_[i].changes;
    words += 2 + 2 * (changes.sets.size() + changes.adds.size()) + changes.removes.size();
  }
  BeginCall(IncrementScript(), keys, clock_key, words, call);
  Bytes& out = call->command;
  for (size_t i = 0; i < writes.size(); ++i) {
    const RowWrite& row = *writes[i].row;
    SKEWLESS_DCHECK(row.writer == call->writer);
    Append(plans_[i], &out);
    call->rows.push_back({row.ticket, row.sequence});
    call->kept.push_back({row.view, Bytes(row.key.begin(), row.key.end()),
                          Bytes(row.state.begin(), row.state.end()),
                          std::vector<Stamp>(row.unlogged.begin(), row.unlogged.end())});
  }
  for (const int64_t at : expire_at_ms) AppendWord(std::to_string(at), &out);
}

}  // namespace skewless::redis
