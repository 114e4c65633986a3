// skewless offline: look inside the offline tables; verify their files.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "offline/offline_writer.h"

namespace skewless {
namespace {

Status ShowOffline(const Session& session, bool verify, bool json) {
  SKEWLESS_ASSIGN_OR_RETURN(auto definition, LoadDefinition(session.repository));
  if (!definition->offline) {
    return Fail(ErrorCode::kInvalid, "this repository keeps no offline tables",
                "Add offline: {type: parquet, path: var/history} to skewless.yaml and run again.");
  }
  SKEWLESS_ASSIGN_OR_RETURN(
      auto files,
      InspectOffline(SystemFiles(), definition->ResolvePath(definition->offline->path), verify));
  if (json) {
    nlohmann::json list = nlohmann::json::array();
    for (const OfflineFileInfo& one : files) {
      list.push_back({{"view", one.view},
                      {"path", one.path},
                      {"event_date", one.event_date},
                      {"rows", one.rows},
                      {"bytes", one.bytes},
                      {"first_sequence", one.first_sequence},
                      {"last_sequence", one.last_sequence}});
    }
    fmt::print("{}\n", list.dump());
    return {};
  }
  if (files.empty()) {
    fmt::print("no rows yet in {}: `skewless run` writes them as it takes events\n",
               definition->ResolvePath(definition->offline->path));
    return {};
  }
  struct Sum {
    int64_t files = 0, rows = 0, bytes = 0;
    std::string first, last;
  };
  std::map<std::string, Sum> views;
  for (const OfflineFileInfo& one : files) {
    Sum& sum = views[one.view];
    if (sum.files == 0 || IsEarlierDate(one.event_date, sum.first)) sum.first = one.event_date;
    if (sum.files == 0 || IsEarlierDate(sum.last, one.event_date)) sum.last = one.event_date;
    ++sum.files;
    sum.rows += one.rows;
    sum.bytes += one.bytes;
  }
  for (const auto& [view, sum] : views) {
    fmt::print("{}  {}  {}  {}  event dates {} .. {}\n", view, Counted(sum.rows, "row"),
               Counted(sum.files, "file"), FormatBytes(sum.bytes), sum.first, sum.last);
  }
  if (verify) fmt::print("every file holds what its manifest says\n");
  return {};
}

}  // namespace

void AddOfflineCommand(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("offline", "Look inside the offline tables: partitions, rows, checksums");
  auto verify = std::make_shared<bool>(false);
  auto json = std::make_shared<bool>(false);
  command->add_flag("--verify", *verify, "Read every file and check it against the manifest");
  command->add_flag("--json", *json, "Print as JSON");
  command->callback([&session, verify, json] {
    if (Status shown = ShowOffline(session, *verify, *json); !shown) session.Failed(shown.error());
  });
}

}  // namespace skewless
