"""Finished values in real Redis (`form: values`), as a client that knows nothing of Skewless reads them: HGETALL while
windows move with no event coming, while the engine is killed with SIGKILL, and after Redis lost all rows. What was seen
there, and what `skewless serve` answered, is what the training set and the audit have, to the bit."""
import csv
import json
import os
import random
import re
import subprocess
import time

import unittest

from plain_redis import PlainRedis
from program import PROGRAM, ProgramTest, SLOWNESS
from servers import Redis, free_port

DEFINITION = """\
project: shop
log: {{path: var/log}}
online: {{type: redis, address: "127.0.0.1:{port}", form: values{more}}}
serving: {{listen: "127.0.0.1:0", served_log: var/served}}
sources:
  clicks:
    type: file
    path: clicks.json
    format: json
    follow: true
    columns: {{user: int64, item: string, n: int64, price: float64, ts: "timestamp[us]"}}
    event_timestamp: ts
entities:
  user: {{keys: {{user: int64}}}}
  pair: {{keys: {{user: int64, item: string}}}}
feature_views:
  activity:
    source: clicks
    entity: user
    where: {where}
    features:
      clicks: count(*)
      recent: sum(n) over 2s hop 100ms
      exact: count(*) over 1s exact
      price: avg(price) over 3s hop 500ms
      items: last(item, 3)
      seen: max(ts)
    derived:
      share: "{share}"
  bought:
    source: clicks
    entity: pair
    ttl: 2s
    features:
      total: sum(price)
      times: count(*)
"""
USERS = 30
ITEMS = ["shoe", "red, big {hat}", ""]
FEATURES = ["activity", "bought"]
PAGE = os.path.join(os.path.dirname(__file__), "../../docs/formats/redis-values.md")
KILLS = int(os.environ.get("SKEWLESS_KILLS", "5"))


def windows_are_over(row):
    return row.get("exact") == "0" and "recent" not in row and "price" not in row


class ValuesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(int(os.environ.get("SKEWLESS_SEED", "7")))
        self.port = free_port()
        self.define()
        self.start_redis()
        self.events = []  # as they stand in the file: their order in the log
        self.seen = []  # what HGETALL showed: (entity, T, row)
        self.engine = None
        self.addCleanup(lambda: self.engine and self.engine.poll() is None and self.engine.kill())

    def define(self, share="exact * 1.0 / nullif(clicks, 0)", where="user > 0", more=""):
        self.write("skewless.yaml", DEFINITION.format(port=self.port, share=share, where=where, more=more))

    def start_redis(self):
        self.redis = Redis(self.path("redis"), port=self.port)
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.client = PlainRedis(self.port)
        self.addCleanup(self.client.close)

    def stop_redis(self):
        self.client.close()
        self.redis.close()

    def append(self, count, user=None):
        now = time.time_ns() // 1000
        with open(self.path("clicks.json"), "a") as file:
            for _ in range(count):
                event = {"user": user or self.chance.randint(1, USERS), "item": self.chance.choice(ITEMS),
                         "n": self.chance.randint(-9, 9), "price": self.chance.uniform(0, 100),
                         "ts": now - self.chance.randint(-300_000, 1_000_000)}
                file.write(json.dumps(event) + "\n")
                self.events.append(event)

    def clicks_of(self, user):
        return str(sum(event["user"] == user for event in self.events))

    def begin(self):
        self.engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)

    def kill(self):
        self.engine.kill()
        self.engine.communicate()

    def end_well(self):
        self.engine.terminate()
        error = self.engine.communicate(timeout=120 * SLOWNESS)[1]
        self.assertEqual(self.engine.returncode, 0, error)

    def look(self):
        """HGETALL of a row of each view, noted with the instant."""
        user, item = self.chance.randint(1, USERS), self.chance.choice(ITEMS)
        escaped = item.replace(",", "%2C").replace("{", "%7B").replace("}", "%7D")
        for view, entity, key in (("activity", {"user": user}, f"{user}"),
                                  ("bought", {"user": user, "item": item}, f"{user},{escaped}")):
            row, at = self.client.read(f"shop:{view}:{{{key}}}")
            if row:
                self.seen.append((view, entity, at, row))

    def live(self, server, seconds, most=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if most:
                self.append(self.chance.randint(0, most))
            self.look()
            users = [self.chance.randint(1, USERS) for _ in range(3)]
            status, text = server.request("POST", "/get-online-features", {
                "features": FEATURES, "entities": {"user": users, "item": [self.chance.choice(ITEMS) for _ in users]}})
            self.assertIn(status, (200, 503), text)
            self.answers[status] = self.answers.get(status, 0) + 1
            self.assertIsNone(self.engine.poll(), "the engine ended")

    def wait_for(self, key, what, condition):
        deadline = time.monotonic() + 60 * SLOWNESS
        while True:
            row, _ = self.client.read(key)
            if condition(row):
                return row
            if self.engine.poll() is not None:
                self.fail(f"the engine ended: {self.engine.stderr.read()}")
            self.assertLess(time.monotonic(), deadline, f"{what}: {row}")
            time.sleep(0.01)

    def wait_until_quiet(self):
        """All windows have moved on: with no event, and the whole row is there."""
        for user in range(1, USERS + 1):
            self.wait_for(f"shop:activity:{{{user}}}", "windows that are over", windows_are_over)

    def wait_until_open(self, server):
        deadline = time.monotonic() + 60 * SLOWNESS
        while True:
            reply = server.request("POST", "/get-online-features",
                                   {"features": ["activity"], "entities": {"user": [1]}})
            if reply[0] == 200:
                return
            if self.engine.poll() is not None:
                self.fail(f"the engine ended: {self.engine.stderr.read()}")
            self.assertLess(time.monotonic(), deadline, reply)
            time.sleep(0.02)

    def check_training_set(self):
        """Each row that HGETALL showed is the training row of its instant."""
        for view in FEATURES:
            seen = [one for one in self.seen if one[0] == view]
            with open(self.path(f"{view}.csv"), "w", newline="") as file:
                labels = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
                labels.writerow([*seen[0][1], "event_timestamp", "number"])
                for number, (_, entity, at, _) in enumerate(seen):
                    labels.writerow([*entity.values(), iso(at), number])
            self.run_program("join", f"{view}.csv", "-o", f"{view}_out.csv", "--features", view)
            with open(self.path(f"{view}_out.csv"), newline="") as file:
                joined = list(csv.DictReader(file))
            self.assertEqual(len(joined), len(seen))
            for got, (_, entity, at, row) in zip(joined, seen):
                for name in row.keys() | got.keys():
                    if name.startswith(":") or name in ("user", "item", "event_timestamp", "number"):
                        continue
                    if name == "items":
                        self.assertEqual(json.loads(got[name] or "null"), json.loads(row.get(name, "null")))
                    else:
                        self.assertEqual(same(got[name]), same(row.get(name, "")), (name, entity, at, row, got))

    def check_oracle(self):
        """Each row that HGETALL showed is what the contract says of the entity's first records, as many as it counts,
        at the time that the row was computed for. Of a fast machine's rows, that many by chance."""
        for view, entity, _, row in self.chance.sample(self.seen, min(len(self.seen), 1000)):
            events = [event for event in self.events if all(event[name] == key for name, key in entity.items())]
            expected = oracle(view, events, row)
            values = {name: value for name, value in row.items() if not name.startswith(":")}
            if "items" in values:
                values["items"] = json.loads(values["items"])
            self.assertEqual(values, expected, (entity, row))

    def test_what_a_plain_client_sees_is_what_training_has(self):
        self.answers = {}
        self.append(200)
        self.begin()
        server = self.start(command="serve")
        for user in range(1, USERS + 1):
            self.append(1, user)
        self.wait_until_open(server)
        for life in range(KILLS):
            self.live(server, self.chance.uniform(0.3, 0.8))
            if life % 2 == 0:
                self.live(server, 0.5, most=0)
                self.wait_until_quiet()
            if life % 3 == 2:
                # All rows are gone, none of which was looked at before the engine was told of its stamp.
                time.sleep(0.5)
                self.stop_redis()
                self.append(100)
                time.sleep(0.2)
                self.start_redis()
                self.wait_until_open(server)
            self.kill()
            self.look()
            if life % 2 == 1:
                time.sleep(1.2)  # windows move while nobody writes
                self.look()
            self.begin()
        self.wait_until_open(server)
        self.append(1, user=1)
        self.wait_for("shop:activity:{1}", "the last engine's work", lambda row: row.get("clicks") == self.clicks_of(1))
        self.live(server, 0.5, most=0)
        self.wait_until_quiet()
        self.live(server, 0.5)  # with windows that move all the time
        self.end_well()
        server.stop()
        report = self.run_json("audit")
        print(f"{KILLS} kills, {len(self.events)} events, {len(self.seen)} rows by HGETALL, answers by status "
              f"{self.answers}; {report}", flush=True)
        self.assertGreater(self.answers.get(200, 0), 50)
        self.assertEqual(report["different_rows"], 0, report)
        self.assertGreater(report["rows"], 100)
        self.assertGreater(len(self.seen), 100)
        self.check_training_set()
        self.check_oracle()

    def test_rows_of_a_changed_definition_are_written_anew(self):
        self.append(20, user=7)
        self.begin()
        key = "shop:activity:{7}"
        # From here on nothing but the definition changes what the row has.
        self.wait_for(key, "the first definition", lambda row: row.get("share") == "0.0" and windows_are_over(row))
        layout = self.client.read(key)[0][":layout"]
        self.end_well()
        before = self.run_json("get", "activity", "user=7")
        self.define(share="clicks * 2.0")
        error = self.run_program("get", "activity", "user=7", code=1)[1]
        self.assertIn("holds no view 'activity' with this definition", error)
        self.begin()
        row = self.wait_for(key, "the second definition", lambda row: row.get("share") == "40.0")
        self.assertNotEqual(row[":layout"], layout)
        self.assertEqual(row[":sequence"], str(before["views"]["activity"]["sequence"]))
        self.end_well()

    def test_a_where_that_passes_fewer_events(self):
        """By it the newest record of a row is an older one."""
        self.append(20, user=7)
        self.begin()
        key = "shop:activity:{7}"
        row = self.wait_for(key, "the first definition", lambda row: row.get("clicks") == "20")
        self.end_well()
        kept = sum(1 for event in self.events if event["n"] != self.events[-1]["n"])
        self.assertGreater(kept, 0)
        self.define(where=f"n != {self.events[-1]['n']}")
        self.begin()
        changed = self.wait_for(key, "the second definition", lambda row: row.get("clicks") == str(kept))
        self.assertLess(int(changed[":sequence"]), int(row[":sequence"]))
        self.end_well()
        vector = self.run_json("get", "activity", "user=7")
        self.assertEqual(str(vector["views"]["activity"]["sequence"]), changed[":sequence"])

    def test_rows_that_a_changed_view_no_longer_has_leave(self):
        for user in range(1, USERS + 1):
            self.append(1, user)
        self.begin()
        for user in range(1, USERS + 1):
            self.wait_for(f"shop:activity:{{{user}}}", "the first definition", lambda row: row.get("clicks") == "1")
        self.end_well()
        before = self.run_json("get", "activity", "user=7")
        # As one that was written in a crash's last moments: its stamp may not be in the log.
        kept = f"shop:activity:{{{USERS}}}"
        self.client.ask(["HSET", kept, ":available", str(time.time_ns() // 1000 + 3_600_000_000)])
        self.define(where="user < 4")
        self.begin()
        for user in range(4, USERS):
            self.wait_for(f"shop:activity:{{{user}}}", "it leaves", lambda row: not row)
        self.assertEqual(self.client.ask(["EXISTS", kept], ["DEL", kept]), [1, 1])
        for user in range(1, 4):
            self.assertEqual(self.client.read(f"shop:activity:{{{user}}}")[0]["clicks"], "1")
        self.assertEqual(self.run_json("get", "activity", "user=7")["views"]["activity"]["status"], "NOT_FOUND")
        self.end_well()
        # By the first definition again: all rows come back as they were, and it has forgotten nothing.
        self.define()
        self.begin()
        self.wait_for("shop:activity:{7}", "it comes back", lambda row: row.get("clicks") == "1")
        self.end_well()
        after = self.run_json("get", "activity", "user=7")
        self.assertEqual(after["views"]["activity"]["sequence"], before["views"]["activity"]["sequence"])
        self.assertEqual(after["features"]["activity__clicks"], 1)

    def test_the_documented_example(self):
        with open(PAGE) as file:
            blocks = re.findall(r"```(yaml repository|json|text)\n(.*?)```", file.read(), re.DOTALL)
        texts = dict(blocks)
        self.write("skewless.yaml", texts["yaml repository"].replace("localhost:6379", f"127.0.0.1:{self.port}"))
        self.write("clicks.json", texts["json"])
        self.run_program("run")
        shown = dict(line.split(None, 1) for line in texts["text"].splitlines())
        row = self.client.read("shop:activity:{42}")[0]
        self.assertEqual(list(row), list(shown), "the fields and their order")
        for name, value in shown.items():
            if value != "…":
                self.assertEqual(row[name], value)

    def test_features_that_change_with_every_instant_are_refused(self):
        self.define(share="1.0")
        with open(self.path("skewless.yaml")) as file:
            text = file.read()
        self.write("skewless.yaml", text.replace("max(ts)", "time_since_last()"))
        error = self.run_program("check", code=1)[1]
        self.assertIn("feature 'seen' changes with every instant", error)
        self.assertIn("online.form 'state'", error)


def oracle(view, events, row):
    """The contract, executed literally: the row's fields as text."""
    at = int(row[":computed_for"])
    if row[":status"] == "outside_max_age":
        # Which records it rests on, only its newest event tells.
        assert view == "bought" and int(row[":newest_event"]) < at - 2_000_000
        return {}
    events = events[:int(row["clicks" if view == "activity" else "times"])]
    assert max(event["ts"] for event in events) == int(row[":newest_event"])
    if view == "bought":
        assert int(row[":newest_event"]) >= at - 2_000_000
        return {"total": repr(total(tiles(events, "price", None, 1, at))), "times": str(len(events))}
    recent = tiles(events, "n", 2_000_000, 100_000, at)
    exact = sum(len(tile) for tile in tiles(events, "n", 1_000_000, 1, at))
    prices = tiles(events, "price", 3_000_000, 500_000, at)
    newest = sorted(range(len(events)), key=lambda i: (events[i]["ts"], i))[-3:]
    seen = max(event["ts"] for event in events)
    fields = {"clicks": str(len(events)), "exact": str(exact), "items": [events[i]["item"] for i in newest],
              "seen": stamp(seen), "share": repr(exact * 1.0 / len(events))}
    if recent:
        fields["recent"] = str(sum(sum(tile) for tile in recent))
    if prices:
        fields["price"] = repr(total(prices) / sum(len(tile) for tile in prices))
    return fields


def tiles(events, column, window, hop, at):
    """A window's tiles, oldest first, each with its values in the log's order. No window: one tile."""
    held = {}
    for event in events:
        tile = event["ts"] // hop if window else 0
        if not window or (at - window) // hop < tile <= at // hop:
            held.setdefault(tile, []).append(event[column])
    return [held[tile] for tile in sorted(held)]


def total(of):
    """A sum in the contract's order: tile by tile, and then the tiles."""
    sums = []
    for tile in of:
        value = tile[0]
        for more in tile[1:]:
            value += more
        sums.append(value)
    value = sums[0]
    for more in sums[1:]:
        value += more
    return value


def stamp(us):
    rest = us % 1_000_000
    digits = "" if rest == 0 else f".{rest // 1000:03}" if rest % 1000 == 0 else f".{rest:06}"
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 1_000_000)) + digits + "Z"


def iso(us):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 1_000_000)) + f".{us % 1_000_000:06}Z"


def same(text):
    """Numbers by their bits, whatever their text."""
    try:
        return float(text).hex()
    except ValueError:
        moment = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?Z", text)
        return (moment[1], moment[2], (moment[3] or "").ljust(6, "0")) if moment else text


if __name__ == "__main__":
    unittest.main(verbosity=2)
