#include "base/base64.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

std::string Encoded(std::string_view text) {
  std::string out;
  AppendBase64(out, AsBytes(text));
  return out;
}

TEST(Base64Test, TheVectorsOfRfc4648) {
  EXPECT_EQ(Encoded(""), "");
  EXPECT_EQ(Encoded("f"), "Zg==");
  EXPECT_EQ(Encoded("fo"), "Zm8=");
  EXPECT_EQ(Encoded("foo"), "Zm9v");
  EXPECT_EQ(Encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, ReadsBackEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<char>(i));
    EXPECT_EQ(ParseBase64(Encoded(all)), all);
  }
}

TEST(Base64Test, PaddingMayBeMissingButNotWrong) {
  EXPECT_EQ(ParseBase64("Zg"), "f");
  EXPECT_EQ(ParseBase64("Zm8"), "fo");
  for (const char* text :
       {"Z", "Zg=", "Zg===", "Z===", "Zm9v=", "Zh==", "Zm9!", "Zm 9v", "=", "-_"}) {
    EXPECT_FALSE(ParseBase64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace skewless
