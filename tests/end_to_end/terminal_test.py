"""What a person sees: on a terminal `run` shows how it goes in lines that it redraws in place, with its log above them,
and takes them away at the end; in a pipe there is none of it."""
import json
import os
import re
import signal
import time
import unittest

from follow_test import DEFINITION
from program import PROGRAM
from terminal import Screen, TerminalCase


class TerminalTest(TerminalCase):
    def test_the_live_status(self):
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks-001.jsonl", "".join(
            json.dumps({"user_id": 7, "number": number, "ts": 1_700_000_000_000}) + "\n" for number in range(100)))
        process, terminal = self.run_on_terminal(PROGRAM, "run")
        screen = Screen(self.COLUMNS)
        # A status that came in part has fewer rows, and an empty last one.
        names = ["running", "events", "watermark", "freshness", "log", "serving"]
        self.read_until(terminal, screen, lambda rows: [row[:12].split()[:1] for row in rows[-6:]]
                        == [[name] for name in names] and "100  " in rows[-5])
        self.assertRegex(screen.rows[-5], r"^  events      100  [\d,]+/s  late 0  dead letters 0$")
        self.assertRegex(screen.rows[-4], r"^  watermark   2023-11-14T22:13:20Z  \d+ d( \d+ h)? behind$")

        # No event comes, and data gets old all the same.
        with open(self.path("clicks-001.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": 7, "number": 100, "ts": int(time.time() * 1000)}) + "\n")
        self.read_until(terminal, screen,
                        lambda rows: any(re.search(r"  watermark .*  ([2-9]\.\d|\d\d+) s behind", row) for row in rows))

        # An event of the log, longer than a row, in the midst of it.
        with open(self.path("clicks-001.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": "x" * 150}) + "\n")
        self.read_until(terminal, screen, lambda rows: any("dead letters 1" in row for row in rows))
        self.assertEqual(sum("could not be read" in row for row in screen.rows), 1)
        self.assertEqual(sum(row.startswith("  events ") for row in screen.rows), 1)

        process.send_signal(signal.SIGINT)
        self.read_until(terminal, screen, lambda rows: False, ended=True)
        os.close(terminal)
        self.assertEqual(process.wait(60), 0)
        self.assertFalse([row for row in screen.rows if row.startswith(("  ", "running"))])
        self.assertEqual([re.sub(r"^\S+Z (\w+) +|=.*", r"\1 ", row).strip() for row in screen.rows
                          if re.match(r"\d{4}-", row) and "slow sync of the log" not in row],
                         ["info starting version", "info log opened path", "info source opened source",
                          "info serving port", "warning records could not be read source", "info stopping signal",
                          "info engine stopped events"])
        self.assertTrue(any(row.startswith("101 events in ") for row in screen.rows))

    def test_none_of_it_in_a_pipe(self):
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks-001.jsonl", '{"user_id": 7, "number": 1, "ts": 1700000000000}\n')
        engine = self.start()
        time.sleep(1)  # time enough to draw
        engine.stop()
        self.assertNotIn("\x1b", engine.errors)
        self.assertNotIn("freshness", engine.errors)


if __name__ == "__main__":
    unittest.main()
