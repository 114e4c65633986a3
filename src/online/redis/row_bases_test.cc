#include "online/redis/row_bases.h"

#include <gtest/gtest.h>

namespace skewless::redis {
namespace {

std::string Text(const RowBases& bases, int view, std::string_view key) {
  return std::string(AsText(bases.Find(view, AsBytes(key))));
}

TEST(RowBases, TellTheStateThatWasSetLast) {
  RowBases bases(1 << 20);
  EXPECT_EQ(Text(bases, 0, "a"), "");
  bases.Set(0, AsBytes("a"), AsBytes("one"));
  bases.Set(1, AsBytes("a"), AsBytes("other view"));
  bases.Set(0, AsBytes("a"), AsBytes("two, and longer"));
  EXPECT_EQ(Text(bases, 0, "a"), "two, and longer");
  EXPECT_EQ(Text(bases, 1, "a"), "other view");
  bases.Forget(0, AsBytes("a"));
  bases.Forget(0, AsBytes("never there"));
  EXPECT_EQ(Text(bases, 0, "a"), "");
  EXPECT_EQ(bases.size(), 1u);
  bases.Clear();
  EXPECT_EQ(Text(bases, 1, "a"), "");
  EXPECT_EQ(bases.bytes(), 0u);
}

TEST(RowBases, ForgetsTheRowsWrittenLongestAgo) {
  constexpr size_t kMost = 100'000;
  RowBases bases(kMost);
  const std::string state(1000, 's');
  for (int i = 0; i < 1000; ++i) {
    bases.Set(0, AsBytes(std::to_string(i)), AsBytes(state));
    bases.Set(0, AsBytes("hot"), AsBytes(state));
    EXPECT_LE(bases.bytes(), kMost);
  }
  EXPECT_EQ(Text(bases, 0, "0"), "");
  EXPECT_EQ(Text(bases, 0, "999"), state);
  EXPECT_EQ(Text(bases, 0, "hot"), state);
  EXPECT_GT(bases.size(), 50u);
  EXPECT_LT(bases.size(), 100u);
  // One that is larger than all that may be kept.
  bases.Set(0, AsBytes("huge"), AsBytes(std::string(2 * kMost, 'h')));
  EXPECT_EQ(bases.size(), 0u);
  EXPECT_EQ(bases.bytes(), 0u);
}

}  // namespace
}  // namespace skewless::redis
