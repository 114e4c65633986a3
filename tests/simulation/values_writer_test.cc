// What the row writer sends of finished values, where clocks differ and after time without an
// engine. Worlds of the simulation seldom come by these places.
#include <gtest/gtest.h>

#include "kernel/vector_encoding.h"
#include "online/embedded/store_fixture.h"
#include "pipeline/row_writer.h"
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

// The engine's own store, with one row.
class OneState : public OnlineReader {
 public:
  explicit OneState(const Bytes* state) : state_(*state) {}
  Result<Timestamp> Read(std::span<const RowKey> keys) override {
    SKEWLESS_CHECK(keys.size() == 1);
    return kMaxTimestamp;
  }
  ByteView state(size_t /*i*/) const override { return state_; }
  Result<std::vector<int>> ClosedViews() override { return std::vector<int>(); }
  Sequence last_committed() const override { return 1; }

 private:
  const Bytes& state_;
};

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
  // The row's state, of one event that the engine took in at `available_us`.
  void Fold(Timestamp event_us, Timestamp available_us) {
    const TestEvent event{kUser, 7, event_us};
    state_.resize(4096);
    kernel().InitState(state_.data());
    const ViewInput& input = views_.Input(kWindowed, std::span(&event, 1), 1, available_us);
    SKEWLESS_CHECK(kernel().Apply(state_.data(), state_.size(), input, 0) == 0);
    state_.resize(LoadStateHeader(state_.data()).size);
  }
  // The row as an engine before this one wrote it, for `computed_us`.
  void Stored(Timestamp computed_us) {
    FeatureVector vector;
    kernel().Read(state_, computed_us, &vector);
    SimulatedServer::Request request;
    request.writer = 1;
    request.key = Key();
    request.sequence = 1;
    request.computed_us = computed_us;
    EncodeVector(vector, &request.state);
    server_.Claim(request.writer);
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
    for (int i = 0; i < 1000 && !server_.Read({Key()}, &rows); ++i) {
      machine_.Advance(1000);
      if (writer_->wanted_listing() != 0) GiveRow();
      writer_->Step();
      ASSERT_FALSE(writer_->failed()) << writer_->status().error().ToString();
    }
    ASSERT_TRUE(server_.Read({Key()}, &rows).has_value());
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
  void GiveRow() {
    ChangedRows rows;
    ChangedRow row;
    row.view = kWindowed;
    row.sequence = 1;
    rows.Add(row, KeyBytes(kUser));
    writer_->GiveRows(writer_->wanted_listing(), std::move(rows), /*last=*/true);
  }
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

}  // namespace
}  // namespace skewless::simulation
