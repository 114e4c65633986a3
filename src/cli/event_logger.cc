#include "cli/event_logger.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "cli/terminal.h"

namespace skewless {
namespace {

class StandardErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    drawn_lines::WriteAbove({line.data(), line.size()});
  }
  void flush_() override {}
};

constexpr EventLevel kLevels[] = {EventLevel::kDebug, EventLevel::kInfo, EventLevel::kWarning,
                                  EventLevel::kError, EventLevel::kOff};

EventLevel LevelOf(const LogSettings& settings, EventLevel otherwise) {
  for (const EventLevel level : kLevels) {
    if (settings.level == EventLevelName(level)) return level;
  }
  return otherwise;
}

spdlog::level::level_enum SpdlogLevel(EventLevel level) {
  switch (level) {
    case EventLevel::kDebug:
      return spdlog::level::debug;
    case EventLevel::kInfo:
      return spdlog::level::info;
    case EventLevel::kWarning:
      return spdlog::level::warn;
    case EventLevel::kError:
      return spdlog::level::err;
    case EventLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

void AddLogOptions(CLI::App* command, LogSettings* settings) {
  std::vector<std::string> levels;
  for (const EventLevel level : kLevels) levels.emplace_back(EventLevelName(level));
  command->add_option("--log-format", settings->format, "Events on standard error: text or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--log-level", settings->level, "The least level of events to show")
      ->check(CLI::IsMember(levels));
}

EventLogger::EventLogger(const LogSettings& settings, EventLevel least)
    : json_(settings.json()), logger_("skewless", std::make_shared<StandardErrorSink>()) {
  constexpr char kJson[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})";
  constexpr char kText[] = "%Y-%m-%dT%H:%M:%S.%fZ %-7l %v";
  logger_.set_pattern(json_ ? kJson : kText, spdlog::pattern_time_type::utc);
  logger_.set_level(spdlog::level::trace);
  UseEventSink(this, LevelOf(settings, least));
}

EventLogger::~EventLogger() { UseEventSink(nullptr, EventLevel::kOff); }

void EventLogger::Failed(const Error& error, Session* session) {
  if (!json_) return session->Failed(error);
  UseEventSink(this, EventLevel::kError);  // why it ends is said at any level
  LogError(EventLevel::kError, "failed", error);
  session->exit_code = 1;
}

void EventLogger::Take(const Event& event) {
  std::string line;
  json_ ? AppendEventJson(line, event) : AppendEventText(line, event);
  logger_.log(SpdlogLevel(event.level), spdlog::string_view_t(line));
}

}  // namespace skewless
