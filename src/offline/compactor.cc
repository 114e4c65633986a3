#include "offline/compactor.h"

#include <algorithm>

#include "base/clock.h"
#include "base/event_log.h"

namespace skewless {

Compactor::Compactor(FileSystem& files, std::string directory, CompactionOptions options)
    : files_(files),
      directory_(std::move(directory)),
      options_(options),
      opened_nanos_(MonotonicNanos()) {}

void Compactor::Added(const OfflineManifest& manifest, size_t first) {
  const int64_t now = MonotonicNanos();
  for (size_t i = first; i < manifest.files.size(); ++i) {
    partitions_[std::string(PartitionOf(manifest.files[i]))].changed_nanos = now;
  }
  idle_ = false;
}

size_t Compactor::FilesNeeded(std::string_view partition, int64_t now) const {
  const int64_t quiet_nanos = options_.quiet_us * 1000;
  const auto known = partitions_.find(partition);
  int64_t changed = opened_nanos_;
  if (known != partitions_.end()) {
    const int64_t failed = known->second.failed_nanos;
    if (failed != 0 && now - failed < quiet_nanos) return 0;
    changed = std::max(changed, known->second.changed_nanos);
  }
  return now - changed < quiet_nanos ? options_.files : options_.quiet_files;
}

bool Compactor::Begin(const OfflineManifest& manifest, uint64_t writer) {
  const int64_t now = MonotonicNanos();
  if (idle_ && now < look_again_nanos_) return false;
  std::vector<size_t> inputs;
  if (options_.files > 0) {
    inputs = PlanMerge(manifest.files, options_,
                       [&](std::string_view partition) { return FilesNeeded(partition, now); });
  }
  idle_ = inputs.empty();
  look_again_nanos_ = now + options_.quiet_us * 1000 / 8;
  if (idle_) return false;
  merge_ = std::make_unique<TableMerge>(files_, directory_, manifest, inputs, writer);
  begun_nanos_ = now;
  return true;
}

std::unique_ptr<TableMerge> Compactor::Step(const OfflineManifest& manifest, uint64_t writer) {
  if (merge_ == nullptr && !Begin(manifest, writer)) return nullptr;
  const Result<bool> whole = merge_->Step(options_.step_rows);
  if (!whole) GiveUp(whole.error());
  return whole && *whole ? std::move(merge_) : nullptr;
}

void Compactor::GiveUp(const Error& error) {
  const std::string partition(PartitionOf(merge_->output()));
  partitions_[partition].failed_nanos = std::max<int64_t>(MonotonicNanos(), 1);
  LogEvent(EventLevel::kWarning, "offline files not merged",
           {{"partition", partition}, {"because", error.message}});
  Abandon();
}

void Compactor::Done(const TableMerge& merge) {
  const OfflineFileInfo& file = merge.output();
  LogEvent(EventLevel::kInfo, "offline files merged",
           {{"partition", PartitionOf(file)},
            {"files", merge.inputs()},
            {"rows", file.rows},
            {"bytes", file.bytes},
            {"seconds", static_cast<double>(MonotonicNanos() - begun_nanos_) / 1e9}});
}

void Compactor::Abandon() {
  if (merge_ == nullptr) return;
  merge_->Abandon();
  merge_.reset();
}

}  // namespace skewless
