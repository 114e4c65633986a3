// `skewless join`: labels in, training set out.
#pragma once

#include <string>
#include <vector>

#include "training/history.h"
#include "training/label_coverage.h"
#include "training/label_file.h"

namespace skewless {

struct TrainingSetRequest {
  std::string labels_path, output_path;
  std::string timestamp_column = "event_timestamp";
  std::vector<std::string> features;  // views, "view:feature", or one service; empty: every view
                                      // whose entity's keys the labels have
  bool full_feature_names = false;
  HistoryKind history = HistoryKind::kLog;
  int64_t sort_memory_bytes = 512 << 20;  // of source files that don't lie in arrival order
  JoinOptions join;
};

struct TrainingSetResult {
  JoinCounts counts;
  std::vector<std::string> feature_columns;
  int64_t rows = 0;
  std::vector<LabelCoverage> coverage;  // by view that was joined
  std::vector<Error> warnings;          // of those that look as if something were wrong
};

Result<TrainingSetResult> MakeTrainingSet(FileSystem& files, const Definition& definition,
                                          const TrainingSetRequest& request);

}  // namespace skewless
