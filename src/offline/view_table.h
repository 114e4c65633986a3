// Rows of one view's offline table, buffered until the next commit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/view_kernel.h"
#include "log/availability.h"
#include "offline/entity_states.h"
#include "offline/manifest.h"

namespace skewless {

class ViewTable {
 public:
  ViewTable(const Definition& definition, const ViewKernel& kernel);

  // Folds the batch; makes rows of its records where `keep_rows`. `availability`: of a store with a
  // clock of its own, where the view has that number; else null.
  void Add(const Batch& batch, bool keep_rows, uint32_t view = 0,
           Availability* availability = nullptr);
  const std::string& view() const { return kernel_.view().name; }
  int64_t rows() const { return static_cast<int64_t>(sequence_.valid.size()); }
  int64_t bytes() const;

  // Writes the buffered rows, a file for each event date, under temporary names of `writer`,
  // synced. Adds them to the manifest by their final names.
  Status Write(FileSystem& files, const std::string& directory, uint64_t writer,
               OfflineManifest* manifest);
  void Clear();

 private:
  void AddRow(const Batch& batch, size_t row, Timestamp available_us);
  std::vector<uint32_t> SortedOrder() const;
  Status WritePartition(FileSystem& files, const std::string& directory, uint64_t writer,
                        std::span<const uint32_t> order, OfflineManifest* manifest) const;

  const Definition& definition_;
  const ViewKernel& kernel_;
  EntityStates states_;
  ViewInput input_;
  EvaluationScratch scratch_;
  FeatureVector vector_;

  StringArena strings_;
  std::vector<uint64_t> hash_;
  Column event_, processing_, available_, sequence_, applied_;
  std::vector<int> input_columns_;  // of the source, keys first
  std::vector<std::string> names_;  // of the columns below
  std::vector<Column> columns_;     // keys and inputs, then outputs
};

// The name that a file is written under and renamed from, by its final path within the tables'
// folder and its writer's number. All of a view's lie in one folder, so one sync makes their names
// durable.
std::string TemporaryName(const std::string& path, uint64_t writer);
inline constexpr char kTemporaryFolder[] = ".writing";

}  // namespace skewless
