#include "pipeline/replay_merge.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

// A source of batches made beforehand; numbers stand for rows.
class FixedSource : public Source {
 public:
  FixedSource(uint32_t number, std::vector<std::vector<Timestamp>> batches, Status end = {})
      : number_(number), batches_(std::move(batches)), end_(std::move(end)) {
    schema_.columns = {{"n", {TypeKind::kInt64, false}}};
  }
  Result<bool> Next(size_t, DurationUs, Batch* batch) override {
    batch->Reset(&schema_, number_);
    if (next_ == batches_.size()) {
      if (!end_) return tl::unexpected<Error>(end_.error());
      return false;
    }
    for (const Timestamp arrival : batches_[next_]) {
      batch->columns[0].AppendInt(emitted_++);
      batch->event_us.push_back(arrival);
      batch->arrival_us.push_back(arrival);
    }
    batch->positions = {{"sorted", emitted_}};
    ++next_;
    return true;
  }
  SourceProgress progress() const override { return {}; }

 private:
  uint32_t number_;
  std::vector<std::vector<Timestamp>> batches_;
  Status end_;
  Schema schema_;
  size_t next_ = 0;
  int64_t emitted_ = 0;
};

class ReplayMergeTest : public ::testing::Test {
 protected:
  void Add(std::vector<std::vector<Timestamp>> batches, Status end = {}) {
    threads_.push_back(std::make_unique<SourceThread>(
        std::make_unique<FixedSource>(static_cast<uint32_t>(threads_.size()), std::move(batches),
                                      std::move(end)),
        nullptr, SourceThreadOptions{}));
  }
  ReplayMerge Merge() {
    std::vector<SourceThread*> sources;
    for (auto& thread : threads_) {
      thread->Start();
      sources.push_back(thread.get());
    }
    return ReplayMerge(sources);
  }
  // "source: first row .. @ arrivals ... > position", as taken.
  static std::string Show(const Batch& batch) {
    std::string text = std::to_string(batch.source) + ":";
    for (size_t row = 0; row < batch.rows(); ++row) {
      text += " " + std::to_string(batch.columns[0].ints[row]) + "@" +
              std::to_string(batch.arrival_us[row]);
    }
    return text + " > " + std::to_string(batch.positions.at(0).offset);
  }
  std::vector<std::string> TakeAll(Timestamp limit = kMaxTimestamp, size_t max_rows = 1000) {
    ReplayMerge merge = Merge();
    std::vector<std::string> taken;
    for (;;) {
      const auto heads = Fill(&merge);
      EXPECT_TRUE(heads.has_value());
      if (!heads || *heads == ReplayMerge::Heads::kEnded) return taken;
      Batch* batch = merge.Take(limit, max_rows);
      if (batch == nullptr) {
        taken.push_back("next " + std::to_string(merge.NextArrival()));
        return taken;
      }
      taken.push_back(Show(*batch));
    }
  }

  static Result<ReplayMerge::Heads> Fill(ReplayMerge* merge) {
    for (;;) {
      auto heads = merge->Fill(std::chrono::milliseconds(20));
      if (!heads || *heads != ReplayMerge::Heads::kMissing) return heads;
    }
  }

  std::vector<std::unique_ptr<SourceThread>> threads_;
};

using Taken = std::vector<std::string>;

TEST_F(ReplayMergeTest, OneSourceGoesThroughWhole) {
  Add({{1, 2, 2}, {2, 5}});
  EXPECT_EQ(TakeAll(), (Taken{"0: 0@1 1@2 2@2 > 3", "0: 3@2 4@5 > 5"}));
}

TEST_F(ReplayMergeTest, TwoSourcesComeInOneOrderAndTiesGoToTheFirst) {
  Add({{1, 3, 5, 5}, {9}});
  Add({{2, 3, 3, 5}, {7}});
  EXPECT_EQ(TakeAll(), (Taken{"0: 0@1 > 1", "1: 0@2 > 1", "0: 1@3 > 2", "1: 1@3 2@3 > 3",
                              "0: 2@5 3@5 > 4", "1: 3@5 > 4", "1: 4@7 > 5", "0: 4@9 > 5"}));
}

TEST_F(ReplayMergeTest, NothingGoesBeyondTheLimit) {
  Add({{1, 2, 3, 8}});
  Add({{2, 4}});
  EXPECT_EQ(TakeAll(3), (Taken{"0: 0@1 1@2 > 2", "1: 0@2 > 1", "0: 2@3 > 3", "next 4"}));
}

TEST_F(ReplayMergeTest, LimitBeforeTheFirstRecord) {
  Add({{5}});
  EXPECT_EQ(TakeAll(4), (Taken{"next 5"}));
}

TEST_F(ReplayMergeTest, NoMoreRowsThanAskedForWithTheirOwnPositions) {
  Add({{1, 1, 1, 1, 1}});
  EXPECT_EQ(TakeAll(kMaxTimestamp, 2), (Taken{"0: 0@1 1@1 > 2", "0: 2@1 3@1 > 4", "0: 4@1 > 5"}));
}

TEST_F(ReplayMergeTest, ABatchOfPositionsAloneIsTakenAtOnce) {
  Add({{}, {9}});
  Add({{1}});
  EXPECT_EQ(TakeAll(), (Taken{"0: > 0", "1: 0@1 > 1", "0: 0@9 > 1"}));
}

TEST_F(ReplayMergeTest, AnErrorOfOneSourceEndsIt) {
  Add({{1}});
  Add({}, Fail(ErrorCode::kCorrupt, "broken"));
  ReplayMerge merge = Merge();
  const auto heads = Fill(&merge);
  ASSERT_FALSE(heads.has_value());
  EXPECT_EQ(heads.error().message, "broken");
}

TEST_F(ReplayMergeTest, AHeadThatIsNotThereYetIsMissingUntilItsSourceTookAStep) {
  Add({{1}});
  Add({{2}});
  ReplayMerge merge({threads_[0].get(), threads_[1].get()});
  const std::chrono::microseconds at_once(0);
  EXPECT_EQ(*merge.Fill(at_once), ReplayMerge::Heads::kMissing);
  EXPECT_TRUE(threads_[1]->Step());
  EXPECT_EQ(*merge.Fill(at_once), ReplayMerge::Heads::kMissing);
  EXPECT_TRUE(threads_[0]->Step());
  EXPECT_EQ(*merge.Fill(at_once), ReplayMerge::Heads::kKnown);
  EXPECT_EQ(merge.NextArrival(), 1);
}

}  // namespace
}  // namespace skewless
