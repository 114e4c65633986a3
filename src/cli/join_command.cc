// skewless join: the training set for a file of labels.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/join_resources.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "training/training_set.h"

namespace skewless {
namespace {

struct JoinArguments {
  TrainingSetRequest request;
  std::string as_of = "available";
  std::string history = "log";
  std::string delay;
  bool json = false;
};

// Beside the output, for what the memory can't hold. It goes with the join.
class SpillFolder {
 public:
  explicit SpillFolder(const std::string& output)
      : path_(output + ".spill-" + std::to_string(getpid())) {}
  ~SpillFolder() { static_cast<void>(rmdir(path_.c_str())); }  // which needs an empty one
  SpillFolder(const SpillFolder&) = delete;
  SpillFolder& operator=(const SpillFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

struct Spent {
  double wall_seconds, cpu_seconds;
};

void Warn(const TrainingSetResult& result, HistoryKind history) {
  if (result.counts.history_records == 0) {
    fmt::print(stderr, "note: there was no event to replay, so every feature is null; {}\n",
               history == HistoryKind::kLog
                   ? "`skewless run` reads the sources"
                   : "the sources' files have none, or none that can be read");
  }
  for (const Error& warning : result.warnings)
    fmt::print(stderr, "warning: {}\n", warning.ToString());
}

nlohmann::json ViewsJson(const Definition& definition, const TrainingSetResult& result) {
  nlohmann::json views = nlohmann::json::array();
  for (const LabelCoverage& one : result.coverage) {
    views.push_back({{"view", definition.views[static_cast<size_t>(one.view)].name},
                     {"records", one.counts.records},
                     {"not_found", one.counts.not_found}});
  }
  return views;
}

void PrintJson(const Definition& definition, const TrainingSetResult& result, Spent spent) {
  fmt::print("{}\n", nlohmann::json{{"rows", result.rows},
                                    {"features", result.feature_columns},
                                    {"history_records", result.counts.history_records},
                                    {"not_found", result.counts.not_found},
                                    {"views", ViewsJson(definition, result)},
                                    {"spilled_bytes", result.counts.spilled_bytes},
                                    {"wall_seconds", spent.wall_seconds},
                                    {"cpu_seconds", spent.cpu_seconds}}
                         .dump());
}

// Views are named where there are several.
void PrintNotFound(const Definition& definition, const TrainingSetResult& result) {
  bool printed = false;
  for (const LabelCoverage& one : result.coverage) {
    if (one.counts.not_found == 0) continue;
    const std::string& view = definition.views[static_cast<size_t>(one.view)].name;
    fmt::print("{}{} of {} label rows found no record by then\n",
               result.coverage.size() > 1 ? view + ": " : "", WithSeparators(one.counts.not_found),
               WithSeparators(result.rows));
    printed = true;
  }
  if (!printed)
    fmt::print("0 of {} label rows found no record by then\n", WithSeparators(result.rows));
}

void RunJoin(Session& session, JoinArguments arguments) {
  if (!arguments.delay.empty() && arguments.as_of == "event") {
    return session.Misused({ErrorCode::kInvalid, "--delay and --as-of event contradict each other",
                            "With --delay a record is available that long after its event, with "
                            "--as-of event at once."});
  }
  auto repository = LoadRepository(session);
  if (!repository) return session.Failed(repository.error());
  const Definition& definition = *repository->definition;
  TrainingSetRequest& request = arguments.request;
  request.join.as_of = arguments.as_of == "event" ? AsOf::kEvent : AsOf::kAvailable;
  request.history = arguments.history == "sources" ? HistoryKind::kSources : HistoryKind::kLog;
  if (!arguments.delay.empty()) {
    auto delay = ParseDuration(arguments.delay);
    if (!delay) {
      delay.error().message = "--delay: " + delay.error().message;
      delay.error().remedy += " Where records count from their own time on: --as-of event.";
      return session.Failed(delay.error());
    }
    request.join.delay_us = *delay;
  }
  if (request.history == HistoryKind::kLog) WarnOfUnknownSources(definition);
  const SpillFolder spill(request.output_path);
  request.join.spill_directory = spill.path();
  ProgressBar bar("joining");
  request.join.progress = [&bar](double fraction, int64_t records) {
    bar.Show(fraction, WithSeparators(records) + " events replayed");
  };
  const int64_t start = MonotonicNanos();
  auto result = MakeTrainingSet(SystemFiles(), definition, request);
  bar.Finish();
  if (!result) return session.Failed(result.error());
  Warn(*result, request.history);
  const Spent spent = {static_cast<double>(MonotonicNanos() - start) / 1e9,
                       static_cast<double>(ProcessCpuNanos()) / 1e9};
  if (arguments.json) return PrintJson(definition, *result, spent);
  fmt::print("{} with {} in {} ({:.2f} s, {} replayed)\n", Counted(result->rows, "row"),
             Counted(static_cast<int64_t>(result->feature_columns.size()), "feature"),
             request.output_path, spent.wall_seconds,
             Counted(result->counts.history_records, "event"));
  PrintNotFound(definition, *result);
}

}  // namespace

void AddJoinCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "join", "Make a training set: the features each label's moment could read");
  auto arguments = std::make_shared<JoinArguments>();
  TrainingSetRequest& request = arguments->request;
  command
      ->add_option("labels", request.labels_path,
                   "Labels: Parquet, CSV or Arrow, with the entities' keys and a time")
      ->required();
  command
      ->add_option("-o,--output", request.output_path, "The training set: .parquet, .csv or .arrow")
      ->required();
  command
      ->add_option("--features", request.features,
                   "Views, view:feature, or a feature service (default: all that fit)")
      ->delimiter(',')
      ->allow_extra_args(false);  // a word behind it is the labels' file
  command->add_option("--timestamp", request.timestamp_column, "The labels' time column")
      ->capture_default_str();
  command->add_flag("--full-feature-names", request.full_feature_names,
                    "Name columns view__feature");
  command
      ->add_option("--as-of", arguments->as_of,
                   "available: as a model could read it; event: with hindsight")
      ->check(CLI::IsMember({"available", "event"}))
      ->capture_default_str();
  command->add_option("--delay", arguments->delay, "Take available = event + this, as in 10m");
  command
      ->add_option("--history", arguments->history,
                   "log, or sources: the definition's files themselves")
      ->check(CLI::IsMember({"log", "sources"}))
      ->capture_default_str();
  AddJoinResources(command, &request.join);
  command->add_flag("--json", arguments->json, "Print a summary as JSON");
  command->callback([&session, arguments] { RunJoin(session, *arguments); });
}

}  // namespace skewless
