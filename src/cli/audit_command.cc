// skewless audit: replays the log against the served vectors.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/join_resources.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "training/audit.h"

namespace skewless {
namespace {

void PrintJson(const AuditReport& report, const TrainingSetAudit* training) {
  nlohmann::json causes = nlohmann::json::object();
  for (const auto& [cause, rows] : report.by_cause)
    causes[std::string(DifferenceCauseName(cause))] = rows;
  nlohmann::json out = {{"rows", report.rows},
                        {"values", report.values},
                        {"different_rows", report.different_rows},
                        {"not_yet_known", report.not_yet_known},
                        {"lost_write_rows", report.lost_write_rows},
                        {"by_cause", causes},
                        {"history_records", report.counts.history_records}};
  if (training != nullptr) {
    out["training_rows"] = training->rows;
    out["training_different_rows"] = training->different_rows;
    out["training_unmatched_rows"] = training->unmatched_rows;
    out["training_lacks"] = training->lacking;
  }
  fmt::print("{}\n", out.dump());
}

// `one.output` is a feature, "view:feature", or a view, which has no value.
std::string Shown(const Difference& one, const std::string& value,
                  std::optional<Sequence> sequence) {
  if (!sequence) return value;
  const std::string rests = fmt::format("sequence {}", *sequence);
  return one.output.find(':') == std::string::npos ? rests : fmt::format("{} ({})", value, rests);
}

void PrintExamples(const std::vector<Difference>& examples) {
  for (const Difference& one : examples) {
    fmt::print("  {}  {}  {}: served {}, replayed {}: {}\n", FormatTimestamp(one.read_us), one.key,
               one.output, Shown(one, one.served, one.served_sequence),
               Shown(one, one.replayed, one.replayed_sequence), DifferenceCauseName(one.cause));
  }
}

void PrintReport(const AuditReport& report, const TrainingSetAudit* training) {
  fmt::print("{} of {} served vectors differ ({} compared to the bit, {} replayed)\n",
             WithSeparators(report.different_rows), WithSeparators(report.rows),
             Counted(report.values, "value"), Counted(report.counts.history_records, "event"));
  if (report.not_yet_known > 0) {
    fmt::print("{} more can't be judged yet: the online store has not told all about their time\n",
               WithSeparators(report.not_yet_known));
  }
  if (report.lost_write_rows > 0) {
    fmt::print(
        "{} of all rest on writes that the online store lost before it told the engine of them\n",
        WithSeparators(report.lost_write_rows));
  }
  for (const auto& [cause, rows] : report.by_cause) {
    fmt::print("  {}: {}\n", DifferenceCauseName(cause), WithSeparators(rows));
  }
  PrintExamples(report.examples);
  if (training == nullptr) return;
  fmt::print("{} of {} training rows differ from what was served",
             WithSeparators(training->different_rows), WithSeparators(training->rows));
  if (training->unmatched_rows > 0)
    fmt::print(" ({} more were never asked for)", WithSeparators(training->unmatched_rows));
  fmt::print("\n");
  if (!training->lacking.empty())
    fmt::print("  not compared, as it lacks them: {}\n", fmt::join(training->lacking, ", "));
  for (const Difference& one : training->examples) {
    fmt::print("  {}  {}  {}: served {}, in the training set {}\n", FormatTimestamp(one.read_us),
               one.key, one.output, one.served, one.replayed);
  }
}

Error NothingProven(const AuditReport& report) {
  if (report.not_yet_known == 0) {
    return {ErrorCode::kNotFound, "nothing was served, so nothing is proven",
            "Serve some vectors with serving.served_log set, then audit."};
  }
  return {ErrorCode::kNotFound, "none of what was served can be judged yet, so nothing is proven",
          "Audit again when the engine has gone on, or was stopped."};
}

Error NothingCompared(const std::string& path, const TrainingSetAudit& training) {
  return {ErrorCode::kNotFound,
          path + ": none of its " + WithSeparators(training.unmatched_rows) +
              " rows was asked for while serving, so nothing of it was compared",
          "Join labels whose keys and times are those of vectors that were served."};
}

struct AuditArguments {
  std::string served, training;
  std::string timestamp_column = "event_timestamp";
  JoinOptions options;
  bool json = false;
};

void RunAudit(Session& session, AuditArguments arguments) {
  std::string& served = arguments.served;
  JoinOptions& options = arguments.options;
  auto repository = LoadRepository(session);
  if (!repository) return session.Failed(repository.error());
  const Definition& definition = *repository->definition;
  if (served.empty() && definition.serving) served = definition.serving->served_log;
  if (served.empty()) {
    return session.Failed(
        {ErrorCode::kInvalid, "no served vectors to audit: serving.served_log is not set",
         "Set serving: {served_log: var/served} and serve, or name a folder with --served."});
  }
  // Quick beside a replay, and says at once where it is no training set.
  TrainingSetAudit training;
  if (!arguments.training.empty()) {
    auto compared = AuditTrainingSet(SystemFiles(), definition.ResolvePath(served),
                                     arguments.training, arguments.timestamp_column);
    if (!compared) return session.Failed(compared.error());
    training = std::move(*compared);
  }
  ProgressBar bar("auditing");
  options.progress = [&bar](double fraction, int64_t records) {
    bar.Show(fraction, WithSeparators(records) + " events replayed");
  };
  options.spill_directory = definition.SpillDirectory();
  auto report = Audit(SystemFiles(), definition, definition.ResolvePath(served), options);
  bar.Finish();
  if (!report) return session.Failed(report.error());
  const TrainingSetAudit* compared = arguments.training.empty() ? nullptr : &training;
  arguments.json ? PrintJson(*report, compared) : PrintReport(*report, compared);
  if (!report->passed() || training.different_rows > 0) session.exit_code = 1;
  if (report->rows == 0) return session.Failed(NothingProven(*report));
  if (compared != nullptr && compared->rows == 0)
    session.Failed(NothingCompared(arguments.training, *compared));
}

}  // namespace

void AddAuditCommand(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("audit", "Compare what was served with a replay of the log, to the bit");
  auto arguments = std::make_shared<AuditArguments>();
  command->add_option("--served", arguments->served,
                      "The folder of served vectors (default: serving.served_log)");
  auto* training = command->add_option("--training", arguments->training,
                                       "Also compare this training set with what was served");
  command->add_option("--timestamp", arguments->timestamp_column, "The training set's time column")
      ->capture_default_str()
      ->needs(training);
  AddJoinResources(command, &arguments->options);
  command->add_flag("--json", arguments->json, "Print the report as JSON");
  command->callback([&session, arguments] { RunAudit(session, *arguments); });
}

}  // namespace skewless
