#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace skewless {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kIo:
      return "I/O error";
    case ErrorCode::kNoSpace:
      return "no space";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kVersion:
      return "version";
    case ErrorCode::kLocked:
      return "locked";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "unknown";
}

std::string Error::ToString() const {
  if (remedy.empty()) return message;
  return message + "\n  " + remedy;
}

namespace {

ErrorCode CodeOfErrno(int errno_value) {
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kNoSpace;
    case ENOENT:
      return ErrorCode::kNotFound;
    default:
      return ErrorCode::kIo;
  }
}

std::string_view RemedyOfErrno(int errno_value) {
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
      return "Free space there, or move the path to a larger file system.";
    case EACCES:
    case EPERM:
      return "Give this user the permission, or choose another path.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit of open files (ulimit -n).";
    case EROFS:
      return "Choose a path on a file system that can be written.";
    default:
      return "";
  }
}

}  // namespace

tl::unexpected<Error> FailErrno(std::string_view what, std::string_view path, int errno_value) {
  std::string message = "cannot ";
  message.append(what).append(" '").append(path).append("': ");
  message += std::generic_category().message(errno_value);
  message += " (errno " + std::to_string(errno_value) + ")";
  return Fail(CodeOfErrno(errno_value), std::move(message),
              std::string(RemedyOfErrno(errno_value)));
}

}  // namespace skewless
