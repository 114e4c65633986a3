// What serving's tests share: an online store under a replay clock, filled as an engine fills it,
// so that every read time and every byte of a reply is known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/repository_fixture.h"
#include "online/embedded/embedded_store.h"
#include "serving/feature_reader.h"

namespace skewless {

inline constexpr char kServingYaml[] = R"yaml(project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, item: string, price: float64, blob: bytes, seen: timestamp, ts: "timestamp[us]", at: "timestamp[us]"}
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
    ttl: 1d
    features:
      visits: count(*)
      spend: sum(price)
      blob: last(blob)
      seen: last(seen)
      prices: last(price, 2)
      times: last(seen, 2)
      cheap: last(price, 2) filter (where price < 0)
    derived:
      per_visit: spend / nullif(visits, 0)
  popular:
    source: clicks
    entity: item
    features:
      visits: count(*)
  pairs:
    source: clicks
    entity: pair
    features:
      visits: count(*)
feature_services:
  ranking:
    features: ["activity:spend", popular]
    request: {cart: float64}
    derived: {share: "cart / nullif(activity:spend, 0)", many: "activity:visits > 1"}
  typed:
    features: ["activity:visits"]
    request: {b: bool, i: int32, n: int64, f: float32, d: float64, s: string, y: bytes, t: timestamp, l: "int64[]"}
    derived: {next: n + 1}
)yaml";

class ServedStore {
 public:
  ServedStore() : repository_(kServingYaml) {
    EmbeddedOptions options;
    options.directory = repository_.Path("var/online");
    options.views = ViewNames(repository_.kernels());
    options.fingerprints = Fingerprints(repository_.kernels());
    options.replay_clock = true;
    options.log_identity = 1;
    std::filesystem::create_directories(options.directory);
    auto opened = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(opened.has_value());
    writer_ = std::move(*opened);
    SKEWLESS_CHECK(writer_->Reset().has_value());
    SKEWLESS_CHECK(writer_->OpenForReaders().has_value());
  }

  const Definition& definition() const { return repository_.definition(); }
  const KernelSet& kernels() const { return repository_.kernels(); }
  std::string Path(const std::string& name) const { return repository_.Path(name); }

  // A click at `time`, which is its arrival too; then the readers' clock stands there.
  void Click(const std::string& user, const std::string& item, const std::string& price,
             Timestamp time, const std::string& blob = "", const std::string& seen = "") {
    Batch batch;
    FillBatch(definition(), 0,
              {{{user, item, price, blob, seen, std::to_string(time), std::to_string(time)}, time}},
              ++sequence_, &batch);
    writer_->AdvanceReplayClock(time - 1);
    writer_->Announce(time);
    for (size_t view = 0; view < kernels().size(); ++view) {
      kernels()[view]->Prepare(batch, scratch_, &input_);
      SKEWLESS_CHECK(writer_->Fold(static_cast<int>(view), *kernels()[view], input_).has_value());
    }
    SKEWLESS_CHECK(writer_->Commit(sequence_).has_value());
    MoveTo(time);
  }
  void MoveTo(Timestamp time) { writer_->AdvanceReplayClock(time); }

  Result<std::unique_ptr<OnlineReader>> OpenReader() const {
    return OpenEmbeddedReader(Path("var/online"), ViewNames(kernels()), Fingerprints(kernels()));
  }
  FeatureReader Reader() const {
    auto opened = OpenReader();
    SKEWLESS_CHECK(opened.has_value());
    return FeatureReader(definition(), kernels(), std::move(*opened));
  }

 private:
  TestRepository repository_;
  std::unique_ptr<OnlineWriter> writer_;
  EvaluationScratch scratch_;
  ViewInput input_;
  Sequence sequence_ = 0;
};

}  // namespace skewless
