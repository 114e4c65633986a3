// What a simulated world leaves behind, read as anyone would read it: the log's records and the
// offline tables' rows.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/kernel_set.h"
#include "oracle/view_oracle.h"
#include "simulation/simulated_files.h"
#include "training/join.h"

namespace skewless::simulation {

// A batch as the log gives it back.
struct LoggedBatch {
  std::vector<SourcePosition> positions;
  size_t first = 0;  // its rows' places in LogBook::records
  size_t rows = 0;
};

struct LogBook {
  std::vector<oracle::Record> records;
  std::vector<Timestamp> processing_us;  // by record
  std::vector<LoggedBatch> batches;
};

// kCorrupt and the like where the log is damaged.
Result<LogBook> ReadLog(FileSystem& files, const Definition& definition);

// The log of stamps as its reader gives it, and who wrote it: as text, to be compared.
Result<std::string> ReadStamps(FileSystem& files, const Definition& definition);
Result<std::string> ReadStampWriters(FileSystem& files, const Definition& definition);

bool SameRecord(const oracle::Record& a, const oracle::Record& b);
// But for what the log gives a record.
bool SameEvent(const oracle::Record& a, const oracle::Record& b);
std::string Show(const oracle::Record& record);

// A view's offline table.
struct TableRow {
  oracle::Record record;  // the key and input columns of the source; event_timestamp is its own
  Timestamp processing_us = 0;
  std::vector<Value> outputs;
};
// By sequence. An error where a row is there twice, or anything is damaged.
Result<std::map<Sequence, TableRow>> ReadTable(SimulatedFiles& files, const Definition& definition,
                                               int view);

// Records as a history for the join: those of `source`, in batches.
HistoryStream HistoryOf(const Definition& definition, std::vector<oracle::Record> records);

}  // namespace skewless::simulation
