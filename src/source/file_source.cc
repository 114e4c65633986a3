#include "source/file_source.h"

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

}  // namespace skewless
