#include "serving/freshness_probe.h"

#include <algorithm>

#include "kernel/state.h"
#include "kernel/vector_encoding.h"

namespace skewless {
namespace {

// No more than the histogram can tell apart: an event may be of any time.
int64_t Nanos(DurationUs duration) {
  constexpr DurationUs kLongest = (int64_t{1} << latency::kBits) / 1000;
  return std::clamp<DurationUs>(duration, 0, kLongest) * 1000;
}

}  // namespace

FreshnessProbe::FreshnessProbe(const KernelSet& kernels, OnlineReader& online, LogReader& log,
                               Clock& clock, const ProbeOptions& options)
    : kernels_(kernels),
      online_(online),
      log_(log),
      clock_(clock),
      options_(options),
      by_key_(kernels.size()),
      inputs_(kernels.size()) {
  for (size_t view = 0; view < kernels.size(); ++view)
    views_.push_back(std::make_unique<ProbedView>());
}

// The store first: what it shows was in the log before.
Status FreshnessProbe::Look() {
  SKEWLESS_RETURN_IF_ERROR(LookAtStore());
  SKEWLESS_RETURN_IF_ERROR(LookAtLog());
  for (Entity& entity : entities_) {
    if (entity.changed) CountSeen(&entity);
  }
  return {};
}

Status FreshnessProbe::LookAtStore() {
  ++looks_;
  if (entities_.empty()) return {};
  keys_.clear();
  for (const Entity& entity : entities_) keys_.push_back({entity.view, entity.key});
  const auto read = online_.Read(keys_);
  seen_us_ = clock_.Now();
  if (!read) {
    if (read.error().code != ErrorCode::kUnavailable) return tl::unexpected<Error>(read.error());
    ++unavailable_;
    return {};
  }
  for (size_t i = 0; i < entities_.size(); ++i) {
    const ByteView state = online_.state(i);
    const Sequence sequence = state.empty()        ? 0
                              : online_.finished() ? LoadVectorHead(state).sequence
                                                   : LoadStateHeader(state.data()).sequence;
    Follow(i, sequence);
  }
  return {};
}

void FreshnessProbe::Follow(size_t index, Sequence sequence) {
  Entity& entity = entities_[index];
  if (!entity.known) {
    // Nobody looked when the records up to here became readable.
    std::erase_if(entity.logged, [&](const Logged& one) { return one.sequence <= sequence; });
    entity.known = true;
    entity.seen = sequence;
    return;
  }
  if (sequence < entity.seen) ++went_back_;
  entity.changed = sequence > entity.seen;
  entity.seen = std::max(entity.seen, sequence);
}

Status FreshnessProbe::LookAtLog() {
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, log_.Next(&batch_));
    if (!more) return {};
    for (size_t view = 0; view < kernels_.size(); ++view) {
      if (options_.view >= 0 && view != static_cast<size_t>(options_.view)) continue;
      if (kernels_[view]->view().source != static_cast<int>(batch_.source)) continue;
      kernels_[view]->Prepare(batch_, scratch_, &inputs_[view]);
      Add(batch_, static_cast<int>(view));
    }
  }
}

void FreshnessProbe::Add(const Batch& batch, int view) {
  const ViewInput& input = inputs_[static_cast<size_t>(view)];
  for (size_t row = 0; row < input.rows; ++row) {
    if (input.selected[row] == 0) continue;
    Entity* entity = Find(view, input.keys.key(row));
    if (entity == nullptr) continue;
    // It became readable before the first look at its row.
    if (entity->known && !entity->changed && batch.sequence[row] <= entity->seen) continue;
    entity->logged.push_back({batch.sequence[row], batch.event_us[row], batch.processing_us[row]});
  }
}

// Null where the sample is full without it.
FreshnessProbe::Entity* FreshnessProbe::Find(int view, ByteView key) {
  auto& known = by_key_[static_cast<size_t>(view)];
  std::string text(reinterpret_cast<const char*>(key.data()), key.size());
  if (const auto found = known.find(text); found != known.end()) return &entities_[found->second];
  if (known.size() >= options_.sample) return nullptr;
  known.emplace(std::move(text), entities_.size());
  ++views_[static_cast<size_t>(view)]->entities;
  return &entities_.emplace_back(Entity{view, Bytes(key.begin(), key.end()), false, 0, false, {}});
}

// The records up to the sequence that the row shows now. The last of them is that very record.
void FreshnessProbe::CountSeen(Entity* entity) {
  ProbedView& view = *views_[static_cast<size_t>(entity->view)];
  auto& logged = entity->logged;
  size_t count = 0;
  for (; count < logged.size() && logged[count].sequence <= entity->seen; ++count) {
    view.from_acceptance.Record(Nanos(SaturatingSub(seen_us_, logged[count].processing_us)));
    view.from_event.Record(Nanos(SaturatingSub(seen_us_, logged[count].event_us)));
  }
  if (count == 0 || logged[count - 1].sequence != entity->seen) ++not_in_log_;
  records_ += static_cast<int64_t>(count);
  logged.erase(logged.begin(), logged.begin() + static_cast<std::ptrdiff_t>(count));
  entity->changed = false;
}

}  // namespace skewless
