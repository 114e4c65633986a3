#include "offline/offline_writer.h"

#include <algorithm>
#include <set>

#include "base/event_log.h"
#include "offline/compactor.h"
#include "offline/manifest.h"
#include "offline/table_layout.h"
#include "offline/view_table.h"

namespace skewless {
namespace {

class ParquetOfflineWriter : public OfflineWriter {
 public:
  ParquetOfflineWriter(FileSystem& files, const Definition& definition, const KernelSet& kernels,
                       OfflineOptions options)
      : files_(files),
        options_(std::move(options)),
        layout_(LayoutOf(definition, kernels)),
        compactor_(files, options_.directory, options_.compaction) {
    if (options_.lock == nullptr) options_.lock = &unshared_;
    for (const auto& kernel : kernels)
      tables_.push_back(std::make_unique<ViewTable>(definition, *kernel));
    for (const auto& kernel : kernels) sources_.push_back(kernel->view().source);
  }

  Status Recover();
  Sequence committed_sequence() const override { return manifest_.through_sequence; }
  Status Add(const Batch& batch) override;
  Status Commit() override;
  int64_t buffered_rows() const override;
  Result<bool> Compact() override;
  void AbandonCompaction() override { compactor_.Abandon(); }
  int64_t committed_rows() const override { return committed_rows_; }
  int64_t merged_rows() const override { return merged_rows_; }
  int64_t files() const override { return static_cast<int64_t>(manifest_.files.size()); }

 private:
  Status RefuseOtherLog(const OfflineManifest& found) const;
  Status DiscardOldTables();
  Status FinishRenames();
  Status RemoveReplaced();
  Status Replace(const TableMerge& merge);
  Status RemoveTemporaries();
  Status RefuseUnlisted() const;

  FileSystem& files_;
  const FileLock unshared_;
  OfflineOptions options_;
  uint64_t layout_;
  std::vector<std::unique_ptr<ViewTable>> tables_;
  std::vector<int> sources_;
  OfflineManifest manifest_;
  size_t renamed_ = 0;  // files of the manifest that have their final names
  Sequence seen_ = 0;   // last record added
  int64_t committed_rows_ = 0, merged_rows_ = 0;
  Compactor compactor_;
  Sequence settled_through_ = 0;  // openings were looked for up to here
};

// A commit is the manifest's replacement; renames after it are finished here if a crash cut them
// off.
Status ParquetOfflineWriter::Recover() {
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(options_.directory));
  // Before anything is removed: another log's engine may be amid a commit.
  SKEWLESS_ASSIGN_OR_RETURN(manifest_, ReadManifest(files_, options_.directory));
  SKEWLESS_RETURN_IF_ERROR(RefuseOtherLog(manifest_));
  SKEWLESS_RETURN_IF_ERROR(RemoveUnfinishedManifests(files_, options_.directory));
  SKEWLESS_ASSIGN_OR_RETURN(manifest_, ReadManifest(files_, options_.directory));
  if (manifest_.layout != layout_ || manifest_.through_sequence > options_.log_end) {
    if (!manifest_.files.empty()) {
      LogEvent(EventLevel::kInfo, "offline tables made anew",
               {{"because", manifest_.layout != layout_ ? "the definitions changed"
                                                        : "they go beyond the log's end"}});
    }
    SKEWLESS_RETURN_IF_ERROR(DiscardOldTables());
  } else {
    // One whose sync failed is seen here, and a power cut takes it back: not without the renames.
    SKEWLESS_RETURN_IF_ERROR(files_.SyncDirectory(options_.directory));
    manifest_.log = options_.log_identity;
    SKEWLESS_RETURN_IF_ERROR(FinishRenames());
    SKEWLESS_RETURN_IF_ERROR(RemoveReplaced());
    SKEWLESS_RETURN_IF_ERROR(RemoveTemporaries());
  }
  return RefuseUnlisted();
}

// Its sequences say nothing about this log's records: those up to the tables' end would be taken
// for committed.
Status ParquetOfflineWriter::RefuseOtherLog(const OfflineManifest& found) const {
  if (found.log == options_.log_identity || found.log == 0 || options_.log_identity == 0) return {};
  return Fail(ErrorCode::kInvalid, options_.directory + ": holds the tables of another log",
              "Give each log an offline.path of its own. Where this one was begun anew, " +
                  MoveAway(options_.directory));
}

// Tables of other definitions, or of records that the log lacks (it was restored from an older
// copy), are no use beside new rows: the log has it all, so they are made anew. A crash on the way
// begins here again, whatever the next definition is: files go when the manifest is nobody's.
Status ParquetOfflineWriter::DiscardOldTables() {
  if (!manifest_.files.empty()) {
    manifest_.log = options_.log_identity;
    manifest_.layout = kNobodysLayout;
    SKEWLESS_RETURN_IF_ERROR(WriteManifest(files_, *options_.lock, options_.directory, manifest_));
  }
  // First what an older writer could still rename.
  SKEWLESS_RETURN_IF_ERROR(RemoveTemporaries());
  for (const OfflineFileInfo& file : manifest_.files) manifest_.replaced.push_back(file.path);
  SKEWLESS_RETURN_IF_ERROR(RemoveReplaced());
  manifest_ = {};
  manifest_.log = options_.log_identity;
  manifest_.layout = layout_;
  return WriteManifest(files_, *options_.lock, options_.directory, manifest_);
}

Status ParquetOfflineWriter::FinishRenames() {
  for (; renamed_ < manifest_.files.size(); ++renamed_) {
    const std::string& name = manifest_.files[renamed_].path;
    const std::string path = JoinPath(options_.directory, name);
    const std::string temporary =
        JoinPath(options_.directory, TemporaryName(name, manifest_.writers[renamed_]));
    if (!files_.Exists(temporary)) {
      if (files_.Exists(path)) continue;
      return tl::unexpected(MissingTableFile(options_.directory, name));
    }
    // A rename that a power cut takes back is done again here at the next start: it needs no sync.
    SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(std::string(ParentPath(path))));
    const Status renamed = files_.Rename(temporary, path);
    // An older writer that is not dead yet may have been quicker.
    if (!renamed && renamed.error().code != ErrorCode::kNotFound) return renamed;
  }
  return {};
}

