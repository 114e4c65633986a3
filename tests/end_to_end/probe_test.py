"""The probe sees from another process what the engine says of itself, of rows in shared memory and in Redis: records
become readable, none is lost to its sight, no row goes back while the engine is killed and comes again."""
import json
import subprocess
import threading
import time
import unittest

from follow_test import DEFINITION
from program import PROGRAM, ProgramTest, SLOWNESS
from servers import Redis, free_port

EMBEDDED = "{type: embedded, path: var/online}"
COPY_ROWS = """
local rows = redis.call('KEYS', ARGV[1] .. 'followed:seen:*')
for _, row in ipairs(rows) do redis.call('COPY', row, ARGV[2] .. row:sub(#ARGV[1] + 1), 'REPLACE') end
return #rows
"""
HOUR_US = 3_600_000_000
READ = {"feature_service": "all", "entities": {"user_id": [1]}}


class ProbeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.definition = self.define()
        self.write("skewless.yaml", self.definition)
        self.write("clicks-001.jsonl", "")
        self.stopped = threading.Event()
        self.addCleanup(self.stop_writing)

    def define(self):
        return DEFINITION

    def stop_writing(self):
        self.stopped.set()
        if self.writer is not None:
            self.writer.join()

    writer = None

    def begin_writing(self):
        """Events of five users that happened an hour ago, until the test ends."""
        def append():
            number = 0
            with open(self.path("clicks-001.jsonl"), "a", buffering=1) as file:
                while not self.stopped.is_set():
                    number += 1
                    event = {"user_id": number % 5, "number": number, "ts": int(time.time() * 1000) - 3_600_000}
                    file.write(json.dumps(event) + "\n")
                    self.written = number
                    time.sleep(0.001)
        self.writer = threading.Thread(target=append)
        self.writer.start()

    def begin_probe(self, *arguments):
        return subprocess.Popen([PROGRAM, "freshness", "--probe", "--json", *arguments], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end_probe(self, probe, code=0):
        out, errors = probe.communicate(timeout=300)
        self.assertEqual(probe.returncode, code, errors)
        return json.loads(out), errors

    def test_it_sees_records_become_readable(self):
        engine = self.start()
        self.begin_writing()
        self.wait_until("no vector", lambda: engine.request("POST", "/get-online-features", READ)[0] == 200)
        report, _ = self.end_probe(self.begin_probe("--for", "2s"))
        view, = report["views"]
        self.assertEqual((view["view"], view["entities"]), ("seen", 5))
        self.assertGreater(view["records"], 0)
        self.assertEqual((report["rows_went_back"], report["rows_not_in_log"], report["unavailable_looks"]), (0, 0, 0))
        self.assertLess(view["from_acceptance_us"]["p50"], HOUR_US)
        self.assertGreaterEqual(view["from_event_us"]["p50"], HOUR_US)
        self.assertLessEqual(view["from_acceptance_us"]["p50"], view["from_acceptance_us"]["p99"])
        report, _ = self.end_probe(self.begin_probe("--for", "1s", "--sample", "2"))
        self.assertEqual(report["views"][0]["entities"], 2)

        # The engine's own count of the same, by view and from the event's own time, once all is readable.
        self.stop_writing()
        self.await_readable(engine)
        bucket = 'skewless_view_freshness_from_event_seconds_bucket{view="seen",le="%d"}'
        self.assertEqual(self.metric(engine, bucket % 2500), 0)
        self.assertEqual(self.metric(engine, bucket % 5000), self.written)

    def await_readable(self, engine):
        """All that is written."""
        counts = [f'skewless_view_freshness_from_{what}_seconds_count{{view="seen"}}'
                  for what in ("event", "acceptance")]
        deadline = time.monotonic() + 60 * SLOWNESS
        while (found := [self.metric(engine, name) for name in counts]) != [self.written] * 2:
            self.assertLess(time.monotonic(), deadline, f"{found}, not {self.written} each")
            time.sleep(0.01)

    def metric(self, engine, name):
        status, metrics = engine.request("GET", "/metrics")
        self.assertEqual(status, 200)
        return float(next(line for line in metrics.splitlines() if line.startswith(name)).split()[-1])

    def test_over_kills_of_the_engine(self):
        engine = self.start()
        self.begin_writing()
        probe = self.begin_probe("--for", "6s")
        for _ in range(3):
            time.sleep(1)
            engine.kill()
            engine.start()
        report, _ = self.end_probe(probe)
        self.assertGreater(report["views"][0]["records"], 0)
        self.assertEqual((report["rows_went_back"], report["rows_not_in_log"]), (0, 0))

    def test_where_nothing_is_confirmed(self):
        self.start()
        report, errors = self.end_probe(self.begin_probe("--for", "100ms"), code=1)
        self.assertEqual(report["views"][0]["records"], 0)
        self.assertIn("nothing is confirmed", errors)
        _, errors = self.run_program("freshness", "--probe", "--view", "unseen", code=1)
        self.assertIn("no view is called 'unseen'", errors)
        self.run_program("freshness", "--for", "1s", code=2)

    def test_where_a_replay_clock_drives(self):
        self.write("skewless.yaml", self.definition.replace("    follow: true\n", "    delay: 1s\n"))
        _, errors = self.run_program("freshness", "--probe", code=1)
        self.assertIn("a replay clock drives this repository", errors)


class RedisProbeTest(ProbeTest):
    test_where_a_replay_clock_drives = None  # Redis has a clock of its own

    def define(self):
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.assertIn(EMBEDDED, DEFINITION)
        return DEFINITION.replace(EMBEDDED, f'{{type: redis, address: "{self.redis.address}"}}')

    def copy_rows(self, prefix, to):
        """How many there are. Their keys are bytes, which the client of the command line can't print and take."""
        return int(self.redis.ask("eval", COPY_ROWS, 0, prefix, to))

    def test_it_sees_a_row_go_back(self):
        """Somebody writes there what was there before."""
        engine = self.start()
        self.begin_writing()
        while self.copy_rows("", "before:") == 0:
            pass
        probe = self.begin_probe("--for", f"{20 * SLOWNESS}s")
        time.sleep(3 * SLOWNESS)
        self.stop_writing()  # or the row is written anew before the probe looks
        self.await_readable(engine)
        self.copy_rows("before:", "")
        out, errors = probe.communicate(timeout=300)
        self.assertGreater(json.loads(out)["rows_went_back"], 0, errors)
        self.assertEqual(probe.returncode, 1, errors)


if __name__ == "__main__":
    unittest.main()
