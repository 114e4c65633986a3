// A join whose labels and answers are more than the memory it may take: in several passes over the
// history, each for the entities of one share of the hashes.
#pragma once

#include "training/history.h"
#include "training/join.h"

namespace skewless {

// Opens the history once more, from its beginning.
using OpenHistoryAgain = std::function<Result<History>()>;

// How many passes hold their working memory within so many bytes, beside what is needed from the
// first to the last (the labels and the finished answers): at least 1, at most kMaxJoinPasses. And
// what that leaves for records.
struct JoinPasses {
  int count = 1;
  int64_t record_bytes = 0;
};
JoinPasses PlanJoinPasses(const std::vector<ViewLabels>& labels,
                          const std::vector<std::vector<int>>& outputs, int64_t memory_bytes);
inline constexpr int kMaxJoinPasses = 64;

// The options for this history: with its availability, where that is what is asked for.
void UseAvailability(const History& history, JoinOptions* options);

// JoinHistory's answers. `out_of_order`: set with the error of a history that was not sorted.
Result<std::vector<ViewAnswers>> JoinInPasses(const KernelSet& kernels,
                                              const OpenHistoryAgain& open_history,
                                              const std::vector<ViewLabels>& labels,
                                              const std::vector<std::vector<int>>& outputs,
                                              JoinOptions options, JoinCounts* counts,
                                              bool* out_of_order);

}  // namespace skewless
