#include "click_stream.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace skewless::bench {
namespace {

constexpr uint64_t kItems = 50'000;
const char* const kKinds[] = {"view", "view",  "view",  "view",  "view",
                              "view", "click", "click", "click", "buy"};

}  // namespace

ClickStream::ClickStream(const ClickStreamOptions& options)
    : options_(options), random_(options.seed) {
  if (options.even) return;
  cumulative_.resize(options.users);
  double sum = 0;
  for (uint64_t rank = 0; rank < options.users; ++rank) {
    sum += 1.0 / static_cast<double>(rank + 1);
    cumulative_[rank] = sum;
  }
}

uint64_t ClickStream::NextUser() {
  if (options_.even) return next_user_++ % options_.users;
  const double draw = random_.Uniform() * cumulative_.back();
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), draw);
  // A step coprime to any number of users that is no multiple of it scatters the hot ones.
  return static_cast<uint64_t>(found - cumulative_.begin()) * 2'654'435'761U % options_.users;
}

void ClickStream::Next(int64_t turn_ms, std::optional<int64_t> number, Click* click) {
  click->user = NextUser();
  const auto disorder = static_cast<int64_t>(random_.Uniform() * options_.disorder_ms);
  const uint64_t item = random_.Next() % kItems;
  const double price = 1 + random_.Uniform() * 499;
  const char* kind = kKinds[random_.Next() % 10];
  const uint64_t session = random_.Next();
  const uint64_t page = random_.Next() % kItems;
  char numbered[32] = "";
  if (number) std::snprintf(numbered, sizeof numbered, "\"n\":%" PRId64 ",", *number);
  char text[320];
  const int size =
      std::snprintf(text, sizeof text,
                    "{%s\"user_id\":%" PRIu64 ",\"item_id\":%" PRIu64
                    ",\"price\":%.2f,\"kind\":\"%s\",\"ts\":%" PRId64 ",\"session\":\"%016" PRIx64
                    "\",\"page\":\"/catalog/item/%05" PRIu64
                    "\",\"ua\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko\"}",
                    numbered, click->user, item, price, kind, turn_ms - disorder, session, page);
  click->json.assign(text, static_cast<size_t>(size));
}

}  // namespace skewless::bench
