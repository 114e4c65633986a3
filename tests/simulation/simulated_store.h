// The engine's online store on a machine that may die within each of its operations, and whose
// operations may fail although they took effect.
#pragma once

#include <algorithm>
#include <memory>

#include "online/online_store.h"
#include "simulation/simulated_files.h"

namespace skewless::simulation {

// What the store's writer does, for who checks it.
class StoreWatcher {
 public:
  virtual ~StoreWatcher() = default;
  // Whether the engine of this life is the one that counts: another may have taken over from it.
  virtual bool Counts(int64_t life) const = 0;
  virtual void Announced(Timestamp stamp) = 0;
  virtual void Folded() = 0;
  // About to make everything up to `last` visible.
  virtual void Committing(Sequence last) = 0;
  virtual void Committed(Sequence last) = 0;
};

class SimulatedStore : public OnlineWriter {
 public:
  SimulatedStore(std::unique_ptr<OnlineWriter> store, SimulatedFiles* files, StoreWatcher* watcher,
                 int64_t life)
      : store_(std::move(store)), files_(*files), watcher_(*watcher), life_(life) {}

  Sequence last_sequence() const override { return store_->last_sequence(); }
  bool usable() const override { return store_->usable(); }
  Status Reset() override {
    return files_.Touch("reset the store", true, [this] { return store_->Reset(); });
  }
  Status OpenForReaders() override {
    return files_.Touch("open the store", true, [this] { return store_->OpenForReaders(); });
  }
  Timestamp Announce(Timestamp wanted) override {
    Timestamp stamp = wanted;
    const Status done = files_.Touch("announce", false, [&]() -> Status {
      stamp = store_->Announce(wanted);
      return {};
    });
    if (done.has_value() && watcher_.Counts(life_)) watcher_.Announced(stamp);
    return stamp;
  }
  Status Fold(int view, const ViewKernel& kernel, const ViewInput& input) override {
    const auto& selected = input.selected;
    const bool any = std::find(selected.begin(), selected.end(), 1) != selected.end();
    if (any && watcher_.Counts(life_)) watcher_.Folded();
    return files_.Touch("fold", true, [&] { return store_->Fold(view, kernel, input); });
  }
  Status Commit(Sequence last_sequence) override {
    if (watcher_.Counts(life_)) watcher_.Committing(last_sequence);
    Status done = files_.Touch("commit", true, [&] { return store_->Commit(last_sequence); });
    if (done.has_value() && watcher_.Counts(life_)) watcher_.Committed(last_sequence);
    return done;
  }
  void AdvanceReplayClock(Timestamp now) override {
    // It has no way to fail; only the end of the process keeps it from happening.
    static_cast<void>(files_.Touch("move the replay clock", false, [&]() -> Status {
      store_->AdvanceReplayClock(now);
      return {};
    }));
  }
  void TrackChanges() override { store_->TrackChanges(); }
  void TakeChanges(ChangedRows* changed) override { store_->TakeChanges(changed); }
  bool ListRows(int view, uint64_t* cursor, size_t least, ChangedRows* rows) override {
    return store_->ListRows(view, cursor, least, rows);
  }
  Status Close() override {
    return files_.Touch("close the store", true, [this] { return store_->Close(); });
  }
  std::vector<ViewSize> Sizes() const override { return store_->Sizes(); }

 private:
  std::unique_ptr<OnlineWriter> store_;
  SimulatedFiles& files_;
  StoreWatcher& watcher_;
  const int64_t life_;
};

}  // namespace skewless::simulation
