// A Lua script and the name that EVALSHA calls it by: its SHA-1 in hexadecimal.
#pragma once

#include <string>

namespace skewless::redis {

struct Script {
  std::string text;
  std::string name;
};
Script MakeScript(std::string text);

}  // namespace skewless::redis
