// What a writer finds when it opens a store, and what readers see across its starts.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/clock.h"
#include "online/embedded/arena.h"
#include "online/embedded/store_directory.h"
#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

class RestartTest : public testing::Test {
 protected:
  RestartTest() : directory_("restart_test") {}

  EmbeddedOptions Options() const { return views_.Options(directory_.path()); }
  std::unique_ptr<OnlineWriter> OpenWriter(const EmbeddedOptions& options) {
    auto writer = OpenEmbeddedWriter(options);
    SKEWLESS_CHECK(writer.has_value());
    return std::move(*writer);
  }
  std::unique_ptr<OnlineReader> OpenReader() {
    auto reader = OpenEmbeddedReader(directory_.path(), views_.names(), views_.fingerprints());
    SKEWLESS_CHECK(reader.has_value());
    return std::move(*reader);
  }
  void Fold(OnlineWriter& writer, int64_t user, int64_t amount, Sequence sequence,
            Timestamp stamp) {
    const TestEvent event{user, amount, 100};
    ASSERT_TRUE(writer
                    .Fold(kTotals, views_.kernel(kTotals),
                          views_.Input(kTotals, {&event, 1}, sequence, stamp))
                    .has_value());
  }
  Timestamp Batch(OnlineWriter& writer, int64_t user, int64_t amount, Sequence sequence) {
    const Timestamp stamp = writer.Announce(kMinTimestamp);
    Fold(writer, user, amount, sequence, stamp);
    EXPECT_TRUE(writer.Commit(sequence).has_value());
    return stamp;
  }
  // A store with one record, closed.
  void MakeClosedStore() {
    auto writer = OpenWriter(Options());
    ASSERT_TRUE(writer->Reset().has_value());
    ASSERT_TRUE(writer->OpenForReaders().has_value());
    Batch(*writer, 1, 5, 1);
    ASSERT_TRUE(writer->Close().has_value());
  }
  int64_t Total(OnlineReader& reader, int64_t user, Timestamp* t) {
    const RowKey key{kTotals, KeyBytes(user)};
    const auto read = reader.Read({&key, 1});
    EXPECT_TRUE(read.has_value()) << read.error().ToString();
    if (!read.has_value()) return -1;
    *t = *read;
    return views_.Decode(kTotals, reader.state(0), *read).total;
  }
  // Writes over bytes of a file.
  void Patch(const std::string& path, size_t offset, const void* bytes, size_t size) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
    ASSERT_TRUE(file.good());
  }
  size_t ArenaFiles() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      count += entry.path().filename().string().starts_with("arena-") ? 1 : 0;
    }
    return count;
  }

  TestViews views_;
  TestDirectory directory_;
};

TEST_F(RestartTest, ClosedStoreGoesOnWhereItStood) {
  MakeClosedStore();
  auto reader = OpenReader();
  Timestamp t = 0;
  EXPECT_EQ(Total(*reader, 1, &t), 5);
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->usable());
  EXPECT_EQ(writer->last_sequence(), 1);
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  EXPECT_GT(Batch(*writer, 1, 6, 2), t);
  EXPECT_EQ(Total(*reader, 1, &t), 11);
  // Blocks and rows are used again as before.
  for (Sequence sequence = 3; sequence < 200; ++sequence) {
    const int64_t before = Total(*reader, 1, &t);
    Batch(*writer, sequence % 5, 1, sequence);
    EXPECT_EQ(Total(*reader, 1, &t), before + (sequence % 5 == 1 ? 1 : 0));
  }
  EXPECT_EQ(writer->Sizes()[kTotals].rows, 5);
}

