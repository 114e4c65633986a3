#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace skewless {
namespace {

TEST(ResultTest, ErrorsReadAsOneTextWithTheRemedyBelow) {
  EXPECT_EQ((Error{ErrorCode::kInvalid, "bad", ""}).ToString(), "bad");
  EXPECT_EQ((Error{ErrorCode::kInvalid, "bad", "Do good."}).ToString(), "bad\n  Do good.");
}

TEST(ResultTest, ErrnoBecomesACodeAndAMessage) {
  const Error io = FailErrno("write", "/a/b", EIO).value();
  EXPECT_EQ(io.code, ErrorCode::kIo);
  EXPECT_EQ(io.message, "cannot write '/a/b': Input/output error (errno 5)");
  EXPECT_EQ(FailErrno("write", "/a", ENOSPC).value().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(FailErrno("write", "/a", ENOSPC).value().remedy.empty());
  EXPECT_EQ(FailErrno("open", "/a", ENOENT).value().code, ErrorCode::kNotFound);
}

TEST(ResultTest, CodesHaveDistinctNames) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInvalid), "invalid");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInternal), "internal");
  EXPECT_NE(ErrorCodeName(ErrorCode::kCorrupt), ErrorCodeName(ErrorCode::kVersion));
}

Result<int> Half(int value) {
  if (value % 2 != 0) return Fail(ErrorCode::kInvalid, "odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  SKEWLESS_ASSIGN_OR_RETURN(const int half, Half(value));
  SKEWLESS_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status Even(int value) {
  SKEWLESS_RETURN_IF_ERROR(Half(value));
  return {};
}

TEST(ResultTest, MacrosPassErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_TRUE(Even(2).has_value());
  EXPECT_EQ(Even(1).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace skewless
