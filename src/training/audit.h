// Proof: replays the log against the vectors that were served, and compares them to the bit. Zero
// differences is the only passing count, and each difference is named by its cause.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "training/join.h"

namespace skewless {

enum class DifferenceCause {
  kSequence,        // the served row rested on another record than the history has at T
  kValue,           // same record, other bits
  kStatus,          // found / not found / too old
  kMissingHistory,  // the log ends before the record that the row rests on
  kUnknownFeature,  // the definition no longer has it
  kDefinedAnew,     // the rows were of another definition of the view, as a store's stamps tell
};
std::string_view DifferenceCauseName(DifferenceCause cause);

struct Difference {
  DifferenceCause cause;
  Timestamp read_us = 0;
  std::string output, key;
  std::string served, replayed;
  // Of the view of `output`; an output of a service's own has none.
  std::optional<Sequence> served_sequence, replayed_sequence;
};

struct AuditReport {
  int64_t rows = 0;    // served rows compared
  int64_t values = 0;  // values compared
  // Read at times of which the store has not told all: the running engine, or the next one, will.
  int64_t not_yet_known = 0;
  // They rest on a write that the store lost before anybody was told from when on readers had it,
  // which training has from when it was written anew. All else of them is compared.
  int64_t lost_write_rows = 0;
  int64_t different_rows = 0;
  std::map<DifferenceCause, int64_t> by_cause;  // rows
  std::vector<Difference> examples;             // the first 20
  Timestamp first_read_us = 0, last_read_us = 0;
  JoinCounts counts;
  bool passed() const { return different_rows == 0; }
};

Result<AuditReport> Audit(FileSystem& files, const Definition& definition,
                          const std::string& served_directory, const JoinOptions& options);

// A training set beside the served vectors of the same moments: rows meet by T and by all of their
// inputs (keys and request columns), and every served output that the set has is compared to the
// bit.
struct TrainingSetAudit {
  int64_t rows = 0;  // of the training set, with a served vector
  int64_t different_rows = 0;
  int64_t unmatched_rows = 0;        // nobody asked at that moment, or not for that entity
  std::vector<Difference> examples;  // the first 20
  std::set<std::string> lacking;     // outputs that were served for its rows, and that it has not
};
Result<TrainingSetAudit> AuditTrainingSet(FileSystem& files, const std::string& served_directory,
                                          const std::string& training_path,
                                          const std::string& timestamp_column);

}  // namespace skewless
