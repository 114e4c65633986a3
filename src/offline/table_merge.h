// Several files of one view and date as one, a part at a time: the rows of the first, then those of
// the second, and so on, so that an entity's stay in order of their sequence. It lies under a
// temporary name; that it takes its inputs' place is the manifest's matter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "offline/manifest.h"
#include "offline/table_file.h"

namespace skewless {

class TableMerge {
 public:
  // `inputs`: indices of the manifest's files, in order of sequence.
  TableMerge(FileSystem& files, std::string directory, const OfflineManifest& manifest,
             const std::vector<size_t>& inputs, uint64_t writer);

  // Copies some `rows`. True once all of them are in the output, and that is synced by its
  // temporary name. An input that is not as the manifest says is kCorrupt; after an error nothing
  // is left to do but Abandon.
  Result<bool> Step(int64_t rows);
  void Abandon();  // removes what was written

  const OfflineFileInfo& output() const { return output_; }
  uint64_t checksum() const { return checksum_; }
  // Paths, as the manifest has them.
  bool IsInput(const std::string& path) const;
  size_t inputs() const { return inputs_.size(); }

 private:
  struct Input {
    std::string path;
    int64_t rows;
    FileDigest digest;
  };
  Status CheckInput() const;
  Status OpenInput(int64_t batch_rows);
  Status CloseInput();
  Status Finish();

  FileSystem& files_;
  const std::string directory_;
  std::vector<Input> inputs_;
  OfflineFileInfo output_;
  uint64_t checksum_ = 0;
  std::string temporary_;  // of the output
  size_t next_ = 0;        // the input that is being read, or is next
  int64_t read_ = 0;       // rows of it
  std::unique_ptr<TableFileReader> reader_;
  std::unique_ptr<TableFileWriter> writer_;
};

}  // namespace skewless
