// skewless run: sources -> log -> online and offline, with serving where configured.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/running_engine.h"
#include "cli/terminal.h"

namespace skewless {
namespace {

// A column that no event of this run had.
struct NullColumn {
  std::string source, column;
  int64_t events;
};
std::vector<NullColumn> NullColumns(const Definition& definition, const EngineStats& stats) {
  std::vector<NullColumn> found;
  for (const ColumnNulls& counted : stats.columns) {
    const auto source = static_cast<size_t>(counted.source);
    const int64_t events = stats.source_events[source].load();
    if (events == 0 || counted.nulls.load() < events) continue;
    const auto& columns = definition.sources[source].schema.columns;
    found.push_back({definition.sources[source].name,
                     columns[static_cast<size_t>(counted.column)].name, events});
  }
  return found;
}

nlohmann::json SummaryJson(const RunningEngine& running, const Definition& definition) {
  const EngineStats& stats = running.engine().stats();
  const SourceProgress progress = running.engine().progress();
  nlohmann::json views = nlohmann::json::array();
  for (size_t view = 0; view < running.view_sizes().size(); ++view) {
    const auto& size = running.view_sizes()[view];
    views.push_back({{"rows", size.rows},
                     {"bytes", size.bytes},
                     {"events_without_key", stats.events_without_key[view].load()}});
  }
  nlohmann::json null_columns = nlohmann::json::array();
  for (const NullColumn& one : NullColumns(definition, stats)) {
    null_columns.push_back(
        {{"source", one.source}, {"column", one.column}, {"events", one.events}});
  }
  nlohmann::json summary = {
      {"events", stats.accepted.load()},
      {"refused_late", stats.refused_late.load()},
      {"refused_ahead", stats.refused_ahead.load()},
      {"dead_letters", progress.dead_letters},
      {"recovered_events", stats.recovered_records.load()},
      {"rebuilt", running.engine().rebuilt()},
      {"log_bytes", stats.log_bytes.load()},
      {"offline_rows", stats.offline_rows.load()},
      {"wall_seconds", running.wall_seconds()},
      {"cpu_seconds", running.cpu_seconds()},
      {"freshness_nanos",
       {{"p50", stats.freshness.QuantileNanos(0.5)}, {"p99", stats.freshness.QuantileNanos(0.99)}}},
      {"log_sync_nanos",
       {{"p50", stats.log_sync.QuantileNanos(0.5)}, {"p99", stats.log_sync.QuantileNanos(0.99)}}},
      {"requests", running.requests()},
      {"views", views},
      {"null_columns", null_columns}};
  return summary;
}

// Where the records that could not be read are kept: a file or a topic for each source that had
// some.
std::string DeadLetterPlaces(const Engine& engine, const Definition& definition) {
  std::string paths;
  for (size_t i = 0; i < definition.sources.size(); ++i) {
    if (engine.progress(i).dead_letters == 0) continue;
    const SourceDefinition& source = definition.sources[i];
    paths += paths.empty() ? "" : ", ";
    paths += source.dead_letter_topic ? "topic " + source.dead_letter_topic->topic
                                      : definition.ResolvePath(source.dead_letters);
  }
  return paths;
}

void PrintSummary(const RunningEngine& running, const Definition& definition) {
  const EngineStats& stats = running.engine().stats();
  const int64_t events = stats.accepted.load();
  const double wall = running.wall_seconds();
  fmt::print(
      "{} in {:.2f} s ({}/s, {} a CPU second)\n", Counted(events, "event"), wall,
      WithSeparators(static_cast<int64_t>(static_cast<double>(events) / wall)),
      WithSeparators(static_cast<int64_t>(static_cast<double>(events) / running.cpu_seconds())));
  if (running.engine().rebuilt() && stats.recovered_records.load() > 0) {
    fmt::print("recovered {} from the log\n", Counted(stats.recovered_records.load(), "event"));
  }
  if (const int64_t dead = running.engine().progress().dead_letters; dead > 0) {
    fmt::print("{} could not be read; {} in {}\n", Counted(dead, "record"),
               dead == 1 ? "it is kept with its reason" : "they are kept with their reasons",
               DeadLetterPlaces(running.engine(), definition));
  }
  if (const int64_t late = stats.refused_late.load(); late > 0) {
    fmt::print("{} {} refused as too late\n", Counted(late, "event"), late == 1 ? "was" : "were");
  }
  if (const int64_t ahead = stats.refused_ahead.load(); ahead > 0) {
    fmt::print("{} {} refused as too far ahead of the clock\n", Counted(ahead, "event"),
               ahead == 1 ? "was" : "were");
  }
  for (size_t view = 0; view < definition.views.size(); ++view) {
    const int64_t without_key = stats.events_without_key[view].load();
    if (without_key == 0) continue;
    fmt::print("{} {} no key, and {} in none of the rows of {}\n", Counted(without_key, "event"),
               without_key == 1 ? "has" : "have", without_key == 1 ? "is" : "are",
               definition.views[view].name);
  }
  for (const NullColumn& one : NullColumns(definition, stats)) {
    fmt::print("column {} of {} is null in all of its events, {}\n", one.column, one.source,
               WithSeparators(one.events));
  }
  if (events > 0) {
    fmt::print("log {} ({:.1f} bytes an event), freshness p50 {} p99 {}\n",
               FormatBytes(stats.log_bytes.load()),
               static_cast<double>(stats.log_bytes.load()) / static_cast<double>(events),
               FormatNanos(stats.freshness.QuantileNanos(0.5)),
               FormatNanos(stats.freshness.QuantileNanos(0.99)));
  }
}

// Options that this repository leaves nothing for.
Status CheckOptions(const Definition& definition, const RunOptions& options) {
  if (options.stepped_replay && !UsesReplayClock(definition)) {
    return Fail(ErrorCode::kInvalid,
                "--replay-waits moves the replay clock, and this repository goes by the wall clock",
                "Give every source an arrival_timestamp or a delay, or run without it.");
  }
  if (definition.serving || (options.listen.empty() && !options.stepped_replay)) return {};
  return Fail(
      ErrorCode::kInvalid,
      options.stepped_replay
          ? "--replay-waits waits for POST /replay/advance, and this repository serves nobody"
          : "--listen " + options.listen + ": this repository serves nobody",
      "Add serving: {listen: 127.0.0.1:6566} to the definition, or run without it.");
}

Status Run(const Session& session, const RunOptions& options) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto repository, LoadRepository(session));
  SKEWLESS_RETURN_IF_ERROR(CheckOptions(*repository.definition, options));
  RunningEngine running(repository, options);
  SKEWLESS_RETURN_IF_ERROR(running.Start());
  SKEWLESS_RETURN_IF_ERROR(running.Wait());
  if (options.json) {
    fmt::print("{}\n", SummaryJson(running, *repository.definition).dump());
  } else {
    PrintSummary(running, *repository.definition);
  }
  return {};
}

}  // namespace

void AddRunCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "run", "Read the sources into the log, the online store and the offline tables");
  auto options = std::make_shared<RunOptions>();
  command->add_flag("--strict", options->strict, "Stop at the first record that can't be read");
  command->add_flag("--once", options->once,
                    "End when the sources end, though serving could go on");
  command->add_flag("--take-over", options->take_over,
                    "Take the log over from an engine that stands still and can't be stopped");
  command->add_flag("--replay-waits", options->stepped_replay,
                    "The replay clock moves only as far as POST /replay/advance lets it");
  command->add_option("--listen", options->listen, "Serve here instead of serving.listen");
  command->add_option("--batch-rows", options->batch_rows, "Rows decoded at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command
      ->add_option("--commit-rows", options->commit_rows,
                   "Rows in one commit, but for the last batch's")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_flag("--json", options->json, "Print the summary as JSON");
  AddLogOptions(command, &options->log);
  command->callback([&session, options] {
    BlockStopSignals();
    // What ends by itself sums up what it did: its log is for what goes wrong.
    EventLogger logger(options->log, options->once ? EventLevel::kWarning : EventLevel::kInfo);
    if (Status ran = Run(session, *options); !ran) logger.Failed(ran.error(), &session);
  });
}

}  // namespace skewless
