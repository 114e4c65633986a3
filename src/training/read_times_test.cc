#include "training/read_times.h"

#include <gtest/gtest.h>

#include "log/stamp_log.h"
#include "model/key.h"
#include "training/record_availability.h"
#include "training/training_fixture.h"

namespace skewless {
namespace {

class ReadTimesTest : public testing::Test {
 protected:
  // A writer of the view 'activity', or of `view`, that lets readers in at `opened_us`.
  void Write(int64_t epoch, bool values, Timestamp opened_us,
             const std::vector<std::pair<int64_t, Stamp>>& stamps,
             std::optional<StampedView> view = {}) {
    if (!view) view = {"activity", clicks_.kernels()[0]->fingerprint()};
    view->values = values;
    auto writer = clicks_.OpenStamps(epoch, *view);
    ASSERT_TRUE(writer.has_value()) << writer.error().ToString();
    for (const auto& [user, stamp] : stamps)
      (*writer)->Add({0, ByteView(reinterpret_cast<const uint8_t*>(&user), sizeof user), stamp});
    StampKnowledge known;
    known.opened_us = opened_us;
    ASSERT_TRUE((*writer)->Write(known));
  }
  std::vector<Timestamp> Moved(const std::vector<std::pair<int64_t, Timestamp>>& labels,
                               int view = 0) {
    ViewLabels moved;
    moved.view = view;
    Column users;
    users.type = {TypeKind::kInt64, false};
    for (const auto& [user, t] : labels) {
      user < 0 ? users.AppendNull() : users.AppendInt(user);
      moved.time_us.push_back(t);
    }
    const Column* const columns[] = {&users};
    EncodeKeys(columns, labels.size(), &moved.keys);
    const Status done = MoveToReadTimes(SystemFiles(), clicks_.definition(), clicks_.kernels(),
                                        std::span(&moved, 1));
    EXPECT_TRUE(done.has_value()) << done.error().ToString();
    return moved.time_us;
  }

  LoggedClicks clicks_;
};

using Times = std::vector<Timestamp>;

TEST_F(ReadTimesTest, WithoutFinishedValuesALabelStaysWhereItIs) {
  EXPECT_EQ(Moved({{1, 100}}), Times{100});
  Write(1, /*values=*/false, 50, {{1, {5, 60}}});
  EXPECT_EQ(Moved({{1, 100}}), Times{100});
  Write(2, /*values=*/true, 110, {{1, {5, 105, 104}}}, StampedView{"activity", 1});
  EXPECT_EQ(Moved({{1, 120}}), Times{120});
}

// In any order of labels, entities and stamps: one that was found later comes later in the log.
TEST_F(ReadTimesTest, ALabelSeesTheLastWriteThatWasReadable) {
  Write(1, /*values=*/true, 90,
        {{1, {5, 80, 79}}, {2, {6, 85, 84}}, {1, {5, 120, 118}}, {1, {7, 110, 108}}});
  EXPECT_EQ(Moved({{1, 120}, {1, 95}, {2, 500}, {1, 109}, {1, 110}, {1, 119}, {1, 1000}}),
            (Times{118, 79, 84, 79, 108, 108, 118}));
  EXPECT_EQ(Moved({{3, 500}, {-1, 500}}), (Times{kMinTimestamp, 500}));
  EXPECT_EQ(Moved({{1, 500}}, /*view=*/2), Times{500});
}

// The store came back with an older snapshot, a write that was superseded long ago came once more,
// and a client found it before the engine had compared the rows.
TEST_F(ReadTimesTest, ALabelSeesAnOldWriteThatCameOnceMore) {
  Write(1, /*values=*/true, 90,
        {{1, {5, 100, 99}}, {1, {7, 110, 108}}, {1, {5, 120, 99}}, {1, {7, 130, 128}}});
  EXPECT_EQ(Moved({{1, 119}, {1, 120}, {1, 129}, {1, 130}}), (Times{108, 99, 99, 128}));
  EXPECT_EQ(Moved({{1, 125}}), Times{99});
}

// Readers went from states to values, through a restart, and back.
TEST_F(ReadTimesTest, WhatALabelSawGoesByWhoHadLetReadersIn) {
  Write(1, /*values=*/false, 50, {{1, {5, 60}}});
  Write(2, /*values=*/true, 110, {{1, {5, 105, 104}}});
  Write(3, /*values=*/true, 210, {{1, {9, 205, 203}}});
  Write(4, /*values=*/false, 310, {{1, {9, 305}}});
  EXPECT_EQ(Moved({{1, 109}, {1, 110}, {1, 207}, {1, 309}, {1, 310}}),
            (Times{109, 104, 203, 203, 310}));
}

// Its features changed, and then the rows came to be in a store that needs no stamps.
TEST_F(ReadTimesTest, WhatALabelSawGoesByTheViewsNameWhateverItsFeatures) {
  StampedView then = StampedViewOf(clicks_.definition(), *clicks_.kernels()[0]);
  ++then.fingerprint;
  Write(1, /*values=*/true, 110, {{1, {5, 105, 104}}}, then);
  Write(2, /*values=*/false, 210, {}, StampedView{"another", 1});
  EXPECT_EQ(Moved({{1, 109}, {1, 209}, {1, 210}}), (Times{109, 104, 210}));
}

// A log of an earlier version: a restart in which no row had to be written.
TEST_F(ReadTimesTest, ARestartThatDoesNotTellWhenItOpenedMovesNoEarlierLabel) {
  Write(1, /*values=*/false, 50, {{1, {5, 60}}});
  Write(2, /*values=*/true, 110, {{1, {5, 105, 104}}});
  Write(3, /*values=*/true, kMinTimestamp, {});
  Write(4, /*values=*/true, kMinTimestamp, {{1, {9, 205, 203}}});
  EXPECT_EQ(Moved({{1, 109}, {1, 110}, {1, 207}}), (Times{109, 104, 203}));
}

}  // namespace
}  // namespace skewless
