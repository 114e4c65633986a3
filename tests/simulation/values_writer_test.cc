// What the row writer sends of finished values, where clocks differ and after time without an
// engine. Worlds of the simulation seldom come by these places.
#include <gtest/gtest.h>

#include "kernel/vector_encoding.h"
#include "online/embedded/store_fixture.h"
#include "pipeline/row_writer.h"
#include "simulation/one_state.h"
#include "simulation/simulated_files.h"
#include "simulation/simulated_rows.h"

namespace skewless::simulation {
namespace {

using embedded::KeyBytes;
using embedded::kTotals;
using embedded::kWindowed;
using embedded::TestEvent;

constexpr Timestamp kNow = 1'700'000'000'000'000;
constexpr DurationUs kHour = 3600 * kSecondUs;
const int64_t kUser = 1;

class ValuesWriterTest : public testing::Test {
 protected:
  ValuesWriterTest() {
    auto definition = ParseDefinition(embedded::kTestDefinition, "skewless.yaml", ".");
    SKEWLESS_CHECK(definition.has_value());
    definition_ = std::move(*definition);
    auto kernels = CompileKernels(*definition_);
    SKEWLESS_CHECK(kernels.has_value());
    kernels_ = std::move(*kernels);
  }

  const ViewKernel& kernel() const { return *kernels_[kWindowed]; }
  // The row's state, of one event that the engine took in at `available_us`, the log's
  // `sequence`th.
  void Fold(Timestamp event_us, Timestamp available_us, Sequence sequence = 1) {
    const TestEvent event{kUser, 7, event_us};
    state_.resize(4096);
    kernel().InitState(state_.data());
    const ViewInput& input = views_.Input(kWindowed, std::span(&event, 1), sequence, available_us);
    SKEWLESS_CHECK(kernel().Apply(state_.data(), state_.size(), input, 0) == 0);
    state_.resize(LoadStateHeader(state_.data()).size);
  }
  // The row as an engine before this one wrote it, for `computed_us`.
  void Stored(Timestamp computed_us) {
    server_.Claim(1);
    Write(computed_us);
  }
  // A write of the state for that time, by who holds the rows.
  void Write(Timestamp computed_us) {
    FeatureVector vector;
    kernel().Read(state_, computed_us, &vector);
    SimulatedServer::Request request;
    request.writer = server_.holder();
    request.key = Key();
    request.sequence = SequenceOfState();
    request.computed_us = computed_us;
    EncodeVector(vector, &request.state);
    server_.Write(request);
  }
  // Until readers are let in.
  void RunUntilOpen() {
    RowWriterParts parts;
    parts.values = true;
    parts.store = std::make_unique<SimulatedRows>(&server_, /*seed=*/1);
    parts.states = std::make_unique<OneState>(&state_);
    parts.views = {{"totals", 1, true}, {"windowed", 2, true}};
    StampLogOptions options{.directory = "log/stamps", .identity = 7, .epoch = 2};
    options.views = parts.views;
    parts.stamps = std::move(*StampLogWriter::Open(files_, options));
    parts.writer = 2;
    parts.engine = &stats_;
    while (stats_.views.size() < kernels_.size()) stats_.views.emplace_back();
    server_.SetCalm(true);
    writer_ = std::make_unique<RowWriter>(kernels_, std::move(parts), 1, RowWriterOptions{});
    std::vector<const SimulatedServer::Row*> rows;
    for (int i = 0; i < 1000 && !server_.Read({Key()}, &rows); ++i) Step();
    ASSERT_TRUE(server_.Read({Key()}, &rows).has_value());
  }
  // The engine folds a second event.
  void Change() {
    Fold(kNow, kNow, /*sequence=*/2);
    ChangedRows rows = Listed();
    writer_->Changed(&rows, /*last_sequence=*/2, MonotonicNanos());
    for (int i = 0; i < 1000 && Row().sequence != 2; ++i) Step();
  }
  const SimulatedServer::Row& Row() const { return *server_.Find(Key()); }
  static SimulatedServer::Key Key() { return {kWindowed, std::string(AsText(KeyBytes(kUser)))}; }

  SimulatedMachine machine_{kNow};
  SimulatedServer server_{&machine_, /*ahead_us=*/-kHour, /*values=*/true};
  SimulatedFiles files_;
  embedded::TestViews views_;
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
  Bytes state_;
  EngineStats stats_;
  std::unique_ptr<RowWriter> writer_;

 private:
  void Step() {
    machine_.Advance(1000);
    if (const uint64_t listing = writer_->wanted_listing(); listing != 0)
      writer_->GiveRows(listing, Listed(), /*last=*/true);
    writer_->Step();
    ASSERT_FALSE(writer_->failed()) << writer_->status().error().ToString();
  }
  ChangedRows Listed() const {
    ChangedRows rows;
    ChangedRow row;
    row.view = kWindowed;
    row.sequence = SequenceOfState();
    rows.Add(row, KeyBytes(kUser));
    return rows;
  }
  Sequence SequenceOfState() const { return LoadStateHeader(state_.data()).sequence; }
};

// The engine's clock is an hour ahead of the store's: what its states have dropped by its own time
// is missing at the store's.
TEST_F(ValuesWriterTest, ComputesForNoTimeBeforeTheStateWas) {
  Fold(/*event_us=*/kNow, /*available_us=*/kNow);
  RunUntilOpen();
  EXPECT_GE(Row().own().computed_us, kNow);
}

// A window was over while no engine ran: whoever is let in finds the row as it is now.
TEST_F(ValuesWriterTest, WritesWhatTimeChangedBeforeReadersAreLetIn) {
  const Timestamp then = kNow - 4 * kHour;
  Fold(/*event_us=*/then, /*available_us=*/then);
  Stored(/*computed_us=*/then + kSecondUs);
  RunUntilOpen();
  EXPECT_GT(Row().own().computed_us, then + kHour);
}

// An engine that died had computed for later times than it is now.
TEST_F(ValuesWriterTest, ComputesForLaterTimesThanItFinds) {
  constexpr Timestamp kLater = kNow + 2 * kHour;
  Fold(kNow - kHour, kNow - kHour);
  Stored(/*computed_us=*/kLater);
  Fold(kNow, kNow, /*sequence=*/2);
  RunUntilOpen();
  EXPECT_EQ(Row().sequence, 2);
  EXPECT_GT(Row().own().computed_us, kLater);
  EXPECT_EQ(server_.behind, 0);
}

// A write that nobody was told of was computed for a later time: one is refused, and says so.
TEST_F(ValuesWriterTest, ComputesForLaterTimesThanItIsTold) {
  constexpr Timestamp kLater = kNow + 2 * kHour;
  Fold(kNow, kNow);
  RunUntilOpen();
  Write(/*computed_us=*/kLater);
  Change();
  EXPECT_EQ(Row().sequence, 2);
  EXPECT_GT(Row().own().computed_us, kLater);
  EXPECT_EQ(server_.behind, 1);
}

}  // namespace
}  // namespace skewless::simulation
