#include "base/check.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(CheckDeathTest, NamesTheConditionAndAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(SKEWLESS_CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

TEST(CheckTest, EvaluatesOnce) {
  int evaluated = 0;
  SKEWLESS_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace skewless
