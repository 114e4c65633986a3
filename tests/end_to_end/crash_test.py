"""The real process, killed with SIGKILL at random moments while it ingests and serves; then the proof. Here the reader
is its own server; in kill_test.py it is another process."""
import http.client
import json
import os
import random
import threading
import time
import unittest

import pyarrow.dataset

from program import ProgramTest

EVENTS = 60_000
USERS = 300
KILLS = 8
SEED = int(os.environ.get("SKEWLESS_SEED", "20240301"))

DEFINITION = """
project: crash
log: {{path: var/log, segment_bytes: 262144}}
online: {{type: embedded, path: var/online}}
offline: {{type: parquet, path: var/history}}
serving: {{listen: 127.0.0.1:0, threads: 2, served_log: var/served}}
sources:
  clicks:
    type: file
    path: clicks.jsonl
    format: json
    columns: {{event_id: int64, user_id: int64, page: string, price: float64, ts: 'timestamp[ms]', seen: 'timestamp[ms]'}}
    event_timestamp: ts
    {arrival}
entities:
  user: {{keys: {{user_id: int64}}}}
  page: {{keys: {{page: string}}}}
feature_views:
  users:
    source: clicks
    entity: user
    features:
      clicks: count(*)
      clicks_5m: count(*) over 5m
      spend_1h: sum(price) over 1h
      spend: sum(price)
      deviation_24h: stddev_samp(price) over 24h
      last_page: last(page)
      last_ids: last(event_id, 5)
      exact_1m: sum(price) over 1m exact
  pages:
    source: clicks
    entity: page
    where: price > 0.2
    features:
      clicks_1h: count(*) over 1h
      mean: avg(price)
      best: max_by(user_id, price) over 24h
feature_services:
  all: {{features: [users, pages]}}
"""


def make_events(path, chance):
    arrivals = []
    with open(path, "w") as file:
        now = 1_700_000_000_000
        for event_id in range(EVENTS):
            now += chance.choice((0, 0, 1, 7, 130))
            late = chance.choice((0, 0, 0, 40, 5_000, 400_000))
            price = chance.choice((None, chance.random(), -0.0, 1e300, chance.random() * 1e-9))
            file.write(json.dumps({"event_id": event_id, "user_id": int(USERS * chance.random() ** 3),
                                   "page": f"page-{chance.randrange(40)}", "price": price, "ts": now - late, "seen": now}) + "\n")
            arrivals.append(now)
    return arrivals


class CrashTest(ProgramTest):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}: replay it with SKEWLESS_SEED={SEED}", flush=True)
        self.chance = random.Random(SEED)
        self.arrivals = make_events(self.path("clicks.jsonl"), self.chance)

    def ask(self):
        return {"feature_service": "all", "entities": {"user_id": [int(USERS * self.chance.random() ** 3)],
                                                       "page": [f"page-{self.chance.randrange(41)}"]}}

    def check_nothing_lost_or_twice(self):
        log = self.run_json("log", "--verify")
        self.assertEqual(sum(segment["records"] for segment in log), EVENTS)
        self.run_program("offline", "--verify")
        table = pyarrow.dataset.dataset(self.path("var/history/users"), format="parquet").to_table(columns=["event_id"])
        self.assertEqual(sorted(table["event_id"].to_pylist()), list(range(EVENTS)))

    def check_audit(self, answered):
        """No answer left the server that its log of served vectors lacks; there may be more, whose readers were cut off."""
        report = self.run_json("audit")
        print(f"audit: {report['different_rows']} of {report['rows']} differ", flush=True)
        self.assertEqual(report["different_rows"], 0)
        self.assertGreaterEqual(report["rows"], answered)

    def test_replay_clock(self):
        self.write("skewless.yaml", DEFINITION.format(arrival="arrival_timestamp: seen"))
        engine = self.start("--replay-waits", "--batch-rows", "500", "--commit-rows", "500")
        kills = KILLS
        moments = sorted(self.chance.choice(self.arrivals) * 1000 + self.chance.choice((0, 0, -1, 1)) for _ in range(1000))
        kill_at = set(self.chance.sample(range(len(moments)), kills))
        last_read = 0
        answered = 0
        for number, moment in enumerate(moments):
            if number in kill_at:
                # While the engine is on its way to the moment, most times; else while it stands still.
                killer = threading.Timer(self.chance.random() * 0.02, engine.process.kill)
                killer.start()
                try:
                    engine.advance(moment)
                    engine.read(self.ask())
                    answered += 1
                except (OSError, AssertionError, http.client.HTTPException):
                    pass
                killer.join()
                engine.kill()
                engine.start()
                if self.chance.random() < 0.3:  # and once more while it recovers
                    engine.kill()
                    engine.start()
            engine.advance(moment)
            reply = engine.read(self.ask())
            self.assertEqual(reply["skewless"]["read_timestamp_us"], moment)
            self.assertGreaterEqual(moment, last_read)
            last_read = moment
            answered += 1
        engine.advance(self.arrivals[-1] * 1000 + 1)
        engine.stop()
        self.check_nothing_lost_or_twice()
        self.check_audit(answered)

    def test_wall_clock(self):
        self.write("skewless.yaml", DEFINITION.format(arrival="out_of_orderness: 5s"))
        asked = 0
        last_read = 0
        engine = self.start("--batch-rows", "100", "--commit-rows", "100")
        for _ in range(KILLS):
            until = time.monotonic() + self.chance.uniform(0.01, 0.25)
            while time.monotonic() < until:
                reply = engine.read(self.ask())
                self.assertGreaterEqual(reply["skewless"]["read_timestamp_us"], last_read)
                last_read = reply["skewless"]["read_timestamp_us"]
                asked += 1
            engine.kill()
            engine.start()
        for _ in range(200):
            reply = engine.read(self.ask())
            self.assertGreaterEqual(reply["skewless"]["read_timestamp_us"], last_read)
            last_read = reply["skewless"]["read_timestamp_us"]
            asked += 1
        engine.stop()
        self.run_program("run", "--once")
        self.check_nothing_lost_or_twice()
        self.check_audit(asked)


if __name__ == "__main__":
    unittest.main(verbosity=2)
