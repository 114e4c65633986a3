"""What training answers of the time before the online store was changed, or its definition, with a real Redis."""
import csv
import json
import subprocess
import time
import unittest
from pathlib import Path

from program import clicks_by_user, PROGRAM, ProgramTest, SLOWNESS
from servers import Redis

EMBEDDED = "{type: embedded, path: var/online}"


class StoreChangesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.files = 0
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.redis.start()

    def define(self, online, more="", where=""):
        self.write("skewless.yaml", clicks_by_user(
            online, {"activity": f"{where}features: {{visits: count(*), newest: last(item){more}}}"},
            columns="item: string, ts: timestamp", path="clicks*.json", follow=False))

    def in_redis(self, more=""):
        return f'{{type: redis, address: "127.0.0.1:{self.redis.port}"{more}}}'

    def append(self, *events):
        """A file of its own, as the sources don't follow any."""
        lines = [json.dumps({"user": user, "item": item, "ts": "2026-01-01T00:00:00Z"}) for user, item in events]
        self.write(f"clicks{self.files}.json", "\n".join(lines) + "\n")
        self.files += 1

    def label(self, user=42):
        """An instant that nothing else happens at, as a label."""
        time.sleep(0.02)
        now = time.time_ns() // 1000
        time.sleep(0.02)
        return user, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000)) + f".{now % 1_000_000:06}Z"

    def joined(self, *labels):
        """(visits, newest) of each label, by 'join'; 'get --at' must say the same."""
        with open(self.path("labels.csv"), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["user", "event_timestamp"])
            writer.writerows(labels)
        self.run_program("join", "labels.csv", "-o", "out.csv", "--features", "activity")
        with open(self.path("out.csv"), newline="") as file:
            joined = [(row["visits"], row["newest"]) for row in csv.DictReader(file)]
        for (user, at), (visits, newest) in zip(labels, joined):
            got = self.run_json("get", "activity", f"user={user}", "--at", at)["features"]
            self.assertEqual([got["activity__visits"], got["activity__newest"]],
                             [int(visits) if visits else None, newest or None], at)
        return joined

    def test_values_and_then_a_restart_with_nothing_to_write(self):
        self.define(EMBEDDED)
        self.append((42, "red shoe"), (42, "hat"))
        self.run_program("run", "--once")
        before = self.label()
        self.define(self.in_redis(", form: values"))
        self.run_program("run", "--once")
        after = self.label()
        seen = [("2", "hat"), ("2", "hat")]
        self.assertEqual(self.joined(before, after), seen)
        self.run_program("run", "--once")
        self.assertEqual(self.joined(before, after), seen)

    def bytes_of(self, *folder):
        """That the files take on the disk."""
        return sum(file.stat().st_blocks * 512 for file in Path(self.path(*folder)).rglob("*") if file.is_file())

    def test_a_log_that_redis_is_new_to(self):
        """What the engine folds it into has the tiles that are in a window, as the embedded store has, and not those of
        all history."""
        features = ", recent: last(item) over 10s hop 1s"
        self.define(EMBEDDED, features)
        times = [f"2025-01-01T00:{second // 60:02}:{second % 60:02}Z" for second in range(2000)]
        self.write("clicks.json", "".join(json.dumps({"user": user, "item": "hat" * 50, "ts": at}) + "\n"
                                          for at in times for user in range(50)))
        self.run_program("run", "--once")
        embedded = self.bytes_of("var", "online")
        self.define(self.in_redis(), features)
        self.run_program("run", "--once")
        self.assertLess(self.bytes_of("var", "log", "state"), embedded + 4_000_000)  # of 15,000,000 in items

    def run_without_redis(self):
        """Redis ends, an event comes, and the engine is killed that couldn't write it."""
        self.redis.close()
        self.append((42, "hat"))
        records = self.records()
        engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: engine.poll() is None and engine.kill())
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.records() == records:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        engine.kill()
        engine.wait()

    def test_rows_that_redis_never_took(self):
        """The next engine keeps its rows itself."""
        self.define(self.in_redis())
        self.append((42, "red shoe"), (7, "hat"))
        self.run_program("run", "--once")
        labels = [self.label(), self.label(7)]
        self.run_without_redis()
        labels.append(self.label())
        seen = [("1", "red shoe"), ("1", "hat"), ("1", "red shoe")]
        self.assertEqual(self.joined(*labels), seen)
        self.define(EMBEDDED)
        self.run_program("run", "--once")
        labels.append(self.label())
        seen.append(("2", "hat"))
        self.assertEqual(self.joined(*labels), seen)
        self.append((42, "cap"))
        self.run_program("run", "--once")
        self.redis.start()
        self.define(self.in_redis())
        self.run_program("run", "--once")
        labels += [self.label(), self.label(7)]
        self.assertEqual(self.joined(*labels), [*seen, ("3", "cap"), ("1", "hat")])

    def check_feature_that_is_added(self, form):
        """What was late in Redis stays late for the features that were there."""
        self.define(self.in_redis(form))
        self.append((42, "red shoe"))
        self.run_program("run", "--once")
        labels = [self.label()]
        self.run_without_redis()
        labels.append(self.label())
        self.redis.start()
        self.run_program("run", "--once")
        labels.append(self.label())
        seen = [("1", "red shoe"), ("1", "red shoe"), ("2", "hat")]
        self.assertEqual(self.joined(*labels), seen)
        self.define(self.in_redis(form), more=", most: max(ts)")
        self.assertEqual(self.joined(*labels), seen)
        self.run_program("run", "--once")
        self.assertEqual(self.joined(*labels), seen)

    def test_a_feature_that_is_added(self):
        self.check_feature_that_is_added("")

    def test_a_feature_that_is_added_to_finished_values(self):
        self.check_feature_that_is_added(", form: values")

    def lose_stamps(self):
        """As a power cut takes what is not synced: of the last file all but its header is gone."""
        last = max(Path(self.path("var/log/stamps")).glob("*.skstamps"))
        with open(last, "r+b") as file:
            file.truncate(int.from_bytes(file.read(16)[12:], "little"))

    def check_change_after_a_power_cut(self, form="", **change):
        """Only rows of the definition before know from when their records were readable."""
        self.define(self.in_redis())
        self.append((42, "red shoe"), (7, "hat"))
        self.run_program("run", "--once")
        labels = [self.label(), self.label(7)]
        self.lose_stamps()
        self.define(self.in_redis(form), **change)
        self.run_program("run", "--once")
        seen = [("1", "red shoe"), ("1", "hat")]
        self.assertEqual(self.joined(*labels), seen)
        self.append((42, "cap"))
        self.run_program("run", "--once")
        self.define(self.in_redis())
        self.run_program("run", "--once")
        self.assertEqual(self.joined(*labels), seen)

    def test_a_feature_that_is_added_after_a_power_cut(self):
        self.check_change_after_a_power_cut(more=", most: max(ts)")

    def test_a_condition_that_is_added_after_a_power_cut(self):
        self.check_change_after_a_power_cut(where="where: item <> 'scarf', ")

    def test_states_that_become_finished_values_after_a_power_cut(self):
        self.check_change_after_a_power_cut(", form: values")

    def records(self):
        return sum(segment["records"] for segment in self.run_json("log"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
