#include "base/environment.h"

#include <cstdlib>

namespace skewless {

Result<std::string> EnvironmentVariable(const std::string& name, const std::string& key,
                                        const std::string& what) {
  const char* const value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return Fail(ErrorCode::kInvalid,
              key + " names '" + name + "', and the environment has no such variable",
              "Set " + name + " to " + what + ".");
}

}  // namespace skewless
