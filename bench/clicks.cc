// bench_clicks EVENTS RATE END_MS [USERS [zipf|even]]: JSON clicks, one a line, on standard output.
//
// 100,000 users unless given, after Zipf (exponent 1) and spread over the ids; `even` gives each
// user as many, one after the other. RATE events a second of event time, the last at END_MS, each
// up to five seconds earlier than its turn; 180 to 200 bytes. The same arguments give the same
// bytes.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "click_stream.h"

namespace skewless::bench {
namespace {

bool WriteClicks(const ClickStreamOptions& options, int64_t events, double rate, int64_t end_ms) {
  ClickStream stream(options);
  Click click;
  for (int64_t i = 0; i < events; ++i) {
    const auto before_end = static_cast<int64_t>(static_cast<double>(events - 1 - i) * 1000 / rate);
    stream.Next(end_ms - before_end, std::nullopt, &click);
    click.json.push_back('\n');
    if (std::fwrite(click.json.data(), 1, click.json.size(), stdout) != click.json.size())
      return false;
  }
  return std::fflush(stdout) == 0;
}

}  // namespace
}  // namespace skewless::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: bench_clicks EVENTS RATE END_MS [USERS [zipf|even]]\n", stderr);
    return 2;
  }
  skewless::bench::ClickStreamOptions options;
  if (argc > 4) options.users = std::strtoull(argv[4], nullptr, 10);
  options.even = argc > 5 && std::strcmp(argv[5], "even") == 0;
  if (!skewless::bench::WriteClicks(options, std::strtoll(argv[1], nullptr, 10),
                                    std::strtod(argv[2], nullptr),
                                    std::strtoll(argv[3], nullptr, 10))) {
    std::perror("bench_clicks");
    return 1;
  }
  return 0;
}
