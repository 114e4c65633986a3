#include "pipeline/batch_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace skewless {
namespace {

using std::chrono::microseconds;
constexpr microseconds kLong{60'000'000};

AcceptedBatch Numbered(int64_t number) { return {std::make_unique<Batch>(), number}; }

TEST(BatchQueue, KeepsOrderAndHandsBatchesRound) {
  BatchQueue queue(4);
  EXPECT_FALSE(queue.Pop(microseconds(0)).has_value());
  for (int64_t i = 0; i < 3; ++i) ASSERT_TRUE(queue.Push(Numbered(i)));
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(queue.Pop(microseconds(0))->accepted_nanos, i);
  auto taken = queue.Take();
  Batch* address = taken.get();
  queue.GiveBack(std::move(taken));
  const auto again = queue.Take();
  EXPECT_EQ(again.get(), address);
  EXPECT_NE(queue.Take().get(), address);
}

TEST(BatchQueue, AFullQueueHoldsTheProducerBack) {
  BatchQueue queue(2);
  std::atomic<int64_t> pushed{0};
  std::thread producer([&] {
    for (int64_t i = 0; i < 100; ++i) {
      ASSERT_TRUE(queue.Push(Numbered(i)));
      pushed.store(i + 1);
    }
    queue.End({});
  });
  for (int64_t i = 0; i < 100; ++i) {
    const auto batch = queue.Pop(kLong);
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->accepted_nanos, i);
    // At most the queue's two, and one whose count is still to be told, are ahead of what was
    // taken.
    EXPECT_LE(pushed.load(), i + 1 + 2 + 1);
  }
  producer.join();
  EXPECT_FALSE(queue.Pop(kLong).has_value());
  EXPECT_TRUE(queue.ended());
}

TEST(BatchQueue, TheEndComesAfterWhatIsLeftWithItsError) {
  BatchQueue queue(4);
  ASSERT_TRUE(queue.Push(Numbered(1)));
  queue.End(Fail(ErrorCode::kIo, "gone"));
  EXPECT_FALSE(queue.ended());
  ASSERT_TRUE(queue.Pop(kLong).has_value());
  EXPECT_TRUE(queue.ended());
  EXPECT_FALSE(queue.Pop(kLong).has_value());  // at once
  ASSERT_FALSE(queue.end_status().has_value());
  EXPECT_EQ(queue.end_status().error().message, "gone");
}

TEST(BatchQueue, StopWakesAProducerAndKeepsWhatWasAccepted) {
  BatchQueue queue(1);
  ASSERT_TRUE(queue.Push(Numbered(1)));
  std::atomic<bool> refused{false};
  std::thread producer([&] { refused = !queue.Push(Numbered(2)); });
  queue.Stop();
  producer.join();
  EXPECT_TRUE(refused);
  EXPECT_EQ(queue.Pop(kLong)->accepted_nanos, 1);
  EXPECT_FALSE(queue.Pop(kLong).has_value());  // stopped: nobody waits
  EXPECT_FALSE(queue.Push(Numbered(3)));
}

}  // namespace
}  // namespace skewless
