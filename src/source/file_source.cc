#include "source/file_source.h"

#include <algorithm>

#include "source/arrival_sorter.h"

namespace skewless {

FileSource::FileSource(const SourceDefinition& definition, uint32_t source,
                       std::unique_ptr<RecordFiles> files)
    : definition_(definition), source_(source), files_(std::move(files)) {}

Result<bool> FileSource::Next(size_t max_rows, DurationUs /*wait_us*/, Batch* batch) {
  batch->Reset(&definition_.schema, source_);
  SKEWLESS_ASSIGN_OR_RETURN(const bool any, files_->Read(max_rows, batch));
  if (!any) return false;
  batch->positions.push_back(files_->position());
  return true;
}

SourceProgress FileSource::progress() const {
  return {files_->records(), files_->dead_letters(), files_->fraction()};
}

SortedFileSource::SortedFileSource(const SourceDefinition& definition, uint32_t source,
                                   std::unique_ptr<RecordFiles> files, bool* out_of_order)
    : definition_(definition),
      source_(source),
      files_(std::move(files)),
      out_of_order_(out_of_order) {}

Result<bool> SortedFileSource::Next(size_t max_rows, DurationUs /*wait_us*/, Batch* batch) {
  batch->Reset(&definition_.schema, source_);
  SKEWLESS_ASSIGN_OR_RETURN(const bool any, files_->Read(max_rows, batch));
  if (!any) return false;
  SetArrivals(definition_.arrival_timestamp, definition_.delay.value_or(0), batch);
  const std::vector<Timestamp>& arrivals = batch->arrival_us;
  if (arrivals.empty()) return true;  // all were bad
  if (arrivals.front() < last_arrival_ || !std::is_sorted(arrivals.begin(), arrivals.end())) {
    *out_of_order_ = true;
    return Fail(ErrorCode::kInvalid, SourcePlace(definition_) + "'" + files_->position().stream +
                                         "' is not in the order of arrivals");
  }
  last_arrival_ = arrivals.back();
  return true;
}

SourceProgress SortedFileSource::progress() const {
  return {files_->records(), files_->dead_letters(), files_->fraction()};
}

}  // namespace skewless
