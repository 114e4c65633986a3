#include "offline/compaction_plan.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/file.h"

namespace skewless {
namespace {

// The longest run that begins at the first of `order`.
size_t RunLength(const std::vector<OfflineFileInfo>& files, std::span<const size_t> order,
                 const CompactionOptions& options, size_t needed) {
  int64_t bytes = 0, weight = 0, heaviest = 0;
  size_t length = 0;
  for (size_t i = 0; i < order.size() && i < options.most_files; ++i) {
    const int64_t one = files[order[i]].bytes;
    bytes += one;
    if (bytes > options.most_bytes) break;
    weight += std::max(one, options.small_bytes);
    heaviest = std::max({heaviest, one, options.small_bytes});
    // The result is half as many times the heaviest as there must be files: they differ a little.
    const auto growth = static_cast<int64_t>(std::max<size_t>(needed, 3));
    if (i + 1 >= needed && 2 * weight >= growth * heaviest) length = i + 1;
  }
  return length;
}

}  // namespace

std::string_view PartitionOf(const OfflineFileInfo& file) { return ParentPath(file.path); }

std::vector<size_t> PlanMerge(const std::vector<OfflineFileInfo>& files,
                              const CompactionOptions& options,
                              const std::function<size_t(std::string_view)>& files_needed) {
  std::map<std::string_view, std::vector<size_t>> partitions;
  for (size_t i = 0; i < files.size(); ++i) partitions[PartitionOf(files[i])].push_back(i);
  std::vector<size_t> best;
  for (auto& [partition, order] : partitions) {
    if (order.size() < 2) continue;
    const size_t needed = files_needed(partition);
    if (needed == 0 || order.size() < needed) continue;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return files[a].first_sequence < files[b].first_sequence;
    });
    for (size_t begin = 0; begin + needed <= order.size(); ++begin) {
      const auto rest = std::span<const size_t>(order).subspan(begin);
      const size_t length = RunLength(files, rest, options, std::max<size_t>(needed, 2));
      if (length == 0) continue;
      if (length > best.size()) best.assign(rest.begin(), rest.begin() + static_cast<long>(length));
      break;  // older files first
    }
  }
  return best;
}

}  // namespace skewless
