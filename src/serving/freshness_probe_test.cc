#include "serving/freshness_probe.h"

#include <gtest/gtest.h>

#include "kernel/repository_fixture.h"
#include "online/embedded/embedded_store.h"

namespace skewless {
namespace {

constexpr char kYaml[] = R"(project: probed
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user: int64, price: float64, ts: "timestamp[us]"}
    event_timestamp: ts
entities:
  user: {keys: {user: int64}}
feature_views:
  all: {source: clicks, entity: user, features: {visits: count(*)}}
  bought: {source: clicks, entity: user, where: price > 0, features: {visits: count(*)}}
)";

// An engine's two stores, written one after the other as the test says.
class FreshnessProbeTest : public ::testing::Test {
 protected:
  FreshnessProbeTest() : repository_(kYaml) {
    const SourceDefinition& source = repository_.definition().sources[0];
    LogOptions log;
    log.directory = repository_.Path("var/log");
    std::filesystem::create_directories(log.directory);
    auto writer = LogWriter::Open(SystemFiles(), log, {{source.name, source.schema}});
    SKEWLESS_CHECK(writer.has_value());
    log_ = std::move(*writer);
    auto reader = LogReader::Open(SystemFiles(), log.directory, {{source.name, source.schema}});
    SKEWLESS_CHECK(reader.has_value());
    log_reader_ = std::move(*reader);
    OpenStore();
  }

  // An empty store, whatever was there.
  void OpenStore() {
    EmbeddedOptions options;
    options.directory = repository_.Path("var/online");
    options.views = ViewNames(repository_.kernels());
    options.fingerprints = Fingerprints(repository_.kernels());
    options.log_identity = log_->identity();
    std::filesystem::create_directories(options.directory);
    auto opened = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(opened.has_value());
    store_ = std::move(*opened);
    SKEWLESS_CHECK(store_->Reset().has_value());
    SKEWLESS_CHECK(store_->OpenForReaders().has_value());
    if (reader_ != nullptr) return;  // it finds the new store by itself
    auto reader = OpenEmbeddedReader(options.directory, options.views, options.fingerprints);
    SKEWLESS_CHECK(reader.has_value());
    reader_ = std::move(*reader);
  }
  void StartProbe(const ProbeOptions& options = {}) {
    probe_ = std::make_unique<FreshnessProbe>(repository_.kernels(), *reader_, *log_reader_, clock_,
                                              options);
  }

  // A record accepted at the clock's time, that happened `age` before.
  void Log(int64_t user, double price, DurationUs age) {
    const Timestamp now = clock_.Now();
    batch_ = std::make_unique<Batch>();
    FillBatch(repository_.definition(), 0,
              {{{std::to_string(user), std::to_string(price), std::to_string(now - age)}, now}}, 1,
              batch_.get());
    batch_->processing_us = {now};
    SKEWLESS_CHECK(log_->Append(batch_.get()).has_value());
    SKEWLESS_CHECK(log_->Sync().has_value());
  }
  void Publish() {
    const Timestamp stamp = store_->Announce(0);
    batch_->available_us = {stamp};
    for (size_t view = 0; view < repository_.kernels().size(); ++view) {
      const ViewKernel& kernel = *repository_.kernels()[view];
      kernel.Prepare(*batch_, scratch_, &input_);
      SKEWLESS_CHECK(store_->Fold(static_cast<int>(view), kernel, input_).has_value());
    }
    SKEWLESS_CHECK(store_->Commit(log_->last_sequence()).has_value());
  }
  void Pass(DurationUs time) { clock_.AdvanceTo(clock_.Now() + time); }
  void Look() { ASSERT_TRUE(probe_->Look().has_value()); }

