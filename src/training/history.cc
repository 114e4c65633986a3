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

// By column of the source: 1 where a view's key, condition, argument or filter is made of it, or a
// time is.
std::vector<uint8_t> NeededColumns(const Definition& definition, int source,
                                   const std::vector<int>& views) {
  const SourceDefinition& of = definition.sources[static_cast<size_t>(source)];
  std::vector<uint8_t> needed(of.schema.columns.size(), 0);
  const auto need = [&](int column) {
    if (column >= 0) needed[static_cast<size_t>(column)] = 1;
  };
  need(of.event_timestamp);
  need(of.arrival_timestamp);
  for (const int index : views) {
    const FeatureViewDefinition& view = definition.views[static_cast<size_t>(index)];
    if (view.source != source) continue;
    for (const int column : view.key_columns) need(column);
    view.MarkInputs(&needed);
  }
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
                                                     const std::vector<int>& views,
                                                     const FileSorting& sorting,
                                                     std::shared_ptr<bool> out_of_order,
                                                     const std::shared_ptr<UnreadRecords>& unread) {
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
      SKEWLESS_ASSIGN_OR_RETURN(auto opened, OpenOne(definition, static_cast<int>(i), views,
                                                     sorting, out_of_order.get(), unread));
      history->sources_.push_back(std::move(opened));
      history->watermarks_.emplace_back(source.out_of_orderness_us, source.allowed_lateness_us,
                                        source.max_ahead_us);
    }
    history->out_of_order_ = std::move(out_of_order);
    return history;
  }

  Result<bool> Next(Batch* batch) {
    constexpr size_t kRows = 8192;  // what a row needs on its way stays in the cache
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
  static Result<std::unique_ptr<Source>> OpenOne(const Definition& definition, int source,
                                                 const std::vector<int>& views,
                                                 const FileSorting& sorting, bool* out_of_order,
                                                 std::shared_ptr<UnreadRecords> unread) {
    DeadLetterSink skip = [unread = std::move(unread)](const DeadLetter& letter) -> Status {
      if (unread->count++ > 0) return {};
      unread->first = letter.stream +
                      (letter.line > 0 ? ", line " + std::to_string(letter.line)
                                       : ", record " + std::to_string(letter.offset)) +
                      ": " + letter.reason;
      return {};
    };
    if (sorting.order == FileOrder::kAsTheyLie) {
      return OpenSortedFiles(definition, source, NeededColumns(definition, source, views),
                             std::move(skip), out_of_order);
    }
    SourceOptions options;
    options.replay = true;
    options.sort_memory_bytes = sorting.memory_bytes;
    options.spill_directory = sorting.spill_directory;
    return OpenSource(definition, source, options, std::move(skip));
  }

  void Stamp(Batch* batch) {
    batch->sequence.resize(batch->rows());
    for (Sequence& sequence : batch->sequence) sequence = ++last_;
    batch->processing_us.clear();  // which no join looks at
    batch->available_us.swap(batch->arrival_us);
    // What is refused is decided as the engine decides it: by source, in the order of arrival.
    batch->applied.clear();
    if (!watermarks_[at_].refuses()) return;
    batch->applied.resize(batch->rows());
    for (size_t row = 0; row < batch->rows(); ++row) {
      const bool accepted = watermarks_[at_].Accept(batch->event_us[row], batch->available_us[row]);
      batch->applied[row] = accepted ? 1 : 0;
    }
  }

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Watermark> watermarks_;  // by sources_
  size_t at_ = 0;
  Sequence last_ = 0;
  std::shared_ptr<bool> out_of_order_;
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
                            const std::vector<int>& views, const FileSorting& sorting) {
  if (kind == HistoryKind::kLog) return OpenLogHistory(files, definition);
  History history;
  SKEWLESS_ASSIGN_OR_RETURN(
      auto sources,
      SourceHistory::Open(definition, views, sorting, history.out_of_order, history.unread));
  history.next = [sources](Batch* batch) { return sources->Next(batch); };
  return history;
}

}  // namespace skewless
