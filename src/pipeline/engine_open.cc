// Opening the engine: the log first, then everything that must agree with it.
#include <algorithm>

#include "base/check.h"
#include "base/event_log.h"
#include "log/log_format.h"
#include "pipeline/engine.h"
#include "pipeline/offline_thread.h"
#include "pipeline/online_of.h"
#include "source/file_head.h"
#include "source/kafka/dead_letter_topic.h"
#include "training/history.h"
#include "training/unknown_sources.h"

namespace skewless {

namespace {

// One in a while, with the reason of the newest: the file has them all.
void LogDeadLetter(const DeadLetter& letter, EventInterval* interval) {
  if (!WantsEvents(EventLevel::kWarning)) return;
  const auto letters = interval->Add();
  if (!letters) return;
  LogEvent(EventLevel::kWarning, "records could not be read",
           {{"source", letter.source},
            {"records", *letters},
            {"stream", letter.stream},
            {"offset", letter.offset},
            {"line", letter.line},
            {"reason", letter.reason}});
}

constexpr int64_t kManyEpochs = 30'000;

// As by a service that is started again and again, for years, or fails each time once it has begun
// to work.
void TellIfOpenedTooOften(int64_t epoch) {
  if (epoch < kManyEpochs) return;
  LogEvent(EventLevel::kWarning, "log was opened too often",
           {{"epoch", epoch},
            {"openings_left", kMaxEpoch - epoch},
            {"remedy",
             "After those it can't be written any more. See why the engine is started so often, "
             "and begin a new log in time: another log.path, which reads the sources again."}});
}

// Every source has its positions in the log, so most often there is nothing to look for.
Status TellOfUnknownSources(FileSystem& files, const Definition& definition,
                            const LogRecovery& found) {
  const bool known =
      std::all_of(found.positions.begin(), found.positions.end(), [&](const auto& position) {
        return std::any_of(
            definition.sources.begin(), definition.sources.end(),
            [&](const SourceDefinition& source) { return source.name == position.first.first; });
      });
  if (known) return {};
  SKEWLESS_ASSIGN_OR_RETURN(const auto unknown, UnknownSources(files, definition));
  for (const UnknownSource& source : unknown) {
    const Error warning = UnknownSourceWarning(definition, source);
    LogEvent(EventLevel::kWarning, "log holds a source that the definition lacks",
             {{"source", source.name}, {"records", source.records}, {"remedy", warning.remedy}});
  }
  return {};
}

}  // namespace

bool UsesReplayClock(const Definition& definition) {
  if (definition.sources.empty()) return false;
  for (const SourceDefinition& source : definition.sources) {
    if (!source.tells_arrivals()) return false;
  }
  return true;
}

Result<std::unique_ptr<Engine>> Engine::Open(const Definition& definition, const KernelSet& kernels,
                                             FileSystem& files, EngineOptions options) {
  std::unique_ptr<Engine> engine(new Engine(definition, kernels, files, std::move(options)));
  SKEWLESS_RETURN_IF_ERROR(engine->OpenLog());
  SKEWLESS_RETURN_IF_ERROR(engine->OpenOnline());
  SKEWLESS_RETURN_IF_ERROR(engine->RecoverWatermarks());
  SKEWLESS_RETURN_IF_ERROR(engine->OpenSources());
  SKEWLESS_RETURN_IF_ERROR(engine->OpenOffline());
  return engine;
}

Status Engine::OpenLog() {
  for (const SourceDefinition& source : definition_.sources) {
    if (source.tells_arrivals() && !replay_) {
      return Fail(
          ErrorCode::kInvalid,
          "source '" + source.name + "' says when its records arrived and another source doesn't",
          "Give every source an arrival_timestamp or a delay, or none of them: one clock drives "
          "the engine.");
    }
  }
  LogOptions log_options;
  log_options.directory = definition_.ResolvePath(definition_.log_path);
  log_options.segment_bytes = definition_.log_segment_bytes;
  log_options.take_over = options_.take_over;
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(log_options.directory));
  SKEWLESS_ASSIGN_OR_RETURN(log_, LogWriter::Open(files_, log_options, LoggedSources(definition_)));
  last_available_us_ = log_->recovery().last_available_us;
  const LogRecovery& found = log_->recovery();
  LogEvent(EventLevel::kInfo, "log opened",
           {{"path", log_options.directory},
            {"epoch", log_->epoch()},
            {"taken_over", options_.take_over},
            {"records", found.records},
            {"bytes", found.bytes},
            {"torn_bytes", found.torn_bytes}});
  TellIfAhead();
  TellIfOpenedTooOften(log_->epoch());
  return TellOfUnknownSources(files_, definition_, found);
}

