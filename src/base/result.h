// Errors as values. Every fallible function returns Status or Result<T>; exceptions stay inside the
// third-party libraries that throw them and are turned into an Error at that seam.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace skewless {

enum class ErrorCode {
  kInvalid,      // the caller's input is wrong: definitions, arguments, data
  kNotFound,     // a named thing does not exist
  kIo,           // the operating system refused (errno is in the message)
  kNoSpace,      // the disk is full
  kCorrupt,      // bytes on disk fail their checksum or make no sense
  kVersion,      // a format newer than this program
  kLocked,       // another writer holds it
  kUnavailable,  // try again later: a store that is being rebuilt, a server that is away
  kUnsupported,  // asked for something this build does not do
  kInternal,     // a bug of ours
};

std::string_view ErrorCodeName(ErrorCode code);

// What went wrong, where, and what to do about it. `message` names the place (file, line, column,
// key, offset) in its text; `remedy`, where there is one, is a sentence in the imperative.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string remedy;

  // "message\n  remedy" as shown on a terminal.
  std::string ToString() const;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string message, std::string remedy = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(remedy)});
}

// "cannot <what> '<path>': <errno's text>", e.g. what = "open". ENOSPC becomes kNoSpace, ENOENT
// kNotFound, the rest kIo.
tl::unexpected<Error> FailErrno(std::string_view what, std::string_view path, int errno_value);

}  // namespace skewless

// Returns the error to the caller: SKEWLESS_RETURN_IF_ERROR(file->Sync());
#define SKEWLESS_RETURN_IF_ERROR(expression)                                           \
  do {                                                                                 \
    auto skewless_status_ = (expression);                                              \
    if (!skewless_status_.has_value())                                                 \
      return ::tl::unexpected<::skewless::Error>(std::move(skewless_status_).error()); \
  } while (false)
// NOLINTBEGIN(bugprone-macro-parentheses): names and declarations can't have them.
#define SKEWLESS_CONCAT_INNER(a, b) a##b
#define SKEWLESS_CONCAT(a, b) SKEWLESS_CONCAT_INNER(a, b)
#define SKEWLESS_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression)   \
  auto temporary = (expression);                                              \
  if (!temporary.has_value())                                                 \
    return ::tl::unexpected<::skewless::Error>(std::move(temporary).error()); \
  declaration = std::move(*temporary)
// SKEWLESS_ASSIGN_OR_RETURN(auto file, files.Open(path));
#define SKEWLESS_ASSIGN_OR_RETURN(declaration, expression)                                  \
  SKEWLESS_ASSIGN_OR_RETURN_INNER(SKEWLESS_CONCAT(skewless_result_, __LINE__), declaration, \
                                  expression)
// NOLINTEND(bugprone-macro-parentheses)
