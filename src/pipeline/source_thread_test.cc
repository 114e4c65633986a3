#include "pipeline/source_thread.h"

#include <gtest/gtest.h>

#include "base/event_log.h"

namespace skewless {
namespace {

class WaitingStore : public DeadLetterStore {
 public:
  Status Append(const DeadLetter&) override { return {}; }
  Status Sync() override { return {}; }
  int64_t count() const override { return 0; }
  void Interrupt() override { interrupted.store(true); }

  std::atomic<bool> waited_for{false}, interrupted{false};
};

// Fails: at once, or as one does whose dead letters nobody takes, once it is interrupted.
class FailingSource : public Source {
 public:
  explicit FailingSource(WaitingStore* store) : store_(store) {}
  Result<bool> Next(size_t, DurationUs, Batch* batch) override {
    batch->Reset(&schema_, 0);
    if (store_ != nullptr) store_->waited_for.store(true);
    while (store_ != nullptr && !store_->interrupted.load()) std::this_thread::yield();
    return Fail(ErrorCode::kIo, "its letters will come again");
  }
  SourceProgress progress() const override { return {}; }

 private:
  const Schema schema_;
  WaitingStore* const store_;
};

class SourceThreadTest : public ::testing::Test, private EventSink {
 protected:
  SourceThreadTest() { UseEventSink(this, EventLevel::kInfo); }
  ~SourceThreadTest() override { UseEventSink(nullptr, EventLevel::kOff); }

  std::string told_;

 private:
  void Take(const Event& event) override { AppendEventText(told_, event); }
};

TEST_F(SourceThreadTest, AFailureIsToldOf) {
  SourceThread thread(std::make_unique<FailingSource>(nullptr), nullptr, {.name = "clicks"});
  EXPECT_FALSE(thread.Step());
  EXPECT_NE(told_.find("source failed source=clicks"), std::string::npos) << told_;
  EXPECT_FALSE(thread.queue().end_status().has_value());
}

// An operator who stops an engine would look for what is wrong.
TEST_F(SourceThreadTest, WhatAStopInterruptsIsNoFailure) {
  WaitingStore store;
  SourceThread thread(std::make_unique<FailingSource>(&store), &store, {.name = "clicks"});
  thread.Start();
  while (!store.waited_for.load()) std::this_thread::yield();
  thread.Stop();
  EXPECT_EQ(told_, "");
}

}  // namespace
}  // namespace skewless
