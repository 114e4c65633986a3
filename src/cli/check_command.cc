// skewless check: parse, type-check, print the plan.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "definition/describe.h"
#include "source/kafka/kafka_settings.h"
#include "source/schema_decoder.h"

namespace skewless {
namespace {

void PrintFootprint(const ViewKernel& kernel) {
  const ViewKernel::Footprint size = kernel.footprint();
  fmt::print("{}: an entity takes {} B with one event, {} with every tile full\n",
             kernel.view().name, size.one_event_bytes,
             FormatBytes(static_cast<int64_t>(size.dense_bytes)));
  for (const auto& tier : size.tiers) {
    fmt::print("  tiles of {}: {} B each, at most {} for the longest window of {}\n",
               tier.hop_us == 1 ? "1us (exact)" : FormatDuration(tier.hop_us), tier.tile_bytes,
               tier.hop_us == 1 ? "one an event" : std::to_string(tier.tiles),
               FormatDuration(tier.longest_window_us));
  }
}

nlohmann::json FootprintJson(const ViewKernel& kernel) {
  const ViewKernel::Footprint size = kernel.footprint();
  nlohmann::json tiers = nlohmann::json::array();
  for (const auto& tier : size.tiers) {
    tiers.push_back({{"hop_us", tier.hop_us},
                     {"longest_window_us", tier.longest_window_us},
                     {"tiles", tier.tiles},
                     {"tile_bytes", tier.tile_bytes}});
  }
  return {{"view", kernel.view().name},
          {"one_event_bytes", size.one_event_bytes},
          {"dense_bytes", size.dense_bytes},
          {"tiers", tiers}};
}

void Check(Session& session, bool json) {
  auto repository = LoadRepository(session);
  if (!repository) return session.Failed(repository.error());
  for (const auto check : {CheckSchemas, CheckKafkaSettings}) {
    const Status checked = check(*repository->definition);
    if (!checked) return session.Failed(checked.error());
  }
  WarnOfUnknownSources(*repository->definition);
  if (json) {
    nlohmann::json plan = DescribeDefinitionJson(*repository->definition);
    for (const auto& kernel : repository->kernels)
      plan["footprints"].push_back(FootprintJson(*kernel));
    fmt::print("{}\n", plan.dump());
    return;
  }
  fmt::print("{}\nBytes\n",
             DescribeDefinition(*repository->definition, TerminalColumns(STDOUT_FILENO)));
  for (const auto& kernel : repository->kernels) PrintFootprint(*kernel);
  fmt::print("\n{} is well-defined: 1 log shard, {}, {}\n", repository->definition->project,
             Counted(static_cast<int64_t>(repository->definition->views.size()), "view"),
             Counted(static_cast<int64_t>(repository->definition->services.size()), "service"));
}

}  // namespace

void AddCheckCommand(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("check", "Parse and type-check the definitions and print the plan");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print the plan as JSON");
  command->callback([&session, json] { Check(session, *json); });
}

}  // namespace skewless
