#include <algorithm>

#include "base/clock.h"
#include "source/file_source.h"

namespace skewless {

// Even a caller that does not want to wait gets on with the sorting.
static constexpr DurationUs kLeastSortingUs = 20'000;
// Of the progress; the rest is handing the rows out.
static constexpr double kSortingShare = 0.5;

std::string ReplayPosition::SortedStream(const SourceDefinition& source) {
  return "sorted:" + source.name;
}
std::string ReplayPosition::GoodStream(const SourceDefinition& source) {
  return "good:" + source.name;
}
std::string ReplayPosition::DeadStream(const std::string& stream) { return "dead:" + stream; }

ReplaySource::ReplaySource(const SourceDefinition& definition, uint32_t source,
                           std::unique_ptr<RecordFiles> files, ReplayPosition resume,
                           ArrivalSorter::Options sort_options)
    : definition_(definition),
      source_(source),
      files_(std::move(files)),
      resume_(std::move(resume)),
      sorter_(definition.schema, source, std::move(sort_options)) {}

Result<bool> ReplaySource::Next(size_t max_rows, DurationUs wait_us, Batch* batch) {
  batch->Reset(&definition_.schema, source_);
  if (!sorted_) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, ReadSome(wait_us));
    if (more) return true;
    SKEWLESS_RETURN_IF_ERROR(StartTaking(batch));
    sorted_ = true;
    if (!batch->positions.empty()) return true;
  }
  SKEWLESS_ASSIGN_OR_RETURN(const bool any, sorter_.Take(max_rows, batch));
  if (!any) return false;
  batch->positions.push_back({ReplayPosition::SortedStream(definition_), sorter_.taken()});
  taken_fraction_.store(static_cast<double>(sorter_.taken()) / static_cast<double>(sorter_.rows()),
                        std::memory_order_relaxed);
  return true;
}

Status ReplaySource::FlushChunk() {
  if (!chunk_) return {};
  return sorter_.Add(std::move(chunk_), chunk_is_new_);
}

Result<bool> ReplaySource::ReadSome(DurationUs wait_us) {
  const int64_t stop = MonotonicNanos() + 1000 * std::max(wait_us, kLeastSortingUs);
  do {
    if (!chunk_) chunk_ = sorter_.NewChunk();
    const size_t before = chunk_->rows();
    SKEWLESS_ASSIGN_OR_RETURN(const bool any,
                              files_->Read(sorter_.chunk_rows() - before, chunk_.get()));
    if (!any) {
      SKEWLESS_RETURN_IF_ERROR(FlushChunk());
      return false;
    }
    // Without known files nothing was replayed before, or it is not on record: then all are known.
    const bool is_new = !resume_.known.empty() && !files_->was_known();
    if (before > 0 && is_new != chunk_is_new_) {
      // The rows just read go to a chunk of their own.
      auto rest = sorter_.NewChunk();
      chunk_->arrival_us.resize(chunk_->rows());  // CopyRows takes arrivals along; Add sets them
      CopyRows(*chunk_, before, chunk_->rows(), rest.get());
      for (Column& column : chunk_->columns) column.Resize(before);
      chunk_->event_us.resize(before);
      SKEWLESS_RETURN_IF_ERROR(FlushChunk());
      chunk_ = std::move(rest);
    }
    chunk_is_new_ = is_new;
    if (chunk_->rows() == sorter_.chunk_rows()) SKEWLESS_RETURN_IF_ERROR(FlushChunk());
  } while (MonotonicNanos() < stop);
  return true;
}

Status ReplaySource::CheckKnownFiles() const {
  for (const auto& [stream, records] : resume_.known) {
    const auto& ends = files_->ends();
    const auto end = std::find_if(ends.begin(), ends.end(), [&name = stream](const auto& position) {
      return position.stream == name;
    });
    if (end == ends.end() || end->offset < records) {
      const std::string now =
          end == ends.end() ? "is gone" : "has only " + std::to_string(end->offset);
      return Fail(ErrorCode::kInvalid,
                  SourcePlace(definition_) + "'" + stream + "' had " + std::to_string(records) +
                      " records and now " + now,
                  end == ends.end()
                      ? "Put the file back as it was, or replay into a new log. Where it is there, "
                        "and only 'path' is spelt otherwise now, spell it as before: a file is "
                        "known by its name."
                      : "Put the file back as it was, or replay into a new log.");
    }
  }
  return {};
}

// Which files came, and which have more records, since what was replayed: "'a.csv' from record 3
// on", counted from 0 as in dead letters.
std::string ReplaySource::AddedFiles() const {
  constexpr size_t kMost = 5;
  std::string added;
  size_t count = 0;
  for (const SourcePosition& end : files_->ends()) {
    const auto known = resume_.known.find(end.stream);
    if (known != resume_.known.end() && known->second >= end.offset) continue;
    if (++count > kMost) return added + ", and more";
    added += (added.empty() ? "'" : ", '") + end.stream + "'";
    if (known != resume_.known.end())
      added += " from record " + std::to_string(known->second) + " on";
  }
  return added;
}

// What was replayed is told by a count, which says nothing once other records can be read.
Result<int64_t> ReplaySource::RowsToSkip() const {
  const int64_t good = sorter_.known_rows();
  if (!resume_.good_rows || *resume_.good_rows == good) return resume_.sorted_rows;
  if (*resume_.good_rows == resume_.sorted_rows) return good;
  return Fail(ErrorCode::kInvalid,
              SourcePlace(definition_) + "of the records that were there before, " +
                  std::to_string(*resume_.good_rows) + " could be read then and " +
                  std::to_string(good) + " can now, and only " +
                  std::to_string(resume_.sorted_rows) + " were replayed",
              "Declare its columns as they were until all of those are replayed, or replay into a "
              "new log.");
}

Status ReplaySource::StartTaking(Batch* batch) {
  SKEWLESS_RETURN_IF_ERROR(CheckKnownFiles());
  SKEWLESS_RETURN_IF_ERROR(sorter_.Finish());
  SKEWLESS_ASSIGN_OR_RETURN(const int64_t done, RowsToSkip());
  if (Status skipped = sorter_.Skip(done); !skipped) {
    Error error = std::move(skipped).error();
    error.message = SourcePlace(definition_) + error.message;
    if (error.code == ErrorCode::kInvalid) {
      if (const std::string added = AddedFiles(); !added.empty())
        error.message += "; added are: " + added;
      error.remedy = "Put the files back as they were, or replay into a new log.";
    }
    return tl::unexpected<Error>(std::move(error));
  }
  for (const SourcePosition& end : files_->ends()) {
    const auto known = resume_.known.find(end.stream);
    if (known != resume_.known.end() && known->second == end.offset) continue;
    batch->positions.push_back({ReplayPosition::DeadStream(end.stream), end.offset});
  }
  if (resume_.good_rows != sorter_.rows())
    batch->positions.push_back({ReplayPosition::GoodStream(definition_), sorter_.rows()});
  if (done != resume_.sorted_rows)
    batch->positions.push_back({ReplayPosition::SortedStream(definition_), done});
  return {};
}

SourceProgress ReplaySource::progress() const {
  return {files_->records(), files_->dead_letters(),
          kSortingShare * files_->fraction() +
              (1 - kSortingShare) * taken_fraction_.load(std::memory_order_relaxed)};
}

}  // namespace skewless
