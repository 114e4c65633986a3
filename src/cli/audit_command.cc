// skewless audit: replays the log against the served vectors.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "training/audit.h"

namespace skewless {
namespace {

void PrintJson(const AuditReport& report) {
  nlohmann::json causes = nlohmann::json::object();
  for (const auto& [cause, rows] : report.by_cause) causes[std::string(DifferenceCauseName(cause))] = rows;
  fmt::print("{}\n", nlohmann::json{{"rows", report.rows},
                                    {"values", report.values},
                                    {"different_rows", report.different_rows},
                                    {"by_cause", causes},
                                    {"history_records", report.counts.history_records}}
                         .dump());
}

void PrintReport(const AuditReport& report) {
  fmt::print("{} of {} served vectors differ ({} values compared to the bit, {} events replayed)\n",
             WithSeparators(report.different_rows), WithSeparators(report.rows), WithSeparators(report.values),
             WithSeparators(report.counts.history_records));
  for (const auto& [cause, rows] : report.by_cause) {
    fmt::print("  {}: {}\n", DifferenceCauseName(cause), WithSeparators(rows));
  }
  for (const Difference& one : report.examples) {
    fmt::print("  {}  {}  {}: served {} (sequence {}), replayed {} (sequence {}): {}\n",
               FormatTimestamp(one.read_us), one.key, one.output, one.served, one.served_sequence, one.replayed,
               one.replayed_sequence, DifferenceCauseName(one.cause));
  }
}

void RunAudit(Session& session, std::string served, JoinOptions options, bool json) {
  auto repository = LoadRepository(session);
  if (!repository) return session.Failed(repository.error());
  const Definition& definition = *repository->definition;
  if (served.empty() && definition.serving) served = definition.serving->served_log;
  if (served.empty()) {
    return session.Failed({ErrorCode::kInvalid, "no served vectors to audit: serving.served_log is not set",
                           "Set serving: {served_log: var/served} and serve, or name a folder with --served."});
  }
  ProgressBar bar("auditing");
  options.progress = [&bar](double fraction, int64_t records) {
    bar.Show(fraction, WithSeparators(records) + " events replayed");
  };
  options.spill_directory = definition.ResolvePath(definition.log_path + "/spill");
  auto report = Audit(SystemFiles(), definition, definition.ResolvePath(served), options);
  bar.Finish();
  if (!report) return session.Failed(report.error());
  json ? PrintJson(*report) : PrintReport(*report);
  if (!report->passed()) session.exit_code = 1;
}

}  // namespace

void AddAuditCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("audit", "Compare what was served with a replay of the log, to the bit");
  auto served = std::make_shared<std::string>();
  auto options = std::make_shared<JoinOptions>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--served", *served, "The folder of served vectors (default: serving.served_log)");
  command->add_option("--threads", options->threads, "Threads (default: the machine's)");
  command->add_option("--memory", options->memory_bytes, "Bytes in memory before spilling, as in 4GiB")
      ->transform(CLI::AsSizeValue(false));
  command->add_flag("--json", *json, "Print the report as JSON");
  command->callback([&session, served, options, json] { RunAudit(session, *served, *options, *json); });
}

}  // namespace skewless
