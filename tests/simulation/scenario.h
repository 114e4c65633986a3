// What one seed makes of the world: a definition, the records that come and how they come, and how
// each of the engine's lives goes and ends. Kept as parts, so that a failing one can be cut down.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "property/random_case.h"

namespace skewless::simulation {

// What a source hands out: an event of the case, or a record that can't be read.
struct Delivery {
  int event = -1;
  std::string bad;      // its text, where there is no event
  int64_t offset = -1;  // in its partition; of what is none its place in the stream
};

// A file or partition of a source.
struct Stream {
  int source = 0;
  std::string name;
  std::vector<Delivery> deliveries;
  int64_t end = 0;  // of a partition, whose last offsets may be of no message

  int64_t OffsetOf(size_t delivery) const;
  int32_t Partition() const;  // by its name
};

enum class Ending {
  kClosed,       // stopped in order after `at` steps
  kDropped,      // killed between two steps
  kKilled,       // killed in the operation `at`
  kPowerCut,     // the machine dies in the operation `at`
  kDiskFails,    // the operation `at` alone fails with EIO
  kDiskFills,    // or with ENOSPC
  kSpaceEnds,    // the disk has only `at` * 100 bytes left
  kReadsFail,    // all reads fail after `at` steps
  kSourceFails,  // a source fails at its `at`-th batch
  kOverrun,      // another engine takes over in the operation `at`, while this one still writes
};
const char* EndingName(Ending ending);

struct Life {
  Ending ending = Ending::kClosed;
  int64_t at = 0;
  bool decays = false;  // bits of what is on the disk flip meanwhile
  uint64_t seed = 0;    // of everything else that happens in it
};

struct Lateness {
  DurationUs out_of_orderness_us = 0;
  std::optional<DurationUs> allowed_us;
  std::optional<DurationUs> max_ahead_us;
};

struct Scenario {
  uint64_t seed = 0;
  property::Case drawn;            // its batches and availabilities are not used, or as arrivals
  std::vector<Lateness> lateness;  // by source
  std::vector<Stream> streams;
  std::vector<Life> lives;  // one more follows, without faults, to the end of all records

  bool replay = false;   // a replay clock, else the wall clock
  bool stepped = false;  // which waits for its readers
  bool offline = false;  // makes offline tables
  bool remote = false;   // the online store is a server elsewhere
  bool values = false;   // whose rows are finished values
  bool redis = false;  // and which is Redis: its commands and scripts, and the writer of production
  // Another definition that engines of some lives have: of its views one or two differ.
  std::vector<property::ViewText> redefined;
  bool kafka = false;     // its sources are topics, and its streams their partitions
  bool unsteady = false;  // of which partitions come, go and come back
  bool member = false;    // and which a group deals out
  int64_t segment_bytes = 0;
  size_t batch_rows = 0;
  size_t group_rows = 0;
  int company = 0;  // percent of the operations in which others act, too

  size_t records() const;
  // Of a source that is a topic: those without a stream are empty.
  int32_t PartitionsOf(int source) const;
};

// The definition as the engine gets it; its files lie under `root`.
Result<std::unique_ptr<Definition>> DefinitionOf(const Scenario& scenario, const std::string& root);

// All of it, for people who look for a bug.
std::string Describe(const Scenario& scenario);

}  // namespace skewless::simulation
