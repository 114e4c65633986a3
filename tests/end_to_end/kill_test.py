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

    def begin(self, commit_rows):
        self.before = self.store.open_generation()
        self.engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder, "--batch-rows", str(commit_rows),
                                        "--commit-rows", str(commit_rows)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.begun = time.monotonic()
        self.opened = None

    def watch(self, seconds, until=lambda: False):
        """Lets the engine run; notes when its store is open."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.engine.poll() is None and not until():
            if self.opened is None and self.store.open_generation() != self.before:
                self.opened = time.monotonic()
                self.recovery = max(self.recovery, self.opened - self.begun)
                self.recovered = self.store.committed()
            time.sleep(0.0003)

    def is_at_work(self):
        """It has committed something of its own."""
        return self.opened is not None and self.store.committed() != self.recovered

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

    def end_well(self):
        """What a supervisor does, which commits the offline tables; and it looks away amid that."""
        self.engine.terminate()
        wait_for_commit = self.chance.random() < 0.7
        self.watch(self.chance.uniform(0, 0.1) + wait_for_commit * 5, lambda: wait_for_commit and self.is_amid_offline_commit())

    def stand_still(self, reader):
        """The reader goes on while the engine is stopped; it then dies so, or goes on, too."""
        self.engine.send_signal(signal.SIGSTOP)
        if self.before > 0:
            reader.wait_for_rows(200)
        if self.chance.random() < 0.5:
            self.engine.send_signal(signal.SIGCONT)
            self.watch(self.chance.uniform(0, 0.05))

    def one_life(self, reader, commit_rows, usual_start):
        """Begins the engine and kills it at a random moment: while it recovers, commits, closes or stands still."""
        chance = self.chance
        self.begin(commit_rows)
        way = chance.choice(("recovery", "commit", "commit", "commit", "closing", "stopped"))
        if way == "recovery":
            self.watch(chance.uniform(0, 1.1 * usual_start))
        else:
            self.watch(20, self.is_at_work)
            self.watch(chance.uniform(0, 0.1))
        if way == "closing" and self.engine.poll() is None:
            self.end_well()
        if way == "stopped" and self.engine.poll() is None:
            self.stand_still(reader)
        if self.kill():
            self.figures["while closing"] += way == "closing"
            self.figures["while stopped"] += way == "stopped"
        if self.opened is None:
            return usual_start
        return 0.8 * usual_start + 0.2 * (self.opened - self.begun)

    def live_and_die(self, kills, commit_rows):
        most = (20 + 2 * kills) * EVENTS_A_LIFE
        self.events.add(EVENTS_A_LIFE, most)
        reader = Outside(self)
        usual_start = 0.05
        while self.figures["kills"] < kills:
            usual_start = self.one_life(reader, commit_rows, usual_start)
            if self.events.total + 2 * EVENTS_A_LIFE <= most:
                self.events.add(EVENTS_A_LIFE, most)
        return reader

    def check(self, name, reader):
        self.run_program("run", "--once")
        told = self.check_reader(reader)
        self.check_nothing_lost_or_twice()
        # Most kills do: where none does, the engine was through before it was looked at.
        self.assertGreater(self.figures["amid a commit"], 0, self.figures)
        print(f"{name}: {self.events.total} events; "
              + ", ".join(f"{count} {what}" for what, count in self.figures.items()), flush=True)
        print(f"{name}: {told}; longest recovery {self.recovery * 1000:.0f} ms", flush=True)

    def test_wall_clock(self):
        self.define("out_of_orderness: 5s")
        self.check("wall clock", self.live_and_die((KILLS + 1) // 2, commit_rows=1))

    def test_replay_clock(self):
        self.define("arrival_timestamp: seen")
        self.check("replay clock", self.live_and_die(KILLS // 2, commit_rows=3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
