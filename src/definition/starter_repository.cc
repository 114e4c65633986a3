#include "definition/starter_repository.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace skewless {
namespace {

constexpr std::string_view kDefinition =
    R"yaml(# A feature repository. `skewless check` explains it; README.md says what to try.
project: shop

log:     {path: var/log}                          # every accepted event: the only truth
online:  {type: embedded, path: var/online}       # the newest state of each user, for serving
offline: {type: parquet, path: var/history}       # the same history as tables
serving: {listen: 127.0.0.1:6566, served_log: var/served}

sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user_id: int64, item_id: int64, kind: string, price: float64, ts: timestamp, seen_at: timestamp}
    event_timestamp: ts                           # when it happened
    arrival_timestamp: seen_at                    # when it came: some clicks came minutes late
    out_of_orderness: 10s

entities:
  user: {keys: {user_id: int64}}

feature_views:
  user_activity:
    source: clicks
    entity: user
    ttl: 30d
    features:
      clicks_last_5_minutes: count(*) filter (where kind = 'click') over 5m
      spend_1h:              sum(price) filter (where kind = 'buy') over 1h
      average_price_24h:     avg(price) over 24h
      visits:                count(*)
      last_item:             last(item_id)
      last_items:            last(item_id, 5) over 7d
    derived:
      spend_per_click: spend_1h / nullif(clicks_last_5_minutes, 0)

feature_services:
  ranking:
    features: [user_activity]
    request: {cart_total: float64}                # a column that comes with the request
    derived: {share_of_spend: cart_total / nullif(spend_1h, 0)}
)yaml";

constexpr std::string_view kReadme = R"md(# A feature repository

`skewless.yaml` defines the features, `clicks.csv` is an hour of events with the times at which they
happened and at which they arrived, `labels.csv` has moments to train on. Run these in this folder:

```sh
skewless check                                   # parse, type-check, print the plan
skewless run --once                              # clicks.csv -> log, online store, history
skewless get user_activity user_id=3             # the vector as it is now
skewless get user_activity user_id=3 --at 2024-01-01T10:30:00Z
skewless join labels.csv -o training.csv         # for each label what a model could read then
```

Serve, ask, and prove that serving and training agree:

```sh
skewless run                                     # serves on 127.0.0.1:6566 until Ctrl-C
curl -s http://127.0.0.1:6566/get-online-features -d '{
  "feature_service": "ranking",
  "entities": {"user_id": [1, 2, 3], "cart_total": [10.0, 20.0, 30.0]}}'
skewless audit                                   # replays the log against what was served
```

The clock of this repository is the history's own: events become available at their `seen_at`.
`rm -r var` forgets everything but the files above.

## Make it yours

- Point `path` at your own files (CSV, JSON lines or Parquet; globs and `.gz` or `.zst` work).
- Name their columns and which of them is the event's time.
- Without recorded arrivals, say `delay: 10m` in place of `arrival_timestamp`.
- `skewless check` says what is wrong and where, to the column.
)md";

constexpr Timestamp kStart = 1'704'103'200 * kSecondUs;  // 2024-01-01T10:00:00Z
constexpr int kClicks = 240;
constexpr int kUsers = 8;

// A linear congruential generator: the same shop everywhere.
class Dice {
 public:
  int64_t Roll(int64_t sides) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(sides));
  }

 private:
  uint64_t state_ = 2024;
};

struct Click {
  Timestamp event_us = 0;
  Timestamp arrival_us = 0;
  std::string line;
};

std::string Clicks() {
  Dice dice;
  std::vector<Click> clicks;
  Timestamp now = kStart;
  for (int i = 0; i < kClicks; ++i) {
    now += (5 + dice.Roll(20)) * kSecondUs;
    Click click;
    click.event_us = now;
    // Most come within two seconds; a phone without a network keeps its clicks for minutes.
    const bool late = dice.Roll(12) == 0;
    click.arrival_us =
        now + (late ? (60 + dice.Roll(300)) * kSecondUs : 50'000 + dice.Roll(2'000) * 1'000);
    constexpr std::array<std::string_view, 8> kKinds = {"view",  "view",  "view",  "view",
                                                        "click", "click", "click", "buy"};
    const int64_t item = 100 + dice.Roll(20);
    const int64_t cents = 199 + (item * 7919) % 9'000;
    click.line = std::to_string(1 + dice.Roll(kUsers)) + "," + std::to_string(item) + ",";
    click.line += kKinds[static_cast<size_t>(dice.Roll(8))];
    const std::string fraction = std::to_string(cents % 100);
    click.line += "," + std::to_string(cents / 100) + (fraction.size() < 2 ? ".0" : ".") + fraction;
    clicks.push_back(std::move(click));
  }
  std::stable_sort(clicks.begin(), clicks.end(),
                   [](const Click& a, const Click& b) { return a.arrival_us < b.arrival_us; });
  std::string out = "user_id,item_id,kind,price,ts,seen_at\n";
  for (const Click& click : clicks) {
    out += click.line + "," + FormatTimestamp(click.event_us) + "," +
           FormatTimestamp(click.arrival_us) + "\n";
  }
  return out;
}

std::string Labels() {
  Dice dice;
  std::string out = "user_id,event_timestamp,bought\n";
  for (int i = 0; i < 40; ++i) {
    const Timestamp time = kStart + (2 + i) * kMinuteUs + dice.Roll(60) * kSecondUs;
    // One user in nine was never seen.
    const int64_t user = 1 + dice.Roll(kUsers + 1);
    out += std::to_string(user) + "," + FormatTimestamp(time) + "," + std::to_string(dice.Roll(2)) +
           "\n";
  }
  return out;
}

}  // namespace

std::vector<StarterFile> StarterRepository() {
  return {{"skewless.yaml", std::string(kDefinition)},
          {"clicks.csv", Clicks()},
          {"labels.csv", Labels()},
          {"README.md", std::string(kReadme)}};
}

}  // namespace skewless
