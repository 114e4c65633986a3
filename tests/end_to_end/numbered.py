"""Events of one user, numbered from 1 on, through an engine whose view has their count, their sum and the newest: from
these three it is seen whether each is there, and once."""
import time

from program import SLOWNESS, ProgramTest


class NumberedTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.written = 0

    def read(self, engine, user=7):
        reply = engine.read({"feature_service": "all", "entities": {"user_id": [user]}})
        return [column["values"][0] for column in reply["results"][1:]]

    def wait_for(self, engine, wanted, user=7):
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.read(engine, user) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{self.read(engine, user)}, not {wanted}")
            if engine.process.poll() is not None:
                self.fail(f"ended with {engine.process.returncode}: {engine.process.stderr.read()}")
            time.sleep(0.005)

    def wait_for_all(self, engine):
        self.wait_for(engine, [self.written, self.written * (self.written + 1) // 2, self.written])

    def logged(self):
        return sum(segment["records"] for segment in self.run_json("log", "--verify"))
