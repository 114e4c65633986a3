// What the row writer tells of stamps, and when: a store with a clock of its own that holds a row
// already, and a disk whose power may be cut at any moment. Worlds of the simulation seldom come by
// these places.
#include "pipeline/row_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "definition/definition.h"
#include "kernel/state.h"
#include "online/embedded/store_fixture.h"
#include "simulation/one_state.h"
#include "simulation/simulated_files.h"
#include "simulation/simulated_rows.h"

namespace skewless::simulation {
namespace {

constexpr char kFolder[] = "log/stamps";
constexpr Timestamp kNow = 1'700'000'000'000'000;
const std::string kKey = "user 1";

Sequence SequenceOf(int64_t epoch, int64_t counter) { return epoch << 48 | counter; }

class NotedRows : public SimulatedRows {
 public:
  using Earlier = std::function<Result<bool>(std::span<const EarlierRows>, bool anew,
                                             std::vector<EarlierRow>* rows)>;
  NotedRows(SimulatedServer* server, std::vector<Timestamp>* removable,
            std::vector<Timestamp>* least_sent, Earlier earlier)
      : SimulatedRows(server, /*seed=*/1),
        removable_(*removable),
        least_sent_(*least_sent),
        earlier_(std::move(earlier)) {}
  Result<bool> ReadEarlier(std::span<const EarlierRows> earlier, bool anew,
                           std::vector<EarlierRow>* rows) override {
    return earlier_(earlier, anew, rows);
  }
  void RemoveOthers(Timestamp latest_us) override { removable_.push_back(latest_us); }
  Status Send(std::span<const RowWrite> rows) override {
    for (const RowWrite& row : rows) least_sent_.push_back(row.least_us);
    return SimulatedRows::Send(rows);
  }
  // What others do right before it reaches the server.
  void BeforeTheClaim(std::function<void()> act) { before_the_claim_ = std::move(act); }
  Status Claim(uint32_t writer) override {
    if (before_the_claim_) std::exchange(before_the_claim_, nullptr)();
    return SimulatedRows::Claim(writer);
  }

 private:
  std::vector<Timestamp>& removable_;
  std::vector<Timestamp>& least_sent_;
  std::function<void()> before_the_claim_;
  Earlier earlier_;
};

class RowWriterTest : public testing::Test {
 protected:
  std::unique_ptr<StampLogWriter> OpenStamps(int64_t epoch) { return OpenStamps(epoch, files_); }
  std::unique_ptr<StampLogWriter> OpenStamps(int64_t epoch, FileSystem& files) {
    StampLogOptions options{.directory = kFolder, .identity = 7, .epoch = epoch};
    options.views = views_;
    auto writer = StampLogWriter::Open(files, options);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return std::move(*writer);
  }
  // A writer before this one, and what it said to know at last.
  void Lived(int64_t epoch, Timestamp complete_us) {
    auto stamps = OpenStamps(epoch);
    StampKnowledge known;
    known.complete_us = complete_us;
    ASSERT_TRUE(stamps->Write(known));
    ASSERT_TRUE(stamps->Sync());
  }
  // The row as that writer left it; returns its stamp.
  Timestamp Stored(int64_t epoch) {
    SimulatedServer::Request request;
    request.writer = static_cast<uint64_t>(epoch);
    request.key = {0, kKey};
    request.sequence = SequenceOf(epoch, 5);
    server_.Claim(request.writer);
    return server_.Write(request).available_us;
  }
  void Start(int64_t epoch) {
    RowWriterParts parts;
    server_.SetCalm(true);
    auto rows = std::make_unique<NotedRows>(&server_, &removable_, &least_sent_, earlier_);
    rows->BeforeTheClaim(before_the_claim_);
    parts.store = std::move(rows);
    parts.stamps = OpenStamps(epoch);
    parts.views = views_;
    if (!state_.empty()) parts.states = std::make_unique<OneState>(&state_);
    parts.writer = static_cast<uint32_t>(epoch);
    parts.store_us = store_us_;
    parts.engine = &stats_;
    writer_ = std::make_unique<RowWriter>(kernels_, std::move(parts), SequenceOf(1, 5),
                                          RowWriterOptions{});
  }
  void Step() {
    machine_.Advance(1000);
    writer_->Step();
    ASSERT_FALSE(writer_->failed()) << writer_->status().error().ToString();
  }
  // Until the engine is asked for its rows.
  void Connect() {
    for (int i = 0; i < 100 && writer_->wanted_listing() == 0; ++i) Step();
    ASSERT_NE(writer_->wanted_listing(), 0u);
  }
  // The engine's row is the one that is there, or an earlier one.
  void Compare(bool last = true, int64_t counter = 5) {
    ChangedRows rows;
    ChangedRow row;
    row.sequence = SequenceOf(1, counter);
    rows.Add(row, AsBytes(kKey));
    writer_->GiveRows(writer_->wanted_listing(), std::move(rows), last);
  }
  // The row in the engine's own store, as far as it is looked at here.
  void Folded(int64_t counter) {
    StateHeader header{};
    header.magic = kStateMagic;
    header.size = sizeof header;
    header.sequence = SequenceOf(1, counter);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
    state_.assign(bytes, bytes + sizeof header);
    definition_ = std::move(*ParseDefinition(embedded::kTestDefinition, "skewless.yaml", "."));
    kernels_ = std::move(*CompileKernels(*definition_));
  }
  // A whole one.
  void Folded(int64_t counter, Timestamp available_us) {
    Folded(counter);
    state_.resize(kernels_[0]->empty_state_size());
    kernels_[0]->InitState(state_.data());
    StateHeader header = LoadStateHeader(state_.data());
    header.sequence = SequenceOf(1, counter);
    header.available_us = available_us;
    StoreLe(state_.data(), header);
  }
  // The engine has no row.
  void CompareNone() { writer_->GiveRows(writer_->wanted_listing(), {}, /*last=*/true); }
  // A part of the engine's rows without that one; more are asked for.
  void CompareNothing() {
    writer_->GiveRows(writer_->wanted_listing(), {}, /*last=*/false);
    for (int i = 0; i < 2000; ++i) Step();
    ASSERT_NE(writer_->wanted_listing(), 0u);
  }
  Timestamp Complete() { return (*ReadStampKnowledge(files_, kFolder))->complete_us; }
  std::vector<Timestamp> LoggedStamps(FileSystem& files) {
    auto reader = StampLogReader::Open(files, kFolder);
    StampLogReader::Frame frame;
    std::vector<Timestamp> logged;
    while ((*reader)->Next(&frame).value()) {
      for (const LoggedStamp& stamp : frame.stamps) logged.push_back(stamp.stamp.available_us);
    }
    return logged;
  }

