// Rows on their way from a source to the log and the kernel: the unit of work of every stage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/column.h"
#include "model/schema.h"

namespace skewless {

// The one order of folding, of replay and of versions: strictly increasing in a log shard.
// The writer's epoch in the high 16 bits (the sign bit unused), a counter in the low 48. 0 = none.
using Sequence = int64_t;
constexpr Sequence MakeSequence(int64_t epoch, int64_t counter) { return (epoch << 48) | counter; }
constexpr int64_t EpochOf(Sequence s) { return s >> 48; }
constexpr int64_t CounterOf(Sequence s) { return s & ((int64_t{1} << 48) - 1); }

// Where a source stands: opaque to everyone but that source (file index and record number; Kafka
// partition and offset). The engine keeps the last one of each (source, stream) in the log.
struct SourcePosition {
  std::string stream;  // file path or topic/partition
  int64_t offset = 0;  // the next record to read
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

// Rows that came one after the other of one of a source's streams.
struct StreamRun {
  std::string stream;
  size_t rows = 0;     // 0: the stream is there, and nothing has come of it
  bool ended = false;  // nothing more comes of it, until it is named again
};

// One source's rows. Columns are those of the source's schema, in its order.
struct Batch {
  const Schema* schema = nullptr;  // outlives the batch
  uint32_t source = 0;             // index of the source in the definition
  std::vector<Column> columns;
  std::vector<Timestamp> event_us;        // never null: a record without one is a dead letter
  std::vector<Timestamp> arrival_us;      // only under a replay clock (else empty): when it arrived
  std::vector<SourcePosition> positions;  // streams that this batch moved, as they stand after it
  // The streams of the rows, in their order, where a source has several that must be told apart
  // (else empty). Not kept by the log.
  std::vector<StreamRun> runs;
  StringArena strings;  // what the string columns point into

  // Set when the log accepts the batch; empty before.
  std::vector<Sequence> sequence;
  std::vector<Timestamp> processing_us;
  std::vector<Timestamp> available_us;
  std::vector<uint8_t> applied;  // 0: refused as too late; kept, never folded

  size_t rows() const { return event_us.size(); }
  void Reset(const Schema* schema, uint32_t source);  // no rows; keeps memory
};

}  // namespace skewless
