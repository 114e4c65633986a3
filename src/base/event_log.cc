#include "base/event_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/json_text.h"

namespace skewless {
namespace {

EventSink* event_sink = nullptr;

// Text that can stand behind name= as it is; a reader splits the line at spaces.
bool IsBare(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f';
  });
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

void AppendValue(std::string& out, const EventField& field, bool bare_text) {
  std::visit(Overloaded{
                 [&](std::string_view text) {
                   if (bare_text && IsBare(text)) {
                     out += text;
                   } else {
                     AppendJsonString(out, text);
                   }
                 },
                 [&](bool truth) { out += truth ? "true" : "false"; },
                 [&](double number) { AppendJsonDouble(out, number); },
                 [&](int64_t number) { out += std::to_string(number); },
                 [&](EventField::Instant instant) {
                   const std::string text = FormatTimestamp(instant.time);
                   out += bare_text ? text : '"' + text + '"';
                 },
             },
             field.value);
}

}  // namespace

std::string_view EventLevelName(EventLevel level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warning", "error", "off"};
  return kNames[static_cast<size_t>(level)];
}

EventField EventField::Time(std::string_view field, Timestamp time) {
  EventField made(field, int64_t{0});
  made.value = Instant{time};
  return made;
}

void AppendEventJson(std::string& out, const Event& event) {
  out += "\"message\":";
  AppendJsonString(out, event.message);
  for (const EventField& field : event.fields) {
    out += ',';
    AppendJsonString(out, field.name);
    out += ':';
    AppendValue(out, field, false);
  }
}

void AppendEventText(std::string& out, const Event& event) {
  out += event.message;
  for (const EventField& field : event.fields) {
    out += ' ';
    out += field.name;
    out += '=';
    AppendValue(out, field, true);
  }
}

void UseEventSink(EventSink* sink, EventLevel least) {
  event_sink = sink;
  event_log::least.store(sink != nullptr ? least : EventLevel::kOff);
}

void event_log::Take(const Event& event) { event_sink->Take(event); }

void LogError(EventLevel level, std::string_view message, const Error& error,
              std::initializer_list<EventField> fields) {
  if (!WantsEvents(level)) return;
  std::vector<EventField> all(fields);
  all.emplace_back("code", ErrorCodeName(error.code));
  all.emplace_back("error", error.message);
  if (!error.remedy.empty()) all.emplace_back("remedy", error.remedy);
  event_log::Take({level, message, all});
}

std::optional<int64_t> EventInterval::Add(int64_t times) {
  untold_ += times;
  if (untold_ == 0) return std::nullopt;
  const int64_t now = MonotonicNanos();
  if (told_nanos_ && now - *told_nanos_ < interval_us_ * 1000) return std::nullopt;
  told_nanos_ = now;
  return TakeUntold();
}

}  // namespace skewless
