"""The real process, killed with SIGKILL at random moments, again and again, while a reader in another process reads the
embedded store as fast as it can and checks every row (outside_check.h). In the end: nothing lost, nothing twice, and
every row that was written down is what the log's replay says, to the bit.

SKEWLESS_KILLS is how many kills to do, over both clocks together; SKEWLESS_SEED replays a run."""
import glob
import os
import signal
import subprocess
import time
import unittest

from outside import Outside, OutsideTest
from program import PROGRAM

KILLS = int(os.environ.get("SKEWLESS_KILLS", "24"))
EVENTS_A_LIFE = 1000


class KillTest(OutsideTest):
    def setUp(self):
        super().setUp()
        self.engine = None
        self.addCleanup(lambda: self.engine and self.engine.poll() is None and self.engine.kill())
        self.figures = dict.fromkeys(("kills", "amid a commit", "before the store was open", "while closing",
                                      "with an offline commit cut off", "while stopped", "ended well"), 0)
        self.recovery = 0.0

    def begin(self, batch_rows):
        self.engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder, "--batch-rows", str(batch_rows)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.begun = time.monotonic()
        self.opened = None

    def watch(self, until, before):
        """Lets the engine run; notes when its store is open."""
        while time.monotonic() < until and self.engine.poll() is None:
            if self.opened is None and self.store.open_generation() != before:
                self.opened = time.monotonic()
                self.recovery = max(self.recovery, self.opened - self.begun)
            time.sleep(0.0005)

    def kill(self):
        """SIGKILL; counts what it came amid. False where the engine had ended by itself."""
        self.engine.kill()
        error = self.engine.communicate()[1]
        # SIGTERM ends a program at once that has not got as far as to wait for it.
        if self.engine.returncode in (0, -signal.SIGTERM):
            self.figures["ended well"] += 1
            return False
        self.assertEqual(self.engine.returncode, -signal.SIGKILL, error)
        self.figures["kills"] += 1
        self.figures["amid a commit"] += self.opened is not None and self.store.is_amid_commit()
        self.figures["before the store was open"] += self.opened is None
        self.figures["with an offline commit cut off"] += self.is_amid_offline_commit()
        return True

    def is_amid_offline_commit(self):
        """Files of a commit lie in .writing until the manifest lists them and they are renamed."""
        return any(glob.glob(self.path("var/history", view, ".writing", "*.tmp")) for view in ("users", "world"))

    def close_and_watch(self, seconds):
        """Ends the engine the good way, which commits the offline tables, and looks away amid it."""
        self.engine.terminate()
        until = time.monotonic() + seconds
        wait_for_commit = self.chance.random() < 0.7
        while time.monotonic() < until and self.engine.poll() is None:
            if wait_for_commit and self.is_amid_offline_commit():
                break
            time.sleep(0.0002)

    def one_life(self, reader, batch_rows, usual_start):
        """Begins the engine and kills it at a random moment: while it recovers, commits, closes or stands still."""
        chance = self.chance
        before = self.store.open_generation()
        self.begin(batch_rows)
        way = chance.choice(("recovery", "commit", "commit", "commit", "closing", "stopped"))
        after_start = chance.uniform(0, 1.1) if way == "recovery" else 1 + chance.uniform(0, 2)
        self.watch(self.begun + usual_start * after_start, before)
        if way == "closing" and self.engine.poll() is None:
            self.close_and_watch(chance.uniform(0, 4 * usual_start))
        if way == "stopped" and self.engine.poll() is None:
            self.engine.send_signal(signal.SIGSTOP)
            if before > 0:
                reader.wait_for_rows(200)
            if chance.random() < 0.5:
                self.engine.send_signal(signal.SIGCONT)
                self.watch(time.monotonic() + chance.uniform(0, usual_start), before)
        if self.kill():
            self.figures["while closing"] += way == "closing"
            self.figures["while stopped"] += way == "stopped"
        if self.opened is None:
            return usual_start
        return 0.8 * usual_start + 0.2 * (self.opened - self.begun)

    def live_and_die(self, kills, batch_rows):
        most = (20 + 2 * kills) * EVENTS_A_LIFE
        self.events.add(EVENTS_A_LIFE, most)
        reader = Outside(self)
        usual_start = 0.05
        while self.figures["kills"] < kills:
            usual_start = self.one_life(reader, batch_rows, usual_start)
            if self.events.total + 2 * EVENTS_A_LIFE <= most:
                self.events.add(EVENTS_A_LIFE, most)
        return reader

    def check(self, name, reader):
        self.run_program("run", "--once")
        told = self.check_reader(reader)
        self.check_nothing_lost_or_twice()
        print(f"{name}: {self.events.total} events; "
              + ", ".join(f"{count} {what}" for what, count in self.figures.items()), flush=True)
        print(f"{name}: {told}; longest recovery {self.recovery * 1000:.0f} ms", flush=True)

    def test_wall_clock(self):
        self.define("out_of_orderness: 5s")
        self.check("wall clock", self.live_and_die((KILLS + 1) // 2, batch_rows=1))

    def test_replay_clock(self):
        self.define("arrival_timestamp: seen")
        self.check("replay clock", self.live_and_die(KILLS // 2, batch_rows=3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
