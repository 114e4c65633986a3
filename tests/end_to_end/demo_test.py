"""The flights example, shortened, its engine killed on the way: it must prove itself and leave what it says."""
import csv
import os
import pathlib
import subprocess
import sys
import unittest

import pyarrow.parquet

from program import PROGRAM, SLOWNESS, ProgramTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQUESTS = 6000


class DemoTest(ProgramTest):
    def run_demo(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(ROOT, "examples/flights/demo"), "--folder", self.folder,
                               "--program", PROGRAM, *arguments],
                              capture_output=True, text=True, timeout=800 * SLOWNESS)

    def still_running(self):
        """Of the processes that know of our folder."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if self.folder.encode() in process.read_bytes():
                    found.append(process)
            except OSError:
                pass  # it has ended meanwhile
        return found

    def test_one_that_fails_leaves_nothing_running(self):
        done = self.run_demo("--requests", "100", "--kill", "1000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the replay was over after", done.stderr)
        self.assertEqual(self.still_running(), [])

    def test_demo(self):
        done = self.run_demo("--requests", str(REQUESTS), "--kill", "3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("336,776 flights", done.stdout)
        self.assertIn(f"0 of {REQUESTS:,} training rows differ", done.stdout)
        self.assertIn("the engine killed 3 times", done.stdout)
        with open(self.path("labels.csv")) as file:
            labels = [row["flight_id"] for row in csv.DictReader(file)]
        trained = pyarrow.parquet.read_table(self.path("training.parquet"))
        self.assertEqual([str(one) for one in trained["flight_id"].to_pylist()], labels)
        with open(self.path("freshness.png"), "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        with open(self.path("freshness.svg")) as file:
            self.assertIn("<svg", file.read(400))


if __name__ == "__main__":
    unittest.main(verbosity=2)
