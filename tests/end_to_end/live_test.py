"""The live example, shortened, with everything that can go wrong in it: it must prove itself, whatever happened; and
its screen must show what it is watched by."""
import importlib.machinery
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

from program import PROGRAM, SLOWNESS, ProgramTest
from terminal import Screen, TerminalCase

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "examples/live")
DEMO = [sys.executable, os.path.join(ROOT, "examples/live/demo"), "--program", PROGRAM, "--rate", "1000", "--users", "2000"]


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
            children = children_of(demo.pid)
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
    def is_running(pid, name):
        try:
            with open(f"/proc/{pid}/stat") as file:
                text = file.read()
        except OSError:
            return False
        return text[text.index("(") + 1:text.rindex(")")] == name and text.rsplit(")", 1)[1].split()[0] != "Z"


def load_demo():
    """The example's own modules: (the demo, its screen, its metrics)."""
    sys.path.insert(0, EXAMPLE)
    loader = importlib.machinery.SourceFileLoader("live_demo", os.path.join(EXAMPLE, "demo"))
    demo = importlib.util.module_from_spec(importlib.util.spec_from_loader("live_demo", loader))
    loader.exec_module(demo)
    return demo, sys.modules["live_screen"], sys.modules["metrics"]


def metrics_that_are_read():
    """(all names, those of them that are histograms), as the demo and its screen ask for them."""
    demo, live_screen, metrics = load_demo()
    names, histograms = set(), set()

    class Asked(metrics.Metrics):
        def __getitem__(self, name):
            names.add(name)
            return 0

        def __contains__(self, name):
            names.add(name)
            return True

        def quantile(self, name, share, before=None):
            histograms.add(name)
            return None

    asked, screen = Asked(), live_screen.LiveScreen(print, terminal=True)
    screen.before = (time.monotonic() - 1, asked)
    screen.figures(time.monotonic(), asked)
    screen.writes(asked)
    screen.freshness(asked)
    demo.Demo.is_drained(asked, {"acknowledged": 0})
    return names, histograms


class LiveScreenTest(TerminalCase):
    """A name that no metric has reads as 0 there, so that it might be 0 for good."""
    DURATION = r"[\d.]+(e[+-]?\d+)? m?s"
    ITEMS = {"events": r"[1-9][\d,]*/s, [1-9][\d,]* dead letters, [1-9][\d,]* too late", "lag": r"[\d,]+",
             "watermark": r"\d{1,3}\.\d s behind",
             "store": rf"[\d,]+ in flight, [\d,]+ waiting, p50 {DURATION}, p99 {DURATION}",
             "freshness": rf"p50 {DURATION}, p99 {DURATION}"}

    def is_drawn(self, rows):
        """The lines of one status, and nothing of an earlier one above it."""
        starts = [number for number, row in enumerate(rows) if re.match(r" +[\d.]+ s  [\d,]+ sent, ", row)]
        if not starts or len(rows) < starts[0] + len(self.ITEMS) + 3:
            return False
        self.assertEqual(len(starts), 1, rows)
        return all(re.fullmatch(f"    {name:<10} {figures}", row.rstrip())
                   for row, (name, figures) in zip(rows[starts[0] + 1:], self.ITEMS.items()))

    def scrape(self, demo):
        (engine,) = [pid for pid, name in children_of(demo.pid) if name == "skewless"]
        with open(f"/proc/{engine}/cmdline") as file:
            arguments = file.read().split("\0")
        address = arguments[arguments.index("--listen") + 1]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as reply:
            return reply.read().decode()

    def test_each_item_is_drawn_from_a_metric_that_is_there(self):
        demo, terminal = self.run_on_terminal(*DEMO, "--folder", self.folder, "--seconds", "600")
        screen = Screen(self.COLUMNS)
        self.read_until(terminal, screen, self.is_drawn)
        text = self.scrape(demo)
        demo.send_signal(signal.SIGTERM)
        self.read_until(terminal, screen, lambda rows: False, ended=True)
        os.close(terminal)
        self.assertEqual(demo.wait(60 * SLOWNESS), 143)
        there = set(re.findall(r"(?m)^(skewless_\w+)", text))
        names, histograms = metrics_that_are_read()
        self.assertGreater(len(names), 10)
        self.assertEqual(len(histograms), 2)
        self.assertEqual(names - there, set())
        self.assertEqual({f"{name}_bucket" for name in histograms} - there, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
