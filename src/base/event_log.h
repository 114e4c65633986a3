// What an operator wants to know while the program runs: it started, a source ended, a sync was
// slow. Any room may tell of it; nobody listens unless the program gives a sink (`run` and `serve`
// do), and then an event below the sink's level costs one load. Not for what happens to each record
// or batch: such things are counted, and told of by an EventInterval.
//
//   LogEvent(EventLevel::kWarning, "slow sync", {{"seconds", 1.5}, {"bytes", bytes}});
//
// The message is fixed text, so that it can be searched for; what varies is in the fields. Both are
// listed in docs/operations/logs.md.
#pragma once

#include <atomic>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace skewless {

enum class EventLevel { kDebug, kInfo, kWarning, kError, kOff };

std::string_view EventLevelName(EventLevel level);  // "warning"

// A name and a value; text is not copied and lives as long as the call that tells of it.
struct EventField {
  EventField(std::string_view field, std::string_view text) : name(field), value(text) {}
  EventField(std::string_view field, const std::string& text)
      : EventField(field, std::string_view(text)) {}
  EventField(std::string_view field, const char* text)
      : EventField(field, std::string_view(text)) {}
  EventField(std::string_view field, bool truth) : name(field), value(truth) {}
  EventField(std::string_view field, double number) : name(field), value(number) {}
  EventField(std::string_view field, std::integral auto number)
      : name(field), value(static_cast<int64_t>(number)) {}
  // An instant, as RFC 3339 text.
  static EventField Time(std::string_view field, Timestamp time);

  struct Instant {
    Timestamp time;
  };
  std::string_view name;  // a_word, with its unit; not time, level or message
  std::variant<std::string_view, bool, double, int64_t, Instant> value;
};

struct Event {
  EventLevel level;
  std::string_view message;
  std::span<const EventField> fields;
};

// "message":"slow sync","seconds":1.5 - the members of a JSON object, without its braces.
void AppendEventJson(std::string& out, const Event& event);
// slow sync seconds=1.5 path="var/my log"
void AppendEventText(std::string& out, const Event& event);

// Where events go. Any thread may call.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Take(const Event& event) = 0;
};
// From now on events of `least` and above go to `sink`; null: to nobody. Not while other threads
// run.
void UseEventSink(EventSink* sink, EventLevel least);

namespace event_log {
inline std::atomic<EventLevel> least{EventLevel::kOff};
void Take(const Event& event);
}  // namespace event_log

// Worth asking before a field is made that costs something.
inline bool WantsEvents(EventLevel level) {
  return level >= event_log::least.load(std::memory_order_relaxed);
}
inline void LogEvent(EventLevel level, std::string_view message,
                     std::initializer_list<EventField> fields = {}) {
  if (WantsEvents(level)) event_log::Take({level, message, {fields.begin(), fields.size()}});
}
// The same with the error's code, text and remedy after the fields.
void LogError(EventLevel level, std::string_view message, const Error& error,
              std::initializer_list<EventField> fields = {});

// For what may happen often: tells of the first at once, then at most once in each interval, with
// how often it happened since. One thread's.
class EventInterval {
 public:
  explicit EventInterval(DurationUs interval_us) : interval_us_(interval_us) {}
  // It happened so many times more. The number to tell of, where it is time to tell.
  std::optional<int64_t> Add(int64_t times = 1);
  // What was not told of yet; at the end.
  int64_t TakeUntold() { return std::exchange(untold_, 0); }

 private:
  const DurationUs interval_us_;
  int64_t untold_ = 0;
  std::optional<int64_t> told_nanos_;
};

}  // namespace skewless
