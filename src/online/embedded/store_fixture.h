// What the store's tests share: two views over one source of (user, amount), batches of them, and a
// directory that is removed at the end.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "kernel/view_kernel.h"
#include "online/embedded/embedded_store.h"

namespace skewless::embedded {

inline constexpr char kTestDefinition[] = R"(project: test
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  events:
    type: file
    path: events.csv
    format: csv
    columns: {user: int64, amount: int64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  totals:
    source: events
    entity: user
    features:
      events: count(*)
      total: sum(amount)
      latest: last(amount)
  windowed:
    source: events
    entity: user
    features:
      events: count(*)
      total: sum(amount)
      recent: sum(amount) over 1h hop 1m
)";

inline constexpr int kTotals = 0;
inline constexpr int kWindowed = 1;

struct TestEvent {
  int64_t user = 0;
  int64_t amount = 0;
  Timestamp event_us = 0;
};

// The records of one user at one instant, as a kernel reads them from a state.
struct UserTotals {
  bool found = false;
  Sequence sequence = 0;
  int64_t events = 0;
  int64_t total = 0;
  int64_t latest = 0;
  friend bool operator==(const UserTotals&, const UserTotals&) = default;
};

class TestViews {
 public:
  TestViews() {
    auto parsed = ParseDefinition(kTestDefinition, "skewless.yaml", ".");
    SKEWLESS_CHECK(parsed.has_value());
    definition_ = std::move(*parsed);
    for (int i = 0; i < 2; ++i) {
      auto kernel = ViewKernel::Compile(*definition_, i);
      SKEWLESS_CHECK(kernel.has_value());
      kernels_.push_back(std::move(*kernel));
    }
    batch_.schema = &schema_;
    batch_.columns.resize(3);
  }

  const ViewKernel& kernel(int view) const { return *kernels_[static_cast<size_t>(view)]; }
  std::vector<std::string> names() const { return {"totals", "windowed"}; }
  std::vector<uint64_t> fingerprints() const {
    return {kernels_[0]->fingerprint(), kernels_[1]->fingerprint()};
  }
  EmbeddedOptions Options(const std::string& directory) const {
    return {.directory = directory,
            .views = names(),
            .fingerprints = fingerprints(),
            .log_identity = 7};
  }

  // The events as a view sees them, stamped `available`, from `first` on. Valid until the next
  // call.
  ViewInput& Input(int view, std::span<const TestEvent> events, Sequence first,
                   std::span<const Timestamp> available) {
    const Type types[] = {
        {TypeKind::kInt64, false}, {TypeKind::kInt64, false}, {TypeKind::kTimestamp, false}};
    for (size_t i = 0; i < 3; ++i) {
      batch_.columns[i].Clear();
      batch_.columns[i].type = types[i];
    }
    batch_.event_us.clear();
    batch_.sequence.clear();
    for (size_t i = 0; i < events.size(); ++i) {
      batch_.columns[0].AppendInt(events[i].user);
      batch_.columns[1].AppendInt(events[i].amount);
      batch_.columns[2].AppendInt(events[i].event_us);
      batch_.event_us.push_back(events[i].event_us);
      batch_.sequence.push_back(first + static_cast<Sequence>(i));
    }
    batch_.available_us.assign(available.begin(), available.end());
    batch_.processing_us = batch_.available_us;
    batch_.applied.assign(events.size(), 1);
    kernel(view).Prepare(batch_, scratch_, &input_);
    return input_;
  }
  ViewInput& Input(int view, std::span<const TestEvent> events, Sequence first,
                   Timestamp available) {
    return Input(view, events, first, std::vector<Timestamp>(events.size(), available));
  }

  UserTotals Decode(int view, ByteView state, Timestamp t) {
    kernel(view).Read(state, t, &vector_);
    if (vector_.status == RowStatus::kNotFound) return {};
    return {true, vector_.sequence, vector_.values[0].int_value, vector_.values[1].int_value,
            vector_.values[2].int_value};
  }

 private:
  std::unique_ptr<Definition> definition_;
  std::vector<std::unique_ptr<ViewKernel>> kernels_;
  Schema schema_{{{"user", {TypeKind::kInt64, false}},
                  {"amount", {TypeKind::kInt64, false}},
                  {"ts", {TypeKind::kTimestamp, false}, TimestampUnit::kMicros}}};
  Batch batch_;
  EvaluationScratch scratch_;
  ViewInput input_;
  FeatureVector vector_;
};

inline ByteView KeyBytes(const int64_t& user) {
  return {reinterpret_cast<const uint8_t*>(&user), sizeof user};
}

class TestDirectory {
 public:
  explicit TestDirectory(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("skewless_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace skewless::embedded
