#include "base/utf8.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(Utf8, IsValidWithoutBrokenSequences) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain text, longer than eight"));
  EXPECT_TRUE(IsUtf8("eight..é"));
  EXPECT_FALSE(IsUtf8("12345678\xc3"));
  EXPECT_FALSE(IsUtf8("\x80 and more text"));
}

}  // namespace
}  // namespace skewless