  TestRepository repository_;
  ManualClock clock_{1'700'000'000'000'000};
  std::unique_ptr<LogWriter> log_;
  std::unique_ptr<LogReader> log_reader_;
  std::unique_ptr<OnlineWriter> store_;
  std::unique_ptr<OnlineReader> reader_;
  std::unique_ptr<FreshnessProbe> probe_;
  std::unique_ptr<Batch> batch_;
  ViewInput input_;
  EvaluationScratch scratch_;
};

void ExpectNear(int64_t nanos, int64_t expected) {
  EXPECT_GE(nanos, expected);
  EXPECT_LE(nanos, expected + expected / 16);
}

TEST_F(FreshnessProbeTest, ARecordIsMeasuredWhenItIsSeenFirst) {
  StartProbe();
  Log(7, 1, 0);
  Publish();
  Look();  // finds the entity in the log
  Look();  // knows its row
  EXPECT_EQ(probe_->records(), 0);

  Log(7, 1, 3'000'000);
  Pass(1000);
  Look();  // logged, not readable
  EXPECT_EQ(probe_->records(), 0);
  Publish();
  Pass(500);
  Look();
  Pass(500);
  Look();
  EXPECT_EQ(probe_->records(), 2);  // one a view
  for (const auto& view : probe_->views()) {
    EXPECT_EQ(view->entities, 1);
    EXPECT_EQ(view->from_acceptance.count(), 1);
    ExpectNear(view->from_acceptance.QuantileNanos(0.5), 1'500'000);
    ExpectNear(view->from_event.QuantileNanos(0.5), 3'001'500'000);
  }
  EXPECT_EQ(probe_->went_back(), 0);
  EXPECT_EQ(probe_->not_in_log(), 0);
  EXPECT_EQ(probe_->looks(), 5);
}

TEST_F(FreshnessProbeTest, RecordsThatBecomeReadableTogetherAreAllMeasured) {
  StartProbe();
  Log(7, 1, 0);
  Publish();
  Look();
  Look();
  Log(7, 1, 0);
  Publish();
  Pass(100);
  Log(7, 0, 0);  // not of the view `bought`
  Publish();
  Pass(100);
  Look();
  EXPECT_EQ(probe_->views()[0]->from_acceptance.count(), 2);
  EXPECT_EQ(probe_->views()[1]->from_acceptance.count(), 1);
  ExpectNear(probe_->views()[0]->from_acceptance.QuantileNanos(0), 100'000);
  ExpectNear(probe_->views()[0]->from_acceptance.QuantileNanos(1), 200'000);
}

TEST_F(FreshnessProbeTest, ARecordThatIsLoggedBeforeTheFirstLookAtItsRowAndReadableAfterIt) {
  StartProbe({0, 10});
  Log(7, 1, 0);
  Look();  // finds the entity in the log
  Look();  // and no row yet
  Publish();
  Pass(100);
  Look();
  EXPECT_EQ(probe_->records(), 1);
  ExpectNear(probe_->views()[0]->from_acceptance.QuantileNanos(0), 100'000);
  EXPECT_EQ(probe_->not_in_log(), 0);
}

TEST_F(FreshnessProbeTest, NoMoreEntitiesAreLookedAtThanWereAskedFor) {
  StartProbe({0, 2});
  for (int64_t user = 0; user < 5; ++user) {
    Log(user, 1, 0);
    Publish();
  }
  Look();
  EXPECT_EQ(probe_->views()[0]->entities, 2);
  EXPECT_EQ(probe_->views()[1]->entities, 0);
}

TEST_F(FreshnessProbeTest, ARowThatGoesBackIsCounted) {
  StartProbe({0, 10});
  Log(7, 1, 0);
  Publish();
  Look();
  Look();
  // A store that forgot, as none may.
  ASSERT_TRUE(store_->Close().has_value());
  store_.reset();
  OpenStore();
  Look();
  EXPECT_EQ(probe_->went_back(), 1);
  EXPECT_EQ(probe_->not_in_log(), 0);
}

TEST_F(FreshnessProbeTest, ARowAheadOfTheLogIsCounted) {
  StartProbe({0, 10});
  Log(7, 1, 0);
  Publish();
  Look();
  Look();
  batch_->sequence[0] += 1;
  Publish();
  Look();
  EXPECT_EQ(probe_->not_in_log(), 1);
}

TEST_F(FreshnessProbeTest, AnEventFromTheBeginningOfTimeIsOfTheGreatestAge) {
  StartProbe();
  Log(7, 1, 0);
  Publish();
  Look();
  Look();
  Log(7, 1, kMaxTimestamp);
  Publish();
  Look();
  ASSERT_EQ(probe_->records(), 2);
  for (const auto& view : probe_->views()) {
    EXPECT_EQ(view->from_event.QuantileNanos(0.5), latency::UpperEdge(latency::kBuckets - 1));
  }
}

}  // namespace
}  // namespace skewless
