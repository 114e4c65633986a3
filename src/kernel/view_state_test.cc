// States as bytes: how they grow, what damage is seen, and that a compact one reads the same.
#include <gtest/gtest.h>

#include <random>

#include "kernel/kernel_fixture.h"

namespace skewless {
namespace {

TestView EveryShape() {
  return TestView({{"c", "count(*) over 1m hop 1s"},
                   {"sum", "sum(x) over 1m hop 1s"},
                   {"var", "var_pop(n) over 5m hop 10s"},
                   {"text", "max(s) over 1m hop 1s"},
                   {"by", "max_by(s, s) over 5m hop 10s"},
                   {"exact", "last(n, 4) over 5s exact"},
                   {"texts", "last(s, 5)"},
                   {"last", "last(s)"},
                   {"first", "first(x)"}});
}

TestEvent RandomEvent(std::mt19937& random, Timestamp now) {
  const auto late = static_cast<Timestamp>(random() % (10 * kSecondUs));
  return {now - late, static_cast<int64_t>(random()), static_cast<double>(random()) / 7,
          std::string(random() % 30, static_cast<char>('a' + random() % 26)), true};
}

void Fill(TestEntity& entity, uint32_t seed, int events) {
  std::mt19937 random(seed);
  Timestamp now = 1000 * kSecondUs;
  for (int i = 0; i < events; ++i) {
    now += static_cast<Timestamp>(random() % kSecondUs);
    entity.Apply(RandomEvent(random, now), now);
  }
}

TEST(ViewState, OneEventIsSmall) {
  const TestView view(
      {{"c", "count(*) over 24h"}, {"s", "sum(x) over 1h"}, {"m", "max(x) over 5m"}});
  TestEntity entity(view);
  entity.Apply(TestEvent{.event_us = 5, .n = 1, .x = 2.0, .s = {}, .b = {}});
  EXPECT_EQ(entity.growths(), 0);
  EXPECT_EQ(entity.state().size(), view.kernel().footprint().one_event_bytes);
  EXPECT_LE(entity.state().size(), 48u + 3 * (24 + 24));
}

TEST(ViewState, GrowsBySteps) {
  const TestView view({{"c", "count(*) over 24h exact"}});
  TestEntity entity(view);
  for (int i = 0; i < 20000; ++i)
    entity.Apply(TestEvent{.event_us = Timestamp{i} * 10, .n = {}, .x = {}, .s = {}, .b = {}});
  EXPECT_EQ(entity.Show(200000), "20000");
  EXPECT_LT(entity.growths(), 30);
  EXPECT_LT(entity.state().size(), 20000u * 16 * 2);
}

TEST(ViewState, AFullWindowStopsGrowing) {
  const TestView view({{"c", "count(*) over 1m hop 1s"}, {"t", "last(s) over 1m hop 1s"}});
  TestEntity entity(view);
  const auto apply = [&](int i) {
    entity.Apply(TestEvent{.event_us = i * kSecondUs, .n = {}, .x = {}, .s = "text", .b = {}});
  };
  for (int i = 0; i < 200; ++i) apply(i);
  const size_t size = entity.state().size();
  const int growths = entity.growths();
  for (int i = 200; i < 3000; ++i) apply(i);
  EXPECT_EQ(entity.Show(2999 * kSecondUs), "60, 'text'");
  EXPECT_LE(entity.state().size(), size + size / 2);
  EXPECT_LE(entity.growths(), growths + 3);
  EXPECT_LE(view.kernel().footprint().tiers[0].tiles, 60);
}

TEST(ViewState, NeededRoomLeavesWhatTheStateHolds) {
  const TestView view = EveryShape();
  TestEntity entity(view);
  Fill(entity, 7, 300);
  Batch batch;
  const Timestamp now = 5000 * kSecondUs;
  view.FillBatch({{now, 1, 1.0, std::string(5000, 'x'), true}}, {now}, 1000, &batch);
  EvaluationScratch scratch;
  ViewInput input;
  view.kernel().Prepare(batch, scratch, &input);
  const std::string before = entity.Show(now);
  Bytes state = entity.state();
  const size_t needed = view.kernel().Apply(state.data(), state.size(), input, 0);
  ASSERT_GT(needed, state.size());
  EXPECT_TRUE(view.kernel().Validate(state).has_value());
  entity.set_state(state);
  EXPECT_EQ(entity.Show(now), before);
  state.resize(needed);
  EXPECT_EQ(view.kernel().Apply(state.data(), state.size(), input, 0), 0u);
  entity.set_state(state);
  EXPECT_EQ(entity.Read(now).values[3].bytes.size(), 5000u);
}

// Room beyond what is needed is used, and only what the header calls used counts.
TEST(ViewState, RoomMayBeLargerThanNeeded) {
  const TestView view = EveryShape();
  TestEntity tight(view);
  Fill(tight, 9, 400);
  TestEntity roomy(view);
  Bytes large(1 << 20, 0xee);
  view.kernel().InitState(large.data());
  roomy.set_state(large);
  Fill(roomy, 9, 400);
  EXPECT_EQ(roomy.growths(), 0);
  EXPECT_TRUE(view.kernel().Validate(roomy.state()).has_value());
  EXPECT_EQ(tight.Show(1300 * kSecondUs), roomy.Show(1300 * kSecondUs));
  Bytes a, b;
  view.kernel().Compact(tight.state(), &a);
  view.kernel().Compact(roomy.state(), &b);
  EXPECT_EQ(a, b);  // the compact form is one for all ways that lead to a state
}

TEST(ViewState, CompactForLaterReadsReadsTheSameThen) {
  const TestView view = EveryShape();
  size_t smaller = 0;
  for (uint32_t seed = 0; seed < 10; ++seed) {
    TestEntity entity(view), copy(view);
    Fill(entity, seed, 200);
    Bytes compact;
    view.kernel().Compact(entity.state(), &compact);
    const Timestamp now = LoadStateHeader(compact.data()).available_us;
    for (const Timestamp least : {now - 1, now + 1, now + 30 * kSecondUs, now + kDayUs}) {
      Bytes later;
      view.kernel().Compact(entity.state(), &later, least);
      ASSERT_TRUE(view.kernel().Validate(later).has_value());
      EXPECT_LE(later.size(), compact.size());
      smaller += later.size() < compact.size() ? 1 : 0;
      copy.set_state(later);
      const Timestamp from = std::max(now, least);
      for (const Timestamp t : {from, from + 1, from + 30 * kSecondUs, from + 200 * kSecondUs})
        EXPECT_EQ(copy.Show(t), entity.Show(t)) << least - now << " " << t - now;
    }
  }
  EXPECT_GT(smaller, 10U);
}

TEST(ViewState, CompactReadsTheSameAndCanBeAppliedTo) {
  const TestView view = EveryShape();
  for (uint32_t seed = 0; seed < 10; ++seed) {
    TestEntity entity(view), copy(view);
    Fill(entity, seed, 200);
    Bytes compact;
    view.kernel().Compact(entity.state(), &compact);
    EXPECT_LT(compact.size(), entity.state().size());
    ASSERT_TRUE(view.kernel().Validate(compact).has_value());
    copy.set_state(compact);
    const Timestamp now = LoadStateHeader(compact.data()).available_us;
    for (const Timestamp t : {now, now + 30 * kSecondUs, now + 200 * kSecondUs}) {
      EXPECT_EQ(copy.Show(t), entity.Show(t));
    }
    entity.Apply({now + 1, 5, 0.5, "after", false}, now + 1);
    copy.Apply({now + 1, 5, 0.5, "after", false}, now + 1);
    EXPECT_EQ(copy.Show(now + 1), entity.Show(now + 1));
  }
}

TEST(ViewState, OtherStatesAreRefusedByName) {
  const TestView view({{"c", "count(*)"}}), other({{"s", "sum(n)"}});
  TestEntity entity(view);
  entity.Apply(TestEvent{.event_us = 5, .n = 1, .x = {}, .s = {}, .b = {}});
  EXPECT_EQ(other.kernel().Validate(entity.state()).error().code, ErrorCode::kInvalid);
  Bytes newer = entity.state();
  newer[3] = '2';
  EXPECT_EQ(view.kernel().Validate(newer).error().code, ErrorCode::kVersion);
  newer[0] = 'X';
  EXPECT_EQ(view.kernel().Validate(newer).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(view.kernel().Validate({}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(view.kernel().Validate(ByteView(entity.state()).first(40)).error().code,
            ErrorCode::kCorrupt);
}

// Whatever Validate lets pass can be read, folded into and made compact without leaving its bytes.
// Every copy has its exact size on the heap, so that AddressSanitizer sees a step outside.
TEST(ViewState, DamageIsSeenOrHarmless) {
  const TestView view = EveryShape();
  TestEntity entity(view);
  Fill(entity, 3, 150);
  Bytes compact;
  view.kernel().Compact(entity.state(), &compact);
  std::mt19937 random(5);
  int refused = 0;
  for (int i = 0; i < 6000; ++i) {
    Bytes damaged = compact;
    const int strikes = 1 + static_cast<int>(random() % 3);
    for (int s = 0; s < strikes; ++s) {
      // Half of the strikes hit the heads, where offsets are.
      const size_t reach = random() % 2 == 0 ? view.kernel().empty_state_size() : damaged.size();
      damaged[16 + random() % (reach - 16)] ^= static_cast<uint8_t>(1U << random() % 8);
    }
    if (random() % 16 == 0) damaged.resize(random() % damaged.size());
    damaged.shrink_to_fit();
    if (!view.kernel().Validate(damaged)) {
      ++refused;
      continue;
    }
    TestEntity victim(view);
    damaged.resize(LoadStateHeader(damaged.data()).size);
    victim.set_state(damaged);
    const Timestamp now = 1100 * kSecondUs;
    victim.Show(now);
    for (int k = 0; k < 5; ++k)
      victim.Apply(RandomEvent(random, now + k * kSecondUs), now + k * kSecondUs);
    victim.Show(now);
    Bytes again;
    view.kernel().Compact(victim.state(), &again);
    EXPECT_TRUE(view.kernel().Validate(again).has_value());
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace skewless
