#include "training/join_passes.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

// Labels of so many entities, in turns.
ViewLabels Labels(int64_t labels, int64_t entities) {
  Column users;
  users.type = {TypeKind::kInt64, false};
  ViewLabels all;
  for (int64_t i = 0; i < labels; ++i) {
    users.AppendInt(i % entities);
    all.time_us.push_back(i);
  }
  const Column* columns[] = {&users};
  EncodeKeys(columns, users.size(), &all.keys);
  return all;
}

TEST(JoinPasses, OneWhereAllFits) {
  const JoinPasses passes = PlanJoinPasses({Labels(1000, 1000)}, {{0, 1}}, 1 << 20);
  EXPECT_EQ(passes.count, 1);
  // What labels leave, but never more than half.
  EXPECT_EQ(passes.record_bytes, 1 << 19);
  EXPECT_EQ(PlanJoinPasses({Labels(0, 1)}, {{0}}, 1 << 20).count, 1);
}

TEST(JoinPasses, MoreForMoreEntities) {
  constexpr int64_t kLabels = 100'000, kMemory = 16 << 20;
  const int few = PlanJoinPasses({Labels(kLabels, 100)}, {{0, 1, 2, 3}}, kMemory).count;
  const int many = PlanJoinPasses({Labels(kLabels, kLabels)}, {{0, 1, 2, 3}}, kMemory).count;
  EXPECT_GT(few, 1);
  EXPECT_GT(many, few);
  // Each entity costs some 150 bytes, and a label as much.
  EXPECT_LT(many, 3 * few);
  EXPECT_EQ(PlanJoinPasses({Labels(kLabels, kLabels)}, {{0}}, 1).count, kMaxJoinPasses);
}

// Whatever the labels take, an eighth is left for records.
TEST(JoinPasses, LeaveRoomForRecords) {
  const std::vector<ViewLabels> labels{Labels(50'000, 20'000)};
  for (int64_t memory = 1 << 16; memory < 1 << 26; memory *= 2) {
    const JoinPasses passes = PlanJoinPasses(labels, {{0, 1}}, memory);
    EXPECT_GE(passes.record_bytes, memory / 8);
    EXPECT_LE(passes.record_bytes, memory / 2);
  }
}

}  // namespace
}  // namespace skewless
