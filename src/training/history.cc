#include "training/history.h"

#include <memory>

#include "source/source.h"
#include "source/watermark.h"

namespace skewless {
namespace {

std::vector<bool> NeededSources(const Definition& definition, const std::vector<int>& views) {
  std::vector<bool> needed(definition.sources.size(), false);
  for (const int view : views)
    needed[static_cast<size_t>(definition.views[static_cast<size_t>(view)].source)] = true;
  return needed;
}

Result<History> OpenLogHistory(FileSystem& files, const Definition& definition) {
  const std::string directory = definition.ResolvePath(definition.log_path);
  if (!files.Exists(directory)) {
    return Fail(
        ErrorCode::kNotFound, "there is no log at " + directory,
        "Run `skewless run` first, or join the source files themselves with --history sources.");
  }
  History history;
  SKEWLESS_ASSIGN_OR_RETURN(const auto segments, InspectLog(files, directory, /*verify=*/false));
  for (const SegmentInfo& segment : segments) history.expected_records += segment.records;
  SKEWLESS_ASSIGN_OR_RETURN(auto opened, OpenLogReader(files, definition));
  std::shared_ptr<LogReader> reader = std::move(opened);
  history.next = [reader](Batch* batch) { return reader->Next(batch); };
  return history;
}

// Source files in arrival order, as an engine under the replay clock would have taken them: the
// same order of records, so the same folds.
class SourceHistory {
 public:
  static Result<std::shared_ptr<SourceHistory>> Open(const Definition& definition,
                                                     const std::vector<int>& views) {
    auto history = std::make_shared<SourceHistory>();
    const std::vector<bool> needed = NeededSources(definition, views);
    for (size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      const SourceDefinition& source = definition.sources[i];
      if (!source.tells_arrivals()) {
        return Fail(ErrorCode::kInvalid,
                    "source '" + source.name + "' doesn't say when its records arrived",
                    "Give it an arrival_timestamp or a delay, or join from the log.");
      }
      SourceOptions options;
      options.replay = true;
      options.spill_directory = definition.SpillDirectory();
      DeadLetterSink skip = [](const DeadLetter&) -> Status { return {}; };
      SKEWLESS_ASSIGN_OR_RETURN(
          auto opened, OpenSource(definition, static_cast<int>(i), options, std::move(skip)));
      history->sources_.push_back(std::move(opened));
      history->watermarks_.emplace_back(source.out_of_orderness_us, source.allowed_lateness_us);
    }
    return history;
  }

  Result<bool> Next(Batch* batch) {
    constexpr size_t kRows = 65536;
    // One source after the other: a view has one source, so only the order within each matters.
    for (; at_ < sources_.size(); ++at_) {
      for (bool more = true; more;) {
        SKEWLESS_ASSIGN_OR_RETURN(more, sources_[at_]->Next(kRows, 0, batch));
        Stamp(batch);
        if (batch->rows() == 0) continue;
        return true;
      }
    }
    return false;
  }

 private:
  void Stamp(Batch* batch) {
    batch->sequence.resize(batch->rows());
    for (Sequence& sequence : batch->sequence) sequence = ++last_;
    batch->processing_us = batch->arrival_us;
    batch->available_us = batch->arrival_us;
    // Too late is decided as the engine decides it: by source, in the order of arrival.
    batch->applied.clear();
    for (const Timestamp event : batch->event_us) {
      batch->applied.push_back(watermarks_[at_].Accept(event) ? 1 : 0);
    }
  }

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Watermark> watermarks_;  // by sources_
  size_t at_ = 0;
  Sequence last_ = 0;
};

}  // namespace

std::vector<LoggedSource> LoggedSources(const Definition& definition) {
  std::vector<LoggedSource> sources;
  for (const SourceDefinition& source : definition.sources)
    sources.push_back({source.name, source.schema});
  return sources;
}

Result<std::unique_ptr<LogReader>> OpenLogReader(FileSystem& files, const Definition& definition) {
  return LogReader::Open(files, definition.ResolvePath(definition.log_path),
                         LoggedSources(definition));
}

Result<History> OpenHistory(FileSystem& files, const Definition& definition, HistoryKind kind,
                            const std::vector<int>& views) {
  if (kind == HistoryKind::kLog) return OpenLogHistory(files, definition);
  SKEWLESS_ASSIGN_OR_RETURN(auto sources, SourceHistory::Open(definition, views));
  History history;
  history.next = [sources](Batch* batch) { return sources->Next(batch); };
  return history;
}

}  // namespace skewless
