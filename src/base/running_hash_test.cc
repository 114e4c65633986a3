#include "base/running_hash.h"

#include <gtest/gtest.h>

namespace skewless {
namespace {

TEST(RunningHash, IsTheHashOfAllBytesHoweverTheyCome) {
  Bytes bytes;
  for (int i = 0; i < 3000; ++i) bytes.push_back(static_cast<uint8_t>(i * i));
  for (const size_t part : {size_t{1}, size_t{7}, size_t{256}, size_t{1000}, bytes.size()}) {
    RunningHash hash;
    EXPECT_EQ(hash.value(), Hash64({}));
    for (size_t at = 0; at < bytes.size(); at += part)
      hash.Add(ByteView(bytes).subspan(at, std::min(part, bytes.size() - at)));
    EXPECT_EQ(hash.value(), Hash64(bytes)) << part;
  }
}

}  // namespace
}  // namespace skewless
