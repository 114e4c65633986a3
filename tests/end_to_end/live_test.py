"""The live example, shortened, with everything that can go wrong in it: it must prove itself, whatever happened."""
import json
import os
import subprocess
import sys
import time
import unittest

from program import PROGRAM, SLOWNESS, ProgramTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = [sys.executable, os.path.join(ROOT, "examples/live/demo"), "--program", PROGRAM, "--rate", "1000", "--users", "2000"]


class LiveTest(ProgramTest):
    def run_demo(self, *arguments):
        done = subprocess.run([*DEMO, "--folder", self.folder, "--json", *arguments], capture_output=True, text=True,
                              timeout=800 * SLOWNESS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(found["different"], [])
        self.assertEqual((found["lost"], found["twice"], found["different_rows"]), (0, 0, 0))
        self.assertEqual(found["logged"], found["sent"]["acknowledged"] - found["sent"]["malformed"])
        for fault in ("duplicates", "late", "malformed"):
            self.assertGreater(found["sent"][fault], 0)
        self.assertGreater(found["audited_rows"], 2000)
        return found

    def test_killed_engine_and_broker(self):
        found = self.run_demo("--seconds", "10", "--kill", "3", "--broker-kills", "1")
        self.assertEqual(found["faults"], "the engine killed 3 times, the broker killed once")

    def test_redis_away_and_still(self):
        found = self.run_demo("--seconds", "12", "--kill", "1", "--redis-away", "3", "--redis-stall", "3")
        self.assertIn("its rows lost", found["faults"])
        self.assertGreater(found["failed_requests"], 0)

    def test_interrupted_leaves_nothing(self):
        demo = subprocess.Popen([*DEMO, "--folder", self.folder, "--seconds", "600"], stdout=subprocess.PIPE, text=True)
        try:
            while "Producing" not in demo.stdout.readline():
                self.assertIsNone(demo.poll())
            children = self.children_of(demo.pid)
            self.assertGreaterEqual(len(children), 2)
            demo.kill()
            demo.wait()
            deadline = time.monotonic() + 60 * SLOWNESS
            while any(self.is_running(pid, name) for pid, name in children):
                self.assertLess(time.monotonic(), deadline, children)
                time.sleep(0.05)
        finally:
            demo.kill()
            demo.wait()
            demo.stdout.close()

    @staticmethod
    def children_of(parent):
        """(process, name) of a process' children."""
        found = []
        for pid in os.listdir("/proc"):
            if pid.isdigit():
                try:
                    with open(f"/proc/{pid}/stat") as file:
                        text = file.read()
                except OSError:
                    continue
                if int(text.rsplit(")", 1)[1].split()[1]) == parent:
                    found.append((pid, text[text.index("(") + 1:text.rindex(")")]))
        return found

    @staticmethod
    def is_running(pid, name):
        try:
            with open(f"/proc/{pid}/stat") as file:
                text = file.read()
        except OSError:
            return False
        return text[text.index("(") + 1:text.rindex(")")] == name and text.rsplit(")", 1)[1].split()[0] != "Z"


if __name__ == "__main__":
    unittest.main(verbosity=2)