// A rebuild is asked for by removing the folder, too; servers beside the engine need no restart.
TEST_F(RestartTest, ReadersGoOnWhereTheFolderWasRemovedOrMovedAndMadeAnew) {
  MakeClosedStore();
  auto reader = OpenReader();
  Timestamp t0 = 0;
  EXPECT_EQ(Total(*reader, 1, &t0), 5);
  const TestDirectory away("restart_test_away");
  for (const bool moved : {false, true}) {
    if (moved) {
      std::filesystem::rename(directory_.path(), away.path());
    } else {
      std::filesystem::remove_all(directory_.path());
    }
    // Nobody has made another one: what was read is there still.
    Timestamp t1 = 0;
    EXPECT_EQ(Total(*reader, 1, &t1), 5);
    EXPECT_GE(t1, t0);
    auto writer = OpenWriter(Options());
    ASSERT_FALSE(writer->usable());
    ASSERT_TRUE(writer->Reset().has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // readers look each millisecond
    const int64_t user = 1;
    const RowKey key{kTotals, KeyBytes(user)};
    const auto building = reader->Read({&key, 1});
    ASSERT_FALSE(building.has_value());
    EXPECT_EQ(building.error().code, ErrorCode::kUnavailable);
    ASSERT_TRUE(writer->OpenForReaders().has_value());
    Batch(*writer, 1, 5, 1);
    const Timestamp stamp = Batch(*writer, 2, 6, 2);
    Timestamp t2 = 0;
    EXPECT_EQ(Total(*reader, 2, &t2), 6);
    EXPECT_GE(t2, std::max(t1, stamp));
    EXPECT_EQ(Total(*reader, 1, &t0), 5);
  }
}

// An engine whose sources have ended may go on serving what it wrote.
TEST_F(RestartTest, NobodyElseWritesWhileTheWriterThatClosedItLives) {
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  Batch(*writer, 1, 5, 1);
  ASSERT_TRUE(writer->Close().has_value());
  const auto other = OpenEmbeddedWriter(Options());
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kLocked);
  Timestamp t = 0;
  EXPECT_EQ(Total(*OpenReader(), 1, &t), 5);
  writer.reset();
  EXPECT_TRUE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, StoreThatWasNotClosedIsNotUsed) {
  {
    auto writer = OpenWriter(Options());
    ASSERT_TRUE(writer->Reset().has_value());
    ASSERT_TRUE(writer->OpenForReaders().has_value());
    Batch(*writer, 1, 5, 1);
  }
  EXPECT_FALSE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, StoreThatWasOpenedAndDiedIsNotUsed) {
  MakeClosedStore();
  { EXPECT_TRUE(OpenWriter(Options())->usable()); }
  EXPECT_FALSE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, ClosingAmidABatchIsNoCleanEnd) {
  MakeClosedStore();
  {
    auto writer = OpenWriter(Options());
    ASSERT_TRUE(writer->usable());
    writer->Announce(kMinTimestamp);
    ASSERT_TRUE(writer->Close().has_value());
  }
  EXPECT_FALSE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, OtherTermsMeanARebuild) {
  const auto usable_with = [&](auto change) {
    MakeClosedStore();
    EmbeddedOptions options = Options();
    change(options);
    const bool usable = OpenWriter(options)->usable();
    std::filesystem::remove_all(directory_.path());
    return usable;
  };
  EXPECT_TRUE(usable_with([](EmbeddedOptions&) {}));
  EXPECT_FALSE(usable_with([](EmbeddedOptions& options) { options.fingerprints[1] ^= 1; }));
  EXPECT_FALSE(usable_with([](EmbeddedOptions& options) { options.log_identity = 8; }));
  EXPECT_FALSE(usable_with([](EmbeddedOptions& options) { options.replay_clock = true; }));
  EXPECT_FALSE(usable_with([](EmbeddedOptions& options) { options.views[0] = "others"; }));
  EXPECT_FALSE(usable_with([](EmbeddedOptions& options) {
    options.views.pop_back();
    options.fingerprints.pop_back();
  }));
}

TEST_F(RestartTest, DamagedHeadersMeanARebuild) {
  const std::string arena = ArenaPath(directory_.path(), 1);
  const uint64_t garbage = 0xDEADBEEFDEADBEEF;
  for (const size_t offset :
       {offsetof(ArenaHeader, identity) + offsetof(ArenaIdentity, hash_seed),
        offsetof(ArenaHeader, identity) + offsetof(ArenaIdentity, magic),
        offsetof(ArenaHeader, clock) + offsetof(ArenaClock, last_stamp),
        offsetof(ArenaHeader, allocator) + offsetof(ArenaAllocator, used_units),
        size_t{4096} + offsetof(ArenaView, directory)}) {
    MakeClosedStore();
    Patch(arena, offset, &garbage, sizeof garbage);
    EXPECT_FALSE(OpenWriter(Options())->usable()) << offset;
    std::filesystem::remove_all(directory_.path());
  }
  MakeClosedStore();
  std::filesystem::resize_file(arena, 100);
  EXPECT_FALSE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, ArenaOfAnEarlierBootIsNeitherWrittenNorRead) {
  MakeClosedStore();
  const std::string path = ArenaPath(directory_.path(), 1);
  ArenaIdentity identity;
  {
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(&identity), sizeof identity);
  }
  identity.boot.bytes[0] ^= 1;
  identity.checksum = IdentityChecksum(identity);
  Patch(path, 0, &identity, sizeof identity);
  auto reader = OpenReader();
  const int64_t user = 1;
  const RowKey key{kTotals, KeyBytes(user)};
  const auto read = reader->Read({&key, 1});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(OpenWriter(Options())->usable());
}

