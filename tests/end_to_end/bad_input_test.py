"""Every kind of bad input: exit code 1 (2 for usage), the place, the remedy; and nothing lost."""
import glob
import json
import os
import resource
import socket
import subprocess
import unittest

from program import PROGRAM, SLOWNESS, ProgramTest

DEFINITION = """project: bad
log: {path: var/log, segment_bytes: 65536}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
serving: {listen: 127.0.0.1:0, served_log: var/served}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user_id: int64, price: float64, ts: timestamp, seen: timestamp}
    event_timestamp: ts
    arrival_timestamp: seen
entities: {user: {keys: {user_id: int64}}}
feature_views:
  users: {source: clicks, entity: user, features: {clicks: count(*), spend: sum(price)}}
"""


def rows(count, bad=()):
    lines = ["user_id,price,ts,seen"]
    for i in range(count):
        stamp = f"2024-01-{1 + i // 86400:02}T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z"
        lines.append(f"{i % 50},{'cheap' if i in bad else i / 8},{stamp},{stamp}")
    return "\n".join(lines) + "\n"


class BadInputTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks.csv", rows(3000))

    def fails(self, *arguments, says, code=1):
        _, err = self.run_program(*arguments, code=code)
        for part in says:
            self.assertIn(part, err)
        return err

    def segments(self):
        return sorted(glob.glob(self.path("var/log/*.sklog")))

    def flip(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 0x20]))

    def test_usage(self):
        self.fails("join", says=[], code=2)
        self.fails("chek", says=["there is no command 'chek'", "Did you mean 'check'?"], code=2)
        self.fails("-C", ".", "nonsense", says=["'nonsense'", "The commands are: init, check, run"], code=2)
        self.fails(says=["check", "join", "audit"], code=2)
        self.fails("log", "--records", "0", says=["0 not in range 1 to 9223372036854775807"], code=2)
        self.assertIn("skewless", self.run_program("--version")[0])

    def test_options_that_contradict(self):
        self.run_program("run", "--once")
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        join = ["join", "labels.csv", "-o", "set.csv"]
        self.fails(*join, "--delay", "10m", "--as-of", "event", says=["--delay", "--as-of event"], code=2)
        self.fails(*join, "--threads", "-3", says=["--threads", "-3"], code=2)
        self.fails(*join, "--memory", "1", says=["--memory", "1MiB"], code=2)
        self.fails("log", "--records", "-1", says=["--records", "-1"], code=2)
        self.fails("log", "--records", "2", "--json", says=["--records", "--json"], code=2)
        self.fails("get", "users", "user_id=1", "user_id=2", says=["'user_id' is given twice"])
        self.fails("get", "users", "user_id=1", "--null", "user_id", says=["'user_id' is given twice"])
        self.fails("get", "users", "--null", "user_di", says=["called 'user_di'", "Did you mean 'user_id'?"])
        self.write("skewless.yaml", DEFINITION.replace("    arrival_timestamp: seen\n", "").replace("var/", "wall/"))
        self.fails("run", "--once", "--replay-waits", says=["--replay-waits", "arrival_timestamp"])
        self.assertFalse(os.path.exists(self.path("wall")))
        self.fails("freshness", "--view", "users", says=["--view", "--output or --probe"], code=2)
        self.fails("freshness", "--last", "1h", says=["--last", "--output"], code=2)
        self.fails("audit", "--timestamp", "at", says=["--timestamp", "--training"], code=2)
        self.write("skewless.yaml", "".join(line for line in DEFINITION.splitlines(True) if "serving:" not in line).replace("var/", "wall/"))
        self.fails("run", "--once", "--listen", "127.0.0.1:0", says=["--listen", "serves nobody", "serving:"])
        self.fails("run", "--once", "--replay-waits", says=["--replay-waits", "serves nobody", "serving:"])
        self.assertFalse(os.path.exists(self.path("wall")))
        self.write("skewless.yaml", "nothing")
        err = self.fails("run", "--log-format", "json", "--log-level", "off", says=["skewless.yaml"])
        self.assertEqual(json.loads(err)["level"], "error")

    def test_no_delay(self):
        self.run_program("run", "--once")
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.csv", "--delay", "0s",
                   says=["--delay", "'0s'", "greater than zero", "--as-of event"])

    def test_a_time_of_the_future(self):
        self.run_program("run", "--once")
        self.fails("get", "users", "user_id=1", "--at", "2199-01-01T00:00:00Z",
                   says=["2199-01-01T00:00:00Z is in the future", "leave --at out"])
        self.run_program("get", "users", "user_id=1", "--at", "2025-01-01T00:00:00Z")
        # As far as the log itself goes, nothing can come any more.
        with open(self.path("clicks.csv"), "a") as file:
            file.write("1,7,2198-01-01T00:00:00Z,2198-01-01T00:00:00Z\n")
        self.run_program("run", "--once")
        self.fails("get", "users", "user_id=1", "--at", "2199-01-01T00:00:00Z", says=["is in the future"])
        for at in ("2198-01-01T00:00:00Z", "2100-01-01T00:00:00Z"):
            self.run_program("get", "users", "user_id=1", "--at", at)

    def test_the_word_behind_features_is_the_labels(self):
        self.run_program("run", "--once")
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.run_program("join", "--features", "users:clicks", "labels.csv", "-o", "set.csv")
        self.run_program("join", "--features", "users:clicks,users:spend", "--features", "users:clicks", "labels.csv", "-o", "set2.csv")
        with open(self.path("set2.csv")) as file:
            self.assertEqual(file.readline(), '"user_id","event_timestamp","clicks","spend"\n')

    def test_an_audit_of_labels_proves_nothing(self):
        engine = self.start()
        engine.wait_until_readable()
        engine.read({"features": ["users:clicks"], "entities": {"user_id": [1]}})
        engine.stop()
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.fails("audit", "--training", "labels.csv", says=["labels.csv", "users:clicks", "skewless join"])
        self.run_program("join", "labels.csv", "-o", "set.csv")
        self.fails("audit", "--training", "set.csv", says=["set.csv", "nothing of it was compared"])

    def test_before_the_first_run(self):
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        for command in (["log"], ["log", "--records", "1"], ["freshness"], ["join", "labels.csv", "-o", "set.csv"]):
            self.fails(*command, says=["there is no log at ", "skewless run"])
        self.fails("audit", says=["there are no served vectors at ", "skewless run"])
        self.assertIn("no rows yet", self.run_program("offline")[0])

    def test_where_no_record_could_be_read(self):
        self.write("clicks.csv", "user_id,price,ts,seen\n1,2,1704067200,2024-01-01T00:00:00Z\n")
        out, err = self.run_program("run", "--once")
        self.assertIn("1 record could not be read; it is kept with its reason in ", out)
        self.assertIn("timestamp[s]", err)
        self.fails("get", "users", "user_id=1", says=["dead letters"])
        self.fails("freshness", says=["dead letters"])
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        _, err = self.run_program("join", "labels.csv", "-o", "set.csv", "--history", "sources")
        self.assertIn("the sources' files have none, or none that can be read", err)

    def test_the_places_of_dead_letters_are_those_of_the_sources_that_had_some(self):
        self.write("clicks.csv", rows(10, bad=(3,)))
        self.write("good.csv", rows(10))
        source = DEFINITION[DEFINITION.index("  clicks:\n"):DEFINITION.index("entities:")]
        self.write("skewless.yaml", DEFINITION.replace(
            "entities:", source.replace("clicks", "good") + "entities:", 1))
        out, _ = self.run_program("run", "--once")
        self.assertIn("1 record could not be read; it is kept with its reason in var/log/dead_letters/clicks.jsonl\n",
                      out)

    def test_an_address_that_is_not_ours(self):
        self.fails("run", "--listen", "192.0.2.1:6566", says=["192.0.2.1:6566", "an address of this machine"])

    def test_a_renamed_source(self):
        self.run_program("run", "--once")
        self.write("skewless.yaml", DEFINITION.replace("  clicks:", "  visits:").replace("source: clicks", "source: visits"))
        lacks = ["holds 3000 records of source 'clicks', which the definition lacks", "Was it renamed?", "'visits'"]
        for command in (["check"], ["log", "--records", "2"]):
            _, err = self.run_program(*command)
            for part in lacks:
                self.assertIn(part, err)
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        _, err = self.run_program("join", "labels.csv", "-o", "set.csv")
        for part in [*lacks, "no event to replay"]:
            self.assertIn(part, err)
        self.write("clicks.csv", rows(0))
        _, err = self.run_program("run", "--once")
        self.assertIn("log holds a source that the definition lacks", err)
        self.assertIn("3000", err)

    def test_missing_source_file(self):
        os.remove(self.path("clicks.csv"))
        self.fails("run", "--once", says=["clicks.csv", "skewless.yaml"])

    def test_missing_column(self):
        self.write("clicks.csv", "user_id,cost,ts,seen\n1,2,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n")
        self.fails("run", "--once", says=["clicks.csv", "price"])

    def test_bad_records(self):
        self.write("clicks.csv", rows(3000, bad=(7, 2000)))
        self.fails("run", "--once", "--strict", says=["clicks.csv:9", "price", "float64", "cheap", "--strict"])
        summary = self.run_json("run", "--once")
        with open(self.path("var/log/dead_letters/clicks.jsonl")) as file:
            letters = [json.loads(line) for line in file]
        self.assertEqual(summary["events"] + len(letters), 3000)
        self.assertEqual([letter["line"] for letter in letters], [9, 2002])
        self.assertIn("price", letters[0]["reason"])
        self.assertIn("cheap", letters[0]["record"])

    def test_records_that_name_the_key_otherwise(self):
        self.write("skewless.yaml", DEFINITION.replace("clicks.csv", "clicks.jsonl").replace("csv", "json"))
        time = "2024-01-01T00:00:00Z"
        self.write("clicks.jsonl", "".join(
            json.dumps({name: 7, "price": 1, "ts": time, "seen": time}) + "\n" for name in ("userId", "user_ID")))
        out, err = self.run_program("run", "--once")
        self.assertIn("2 events have no key, and are in none of the rows of users\n", out)
        self.assertIn("view takes no events view=users source=clicks events=2 without_key=2 key=user_id", err)
        with open(self.path("clicks.jsonl"), "a") as file:
            for name in ("user_id", "user"):
                file.write(json.dumps({name: 7, "price": 1, "ts": time, "seen": "2024-01-01T00:01:00Z"}) + "\n")
        out, err = self.run_program("run", "--once")
        self.assertIn("1 event has no key, and is in none of the rows of users\n", out)
        self.assertEqual(err, "")
        self.assertEqual(self.run_json("get", "users", "user_id=7")["features"]["users__clicks"], 1)

    def test_records_that_name_a_value_otherwise(self):
        self.write("skewless.yaml", DEFINITION.replace("clicks.csv", "clicks.jsonl").replace("csv", "json"))
        times = {"ts": "2024-01-01T00:00:00Z", "seen": "2024-01-01T00:00:00Z"}
        self.write("clicks.jsonl", (json.dumps({"user_id": 7, "Price": 1, **times}) + "\n") * 1200)
        out, err = self.run_program("run", "--once")
        self.assertIn("column price of clicks is null in all of its events, 1,200\n", out)
        self.assertIn("column is null in all records source=clicks column=price records=", err)
        with open(self.path("clicks.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": 7, **times, "seen": "2024-01-01T00:01:00Z"}) + "\n")
        summary = self.run_json("run", "--once")
        self.assertEqual(summary["null_columns"], [{"source": "clicks", "column": "price", "events": 1}])
        with open(self.path("clicks.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": 7, "price": 1, **times, "seen": "2024-01-01T00:02:00Z"}) + "\n")
        self.assertEqual(self.run_json("run", "--once")["null_columns"], [])

    def test_unknown_key_in_the_definition(self):
        self.write("skewless.yaml", DEFINITION.replace("event_timestamp", "event_timestmp"))
        self.fails("check", says=["skewless.yaml:12:5", "event_timestmp", "event_timestamp", "^"])

    def test_wrong_type_in_the_definition(self):
        self.write("skewless.yaml", DEFINITION.replace("sum(price)", "sum(prise)"))
        self.fails("check", says=["skewless.yaml:16:", "prise", "price", "^"])

    def test_full_disk(self):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        # Written past its limit, a file fails as on a full disk (EFBIG); the engine must stop, not go on.
        done = subprocess.run([PROGRAM, "run", "--once"], cwd=self.folder, capture_output=True, text=True,
                              preexec_fn=small_files, timeout=120 * SLOWNESS)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("error:", done.stderr)
        # With room again, nothing is lost or twice.
        self.run_program("run", "--once")
        self.assertEqual(sum(one["records"] for one in self.run_json("log", "--verify")), 3000)

    def test_really_full_disk(self):
        os.makedirs(self.path("small"))
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", self.path("small")], capture_output=True)
        if mounted.returncode != 0:
            # Without the right to mount, the kernel's own always-full device must do.
            os.makedirs(self.path("small/log"))
            os.symlink("/dev/full", self.path("small/log/dead_letters"))
            self.write("skewless.yaml", DEFINITION.replace("var/log", "small/log"))
            self.fails("run", "--once", says=["small/log"])
            return
        try:
            self.write("skewless.yaml", DEFINITION.replace("var/log", "small/log"))
            self.fails("run", "--once", says=["small/log", "No space left", "Free space"])
            self.assertIn("records", self.run_program("log", "--verify")[0])
        finally:
            subprocess.run(["umount", self.path("small")], check=True)

    def test_corrupt_segment_in_the_middle(self):
        self.run_program("run", "--once", "--batch-rows", "100")
        self.write("clicks.csv", rows(6000))
        self.run_program("run", "--once", "--batch-rows", "100")
        first = self.segments()[0]
        self.flip(first, os.path.getsize(first) // 2)
        name = os.path.basename(first)
        self.fails("log", "--verify", says=[name, "offset"])
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.csv", says=[name])
        self.assertFalse(os.path.exists(self.path("set.csv")))

    def test_torn_tail(self):
        self.run_program("run", "--once", "--batch-rows", "100")
        last = self.segments()[-1]
        with open(last, "r+b") as file:
            file.truncate(os.path.getsize(last) - 11)
        self.run_program("run", "--once")
        self.assertEqual(sum(one["records"] for one in self.run_json("log", "--verify")), 3000)

    def test_second_writer(self):
        engine = self.start()
        err = self.fails("run", "--once", says=[str(engine.process.pid)])
        self.assertIn("lock", err.lower())
        engine.stop()

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.fails("run", "--listen", f"127.0.0.1:{port}", says=[str(port), "listen"])

    def test_labels(self):
        self.run_program("run", "--once")
        self.fails("join", "none.csv", "-o", "set.csv", says=["none.csv"])
        self.write("labels.csv", "user,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.csv", says=["labels.csv", "user_id"])
        self.write("labels.csv", "user_id,at\n1,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.csv", says=["labels.csv", "event_timestamp", "at"])
        self.write("labels.csv", "user_id,event_timestamp\n1,yesterday\n")
        self.fails("join", "labels.csv", "-o", "set.csv", says=["labels.csv", "event_timestamp", "row 1"])
        self.write("labels.csv", "user_id,event_timestamp\nx,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.csv", says=["labels.csv", "user_id"])
        self.write("labels.csv", "user_id,event_timestamp\n1,2024-01-01T00:30:00Z\n")
        self.fails("join", "labels.csv", "-o", "set.xlsx", says=["set.xlsx", ".parquet"])
        self.fails("join", "labels.csv", "-o", "set.csv", "--features", "users:click", says=["click", "clicks"])

    def test_store_of_a_newer_format(self):
        self.run_program("run", "--once")
        with open(self.path("var/online/current"), "r+b") as file:
            head = file.read(64)
            at = head.index(b"\x01\x00\x00\x00", 4)
            file.seek(at)
            file.write(b"\x63\x00\x00\x00")
        self.fails("get", "users", "user_id=1", says=["version", "99"])

    def test_log_of_a_newer_format(self):
        self.run_program("run", "--once")
        with open(self.segments()[0], "r+b") as file:
            head = file.read(64)
            at = head.index(b"\x01\x00\x00\x00", 4)
            file.seek(at)
            file.write(b"\x63\x00\x00\x00")
        self.fails("log", "--verify", says=["format 99", "newer"])

    def test_reading_what_nobody_wrote(self):
        self.fails("get", "users", "user_id=1", says=["var/online"])
        self.fails("log", says=["var/log"])
        self.fails("freshness", says=["var/log"])

    def test_names(self):
        self.run_program("run", "--once")
        self.fails("get", "user", "user_id=1", says=["users"])
        self.fails("get", "users", "user_id=one", says=["user_id", "int64"])
        self.fails("get", "users", says=["user_id"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