// Files whose rows are in others now, or come again from the log. The manifest lists them until
// their removal is durable: no power cut brings one back that nothing lists.
Status ParquetOfflineWriter::RemoveReplaced() {
  std::set<std::string> folders;
  for (const std::string& replaced : manifest_.replaced) {
    const std::string path = JoinPath(options_.directory, replaced);
    const std::string folder(ParentPath(path));
    if (!files_.Exists(folder)) continue;
    SKEWLESS_RETURN_IF_ERROR(CheckHeld(*options_.lock, options_.directory));
    const Status removed = files_.Remove(path);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
    folders.insert(folder);  // it may have been removed by one that died before this
  }
  for (const std::string& folder : folders) SKEWLESS_RETURN_IF_ERROR(files_.SyncDirectory(folder));
  manifest_.replaced.clear();
  return {};
}

// What a crash left unlisted.
Status ParquetOfflineWriter::RemoveTemporaries() {
  SKEWLESS_ASSIGN_OR_RETURN(const auto views, files_.List(options_.directory));
  for (const DirectoryEntry& view : views) {
    const std::string folder = JoinPath(JoinPath(options_.directory, view.name), kTemporaryFolder);
    if (!view.is_directory || !files_.Exists(folder)) continue;
    SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files_.List(folder));
    for (const DirectoryEntry& entry : entries) {
      const std::string path = JoinPath(folder, entry.name);
      const Status removed = files_.Remove(path);
      if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
    }
  }
  return {};
}

// No crash leaves a table file that the manifest doesn't list. It is there where the manifest was
// removed, or an older one brought back, and its rows come again from the log.
Status ParquetOfflineWriter::RefuseUnlisted() const {
  std::set<std::string> listed;
  for (const OfflineFileInfo& file : manifest_.files) listed.insert(file.path);
  for (const auto& table : tables_) {
    const std::string folder = JoinPath(options_.directory, table->view());
    if (!files_.Exists(folder)) continue;
    SKEWLESS_ASSIGN_OR_RETURN(const auto dates, files_.List(folder));
    for (const DirectoryEntry& date : dates) {
      if (!date.is_directory || !date.name.starts_with("event_date=")) continue;
      SKEWLESS_ASSIGN_OR_RETURN(const auto entries, files_.List(JoinPath(folder, date.name)));
      for (const DirectoryEntry& entry : entries) {
        const std::string path = JoinPath(JoinPath(table->view(), date.name), entry.name);
        if (!entry.name.ends_with(".parquet") || listed.contains(path)) continue;
        return Fail(ErrorCode::kCorrupt,
                    JoinPath(options_.directory, path) +
                        ": the manifest does not list it, and readers would find its rows twice",
                    "Move it away; or " + MoveAway(options_.directory));
      }
    }
  }
  return {};
}

