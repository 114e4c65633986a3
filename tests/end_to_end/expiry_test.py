"""`expire: true` over a real Redis: an entity is served as never seen right after its row has expired, and a training set
for the same moments has the same."""
import json
import time
import unittest

from program import clicks_by_user, ProgramTest, SLOWNESS
from servers import Redis

SECTIONS = """\
offline: {type: parquet, path: var/history}
serving: {served_log: var/served}
"""
FEATURES = "features: {short: count(*) over 3s hop 100ms, recent: count(*) over 5s hop 100ms}"
STILL_THERE = "local keys = redis.call('KEYS', 'shop:activity:*'); return {#keys, redis.call('PTTL', keys[1])}"


class ExpiryTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.write("skewless.yaml", clicks_by_user(
            f'{{type: redis, address: "{self.redis.address}", expire: true}}', {"activity": FEATURES}, SECTIONS))
        self.write("clicks.json", "")
        self.served = []  # T, status, values

    def click(self):
        with open(self.path("clicks.json"), "a") as file:
            file.write(json.dumps({"user": 1, "ts": time.time_ns() // 1000}) + "\n")

    def read(self, engine):
        status, text = engine.request("POST", "/get-online-features",
                                      {"features": ["activity"], "entities": {"user": [1]}})
        if status == 503:  # it is being filled
            return None
        reply = json.loads(text)
        columns = reply["results"][1:]
        self.served.append((reply["skewless"]["read_timestamp_us"], columns[0]["statuses"][0],
                            [column["values"][0] for column in columns]))
        return self.served[-1][1:]

    def read_until(self, engine, wanted):
        deadline = time.monotonic() + 60 * SLOWNESS
        while (found := self.read(engine)) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{found}, not {wanted}")
            time.sleep(0.005)

    def test_expired_is_never_seen_served_and_trained(self):
        engine = self.start()
        self.wait_until("no vector", lambda: self.read(engine) is not None)
        for _ in range(2):
            self.click()
            self.read_until(engine, ("PRESENT", [1, 1]))
            self.read_until(engine, ("PRESENT", [0, 1]))
            self.read_until(engine, ("NOT_FOUND", [None, None]))
        # Redis still has it.
        keys, left_ms = self.redis.ask("EVAL", STILL_THERE, "0").split()
        self.assertEqual(keys, "1")
        self.assertGreater(int(left_ms), 0)
        engine.stop()
        report = self.run_json("audit")
        self.assertEqual((report["different_rows"], report["not_yet_known"]), (0, 0), report)
        self.assertEqual(report["rows"], len(self.served))
        self.write("labels.csv", "user,event_timestamp\n" + "".join(f"1,{t}\n" for t, _, _ in self.served))
        self.run_program("join", "labels.csv", "-o", "training.csv")
        with open(self.path("training.csv")) as file:
            rows = [line.split(",")[2:] for line in file.read().splitlines()[1:]]
        wanted = [["" if value is None else str(value) for value in values] for _, _, values in self.served]
        self.assertEqual(rows, wanted)


if __name__ == "__main__":
    unittest.main(verbosity=2)
