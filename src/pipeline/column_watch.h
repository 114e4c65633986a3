// Counts the records that lack a value in a column that a view looks at, and tells the operator of
// one that none of them has: mostly the records call it otherwise, and features of it are null
// without an error anywhere. Of keys EmptyViewWatch tells.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "model/batch.h"
#include "pipeline/engine_stats.h"

namespace skewless {

// "hold it as 'user.id', letter for letter?": what to ask of records in which all of these columns
// of their source are null.
std::string NamingDoubt(const Schema& schema, std::span<const int> columns);

// The engine thread's.
class ColumnWatch {
 public:
  // Makes room in `stats`. Both outlive this.
  ColumnWatch(const Definition& definition, EngineStats* stats);
  // Each batch, once.
  void Look(const Batch& batch);
  // Tells of those that no record had, however few there were.
  void Finish();

 private:
  void Tell(const ColumnNulls& counted, int64_t records) const;

  const Definition& definition_;
  EngineStats& stats_;
  std::vector<uint8_t> settled_;  // by stats_.columns: some record had it, or it was told of
};

}  // namespace skewless
