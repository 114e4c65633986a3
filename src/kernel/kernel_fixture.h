// What the kernel's tests share: a view over one source with a column of every shape, entities that
// are fed event by event, and a random history of one entity.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "kernel/view_kernel.h"

namespace skewless {

struct TestEvent {
  Timestamp event_us = 0;
  std::optional<int64_t> n;
  std::optional<double> x;
  std::optional<std::string> s;
  std::optional<bool> b;
};

struct TestFeature {
  std::string name;
  std::string text;
};

class TestView {
 public:
  static constexpr char kEmbedded[] = "{type: embedded, path: var/online}";
  static constexpr char kExpiring[] = "{type: redis, address: 'h:1', expire: true}";

  // `settings`: further lines of the view.
  TestView(std::initializer_list<TestFeature> features,
           std::initializer_list<std::string> settings = {}, const std::string& online = kEmbedded)
      : TestView(std::span(features.begin(), features.size()), settings, online) {}

  explicit TestView(std::span<const TestFeature> features,
                    std::initializer_list<std::string> settings = {},
                    const std::string& online = kEmbedded) {
    std::string text = "project: test\nlog: {path: var/log}\nonline: " + online + R"(
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, n: int64, x: float64, s: string, b: bool, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  view:
    source: events
    entity: user
)";
    for (const std::string& line : settings) text.append("    ").append(line).append("\n");
    text += "    features:\n";
    for (const auto& [name, feature] : features)
      text.append("      ").append(name).append(": \"").append(feature).append("\"\n");
    auto parsed = ParseDefinition(text, "skewless.yaml", ".");
    if (!parsed) Abort(parsed.error());
    definition_ = std::move(*parsed);
    auto compiled = ViewKernel::Compile(*definition_, 0);
    if (!compiled) Abort(compiled.error());
    kernel_ = std::move(*compiled);
  }

  const ViewKernel& kernel() const { return *kernel_; }

  // A batch of the events, all of one user, stamped with sequences from `first` on.
  void FillBatch(const std::vector<TestEvent>& events, const std::vector<Timestamp>& available_us,
                 Sequence first, Batch* batch) const {
    batch->Reset(&definition_->sources[0].schema, 0);
    for (size_t i = 0; i < events.size(); ++i) {
      const TestEvent& event = events[i];
      batch->columns[0].AppendInt(1);
      event.n ? batch->columns[1].AppendInt(*event.n) : batch->columns[1].AppendNull();
      event.x ? batch->columns[2].AppendDouble(*event.x) : batch->columns[2].AppendNull();
      event.s ? batch->columns[3].AppendString(batch->strings.Add(*event.s))
              : batch->columns[3].AppendNull();
      event.b ? batch->columns[4].AppendInt(*event.b ? 1 : 0) : batch->columns[4].AppendNull();
      batch->columns[5].AppendInt(event.event_us);
      batch->event_us.push_back(event.event_us);
      batch->sequence.push_back(first + static_cast<Sequence>(i));
    }
    batch->available_us = available_us;
    batch->processing_us = available_us;
    batch->applied.assign(events.size(), 1);
  }

 private:
  [[noreturn]] static void Abort(const Error& error) {
    fprintf(stderr, "%s\n", error.ToString().c_str());
    abort();
  }
  std::unique_ptr<Definition> definition_;
  std::unique_ptr<ViewKernel> kernel_;
};

// The state of one entity, fed event by event, in a buffer that is never larger than it must be.
class TestEntity {
 public:
  explicit TestEntity(const TestView& view) : view_(view), state_(kernel().empty_state_size()) {
    kernel().InitState(state_.data());
  }

  const ViewKernel& kernel() const { return view_.kernel(); }
  const Bytes& state() const { return state_; }
  void set_state(Bytes state) { state_ = std::move(state); }
  int growths() const { return growths_; }

  // Availability is the event's time unless it is given or something later was seen.
  void Apply(const TestEvent& event, std::optional<Timestamp> available_us = std::nullopt) {
    available_us_ = std::max(available_us_, available_us.value_or(event.event_us));
    view_.FillBatch({event}, {available_us_}, ++sequence_, &batch_);
    kernel().Prepare(batch_, scratch_, &input_);
    if (input_.selected[0] == 0) return;
    while (const size_t needed = kernel().Apply(state_.data(), state_.size(), input_, 0)) {
      SKEWLESS_CHECK(needed > state_.size());
      state_.resize(needed);
      ++growths_;
    }
  }
  void Apply(std::initializer_list<TestEvent> events) {
    for (const TestEvent& event : events) Apply(event);
  }

  FeatureVector& Read(Timestamp t) {
    kernel().Read(state_, t, &vector_);
    return vector_;
  }
  // All values at `t` as people see them: "3, null, 'a'".
  std::string Show(Timestamp t) {
    Read(t);
    std::string out;
    for (const ValueView& value : vector_.values) {
      out += (out.empty() ? "" : ", ") + FormatValue(value);
    }
    return out;
  }

 private:
  const TestView& view_;
  Bytes state_;
  Timestamp available_us_ = kMinTimestamp;
  Sequence sequence_ = 0;
  int growths_ = 0;
  Batch batch_;
  EvaluationScratch scratch_;
  ViewInput input_;
  FeatureVector vector_;
};

}  // namespace skewless
