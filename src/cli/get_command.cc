// skewless get: one vector, now or as it was.
#include <fmt/format.h>

#include <functional>

#include "base/clock.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/repository.h"
#include "model/value_text.h"
#include "serving/feature_reader.h"
#include "training/history.h"
#include "training/point_in_time.h"

namespace skewless {
namespace {

using FeatureViewNames = std::function<std::string(int view)>;

struct GetArguments {
  std::string name;
  std::vector<std::string> inputs, nulls;
  std::string at;
  bool json = false;
};

std::string_view StatusName(RowStatus status) {
  switch (status) {
    case RowStatus::kPresent:
      return "PRESENT";
    case RowStatus::kNotFound:
      return "NOT_FOUND";
    case RowStatus::kOutsideMaxAge:
      return "OUTSIDE_MAX_AGE";
  }
  return "INVALID";
}

void PrintRow(const ReadPlan& plan, const ReadRow& row, const FeatureViewNames& views, bool json) {
  if (json) {
    std::string text =
        "{\"read_timestamp\":\"" + FormatTimestamp(row.read_us) + "\",\"features\":{";
    for (size_t i = 0; i < plan.outputs.size(); ++i) {
      if (i > 0) text += ',';
      AppendJsonString(text, plan.outputs[i].full_name);
      text += ':';
      AppendJsonValue(text, row.values[i]);
    }
    text += "},\"views\":{";
    for (size_t i = 0; i < row.views.size(); ++i) {
      text += fmt::format(
          "{}\"{}\":{{\"status\":\"{}\",\"sequence\":{},\"newest_event_timestamp\":\"{}\"}}",
          i > 0 ? "," : "", views(row.views[i].view), StatusName(row.views[i].status),
          row.views[i].sequence, FormatTimestamp(row.views[i].newest_event_us));
    }
    fmt::print("{}}}}}\n", text);
    return;
  }
  size_t width = 0;
  for (const auto& output : plan.outputs) width = std::max(width, output.full_name.size());
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    fmt::print("{:<{}}  {}\n", plan.outputs[i].full_name, width, FormatValue(row.values[i]));
  }
  fmt::print("\nread at {}\n", FormatTimestamp(row.read_us));
  for (const auto& view : row.views) {
    if (view.status == RowStatus::kNotFound) {
      fmt::print("{}: NOT_FOUND, no event of this entity by then\n", views(view.view));
    } else {
      fmt::print("{}: {}, newest event {}, sequence {}\n", views(view.view),
                 StatusName(view.status), FormatTimestamp(view.newest_event_us), view.sequence);
    }
  }
}

// What a model asking at a time of the future is answered, nobody knows: records that are still to
// come may be available by then. None is where the log itself is further, as after a history of the
// future: stamps never go back.
Status CheckIsPast(const Definition& definition, Timestamp at) {
  const Timestamp now = NewWallClock()->Now();
  if (at <= now) return {};
  SKEWLESS_ASSIGN_OR_RETURN(auto reader, OpenLogReader(SystemFiles(), definition));
  Batch batch;
  for (;;) {
    SKEWLESS_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) break;
    if (batch.rows() > 0 && batch.available_us.back() >= at) return {};
  }
  return Fail(ErrorCode::kInvalid,
              "--at " + FormatTimestamp(at) + " is in the future: now is " + FormatTimestamp(now) +
                  ", and what comes until then may change the answer",
              "Name a time that is past, or leave --at out for the vector as it is now.");
}

Status Get(const Session& session, const GetArguments& arguments) {
  SKEWLESS_ASSIGN_OR_RETURN(auto repository, LoadRepository(session));
  const Definition& definition = *repository.definition;
  Result<ReadPlan> planned = definition.FindService(arguments.name) >= 0
                                 ? PlanService(definition, arguments.name)
                                 : PlanFeatures(definition, {arguments.name});
  if (!planned) return tl::unexpected<Error>(planned.error());
  const ReadPlan& plan = *planned;
  std::vector<ColumnSpec> columns = plan.keys;
  columns.insert(columns.end(), plan.request.begin(), plan.request.end());
  SKEWLESS_ASSIGN_OR_RETURN(auto inputs, ParseInputs(arguments.inputs, arguments.nulls, columns));
  const FeatureViewNames views = [&](int view) {
    return definition.views[static_cast<size_t>(view)].name;
  };
  if (arguments.at.empty()) {
    SKEWLESS_ASSIGN_OR_RETURN(auto online, OpenOnlineReader(repository));
    FeatureReader reader(definition, repository.kernels, std::move(online));
    SKEWLESS_ASSIGN_OR_RETURN(const ReadRow* row, reader.Read(plan, inputs));
    PrintRow(plan, *row, views, arguments.json);
    return {};
  }
  SKEWLESS_ASSIGN_OR_RETURN(const Timestamp at, ParseTimestamp(arguments.at));
  SKEWLESS_RETURN_IF_ERROR(CheckIsPast(definition, at));
  FeatureReader reader(definition, repository.kernels, nullptr);
  SKEWLESS_ASSIGN_OR_RETURN(
      auto states, StatesAt(SystemFiles(), definition, repository.kernels, plan.views, inputs, at));
  std::vector<ByteView> state_views;
  std::vector<Timestamp> read_us;
  for (const StateAt& state : states) {
    state_views.push_back(state.state);
    read_us.push_back(state.read_us);
  }
  SKEWLESS_ASSIGN_OR_RETURN(const ReadRow* row,
                            reader.Finish(plan, inputs, at, state_views, read_us));
  PrintRow(plan, *row, views, arguments.json);
  return {};
}

}  // namespace

void AddGetCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("get", "One vector, now or as it was");
  auto arguments = std::make_shared<GetArguments>();
  command->add_option("name", arguments->name, "A feature service, a view, or view:feature")
      ->required();
  command->add_option("inputs", arguments->inputs,
                      "The entities' keys and the request's columns, as key=value");
  command->add_option("--null", arguments->nulls, "A key or request column that is null")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--at", arguments->at,
                      "As a model asking then was answered: 2013-01-31T12:00:00Z");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([&session, arguments] {
    if (Status got = Get(session, *arguments); !got) session.Failed(got.error());
  });
}

}  // namespace skewless
