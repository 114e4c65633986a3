// Puts the program's events on standard error, a line each: text for people, JSON for what collects
// logs. Above the live status, where one is drawn.
#pragma once

#include <spdlog/logger.h>

#include "base/event_log.h"
#include "cli/commands.h"

namespace skewless {

struct LogSettings {
  std::string format = "text";  // or json
  std::string level;            // empty: the command's own default

  bool json() const { return format == "json"; }
};
// --log-format and --log-level.
void AddLogOptions(CLI::App* command, LogSettings* settings);

// From its making to its end, events go to standard error. One at a time; it outlives the threads
// that tell of events.
class EventLogger final : public EventSink {
 public:
  EventLogger(const LogSettings& settings, EventLevel least);
  ~EventLogger() override;
  EventLogger(const EventLogger&) = delete;
  EventLogger& operator=(const EventLogger&) = delete;
  void Take(const Event& event) override;
  // The command failed: an event where the log is JSON, else as every command says it.
  void Failed(const Error& error, Session* session);

 private:
  const bool json_;
  spdlog::logger logger_;
};

}  // namespace skewless
