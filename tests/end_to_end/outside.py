"""Histories whose every state gives itself away, the reader in another process that checks them (outside_check.h), and
what the files of the embedded store say: for tests that kill the engine, stop it, or start it twice."""
import array
import json
import os
import random
import struct
import subprocess
import time

import pyarrow.dataset

from program import PROGRAM, SLOWNESS, ProgramTest

SEED = int(os.environ.get("SKEWLESS_SEED", "20240501"))
READER = os.environ.get("SKEWLESS_OUTSIDE_READER", os.path.join(os.path.dirname(PROGRAM), "tests/end_to_end/outside_reader"))
USERS = 200
NOT_PENDING = 2**63 - 1

DEFINITION = """
project: kills
log: {{path: var/log, segment_bytes: 262144}}
online: {{type: embedded, path: {online}}}
offline: {{type: parquet, path: var/history}}
{serving}
sources:
  visits:
    type: file
    path: "visits-*.jsonl"
    format: json
    columns: {{position: int64, user_id: int64, world: int64, number: int64, one: int64, note: string, price: float64, ts: 'timestamp[ms]', seen: 'timestamp[ms]'}}
    event_timestamp: ts
    {arrival}
entities:
  user: {{keys: {{user_id: int64}}}}
  world: {{keys: {{world: int64}}}}
feature_views:
  users:
    source: visits
    entity: user
    features:
      visits: count(*)
      ones: sum(one)
      numbers: sum(number)
      squares: sum(number * number)
      greatest: max(number)
      least: min(number)
      mean: avg(number)
      trail: last(note, 6)
      visits_1h: count(*) over 1h
      spend_5m: sum(price) over 5m
      spend_1m: sum(price) over 1m exact
      deviation: stddev_samp(price) over 24h
  world:
    source: visits
    entity: world
    features:
      events: count(*)
      positions: sum(position)
      newest_position: max(position)
      spend_1h: sum(price) over 1h
feature_services:
  all: {{features: [users, world]}}
"""


class Events:
    """The history, written in one file more before each life of the engine; arrivals ascend over all of them."""

    def __init__(self, test, chance):
        self.test = test
        self.chance = chance
        self.now = 1_700_000_000_000
        self.files = 0
        self.total = 0
        self.numbers = [0] * USERS

    def add(self, count, most):
        chance = self.chance
        self.write_history(most)
        lines = []
        for user in self.users[self.total:self.total + count]:
            self.total += 1
            self.numbers[user] += 1
            number = self.numbers[user]
            self.now += chance.choice((0, 0, 1, 7, 130))
            note = f"{user}:{number}:" + chr(ord("a") + number % 26) * (number * 37 % 241)
            lines.append(json.dumps({"position": self.total, "user_id": user, "world": 0, "number": number, "one": 1,
                                     "note": note, "price": chance.choice((None, chance.random(), -0.0, 1e300)),
                                     "ts": self.now - chance.choice((0, 0, 40, 5_000, 400_000)), "seen": self.now}))
        self.test.write(f"visits-{self.files:05}.jsonl", "\n".join(lines) + "\n")
        self.files += 1

    def write_history(self, most):
        """Who visits when, for all events that there will ever be: the reader knows it from the start."""
        if self.total > 0:
            return
        self.users = array.array("I", (int(USERS * self.chance.random() ** 3) for _ in range(most)))
        with open(self.test.path("history"), "wb") as file:
            self.users.tofile(file)


class Store:
    """What the files of the embedded store say (docs/formats/arena.md)."""

    def __init__(self, folder):
        self.folder = folder

    def number(self, name, offset):
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                return struct.unpack("<q", os.pread(file.fileno(), 8, offset))[0]
        except (FileNotFoundError, struct.error):
            return 0

    def open_generation(self):
        return self.number("current", 64)

    def committed(self):
        """The newest record that readers see."""
        return self.number(f"arena-{self.open_generation()}", 160)

    def is_amid_commit(self):
        return self.number(f"arena-{self.open_generation()}", 128) != NOT_PENDING


class Outside:
    """The reader in its own process."""

    def __init__(self, test):
        self.process = subprocess.Popen([READER, test.folder, test.path("history"), test.path("var/outside"), str(SEED)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.end_anyway)

    def end_anyway(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def rows(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait_for_rows(self, more):
        """Returns when it has read so many more; a reader that stands still never does."""
        wanted = self.rows() + more
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.rows() < wanted:
            if time.monotonic() > deadline:
                raise AssertionError("the reader stands still")
            time.sleep(0.001)

    def finish(self):
        out, err = self.process.communicate(timeout=120 * SLOWNESS)
        return self.process.returncode, json.loads(out.splitlines()[-1]), err


class OutsideTest(ProgramTest):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}: replay it with SKEWLESS_SEED={SEED}", flush=True)
        self.chance = random.Random(SEED)
        self.events = Events(self, self.chance)
        self.store = Store(self.path("var/online"))

    def define(self, arrival, serving=""):
        self.write("skewless.yaml", DEFINITION.format(arrival=arrival, serving=serving, online="var/online"))

    def check_nothing_lost_or_twice(self):
        log = self.run_json("log", "--verify")
        self.assertEqual(sum(segment["records"] for segment in log), self.events.total)
        self.run_program("offline", "--verify")
        for view in ("users", "world"):
            table = pyarrow.dataset.dataset(self.path("var/history", view), format="parquet").to_table(columns=["position"])
            self.assertEqual(sorted(table["position"].to_pylist()), list(range(1, self.events.total + 1)))

    def check_reader(self, reader):
        """Ends the reader, when all is ingested; it saw nothing wrong, and the audit of what it read finds nothing."""
        reader.wait_for_rows(1000)
        code, summary, error = reader.finish()
        self.assertEqual(code, 0, error)
        self.assertEqual(summary["wrong"], 0)
        self.assertEqual(summary["last_events"], self.events.total)
        report = self.run_json("audit", "--served", "var/outside")
        self.assertEqual(report["different_rows"], 0)
        self.assertEqual(report["rows"], summary["logged"])
        self.assertGreater(report["rows"], 100)
        return (f"the reader read {summary['rows']} rows at {summary['moments']} moments, {summary['moved']} of them with "
                f"news; {report['different_rows']} of {report['rows']} audited rows differ")