  SimulatedMachine machine_{kNow};
  SimulatedServer server_{&machine_, /*ahead_us=*/-70'000};
  SimulatedFiles files_;
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
  Bytes state_;
  EngineStats stats_;
  std::vector<StampedView> views_ = {{"clicks", 11}};
  NotedRows::Earlier earlier_;              // what rows of earlier definitions there are
  std::vector<Timestamp> removable_;        // up to when rows of other definitions are
  std::vector<Timestamp> least_sent_;       // with each write
  Timestamp store_us_ = kMinTimestamp;      // that the store told when it was examined
  std::function<void()> before_the_claim_;  // of the first one
  std::unique_ptr<RowWriter> writer_;
};

// Whatever the writer before says to have known at last: what counts is what was known when it
// began.
TEST_F(RowWriterTest, LooksForStampsThatTheWriterBeforeMayHaveMissed) {
  const Timestamp first = server_.Tell();
  Lived(1, first);
  machine_.Advance(10);
  const Timestamp late = Stored(1);
  Lived(2, late + 100);
  Start(3);
  Connect();
  Compare();
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(LoggedStamps(files_), std::vector<Timestamp>{late});
}

TEST_F(RowWriterTest, KnowsNothingMoreBeforeItHasCompared) {
  const Timestamp complete = server_.Tell();
  Lived(1, complete);
  Stored(1);
  Start(2);
  Connect();
  CompareNothing();
  EXPECT_EQ(Complete(), complete);
  Compare();
  for (int i = 0; i < 2000; ++i) Step();
  EXPECT_GT(Complete(), complete);
}

// A restart of the store takes its rows and who may write them; an engine that was replaced writes
// meanwhile.
TEST_F(RowWriterTest, LooksForStampsAgainWhenTheStoreLostRows) {
  const Timestamp before = Stored(1);
  Start(2);
  Connect();
  Compare();
  for (int i = 0; i < 100; ++i) Step();
  server_.Restart(SimulatedServer::Loss::kAll);
  const Timestamp late = Stored(1);
  Connect();
  CompareNothing();
  EXPECT_LT(Complete(), late);
  Compare();
  for (int i = 0; i < 100; ++i) Step();
  EXPECT_EQ(LoggedStamps(files_), (std::vector<Timestamp>{before, late}));
}

// What a dead engine wrote comes while another claims the rows: behind the claim it would be
// refused.
TEST_F(RowWriterTest, LooksAtRowsOnlyOnceNobodyOlderWrites) {
  Timestamp late = 0;
  before_the_claim_ = [&] { late = Stored(1); };
  Start(2);
  Connect();
  Compare(/*last=*/false);
  Step();
  EXPECT_EQ(LoggedStamps(files_), std::vector<Timestamp>{late});
}

// An engine that was taken over from reads the same states, and writes what its successor folds.
TEST_F(RowWriterTest, TakesNoRowForAnotherLogsThatChangedSinceItWasListed) {
  Stored(1);
  Folded(5);
  Start(2);
  Connect();
  Compare(/*last=*/true, /*counter=*/4);
  std::vector<const SimulatedServer::Row*> rows;
  for (int i = 0; i < 100 && !server_.Read({{0, kKey}}, &rows); ++i) Step();
  EXPECT_TRUE(server_.Read({{0, kKey}}, &rows).has_value());
  EXPECT_FALSE(writer_->failed());
}

TEST_F(RowWriterTest, EndsWhereARowIsOfARecordThatItsLogDoesNotHave) {
  Stored(1);
  Folded(4);
  Start(2);
  Connect();
  Compare(/*last=*/true, /*counter=*/4);
  for (int i = 0; i < 100 && !writer_->failed(); ++i) {
    machine_.Advance(1000);
    writer_->Step();
  }
  ASSERT_TRUE(writer_->failed());
  EXPECT_EQ(writer_->status().error().code, ErrorCode::kLocked);
}

// A crash, and then another definition: what the rows of before carry comes before all that tells
// that the stamps of their records came.
TEST_F(RowWriterTest, ReadsBackWhatRowsOfAnEarlierDefinitionCarry) {
  const Timestamp complete = server_.Tell();
  Lived(1, complete);
  Lived(2, complete);
  views_ = {{"clicks", 12}};
  const Stamp found{SequenceOf(1, 5), complete + 1};
  std::vector<bool> calls;  // whether anew
  earlier_ = [&](std::span<const EarlierRows> earlier, bool anew,
                 std::vector<EarlierRow>* rows) -> Result<bool> {
    EXPECT_EQ(earlier.size(), 1u);
    EXPECT_EQ(earlier[0].fingerprint, 11u);
    EXPECT_EQ(server_.holder() >> 16, 3u);  // nobody older writes to them any more
    calls.push_back(anew);
    if (calls.size() == 2) return Fail(ErrorCode::kUnavailable, "away for a moment");
    const ByteView key = AsBytes(kKey);
    rows->push_back({0, {key.begin(), key.end()}, {{SequenceOf(1, 4), complete}, found}});
    return calls.size() < 4;
  };
  Start(3);
  Connect();
  CompareNone();
  for (int i = 0; i < 500 && calls.size() < 4; ++i) {
    EXPECT_EQ(ReadStampKnowledge(files_, kFolder).value()->known_sequence, 0);
    EXPECT_EQ(Complete(), complete);
    Step();
  }
  EXPECT_EQ(calls, (std::vector<bool>{true, false, false, false}));
  for (int i = 0; i < 2000; ++i) Step();
  EXPECT_GT(Complete(), complete);
  EXPECT_EQ(LoggedStamps(*files_.Durable()), std::vector<Timestamp>(3, found.available_us));
  // Once: what another loss of rows takes was known by then.
  server_.Restart(SimulatedServer::Loss::kNothing);
  Connect();
  CompareNone();
  for (int i = 0; i < 100; ++i) Step();
  EXPECT_EQ(calls.size(), 4u);
}

// Those that it should have told of are few, and all else is in order.
TEST_F(RowWriterTest, GoesOnWhereRowsOfAnEarlierDefinitionCannotBeRead) {
  Lived(1, server_.Tell());
  views_ = {{"clicks", 12}};
  earlier_ = [](std::span<const EarlierRows>, bool, std::vector<EarlierRow>*) -> Result<bool> {
    return Fail(ErrorCode::kInvalid, "no right to SCAN");
  };
  Start(2);
  Connect();
  CompareNone();
  std::vector<const SimulatedServer::Row*> rows;
  for (int i = 0; i < 100 && !server_.Read({}, &rows); ++i) Step();
  EXPECT_TRUE(server_.Read({}, &rows).has_value());
}

// The engine takes a while to list its rows, and the store may lose some once more meanwhile.
TEST_F(RowWriterTest, WantsItsNewListingThoughTheOneBeforeComesLate) {
  Stored(1);
  Start(2);
  Connect();
  const uint64_t before = writer_->wanted_listing();
  server_.Restart(SimulatedServer::Loss::kAll);
  for (int i = 0; i < 100 && writer_->wanted_listing() == before; ++i) Step();
  ASSERT_NE(writer_->wanted_listing(), before);
  writer_->GiveRows(before, {}, /*last=*/true);
  Connect();
  CompareNone();
  for (int i = 0; i < 100 && !writer_->let_readers_in(); ++i) Step();
  EXPECT_TRUE(writer_->let_readers_in());
}

// The row that it was found in may be written over next.
TEST_F(RowWriterTest, MakesAStampThatItFoundDurableAtOnce) {
  const Timestamp stored = Stored(1);
  Start(2);
  Connect();
  Compare(/*last=*/false);
  Step();
  const auto durable = files_.Durable();
  EXPECT_EQ(LoggedStamps(*durable), std::vector<Timestamp>{stored});
}

// The engine's clock is ahead of the store's: what the log has is available at the latest when
// readers were let in, by the store's clock.
TEST_F(RowWriterTest, TellsAnOpeningThatNoReaderIsBefore) {
  Stored(1);
  Start(2);
  Connect();
  Compare();
  std::vector<const SimulatedServer::Row*> rows;
  std::optional<Timestamp> read;
  for (int i = 0; i < 100 && !read; ++i) {
    Step();
    read = server_.Read({{0, kKey}}, &rows);
  }
  ASSERT_TRUE(read.has_value());
  const auto durable = files_.Durable();
  const auto reader = StampLogReader::Open(*durable, kFolder);
  const Timestamp opened = (*reader)->Writers().value()[0].opened_us;
  EXPECT_LE(opened, *read);
  EXPECT_GT(opened, *read - 1'000'000);
}

// By it the log is folded, before anything more is heard of the store; the log of stamps may know
// of a later time.
TEST_F(RowWriterTest, CountsTheStoresClockFromTheStart) {
  const Timestamp complete = server_.Tell();
  Lived(1, complete);
  Start(2);
  EXPECT_EQ(writer_->least_stamp(), complete + 1);
  store_us_ = complete + 5000;
  Start(3);
  EXPECT_EQ(writer_->least_stamp(), store_us_);
  store_us_ = complete - 5000;
  Start(4);
  EXPECT_EQ(writer_->least_stamp(), complete + 1);
}

// As after a crash before anything was logged, and a store whose clock was set back since: the
// state is there as it was, and has dropped what only earlier reads need.
TEST_F(RowWriterTest, SendsNoStateForEarlierReadsThanItWasFoldedFor) {
  const Timestamp folded_for = server_.Tell() + 10 * kSecondUs;
  Folded(5, folded_for);
  Start(2);
  Connect();
  Compare();
  for (int i = 0; i < 100 && least_sent_.empty(); ++i) Step();
  EXPECT_EQ(least_sent_, std::vector<Timestamp>{folded_for});
}

// Of another definition: its next engine takes their stamps where they may not be in the log.
TEST_F(RowWriterTest, LetsNoRowGoThatALaterWriterLooksAt) {
  const Timestamp complete = server_.Tell();
  Lived(1, complete);
  machine_.Advance(10);
  Stored(1);
  Start(2);
  Connect();
  for (int i = 0; i < 100; ++i) Step();
  EXPECT_TRUE(removable_.empty());
  Compare();
  for (int i = 0; i < 2000; ++i) Step();
  EXPECT_EQ(removable_, std::vector<Timestamp>{complete});
  EXPECT_GT(Complete(), complete);
  server_.Restart(SimulatedServer::Loss::kNothing);
  Connect();
  Compare();
  for (int i = 0; i < 2000; ++i) Step();
  EXPECT_EQ(removable_, (std::vector<Timestamp>{complete, complete}));
  const auto durable = files_.Durable();
  EXPECT_GE(OpenStamps(3, *durable)->complete_before_us(), complete);
}

// No more is taken from the sources than a turn may leave uncounted.
TEST_F(RowWriterTest, IsBehindUntilItHasCounted) {
  Start(2);
  const int64_t most = RowWriterOptions{}.most_uncounted_events;
  const auto hand_over = [&](int64_t counter) {
    ChangedRows rows;
    ChangedRow row;
    row.sequence = SequenceOf(2, counter);
    rows.Add(row, AsBytes(kKey));
    writer_->Changed(&rows, row.sequence, 0);
  };
  EXPECT_FALSE(writer_->behind());
  hand_over(most);
  EXPECT_FALSE(writer_->behind());
  hand_over(most + 1);
  EXPECT_TRUE(writer_->behind());
  Step();
  EXPECT_FALSE(writer_->behind());
  hand_over(2 * most + 1);
  EXPECT_FALSE(writer_->behind());
  hand_over(2 * most + 2);
  EXPECT_TRUE(writer_->behind());
}

// What it says to know, a power cut does not take back.
TEST_F(RowWriterTest, SaysOnlyWhatIsDurable) {
  Stored(1);
  Start(2);
  Connect();
  Compare();
  for (int i = 0; i < 300; ++i) {
    ChangedRows none;  // events that are in no row
    writer_->Changed(&none, SequenceOf(2, i), 0);
    Step();
    const auto durable = files_.Durable();
    ASSERT_LE(writer_->known_sequence(), (*ReadStampKnowledge(*durable, kFolder))->known_sequence);
  }
  EXPECT_GT(writer_->known_sequence(), SequenceOf(2, 0));
}

}  // namespace
}  // namespace skewless::simulation