TEST_F(RestartTest, DamagedCurrentFileIsMadeAnew) {
  MakeClosedStore();
  const uint64_t garbage = 0;
  Patch(CurrentPath(directory_.path()), 0, &garbage, sizeof garbage);
  auto writer = OpenWriter(Options());
  EXPECT_FALSE(writer->usable());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  Batch(*writer, 1, 5, 1);
  Timestamp t = 0;
  EXPECT_EQ(Total(*OpenReader(), 1, &t), 5);
}

TEST_F(RestartTest, NewerVersionsAreRefused) {
  MakeClosedStore();
  const std::string arena = ArenaPath(directory_.path(), 1);
  const uint32_t newer = kFormatVersion + 1;
  Patch(arena, offsetof(ArenaIdentity, version), &newer, sizeof newer);
  auto writer = OpenEmbeddedWriter(Options());
  ASSERT_FALSE(writer.has_value());
  EXPECT_EQ(writer.error().code, ErrorCode::kVersion);
  auto reader = OpenEmbeddedReader(directory_.path(), views_.names(), views_.fingerprints());
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(reader.error().code, ErrorCode::kVersion);

  Patch(CurrentPath(directory_.path()), offsetof(CurrentFile, version), &newer, sizeof newer);
  writer = OpenEmbeddedWriter(Options());
  ASSERT_FALSE(writer.has_value());
  EXPECT_EQ(writer.error().code, ErrorCode::kVersion);
}

TEST_F(RestartTest, SecondWriterIsToldWhoHasTheStore) {
  auto writer = OpenWriter(Options());
  const auto second = OpenEmbeddedWriter(Options());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kLocked);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  writer.reset();
  EXPECT_TRUE(OpenEmbeddedWriter(Options()).has_value());
}

// The engine died amid a batch that is in the log: its readers never reach the batch's stamp, until
// the rebuilt store has it.
TEST_F(RestartTest, ReadersOfTheOldArenaNeverPassWhatItLacks) {
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  auto reader = OpenReader();
  const Timestamp first = Batch(*writer, 1, 5, 1);
  Timestamp t0 = 0;
  EXPECT_EQ(Total(*reader, 1, &t0), 5);
  const Timestamp second = writer->Announce(kMinTimestamp);
  Fold(*writer, 1, 6, 2, second);
  writer.reset();  // dies

  Timestamp t1 = 0;
  EXPECT_EQ(Total(*reader, 1, &t1), 5);
  EXPECT_GE(t1, t0);
  EXPECT_LT(t1, second);

  writer = OpenWriter(Options());
  ASSERT_FALSE(writer->usable());
  ASSERT_TRUE(writer->Reset().has_value());
  Fold(*writer, 1, 5, 1, first);
  Fold(*writer, 1, 6, 2, second);
  ASSERT_TRUE(writer->Commit(2).has_value());
  EXPECT_EQ(ArenaFiles(), 2U);
  Timestamp t2 = 0;
  EXPECT_EQ(Total(*reader, 1, &t2), 5);
  EXPECT_LT(t2, second);

  ASSERT_TRUE(writer->OpenForReaders().has_value());
  EXPECT_EQ(ArenaFiles(), 1U);
  Timestamp t3 = 0;
  EXPECT_EQ(Total(*reader, 1, &t3), 11);
  EXPECT_GE(t3, second);
}

