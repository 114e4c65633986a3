// skewless log: look inside the log; verify its checksums.
#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/repository.h"
#include "cli/terminal.h"
#include "log/log.h"
#include "training/history.h"

namespace skewless {
namespace {

struct LogArguments {
  bool verify = false, json = false;
  int64_t records = 0;
};

Status PrintRecords(const Definition& definition, int64_t limit) {
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(SystemFiles(), definition));
  Batch batch;
  while (limit > 0) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) break;
    // The log has only that they were.
    const char* refused = definition.sources[batch.source].max_ahead_us
                              ? "  refused as too late or too far ahead"
                              : "  refused as too late";
    for (size_t row = 0; row < batch.rows() && limit > 0; ++row, --limit) {
      fmt::print("{}  {}  event {}  available {}{}", batch.sequence[row],
                 definition.sources[batch.source].name, FormatTimestamp(batch.event_us[row]),
                 FormatTimestamp(batch.available_us[row]),
                 batch.applied.empty() || batch.applied[row] != 0 ? "" : refused);
      for (size_t column = 0; column < batch.columns.size(); ++column) {
        fmt::print("  {}={}", batch.schema->columns[column].name,
                   FormatValue(ValueAt(batch.columns[column], row)));
      }
      fmt::print("\n");
    }
  }
  return {};
}

void PrintSegments(const std::vector<SegmentInfo>& segments, bool verified) {
  int64_t records = 0;
  int64_t bytes = 0;
  for (const SegmentInfo& one : segments) {
    fmt::print("{}  epoch {}  {} in {}  {}  {}\n", one.file, one.epoch,
               Counted(one.records, "record"), Counted(one.frames, "frame"), FormatBytes(one.bytes),
               one.records > 0 ? FormatTimestamp(one.first_processing_us) + " .. " +
                                     FormatTimestamp(one.last_processing_us)
                               : "");
    records += one.records;
    bytes += one.bytes;
  }
  fmt::print("{}, {} in {}{}\n", Counted(records, "record"), FormatBytes(bytes),
             Counted(static_cast<int64_t>(segments.size()), "segment"),
             verified ? ", every checksum holds" : "");
}

Status ShowLog(const Session& session, const LogArguments& arguments) {
  SKEWLESS_ASSIGN_OR_RETURN(auto definition, LoadDefinition(session.repository));
  const std::string directory = definition->ResolvePath(definition->log_path);
  if (arguments.records > 0) {
    WarnOfUnknownSources(*definition);  // their records can't be shown
    return PrintRecords(*definition, arguments.records);
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto segments, InspectLog(SystemFiles(), directory, arguments.verify));
  if (!arguments.json) {
    PrintSegments(segments, arguments.verify);
    return {};
  }
  nlohmann::json list = nlohmann::json::array();
  for (const SegmentInfo& one : segments) {
    list.push_back({{"file", one.file},
                    {"epoch", one.epoch},
                    {"records", one.records},
                    {"frames", one.frames},
                    {"bytes", one.bytes},
                    {"first_sequence", one.first_sequence},
                    {"last_sequence", one.last_sequence}});
  }
  fmt::print("{}\n", list.dump());
  return {};
}

}  // namespace

void AddLogCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("log", "Look inside the log: segments, records, checksums");
  auto arguments = std::make_shared<LogArguments>();
  auto* verify = command->add_flag("--verify", arguments->verify, "Check every checksum");
  auto* json = command->add_flag("--json", arguments->json, "Print the segments as JSON");
  command->add_option("--records", arguments->records, "Print the first N records, as text")
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()))
      ->excludes(verify)
      ->excludes(json);
  command->callback([&session, arguments] {
    if (Status shown = ShowLog(session, *arguments); !shown) session.Failed(shown.error());
  });
}

}  // namespace skewless
