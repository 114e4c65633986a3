// What the training room's tests share: a repository whose log was written by hand.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/repository_fixture.h"
#include "log/log.h"
#include "log/stamp_log.h"
#include "training/join.h"

namespace skewless {

inline constexpr char kTrainingYaml[] = R"yaml(project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, item: string, price: float64, ts: "timestamp[us]", at: "timestamp[us]"}
    event_timestamp: ts
    arrival_timestamp: at
entities:
  user: {keys: {user: int64}}
  item: {keys: {item: string}}
  pair: {keys: {item: string, user: int64}}
feature_views:
  activity:
    source: clicks
    entity: user
    features:
      visits: count(*)
      spend: sum(price)
      recent: count(*) over 1h hop 1m
      last_item: last(item)
      items: last(item, 2)
  popular:
    source: clicks
    entity: item
    features:
      views: count(*)
  pairs:
    source: clicks
    entity: pair
    features:
      together: count(*)
feature_services:
  ranking:
    features: ["activity:spend", popular]
    request: {cart: float64}
    derived: {share: "cart / nullif(activity:spend, 0)"}
)yaml";

struct Click {
  int64_t user = 0;
  std::string item, price;
  Timestamp event = 0, available = 0;  // after kTestStart
  bool applied = true;
};

class LoggedClicks {
 public:
  explicit LoggedClicks(const std::string& yaml = kTrainingYaml) : repository_(yaml) {}

  TestRepository& repository() { return repository_; }
  const Definition& definition() const { return repository_.definition(); }
  const KernelSet& kernels() const { return repository_.kernels(); }
  std::string Path(const std::string& name) const { return repository_.Path(name); }

  // Appends a batch to the log.
  void Append(const std::vector<Click>& clicks) {
    std::vector<LoggedSource> sources;
    for (const SourceDefinition& source : definition().sources)
      sources.push_back({source.name, source.schema});
    LogOptions options;
    options.directory = Path("var/log");
    std::filesystem::create_directories(options.directory);
    auto writer = LogWriter::Open(SystemFiles(), options, sources);
    SKEWLESS_CHECK(writer.has_value());
    Batch batch;
    Fill(clicks, 1, &batch);
    SKEWLESS_CHECK((*writer)->Append(&batch).has_value() && (*writer)->Sync().has_value());
    last_sequence_ = (*writer)->last_sequence();
  }
  Sequence last_sequence() const { return last_sequence_; }

  // Stamps beside the log, of rows of one view.
  Result<std::unique_ptr<StampLogWriter>> OpenStamps(int64_t epoch, const StampedView& view) const {
    return StampLogWriter::Open(SystemFiles(), {.directory = StampDirectory(Path("var/log")),
                                                .identity = 1,
                                                .epoch = epoch,
                                                .views = {view}});
  }

  void Fill(const std::vector<Click>& clicks, Sequence first, Batch* batch) const {
    std::vector<TestRecord> records;
    for (const Click& click : clicks) {
      const std::string available = std::to_string(kTestStart + click.available);
      records.push_back({{std::to_string(click.user), click.item, click.price,
                          std::to_string(kTestStart + click.event), available},
                         kTestStart + click.available,
                         click.applied});
    }
    FillBatch(definition(), 0, records, first, batch);
  }

 private:
  TestRepository repository_;
  Sequence last_sequence_ = 0;
};

}  // namespace skewless
