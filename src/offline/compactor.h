// Keeps the files of the tables few: looks for those that are to be merged, and makes one of them,
// a little work at a time. The manifest is the writer's; so is the moment at which the new file
// takes the place of the others. Why so: docs/decisions/compaction.md.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "offline/compaction_plan.h"
#include "offline/table_merge.h"

namespace skewless {

class Compactor {
 public:
  Compactor(FileSystem& files, std::string directory, CompactionOptions options);

  // Files came to the manifest, from its `first` one on.
  void Added(const OfflineManifest& manifest, size_t first);
  // A bounded amount of work, nothing where no files are to be merged. A merge that is whole is the
  // caller's, who says Done when it took its inputs' place. Whatever fails in one concerns its own
  // files alone: it is told of, and their date is left alone for `quiet_us`.
  std::unique_ptr<TableMerge> Step(const OfflineManifest& manifest, uint64_t writer);
  bool idle() const { return idle_; }  // the last Step found nothing to do
  void Done(const TableMerge& merge);
  void Abandon();  // what is half done

 private:
  struct Partition {
    int64_t changed_nanos = 0;  // since when nothing came to it
    int64_t failed_nanos = 0;   // its last merge failed then; 0: it didn't
  };
  bool Begin(const OfflineManifest& manifest, uint64_t writer);
  size_t FilesNeeded(std::string_view partition, int64_t now) const;
  void GiveUp(const Error& error);

  FileSystem& files_;
  const std::string directory_;
  const CompactionOptions options_;
  const int64_t opened_nanos_;
  std::map<std::string, Partition, std::less<>> partitions_;
  std::unique_ptr<TableMerge> merge_;
  int64_t begun_nanos_ = 0;
  // There was nothing to do when it last looked, nor will be until files come or this time.
  bool idle_ = false;
  int64_t look_again_nanos_ = 0;
};

}  // namespace skewless
