// What the row writer counts; any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/latency_histogram.h"
#include "pipeline/store_watch.h"

namespace skewless {

struct RowWriterStats {
  std::atomic<int64_t> in_flight{0};       // rows sent and not answered
  std::atomic<int64_t> backlog_rows{0};    // rows that changed and are not written, those included
  std::atomic<int64_t> backlog_events{0};  // events in them
  std::atomic<int64_t> backlog_limit_events{0};  // from here on the engine takes none
  // The store was compared with the log and has all that was ever handed over.
  std::atomic<bool> caught_up{false};
  std::atomic<int64_t> pushback_nanos{0};  // it took none for so long
  std::atomic<int64_t> window{0};          // rows that may be in flight
  std::atomic<int64_t> written{0};         // rows answered
  std::atomic<int64_t> coalesced{0};       // events that needed no write of their own
  std::atomic<int64_t> retries{0};
  std::atomic<int64_t> rewritten{0};  // rows that the store had taken, and lacked or had older
  std::atomic<int64_t> stamp_bytes{0};
  std::atomic<StoreHealth> health{StoreHealth::kConnecting};
  LatencyHistogram latency;  // a row is sent -> answered
  bool values = false;       // the store keeps finished values
  // Of those, rows that changed with time alone: when they were due -> the store's stamp.
  LatencyHistogram timed_latency;
};

}  // namespace skewless
