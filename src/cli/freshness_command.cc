// skewless freshness: data age per view, streaming beside a daily batch; or, as a probe sees it
// now.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/age_chart.h"
#include "cli/commands.h"
#include "cli/probe_freshness.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace skewless {
namespace {

struct FreshnessArguments {
  std::string output, view, last = "14d";
  bool probe = false, json = false;
  ProbeArguments probing;
};

void PrintTable(const std::vector<ViewAge>& ages) {
  std::vector<std::vector<std::string>> rows = {
      {"", "", "streaming", "", "daily batch", "", "newest"},
      {"view", "records", "p50", "p99", "p50", "p99", "event"}};
  for (const ViewAge& age : ages) {
    rows.push_back({age.view, WithSeparators(age.records), FormatAge(age.streaming_p50_us),
                    FormatAge(age.streaming_p99_us), FormatAge(age.batch_p50_us),
                    FormatAge(age.batch_p99_us),
                    age.points.empty() ? "-" : FormatAge(age.points.back().streaming_us) + " old"});
  }
  fmt::print("{}", AlignedTable(rows));
  fmt::print("\nfrom an event's own time until a reader can see it, over all records of the log\n");
}

void PrintJson(const std::vector<ViewAge>& ages) {
  nlohmann::json views = nlohmann::json::array();
  for (const ViewAge& age : ages) {
    views.push_back(
        {{"view", age.view},
         {"records", age.records},
         {"streaming_us", {{"p50", age.streaming_p50_us}, {"p99", age.streaming_p99_us}}},
         {"batch_us", {{"p50", age.batch_p50_us}, {"p99", age.batch_p99_us}}}});
  }
  fmt::print("{}\n", nlohmann::json{{"views", views}}.dump());
}

Status Draw(const std::vector<ViewAge>& ages, const FreshnessArguments& arguments) {
  for (const ViewAge& age : ages) {
    if (!arguments.view.empty() && age.view != arguments.view) continue;
    return DrawAgeChart(age, "How old is the newest data of " + age.view + "?", arguments.output);
  }
  return Fail(ErrorCode::kNotFound, "no view is called '" + arguments.view + "'",
              "`skewless check` lists the views.");
}

Status Freshness(const Session& session, const FreshnessArguments& arguments) {
  SKEWLESS_ASSIGN_OR_RETURN(auto repository, LoadRepository(session));
  if (arguments.probe) {
    ProbeArguments probing = arguments.probing;
    probing.view = arguments.view;
    probing.json = arguments.json;
    return ProbeFreshness(repository, probing);
  }
  AgeRequest request;
  SKEWLESS_ASSIGN_OR_RETURN(request.last_us, ParseDuration(arguments.last));
  SKEWLESS_ASSIGN_OR_RETURN(const auto ages, MeasureDataAge(SystemFiles(), *repository.definition,
                                                            repository.kernels, request));
  if (!arguments.output.empty()) SKEWLESS_RETURN_IF_ERROR(Draw(ages, arguments));
  arguments.json ? PrintJson(ages) : PrintTable(ages);
  return {};
}

}  // namespace

void AddFreshnessCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "freshness", "How old the data is, per view and over time, beside a daily batch");
  auto arguments = std::make_shared<FreshnessArguments>();
  auto* output =
      command->add_option("-o,--output", arguments->output, "Draw a chart: .svg or .png");
  command->add_option("--view", arguments->view,
                      "The view to draw (default: the first) or to probe (default: all)");
  command->add_option("--last", arguments->last, "How much of the log the chart shows")
      ->needs(output)
      ->capture_default_str();
  auto* probe = command->add_flag("--probe", arguments->probe,
                                  "Watch records become readable, from outside the engine");
  command->add_option("--for", arguments->probing.duration, "How long to probe")
      ->needs(probe)
      ->capture_default_str();
  command->add_option("--sample", arguments->probing.sample, "Entities of a view to probe")
      ->needs(probe)
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  probe->excludes(output);
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([&session, arguments] {
    if (!arguments->view.empty() && arguments->output.empty() && !arguments->probe) {
      return session.Misused({ErrorCode::kInvalid, "--view names the view to draw or to probe",
                              "Add --output or --probe: the table has all views."});
    }
    if (Status shown = Freshness(session, *arguments); !shown) session.Failed(shown.error());
  });
}

}  // namespace skewless
