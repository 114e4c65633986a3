#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(TextTable, IsAsWideAsItsWidestCells) {
  EXPECT_EQ(AlignedTable({{"", "streaming", "", "newest"},
                          {"view", "p50", "p99", "event"},
                          {"user_activity", "1 s", "5 min", "3 min old"},
                          {"pages", "13 h 43 min", "-", "-"}}),
            "                 streaming            newest\n"
            "view                   p50    p99      event\n"
            "user_activity          1 s  5 min  3 min old\n"
            "pages          13 h 43 min      -          -\n");
}

}  // namespace
}  // namespace skewless
