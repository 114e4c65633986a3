// Where an object or a list of JSON ends that nobody wants.
#pragma once

namespace skewless {

// The end of the object or list that begins at `at`, or null where it is to be left to the library.
// As that does where nobody asks for what is in it, this counts braces and brackets outside of
// strings, whichever closes which. It refuses control characters, so it ends with the line; what is
// no UTF-8; and backslashes outside of strings. A zero byte must lie somewhere behind `at`, and 64
// readable bytes behind that one.
const char* EndOfNested(const char* at);

}  // namespace skewless
