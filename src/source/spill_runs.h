// Sorted runs of rows in a temporary file: written one after the other, read back side by side.
// Format: docs/formats/spill.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "model/batch.h"

namespace skewless {

class SpillRuns {
 public:
  static constexpr size_t kFrameRows = 4096;

  // Makes the file anew; it is removed with this object.
  static Result<std::unique_ptr<SpillRuns>> Create(const std::string& path);
  ~SpillRuns();
  SpillRuns(const SpillRuns&) = delete;
  SpillRuns& operator=(const SpillRuns&) = delete;

  void BeginRun();
  // At most kFrameRows rows, in order after those before of this run.
  Status Append(const Batch& batch);
  // No more of Append; readers may begin.
  Status Finish();

  size_t runs() const { return runs_.size(); }
  // The next frame of a run; false at its end. `batch` was Reset; arrival_us is not set.
  Result<bool> Read(size_t run, Batch* batch);

 private:
  struct Run {
    uint64_t next = 0;  // to read from
    uint64_t end = 0;
  };
  SpillRuns(std::string path, std::unique_ptr<AppendFile> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}

  std::string path_;
  std::unique_ptr<AppendFile> writer_;
  std::unique_ptr<RandomFile> reader_;
  std::vector<Run> runs_;
  Bytes frame_;
};

}  // namespace skewless
