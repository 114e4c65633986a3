"""Two engines at once: the log and the online store have one writer each. A second engine is refused, whatever the first
one does, and harms nothing; when the first one is gone, however it went, another may begin at once."""
import signal
import subprocess
import time
import unittest

from outside import DEFINITION, Outside, OutsideTest
from program import PROGRAM, SLOWNESS

EVENTS = 4000
SERVING = "serving: {listen: 127.0.0.1:0}"


class TwoEnginesTest(OutsideTest):
    def setUp(self):
        super().setUp()
        self.define("out_of_orderness: 5s", SERVING)
        self.events.add(EVENTS, EVENTS)

    def refuse(self, path, holder, folder=None):
        """A further engine on the same files ends with an error that names the one that has them."""
        before = self.store.open_generation()
        error = self.run_program("run", "-C", folder or self.folder, "--once", code=1)[1]
        self.assertIn(f"{path}/LOCK' is locked by process {holder.process.pid}", error)
        self.assertEqual(self.store.open_generation(), before)

    def finish(self, reader):
        self.run_program("run", "--once")
        print(self.check_reader(reader), flush=True)
        self.check_nothing_lost_or_twice()

    def test_the_second_is_refused(self):
        reader = Outside(self)
        first = self.start("--batch-rows", "1", "--commit-rows", "1")
        self.refuse("var/log", first)
        reader.wait_for_rows(1000)
        # One that stands still is alive: its locks stand with it, and its store is still read.
        first.process.send_signal(signal.SIGSTOP)
        self.refuse("var/log", first)
        reader.wait_for_rows(1000)
        first.process.send_signal(signal.SIGCONT)
        first.request("GET", "/health")
        self.refuse("var/log", first)
        first.kill()
        second = self.start("--batch-rows", "1", "--commit-rows", "1")
        self.refuse("var/log", second)
        second.stop()
        self.finish(reader)

    def test_one_store_and_two_logs(self):
        reader = Outside(self)
        first = self.start("--batch-rows", "1", "--commit-rows", "1")
        text = DEFINITION.format(arrival="out_of_orderness: 5s", serving="", online=self.path("var/online"))
        self.write("other/skewless.yaml", text)
        self.refuse(self.path("var/online"), first, folder=self.path("other"))
        reader.wait_for_rows(1000)
        first.kill()
        self.finish(reader)

    def test_one_store_and_two_logs_where_the_sources_have_ended(self):
        first = self.start()
        while "sources ended" not in first.process.stderr.readline():
            self.assertIsNone(first.process.poll())
        text = DEFINITION.format(arrival="out_of_orderness: 5s", serving="", online=self.path("var/online"))
        self.write("other/skewless.yaml", text)
        self.refuse(self.path("var/online"), first, folder=self.path("other"))
        first.stop()

    def test_who_cannot_serve_takes_no_log_over(self):
        reader = Outside(self)
        first = self.start("--batch-rows", "1", "--commit-rows", "1")
        reader.wait_for_rows(200)
        error = self.run_program("run", "--take-over", "--listen", f"127.0.0.1:{first.port}", code=1)[1]
        self.assertIn(f"cannot listen on 127.0.0.1:{first.port}", error)
        reader.wait_for_rows(200)
        first.stop()
        self.finish(reader)

    def test_many_at_one_moment(self):
        reader = Outside(self)
        for _ in range(6):
            engines = [self.begin() for _ in range(3)]
            winner = self.wait_for_one(engines)
            reader.wait_for_rows(200)
            winner.kill()
            winner.communicate()
        self.finish(reader)

    def begin(self):
        engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder, "--batch-rows", "1", "--commit-rows", "1"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: engine.poll() is None and engine.kill())
        return engine

    def wait_for_one(self, engines):
        deadline = time.monotonic() + 120 * SLOWNESS
        while sum(engine.poll() is None for engine in engines) > 1:
            self.assertLess(time.monotonic(), deadline, "two engines live")
            time.sleep(0.002)
        (winner,) = [engine for engine in engines if engine.poll() is None]
        for engine in engines:
            if engine is winner:
                continue
            self.assertEqual(engine.returncode, 1)
            self.assertIn("LOCK' is locked by", engine.communicate()[1])
        return winner


if __name__ == "__main__":
    unittest.main(verbosity=2)
