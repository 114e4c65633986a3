#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(Terminal, CountsOneAndMany) {
  EXPECT_EQ(Counted(0, "view"), "0 views");
  EXPECT_EQ(Counted(1, "view"), "1 view");
  EXPECT_EQ(Counted(12'345, "view"), "12,345 views");
}

}  // namespace
}  // namespace skewless
