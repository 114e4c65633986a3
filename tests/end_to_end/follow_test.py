"""An engine that follows a file: what is appended becomes readable, and after any number of kills each line is in the
log once, whichever file it was in and wherever its bytes were when the engine died."""
import json
import os
import random
import unittest

from numbered import NumberedTest

DEFINITION = """
project: followed
log: {path: var/log}
online: {type: embedded, path: var/online}
serving: {listen: 127.0.0.1:0}
sources:
  clicks:
    type: file
    format: json
    path: clicks-*.jsonl
    follow: true
    columns: {user_id: int64, number: int64, ts: "timestamp[ms]"}
    event_timestamp: ts
entities:
  user: {keys: {user_id: int64}}
feature_views:
  seen:
    source: clicks
    entity: user
    features: {lines: count(*), numbers: sum(number), newest: max(number)}
feature_services:
  all: {features: [seen]}
"""


class FollowTest(NumberedTest):
    def setUp(self):
        super().setUp()
        self.write("skewless.yaml", DEFINITION)
        self.random = random.Random(5)
        self.files = 0
        self.begin_file()

    def begin_file(self):
        self.files += 1
        self.file = open(self.path(f"clicks-{self.files:03}.jsonl"), "wb", buffering=0)
        self.addCleanup(self.file.close)

    def append(self, count):
        """Whole lines, in pieces that end anywhere."""
        text = b""
        for _ in range(count):
            self.written += 1
            text += json.dumps({"user_id": 7, "number": self.written, "ts": 1_700_000_000_000}).encode() + b"\n"
        while text:
            size = self.random.randint(1, 200)
            self.file.write(text[:size])
            text = text[size:]

    def test_what_is_appended_becomes_readable(self):
        engine = self.start()
        for count in (1, 2, 500, 3000):
            self.append(count)
            self.wait_for_all(engine)
        self.file.write(b'{"user_id": 7, "number": 1')
        rest = b', "ts": 5}\n'
        engine.stop()
        self.assertEqual(self.logged(), self.written)
        self.run_program("run", "--once")
        self.assertEqual(self.logged(), self.written)
        self.file.write(rest)
        self.run_program("run", "--once")
        self.assertEqual(self.logged(), self.written + 1)

    def test_rotated_while_no_engine_runs(self):
        self.append(5)
        self.run_program("run", "--once")
        self.append(3)
        first = self.path("clicks-001.jsonl")
        os.rename(first, first + ".1")
        self.files = 0
        self.begin_file()
        self.append(2)
        out, err = self.run_program("run", "--once", code=1)
        self.assertIn(f"clicks-001.jsonl: another file was put in its place, after 5 records of it were read; "
                      "that one is now './clicks-001.jsonl.1'", err)
        os.rename(first, self.path("clicks-002.jsonl"))
        os.rename(first + ".1", first)
        self.run_program("run", "--once")
        self.assertEqual(self.logged(), self.written)

    def test_kills(self):
        engine = self.start()
        for kill in range(12):
            self.append(self.random.randint(1, 2000))
            if kill % 3 == 2:
                self.begin_file()
                self.append(self.random.randint(1, 500))
            engine.kill()
            self.append(self.random.randint(0, 500))
            engine.start()
            if kill % 2:
                self.wait_for_all(engine)
        self.wait_for_all(engine)
        engine.stop()
        self.assertEqual(self.logged(), self.written)


if __name__ == "__main__":
    unittest.main()