// The engine died idle; what the next one stamps is above all that readers of the old arena are
// given.
TEST_F(RestartTest, IdleArenaIsFrozenByTheNextWriter) {
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  const Timestamp first = Batch(*writer, 1, 5, 1);
  auto reader = OpenReader();
  writer.reset();
  Timestamp t0 = 0;
  EXPECT_EQ(Total(*reader, 1, &t0), 5);

  writer = OpenWriter(Options());
  Timestamp t1 = 0;
  EXPECT_EQ(Total(*reader, 1, &t1), 5);
  EXPECT_GE(t1, t0);
  Timestamp t2 = 0;
  for (int i = 0; i < 1000; ++i) Total(*reader, 1, &t2);
  EXPECT_LE(t2 - t1, 1) << "the clock runs on";
  ASSERT_TRUE(writer->Reset().has_value());
  Fold(*writer, 1, 5, 1, first);
  ASSERT_TRUE(writer->Commit(1).has_value());
  const Timestamp second = writer->Announce(kMinTimestamp);
  EXPECT_GT(second, t2);
  EXPECT_EQ(Total(*reader, 1, &t2), 5);
  EXPECT_LT(t2, second);
  Fold(*writer, 1, 6, 2, second);
  ASSERT_TRUE(writer->Commit(2).has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  Timestamp t3 = 0;
  EXPECT_EQ(Total(*reader, 1, &t3), 11);
  EXPECT_GE(t3, second);
}

// The wall clock was set back while no writer ran: readers of the old arena were given times that
// the new one's clock has still to reach.
TEST_F(RestartTest, TimesThatWereGivenStayInThePast) {
  constexpr DurationUs kHour = 3'600'000'000;
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  const Timestamp first = Batch(*writer, 1, 5, 1);
  auto reader = OpenReader();
  writer.reset();
  int64_t offset = 0;
  const size_t offset_at = offsetof(ArenaHeader, clock) + offsetof(ArenaClock, offset_us);
  const std::string path = ArenaPath(directory_.path(), 1);
  std::ifstream(path, std::ios::binary)
      .seekg(static_cast<std::streamoff>(offset_at))
      .read(reinterpret_cast<char*>(&offset), sizeof offset);
  offset += kHour;
  Patch(path, offset_at, &offset, sizeof offset);
  Timestamp given = 0;
  EXPECT_EQ(Total(*reader, 1, &given), 5);
  EXPECT_GT(given, first + kHour / 2);

  writer = OpenWriter(Options());
  ASSERT_TRUE(writer->Reset().has_value());
  Fold(*writer, 1, 5, 1, first);
  ASSERT_TRUE(writer->Commit(1).has_value());
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  const auto late_reader = OpenReader();
  Timestamp t = 0;
  EXPECT_EQ(Total(*late_reader, 1, &t), 5);
  EXPECT_GE(t, given) << "a reader that comes now is given a time before";
  EXPECT_GT(Batch(*writer, 1, 6, 2), given);
  EXPECT_EQ(Total(*reader, 1, &t), 11);
}

TEST_F(RestartTest, ResetOfAUsableStoreKeepsReadersOnTheOldOneMeanwhile) {
  MakeClosedStore();
  auto reader = OpenReader();
  auto writer = OpenWriter(Options());
  ASSERT_TRUE(writer->usable());
  ASSERT_TRUE(writer->Reset().has_value());
  ASSERT_TRUE(writer->Reset().has_value());
  EXPECT_EQ(ArenaFiles(), 2U);
  Timestamp t = 0;
  EXPECT_EQ(Total(*reader, 1, &t), 5);
  ASSERT_TRUE(writer->OpenForReaders().has_value());
  EXPECT_EQ(Total(*reader, 1, &t), 0);
}

TEST_F(RestartTest, ReplayGoesOnWhereItStoodAndBeginsAnewWithAnotherLog) {
  EmbeddedOptions options = Options();
  options.replay_clock = true;
  auto reader = OpenReader();
  const auto play = [&](Timestamp arrival, Sequence sequence) {
    auto writer = OpenWriter(options);
    if (!writer->usable()) {
      ASSERT_TRUE(writer->Reset().has_value());
      ASSERT_TRUE(writer->OpenForReaders().has_value());
    }
    EXPECT_EQ(writer->Announce(arrival), arrival);
    Fold(*writer, 1, 5, sequence, arrival);
    ASSERT_TRUE(writer->Commit(sequence).has_value());
    ASSERT_TRUE(writer->Close().has_value());
  };
  Timestamp t = 0;
  play(5000, 1);
  EXPECT_EQ(Total(*reader, 1, &t), 5);
  EXPECT_EQ(t, 5000);
  play(6000, 2);
  EXPECT_EQ(Total(*reader, 1, &t), 10);
  EXPECT_EQ(t, 6000);
  options.log_identity = 8;
  play(1000, 1);
  EXPECT_EQ(Total(*reader, 1, &t), 5);
  EXPECT_EQ(t, 1000);
}

// The older writer stands still amid a batch, another takes the store over, and the older one goes
// on: whoever still reads from its arena is given no time that the newer one's rows have.
TEST_F(RestartTest, AWriterThatIsTakenOverFromMovesNobody) {
  auto older = OpenWriter(Options());
  ASSERT_TRUE(older->Reset().has_value());
  ASSERT_TRUE(older->OpenForReaders().has_value());
  Batch(*older, 1, 5, 1);
  auto reader = OpenReader();
  Timestamp t = 0;
  EXPECT_EQ(Total(*reader, 1, &t), 5);
  const Timestamp under_way = older->Announce(kMinTimestamp);
  Fold(*older, 1, 10, 2, under_way);

  EmbeddedOptions options = Options();
  EXPECT_EQ(OpenEmbeddedWriter(options).error().code, ErrorCode::kLocked);
  options.take_over = true;
  auto newer = OpenWriter(options);
  EXPECT_FALSE(newer->usable());
  // Frozen, and not yet left: what was committed is still answered.
  ASSERT_TRUE(older->Commit(2).has_value());
  EXPECT_EQ(Total(*reader, 1, &t), 15);
  const Timestamp frozen = t;
  ASSERT_TRUE(newer->Reset().has_value());
  Fold(*newer, 1, 5, 1, frozen);
  Fold(*newer, 1, 10, 2, frozen);
  ASSERT_TRUE(newer->Commit(2).has_value());
  ASSERT_TRUE(newer->OpenForReaders().has_value());
  EXPECT_GT(Batch(*newer, 1, 100, 3), frozen);
  Batch(*older, 1, 1000, 99);
  EXPECT_EQ(Total(*reader, 1, &t), 115);
  EXPECT_EQ(Total(*OpenReader(), 1, &t), 115);
  // Nor does it open its arena to anybody.
  EXPECT_EQ(older->Reset().error().code, ErrorCode::kLocked);
  ASSERT_TRUE(older->Close().has_value());
  EXPECT_EQ(Total(*OpenReader(), 1, &t), 115);
}

// A writer on hold between its look at the lock and the removal removes no arena of a newer one.
TEST_F(RestartTest, ArenasThatCameLaterStay) {
  auto older = OpenWriter(Options());
  ASSERT_TRUE(older->Reset().has_value());
  const auto seen = OtherArenas(directory_.path(), 0);
  ASSERT_TRUE(seen.has_value());
  ASSERT_EQ(seen->size(), 1U);
  EmbeddedOptions options = Options();
  options.take_over = true;
  auto newer = OpenWriter(options);  // which removes what was listed
  ASSERT_TRUE(newer->Reset().has_value());
  Batch(*newer, 1, 5, 1);
  ASSERT_TRUE(newer->OpenForReaders().has_value());
  EXPECT_TRUE(RemoveArenas(*seen).has_value());
  Timestamp t = 0;
  EXPECT_EQ(Total(*OpenReader(), 1, &t), 5);
  EXPECT_EQ(OtherArenas(directory_.path(), 0)->size(), 1U);
}

// The log may end with a record that no view takes any more, and the clock may be behind it.
TEST_F(RestartTest, ReadersAreGivenNoTimeBeforeTheLogsLastRecord) {
  const Timestamp later = NewWallClock()->Now() + kHourUs;
  for (const bool closed : {false, true}) {
    EmbeddedOptions options = Options();
    options.not_before = later + (closed ? kHourUs : 0);
    auto writer = OpenWriter(options);
    ASSERT_EQ(writer->usable(), closed);
    if (!closed) {
      ASSERT_TRUE(writer->Reset().has_value());
    }
    ASSERT_TRUE(writer->OpenForReaders().has_value());
    Timestamp t = 0;
    Total(*OpenReader(), 1, &t);
    EXPECT_EQ(t, options.not_before);
    EXPECT_GT(Batch(*writer, 1, 5, closed ? 2 : 1), options.not_before);
    ASSERT_TRUE(writer->Close().has_value());
  }
}

}  // namespace
}  // namespace skewless::embedded