// As after a run while the clock was wrong, or of a history that arrives in the future: stamps
// never go back, and what readers are given is as of then.
void Engine::TellIfAhead() const {
  const DurationUs ahead_us = SaturatingSub(last_available_us_, wall_clock_->Now());
  if (replay_ || ahead_us < kSecondUs) return;
  LogEvent(
      EventLevel::kWarning, "log is ahead of the clock",
      {EventField::Time("last_available", last_available_us_),
       {"ahead_seconds", static_cast<double>(ahead_us) / 1e6},
       {"remedy",
        "Until then readers' time stands there, and windows end there. Was the clock wrong, or "
        "is a delay longer than history is old? Wait, or read what is right into a new log."}});
}

Status Engine::OpenOnline() {
  SKEWLESS_ASSIGN_OR_RETURN(EmbeddedOptions embedded, EmbeddedStoreOf(definition_, kernels_));
  embedded.replay_clock = replay_;
  embedded.log_identity = log_->identity();
  embedded.take_over = options_.take_over;
  embedded.not_before = last_available_us_;
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(embedded.directory));
  SKEWLESS_ASSIGN_OR_RETURN(online_, options_.parts.open_online(embedded));
  SKEWLESS_RETURN_IF_ERROR(OpenRows());
  if (!online_->usable() || online_->last_sequence() != log_->recovery().last_sequence) {
    SKEWLESS_RETURN_IF_ERROR(RebuildOnline());
  }
  const std::vector<OnlineWriter::ViewSize> sizes = online_->Sizes();
  for (size_t view = 0; view < sizes.size(); ++view) {
    if (sizes[view].rows > 0) empty_views_.NoteRows(view);
  }
  SKEWLESS_RETURN_IF_ERROR(LogOpening());
  if (replay_ && last_available_us_ != kMinTimestamp)
    online_->AdvanceReplayClock(last_available_us_ - 1);
  SKEWLESS_RETURN_IF_ERROR(online_->OpenForReaders());
  if (has_rows()) online_->TrackChanges();
  return {};
}

// As one batch: nobody reads before its end, so no row needs the version before.
Status Engine::RebuildOnline() {
  rebuilt_ = log_->recovery().records > 0;
  const int64_t start_nanos = MonotonicNanos();
  SKEWLESS_RETURN_IF_ERROR(online_->Reset());
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(files_, definition_));
  Batch batch;
  int64_t records = 0;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) break;
    SKEWLESS_RETURN_IF_ERROR(FoldAll(batch));
    records += static_cast<int64_t>(batch.rows());
    stats_.recovered_records.store(records, std::memory_order_relaxed);
    if (options_.recovery_progress) options_.recovery_progress(records, log_->recovery().records);
  }
  // The log may end in records of sources that the definition no longer has.
  SKEWLESS_RETURN_IF_ERROR(online_->Commit(log_->recovery().last_sequence));
  if (rebuilt_) {
    LogEvent(EventLevel::kInfo, "online store rebuilt",
             {{"records", records},
              {"seconds", static_cast<double>(MonotonicNanos() - start_nanos) / 1e9}});
  }
  return {};
}

Status Engine::RecoverWatermarks() {
  bool by_records = false;
  for (const SourceDefinition& source : definition_.sources) {
    SourceWatermark& watermark = watermarks_.emplace_back(source);
    late_events_.emplace_back(10 * kSecondUs);
    events_ahead_.emplace_back(10 * kSecondUs);
    // A topic's partitions are told apart, which records of the log are not.
    by_records |= watermark.refuses_late() && source.type != SourceType::kKafka;
    for (const auto& [where, offset] : log_->recovery().positions) {
      if (where.first == source.name && SourceWatermark::IsPosition(where.second))
        watermark.RecoverPosition(where.second, offset);
    }
  }
  if (!by_records || log_->recovery().records == 0) return {};
  // Lateness is decided against all accepted events, those of earlier runs included.
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(files_, definition_));
  Batch batch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) return {};
    if (definition_.sources[batch.source].type != SourceType::kKafka)
      watermarks_[batch.source].Recover(batch);
  }
}

