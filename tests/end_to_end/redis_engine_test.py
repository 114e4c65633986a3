"""The real engine over a real Redis: killed with SIGKILL again and again while a server in another process reads vectors
and logs them; Redis itself ends without a trace and comes again, empty. In the end nothing is lost or twice, every row
is in Redis, and the audit finds no difference. The same for rows that are written whole and for those written by
increments, which lie beside each other, and where Redis keeps its rows on disk."""
import json
import os
import random
import subprocess
import time
import unittest
import urllib.request

from program import clicks_by_user, PROGRAM, ProgramTest, SLOWNESS
from servers import Redis, free_ports

SECTIONS = """\
offline: {type: parquet, path: var/history}
serving: {listen: "127.0.0.1:0", served_log: var/served}
"""
COUNT_OF_TYPE = """
local rows = 0
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', key).ok == ARGV[2] then rows = rows + 1 end
end
return rows
"""
USERS = 200
FEATURES = ["activity:clicks", "activity:total", "activity:recent", "largest:most", "largest:some"]
KILLS = int(os.environ.get("SKEWLESS_KILLS", "12"))


def definition(port, write="versioned", other="versioned"):
    return clicks_by_user(f'{{type: redis, address: "127.0.0.1:{port}", write: {write}}}', {
        "activity": "features: {clicks: count(*), total: sum(n), recent: sum(n) over 2s hop 100ms}",
        "largest": f"write: {other}, features: {{most: max(n) over 1s, some: count(*) over 1s, all: count(*)}}",
    }, SECTIONS, columns='n: int64, ts: "timestamp[us]"')


class RedisEngineTest(ProgramTest):
    WRITE, OTHER = "versioned", "increment"
    REDIS = ()

    def setUp(self):
        super().setUp()
        self.chance = random.Random(int(os.environ.get("SKEWLESS_SEED", "7")))
        self.port, self.engine_port = free_ports(2)
        self.write("skewless.yaml", definition(self.port, self.WRITE, self.OTHER))
        self.events = [0] * (USERS + 1)
        self.start_redis()
        self.append(100)
        self.engine = None
        self.addCleanup(lambda: self.engine and self.engine.poll() is None and self.engine.kill())

    def start_redis(self):
        self.redis = Redis(self.path("redis"), *self.REDIS, port=self.port)
        self.addCleanup(self.redis.close)
        self.redis.start()

    def append(self, count):
        now = time.time_ns() // 1000
        with open(self.path("clicks.json"), "a") as file:
            for _ in range(count):
                user = self.chance.randint(1, USERS)
                self.events[user] += 1
                file.write(json.dumps({"user": user, "n": self.chance.randint(1, 9),
                                       "ts": now - self.chance.randint(0, 1_000_000)}) + "\n")

    def begin(self):
        self.engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder, "--listen", f"127.0.0.1:{self.engine_port}"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ask(self, server):
        users = [self.chance.randint(1, USERS) for _ in range(5)]
        status, text = server.request("POST", "/get-online-features", {"features": FEATURES, "entities": {"user": users}})
        self.assertIn(status, (200, 503), text)
        self.answers[status] = self.answers.get(status, 0) + 1

    def live(self, server, seconds):
        end, asked = time.monotonic() + seconds, 0
        while time.monotonic() < end or asked < 10:
            asked += 1
            self.append(self.chance.randint(0, 30))
            self.ask(server)
            self.assertIsNone(self.engine.poll(), "the engine ended")

    def wait_until_all_is_there(self, server):
        deadline = time.monotonic() + 60 * SLOWNESS
        while True:
            reply = server.request("POST", "/get-online-features",
                                   {"features": FEATURES[:1], "entities": {"user": list(range(1, USERS + 1))}})
            if reply[0] == 200 and sum(self.events) == self.count(reply[1]):
                return
            if self.engine.poll() is not None:
                self.fail(f"the engine ended: {self.engine.stderr.read()}")
            self.assertLess(time.monotonic(), deadline, f"not {sum(self.events)} events: {reply}")
            time.sleep(0.05)

    def wait_until_engine_knows(self):
        """A server that dies between two answers may have answered a reader and not yet the engine."""
        def is_caught_up():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.engine_port}/metrics", timeout=60) as metrics:
                return b"skewless_online_caught_up 1" in metrics.read()

        self.wait_until("the engine isn't told of all", is_caught_up)

    @staticmethod
    def count(text):
        for result in json.loads(text)["results"][1:]:
            return sum(value or 0 for value in result["values"])
        return -1

    def ask_redis(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True,
                              check=True).stdout

    def check_forms(self):
        """Rows have the form that their view says, and increments were steps, not only whole rows: of `all` always, as
        the numbers of a window's tile are set where they are new."""
        for view, write in (("activity", self.WRITE), ("largest", self.OTHER)):
            rows = self.ask_redis("eval", COUNT_OF_TYPE, "0", f"shop:{view}:*",
                                  "hash" if write == "increment" else "string")
            self.assertEqual(int(rows), sum(1 for events in self.events if events > 0), view)
        self.assertIn("cmdstat_hincrby", self.ask_redis("info", "commandstats"))

    def end_well(self):
        self.engine.terminate()
        error = self.engine.communicate(timeout=120 * SLOWNESS)[1]
        self.assertEqual(self.engine.returncode, 0, error)

    def test_kills_of_the_engine_and_ends_of_redis(self):
        self.answers = {}
        self.begin()
        server = self.start(command="serve")
        self.wait_until_all_is_there(server)
        for life in range(KILLS):
            self.live(server, self.chance.uniform(0.05, 0.4))
            if life % 4 == 2:
                # All of its rows are gone, and the engine was told of each before.
                self.wait_until_all_is_there(server)
                self.wait_until_engine_knows()
                self.redis.close()
                self.append(100)
                time.sleep(0.2)
                self.start_redis()
            self.engine.kill()
            self.engine.communicate()
            self.begin()
            if life % 4 == 3:
                # Not before the engine has read back what the one before it was not told.
                self.append(50)
                self.wait_until_all_is_there(server)
                self.wait_until_engine_knows()
                self.redis.close()
                self.start_redis()
                self.wait_until_all_is_there(server)
        self.wait_until_all_is_there(server)
        # An engine writes a row whole before it writes a step of it, and Redis counts since it began.
        for _ in range(2):
            self.append(300)
            self.wait_until_all_is_there(server)
        self.check_forms()
        self.end_well()
        server.stop()
        report = self.run_json("audit")
        print(f"{KILLS} kills, {sum(self.events)} events, answers by status {self.answers}; {report}", flush=True)
        self.assertGreater(self.answers.get(200, 0), 20)
        self.assertEqual((report["different_rows"], report["lost_write_rows"]), (0, 0), report)
        self.assertGreater(report["rows"], 500)


class RedisIncrementTest(RedisEngineTest):
    WRITE, OTHER = "increment", "versioned"


class RedisWithPersistenceTest(RedisEngineTest):
    """It comes again with the rows that it wrote to its disk, and knows which engine they are of."""
    REDIS = ("--appendonly", "yes")

    def test_kills_of_the_engine_and_ends_of_redis(self):
        super().test_kills_of_the_engine_and_ends_of_redis()
        with open(self.redis.log_path) as log:
            self.assertIn("DB loaded from append only file", log.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
