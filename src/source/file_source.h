// The ways of reading files: as they lie, and as their records once arrived.
#pragma once

#include <memory>
#include <optional>

#include "source/arrival_sorter.h"
#include "source/record_files.h"
#include "source/source.h"

namespace skewless {

// File after file. A position is a file and how many of its records were read, bad ones included.
class FileSource final : public Source {
 public:
  FileSource(const SourceDefinition& definition, uint32_t source,
             std::unique_ptr<RecordFiles> files);
  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override;

 private:
  const SourceDefinition& definition_;
  const uint32_t source_;
  std::unique_ptr<RecordFiles> files_;
};

// File after file, with arrivals, as long as those ascend.
class SortedFileSource final : public Source {
 public:
  SortedFileSource(const SourceDefinition& definition, uint32_t source,
                   std::unique_ptr<RecordFiles> files, bool* out_of_order);
  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override;

 private:
  const SourceDefinition& definition_;
  const uint32_t source_;
  std::unique_ptr<RecordFiles> files_;
  bool* out_of_order_;
  Timestamp last_arrival_ = kMinTimestamp;
};

// Where a replay stands: rows taken of the sorted order ("sorted:<source>"), by file how many of
// its records were there to be sorted ("dead:<file>"), whose dead letters are written, and how many
// of all those could be read ("good:<source>"; logs of earlier versions don't tell).
struct ReplayPosition {
  int64_t sorted_rows = 0;
  KnownRecords known;
  std::optional<int64_t> good_rows;

  static std::string SortedStream(const SourceDefinition& source);
  static std::string GoodStream(const SourceDefinition& source);
  static std::string DeadStream(const std::string& stream);
};

// All files in the order of arrivals. The first calls of Next read and sort them; they give empty
// batches, so that the caller stays responsive meanwhile. Then a batch without rows tells the
// records of each file, and then come the rows.
//
// Whether a record can be read depends on the columns that are declared. Where they changed since
// all that was there was replayed, what was a dead letter stays one, and what was a row is done.
class ReplaySource final : public Source {
 public:
  ReplaySource(const SourceDefinition& definition, uint32_t source,
               std::unique_ptr<RecordFiles> files, ReplayPosition resume,
               ArrivalSorter::Options sort_options);
  Result<bool> Next(size_t max_rows, DurationUs wait_us, Batch* batch) override;
  SourceProgress progress() const override;

 private:
  Result<bool> ReadSome(DurationUs wait_us);  // false when everything was read
  Status FlushChunk();
  Status StartTaking(Batch* batch);
  Status CheckKnownFiles() const;
  Result<int64_t> RowsToSkip() const;
  std::string AddedFiles() const;

  const SourceDefinition& definition_;
  const uint32_t source_;
  std::unique_ptr<RecordFiles> files_;
  const ReplayPosition resume_;
  ArrivalSorter sorter_;
  std::unique_ptr<Batch> chunk_;
  bool chunk_is_new_ = false;
  bool sorted_ = false;
  std::atomic<double> taken_fraction_{0};
};

}  // namespace skewless
