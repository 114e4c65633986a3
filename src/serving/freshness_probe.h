// Confirms freshness from outside the engine: reads rows of the online store again and again, as
// any client does, and knows from the log which records it sees for the first time. What it
// measures is at most so long: a record may have been readable since the look before.
//
// It also checks what must hold at every look: no row goes back to an older sequence, and what is
// online is in the log.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "kernel/kernel_set.h"
#include "log/log.h"
#include "online/online_store.h"

namespace skewless {

struct ProbeOptions {
  int view = -1;        // -1: all
  size_t sample = 100;  // entities a view: the first that have records while the probe runs
};

struct ProbedView {
  LatencyHistogram from_acceptance;  // processing_timestamp -> seen
  LatencyHistogram from_event;       // event_timestamp -> seen
  int64_t entities = 0;
};

class FreshnessProbe {
 public:
  // `log` stands at its end: records after it are looked for. `clock` is that of the engine's
  // machine. All outlive the probe.
  FreshnessProbe(const KernelSet& kernels, OnlineReader& online, LogReader& log, Clock& clock,
                 const ProbeOptions& options);

  // One look at the store, and then at what the log has got.
  Status Look();

  const std::vector<std::unique_ptr<ProbedView>>& views() const { return views_; }
  int64_t looks() const { return looks_; }
  int64_t records() const { return records_; }
  int64_t unavailable() const { return unavailable_; }  // looks that the store didn't answer
  int64_t went_back() const { return went_back_; }      // rows seen at an older sequence
  int64_t not_in_log() const { return not_in_log_; }    // rows seen ahead of the log

 private:
  struct Logged {
    Sequence sequence;
    Timestamp event_us, processing_us;
  };
  struct Entity {
    int view;
    Bytes key;
    bool known = false;          // was looked at: what comes after is new
    Sequence seen = 0;           // at the last look
    bool changed = false;        // since the look before
    std::vector<Logged> logged;  // and not seen yet
  };

  Status LookAtStore();
  void Follow(size_t entity, Sequence sequence);
  Status LookAtLog();
  void Add(const Batch& batch, int view);
  Entity* Find(int view, ByteView key);
  void CountSeen(Entity* entity);

  const KernelSet& kernels_;
  OnlineReader& online_;
  LogReader& log_;
  Clock& clock_;
  const ProbeOptions options_;
  std::vector<Entity> entities_;
  std::vector<std::unordered_map<std::string, size_t>> by_key_;  // by view
  std::vector<RowKey> keys_;
  std::vector<std::unique_ptr<ProbedView>> views_;
  std::vector<ViewInput> inputs_;
  EvaluationScratch scratch_;
  Batch batch_;
  Timestamp seen_us_ = 0;  // the last look at the store ended by then
  int64_t looks_ = 0, records_ = 0, unavailable_ = 0, went_back_ = 0, not_in_log_ = 0;
};

}  // namespace skewless