Status ParquetOfflineWriter::Add(const Batch& batch) {
  if (batch.rows() == 0) return {};
  // Commits end with batches of the log, so a batch is committed whole or not at all.
  const bool keep_rows = batch.sequence.back() > manifest_.through_sequence;
  Availability* const availability = keep_rows ? options_.availability.get() : nullptr;
  if (availability != nullptr) {
    if (batch.sequence.back() > settled_through_) {
      SKEWLESS_RETURN_IF_ERROR(availability->LookForOpenings());
      settled_through_ = availability->SettledThrough();
    }
    SKEWLESS_RETURN_IF_ERROR(availability->Advance(batch.sequence.back()));
  }
  int64_t bytes = 0;
  for (size_t view = 0; view < tables_.size(); ++view) {
    if (sources_[view] == static_cast<int>(batch.source)) {
      tables_[view]->Add(batch, keep_rows, static_cast<uint32_t>(view), availability);
    }
    bytes += tables_[view]->bytes();
  }
  seen_ = batch.sequence.back();
  return bytes > options_.memory_bytes ? Commit() : Status{};
}

int64_t ParquetOfflineWriter::buffered_rows() const {
  int64_t rows = 0;
  for (const auto& table : tables_) rows += table->rows();
  return rows;
}

Status ParquetOfflineWriter::Commit() {
  const int64_t rows = buffered_rows();
  if (rows == 0) return {};
  if (committed_rows_ == 0) {
    // Two that were started at once may both have found no tables.
    SKEWLESS_ASSIGN_OR_RETURN(const auto found, ReadManifest(files_, options_.directory));
    SKEWLESS_RETURN_IF_ERROR(RefuseOtherLog(found));
  }
  OfflineManifest next = manifest_;
  const uint64_t writer = options_.lock->number();
  for (auto& table : tables_)
    SKEWLESS_RETURN_IF_ERROR(table->Write(files_, options_.directory, writer, &next));
  next.through_sequence = seen_;
  SKEWLESS_RETURN_IF_ERROR(WriteManifest(files_, *options_.lock, options_.directory, next));
  compactor_.Added(next, manifest_.files.size());
  manifest_ = std::move(next);
  for (auto& table : tables_) table->Clear();
  committed_rows_ += rows;
  return FinishRenames();
}

Result<bool> ParquetOfflineWriter::Compact() {
  SKEWLESS_RETURN_IF_ERROR(CheckHeld(*options_.lock, options_.directory));
  const auto merge = compactor_.Step(manifest_, options_.lock->number());
  if (merge == nullptr) return !compactor_.idle();
  SKEWLESS_RETURN_IF_ERROR(Replace(*merge));
  merged_rows_ += merge->output().rows;
  compactor_.Done(*merge);
  return true;
}

// The manifest's replacement is the moment: from there on the merged file counts and its inputs
// don't. It gets its name, and then they go at once: a reader that globs finds the rows of both for
// as long as that takes, and one that found the inputs before finds them missing.
Status ParquetOfflineWriter::Replace(const TableMerge& merge) {
  OfflineManifest next;
  next.log = manifest_.log;
  next.layout = manifest_.layout;
  next.through_sequence = manifest_.through_sequence;
  for (size_t i = 0; i < manifest_.files.size(); ++i) {
    if (merge.IsInput(manifest_.files[i].path)) {
      next.replaced.push_back(manifest_.files[i].path);
    } else {
      next.Add(manifest_.files[i], manifest_.checksums[i], manifest_.writers[i]);
    }
  }
  next.Add(merge.output(), merge.checksum(), options_.lock->number());
  SKEWLESS_RETURN_IF_ERROR(WriteManifest(files_, *options_.lock, options_.directory, next));
  manifest_ = std::move(next);
  renamed_ = manifest_.files.size() - 1;
  SKEWLESS_RETURN_IF_ERROR(FinishRenames());
  return RemoveReplaced();
}

}  // namespace

Result<std::unique_ptr<OfflineWriter>> OfflineWriter::Open(FileSystem& files,
                                                           const Definition& definition,
                                                           const KernelSet& kernels,
                                                           const OfflineOptions& options) {
  auto writer = std::make_unique<ParquetOfflineWriter>(files, definition, kernels, options);
  SKEWLESS_RETURN_IF_ERROR(writer->Recover());
  return std::unique_ptr<OfflineWriter>(std::move(writer));
}

}  // namespace skewless