Result<std::unique_ptr<DeadLetterStore>> Engine::OpenDeadLetters(const SourceDefinition& source) {
  if (source.dead_letter_topic) return OpenDeadLetterTopic(source);
  const std::string path = definition_.ResolvePath(source.dead_letters);
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(std::string(ParentPath(path))));
  return OpenDeadLetterFile(files_, path);
}

Status Engine::OpenSources() {
  for (size_t i = 0; i < definition_.sources.size(); ++i) {
    const SourceDefinition& source = definition_.sources[i];
    SourceOptions source_options;
    source_options.replay = replay_;
    source_options.follow = options_.follow;
    source_options.spill_directory = definition_.SpillDirectory();
    for (const auto& [where, offset] : log_->recovery().positions) {
      if (where.first == source.name && !SourceWatermark::IsPosition(where.second))
        source_options.resume.push_back({where.second, offset});
    }
    source_options.notice = [&source](const std::string& what) {
      LogEvent(EventLevel::kWarning, "source goes on", {{"source", source.name}, {"what", what}});
    };
    dead_letters_.push_back(nullptr);
    SKEWLESS_ASSIGN_OR_RETURN(dead_letters_.back(), OpenDeadLetters(source));
    DeadLetterStore* store = dead_letters_.back().get();
    DeadLetterSink sink =
        [store, strict = options_.strict,
         interval = EventInterval(10 * kSecondUs)](const DeadLetter& letter) mutable -> Status {
      if (!strict) {
        LogDeadLetter(letter, &interval);
        return store->Append(letter);
      }
      const std::string line = letter.line > 0 ? ":" + std::to_string(letter.line) : "";
      return Fail(
          ErrorCode::kInvalid,
          letter.stream + line + ": record " + std::to_string(letter.offset) + ": " + letter.reason,
          "Mend the record, or run without --strict to have it kept in the dead letters.");
    };
    SKEWLESS_ASSIGN_OR_RETURN(
        auto opened, options_.parts.open_source(definition_, static_cast<int>(i), source_options,
                                                std::move(sink)));
    LogEvent(EventLevel::kInfo, "source opened",
             {{"source", source.name},
              {"known_streams",
               std::count_if(source_options.resume.begin(), source_options.resume.end(),
                             [](const auto& known) { return !IsHeadStream(known.stream); })}});
    SourceThreadOptions thread_options;
    thread_options.name = source.name;
    thread_options.batch_rows = options_.batch_rows;
    sources_.push_back(std::make_unique<SourceThread>(std::move(opened), store, thread_options));
    source_ended_.push_back(false);
  }
  return {};
}

Status Engine::OpenOffline() {
  if (!definition_.offline) return {};
  if (definition_.offline->type != "parquet") {
    return Fail(
        ErrorCode::kUnsupported,
        "offline store '" + definition_.offline->type + "' is not available in this version",
        "Use offline: {type: parquet, path: ...}.");
  }
  OfflineOptions offline_options;
  offline_options.directory = definition_.ResolvePath(definition_.offline->path);
  offline_options.lock = &log_->lock();
  offline_options.compaction = options_.compaction;
  offline_options.log_identity = log_->identity();
  offline_options.log_end = log_->recovery().last_sequence;
  SKEWLESS_RETURN_IF_ERROR(files_.CreateDirectories(offline_options.directory));
  SKEWLESS_ASSIGN_OR_RETURN(
      offline_options.availability,
      Availability::Open(files_, definition_.ResolvePath(definition_.log_path),
                         StampedViewsOf(definition_, kernels_)));
  if (has_rows()) settled_through_ = offline_options.availability->SettledThrough();
  SKEWLESS_ASSIGN_OR_RETURN(auto writer,
                            OfflineWriter::Open(files_, definition_, kernels_, offline_options));
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(files_, definition_));
  offline_ = std::make_unique<OfflineThread>(std::move(writer), std::move(reader), &stats_,
                                             OfflineThreadOptions{});
  if (has_rows()) {
    LetTablesGoOn();
  } else {
    offline_->SetDurable(log_->recovery().last_sequence);
  }
  return {};
}

}  // namespace skewless
