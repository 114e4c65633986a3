// The stamp log under power cuts, with files of a few frames each.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "log/stamp_log.h"
#include "simulation/simulated_files.h"

namespace skewless {
namespace {

constexpr char kFolder[] = "log/stamps";
constexpr int kFrames = 14;

// One writer's life after another, and what must be there of what they wrote. The stamps are
// numbered; a number that was lost is not given again.
class StampWorld {
 public:
  explicit StampWorld(uint64_t seed) : random_(seed) {}

  SimulatedFiles& files() { return files_; }
  const std::vector<Sequence>& kept() const { return kept_; }

  // Opens the log, checks what is left, and writes frames. Ends at the first error.
  Status Live(int frames) {
    StampLogOptions options;
    options.directory = kFolder;
    options.identity = 7;
    options.epoch = ++epoch_;
    options.views = {{"clicks", 11}};
    options.file_bytes = 500;
    SKEWLESS_ASSIGN_OR_RETURN(const auto writer, StampLogWriter::Open(files_, options));
    CheckRecovery(*writer);
    SKEWLESS_ASSIGN_OR_RETURN(const auto follower, StampLogReader::Open(files_, kFolder));
    followed_ = 0;
    for (int i = 0; i < frames && !::testing::Test::HasFatalFailure(); ++i) {
      Status status = WriteFrame(writer.get());
      if (status && random_() % 3 == 0) {
        status = writer->Sync();
        if (status) acknowledged_ = last_;
      }
      if (!status) {
        EXPECT_FALSE(writer->Sync()) << "it syncs after an error";
        return status;
      }
      Follow(follower.get());
    }
    return {};
  }

  void CheckContents() {
    const auto reader = StampLogReader::Open(files_, kFolder);
    ASSERT_TRUE(reader.has_value());
    followed_ = 0;
    Follow(reader->get());
  }

 private:
  // All that was acknowledged is there, and of the rest what came first.
  void CheckRecovery(const StampLogWriter& writer) {
    const Sequence known = writer.recovered().known_sequence;
    ASSERT_GE(known, acknowledged_) << "acknowledged stamps are gone";
    EXPECT_EQ(writer.recovered().complete_us, known == 0 ? kMinTimestamp : known * 10);
    // What a writer knew that died while it opened is what this one knows.
    const Timestamp before = writer.complete_before_us();
    EXPECT_TRUE(before == complete_before_us_ || before == writer.recovered().complete_us);
    complete_before_us_ = writer.recovered().complete_us;
    while (!kept_.empty() && kept_.back() > known) kept_.pop_back();
    acknowledged_ = known;
  }

  Status WriteFrame(StampLogWriter* writer) {
    for (uint64_t count = random_() % 4; count > 0; --count) {
      kept_.push_back(++last_);
      const std::string key = "user " + std::to_string(random_() % 1000);
      writer->Add({0, AsBytes(key), {last_, last_ * 5}});
    }
    StampKnowledge known;
    known.known_sequence = ++last_;
    known.complete_us = last_ * 10;
    return writer->Write(known);
  }

  void Follow(StampLogReader* reader) {
    StampLogReader::Frame frame;
    for (;;) {
      const Result<bool> more = reader->Next(&frame);
      ASSERT_TRUE(more.has_value()) << more.error().ToString();
      if (!*more) break;
      for (const LoggedStamp& logged : frame.stamps) {
        ASSERT_LT(followed_, kept_.size());
        ASSERT_EQ(logged.stamp.sequence, kept_[followed_++]);
      }
    }
    ASSERT_EQ(followed_, kept_.size()) << "the reader stopped early";
  }

  std::mt19937_64 random_;
  SimulatedFiles files_;
  int64_t epoch_ = 0;
  Sequence last_ = 0;
  Sequence acknowledged_ = 0;
  Timestamp complete_before_us_ = kMinTimestamp;
  std::vector<Sequence> kept_;
  size_t followed_ = 0;
};

std::string Trace(const SimulatedFiles& files) {
  std::string text;
  for (const std::string& line : files.trace()) text += "  " + line + "\n";
  return text;
}

// A life that ends at operation `stop`, one that may end while it begins, and one that ends well.
void LiveThrice(uint64_t seed, int64_t stop) {
  StampWorld world(seed);
  world.files().StopAt(stop);
  ASSERT_FALSE(world.Live(kFrames)) << "operation " << stop << " does not exist";
  SCOPED_TRACE("seed " + std::to_string(seed) + ", stopped at operation " + std::to_string(stop) +
               "\n" + Trace(world.files()));
  if ((seed + static_cast<uint64_t>(stop)) % 3 == 0) {
    world.files().Kill();
  } else {
    world.files().Crash(seed * 1000 + static_cast<uint64_t>(stop));
  }
  const auto stop_again = static_cast<int64_t>((seed * 5 + static_cast<uint64_t>(stop)) % 12);
  if (stop_again > 0) world.files().StopAt(stop_again);
  const Status second = world.Live(kFrames);
  ASSERT_TRUE(second.has_value() || stop_again > 0) << second.error().ToString();
  world.files().Crash(seed * 2000 + static_cast<uint64_t>(stop));
  const Status third = world.Live(kFrames);
  ASSERT_TRUE(third) << third.error().ToString();
  world.CheckContents();
}

TEST(StampLogCrash, NoDurableStampIsLostAndNoneComesTwice) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    StampWorld whole(seed);
    const Status status = whole.Live(kFrames);
    ASSERT_TRUE(status) << status.error().ToString();
    const int64_t operations = whole.files().operations();
    ASSERT_GT(operations, 30);
    for (int64_t stop = 1; stop <= operations; ++stop) {
      LiveThrice(seed, stop);
      if (::testing::Test::HasFailure()) FAIL() << "failing seed " << seed << ", stop " << stop;
    }
  }
}

// What a killed writer left counts from the next one's start on, so that must make it durable.
TEST(StampLogCrash, WhatAKilledWriterLeftIsMadeDurable) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StampWorld world(seed);
    ASSERT_TRUE(world.Live(kFrames));
    const std::vector<Sequence> written = world.kept();
    world.files().Kill();
    ASSERT_TRUE(world.Live(0));
    world.files().Crash(seed);
    const Status last = world.Live(0);
    ASSERT_TRUE(last) << last.error().ToString();
    ASSERT_EQ(world.kept(), written);
    world.CheckContents();
    if (::testing::Test::HasFailure()) FAIL() << "failing seed " << seed;
  }
}

}  // namespace
}  // namespace skewless
