"""A topic into a Redis that stands still, or is gone with its rows, while more comes than the engine keeps for it: the
backlog ends at its limit, the source waits, and when Redis is back all of it goes on by itself. Every event counts
once, and the audit finds no difference."""
import json
import re
import unittest

from topic import NOON, TopicTest
from servers import Redis, free_port

PARTITIONS = 4
MESSAGES = 500_000
BATCH_ROWS = 512
# A group commit that is not counted yet, and the one that comes before full or not is asked again.
BEYOND = 65_536 + (65_536 + BATCH_ROWS)
MOST_ROWS = 200_000
FIRST = 1000  # messages before Redis is away


class PushbackTest(TopicTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.redis = Redis(self.path("redis"), port=self.port)
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.broker.create(self.topic, PARTITIONS)
        self.most = {"rows": 0, "events": 0}

    def define_views(self, count):
        self.define()
        views = "".join(f"  seen_{view}: {{source: clicks, entity: user, features: {{count: count(*)}}}}\n"
                        for view in range(1, count))
        text = self.definition.replace("type: embedded, path: var/online",
                                       f'type: redis, address: "127.0.0.1:{self.port}"')
        text = text.replace("listen: 127.0.0.1:0", "listen: 127.0.0.1:0, served_log: var/served")
        self.write("skewless.yaml", text.replace("feature_services:", views + "feature_services:"))

    def produce_of(self, users, count):
        """Each of a user in turn."""
        numbers = range(self.written, self.written + count)
        self.broker.produce(self.topic, [(number % PARTITIONS, b'{"user_id": %d, "ts": %d}' % (number % users, NOON))
                                         for number in numbers])
        self.written += count

    def counts(self, engine, users):
        """None where Redis can't be read."""
        found = []
        for first in range(0, users, 10_000):
            status, text = engine.request("POST", "/get-online-features", {
                "features": ["seen:count"], "entities": {"user_id": list(range(first, min(first + 10_000, users)))}})
            if status != 200:
                self.assertEqual(status, 503, text)
                return None
            found += json.loads(text)["results"][1]["values"]
        return found

    def look(self, engine):
        """What the engine says of itself now; notes how large its backlog was at most."""
        text = engine.request("GET", "/metrics")[1]
        seen = {name: float(value) for name, value in re.findall(r"(?m)^skewless_(\w+) (\S+)$", text)}
        for what in self.most:
            self.most[what] = max(self.most[what], seen[f"online_backlog_{what}"])
        return seen

    def wait_for_pushback(self, engine):
        """Twice: between them nothing was taken, though there is more."""
        first = self.pushed_back_longer(engine, self.look(engine))
        then = self.pushed_back_longer(engine, first)
        self.assertEqual(then["events_accepted_total"], first["events_accepted_total"])
        self.assertLess(then["events_accepted_total"], MESSAGES)

    def pushed_back_longer(self, engine, before):
        seen = [before]

        def is_longer():
            seen[0] = self.look(engine)
            return seen[0]["online_pushback_seconds_total"] > before["online_pushback_seconds_total"]

        self.wait_until("the source is not made to wait", is_longer, 120)
        return seen[0]

    def push_back(self, users, go_away, come_back):
        engine = self.start("--batch-rows", str(BATCH_ROWS))
        self.produce_of(users, FIRST)
        self.wait_until("the first are there", lambda: sum(
            count or 0 for count in self.counts(engine, min(users, FIRST)) or []) == FIRST)
        # A server that dies between two answers may have answered a reader and not yet the engine.
        self.wait_until("the engine isn't told of them", lambda: self.look(engine)["online_caught_up"] == 1)
        go_away()
        self.produce_of(users, MESSAGES - FIRST)
        self.wait_for_pushback(engine)
        self.assertIsNone(self.counts(engine, 10))  # nobody is shown what Redis can't confirm
        come_back()

        def is_all_written():
            seen = self.look(engine)
            return seen["events_accepted_total"] == MESSAGES and seen["online_caught_up"] == 1

        self.wait_until("not all is written", is_all_written, 120)
        self.assertEqual(self.counts(engine, users), [MESSAGES // users] * users)
        limit = self.look(engine)["online_backlog_limit_events"]
        engine.stop()
        self.assertEqual(self.logged(), MESSAGES)
        report = self.run_json("audit")
        self.assertEqual((report["different_rows"], report["not_yet_known"], report["lost_write_rows"]), (0, 0, 0),
                         report)
        self.assertGreaterEqual(report["rows"], users)
        print(f"at most {self.most} waited", flush=True)
        return limit

    def test_rows_while_redis_stands_still(self):
        self.define_views(1)
        self.push_back(MESSAGES, self.redis.stand_still, self.redis.go_on)
        self.assertGreaterEqual(self.most["rows"], MOST_ROWS)
        self.assertLess(self.most["rows"], MOST_ROWS + BEYOND)

    def test_events_while_redis_is_gone_with_its_rows(self):
        views = 5  # each counts an event of its own
        self.define_views(views)
        limit = self.push_back(100, self.redis.kill, self.redis.start)
        self.assertGreaterEqual(self.most["events"], limit)
        self.assertLess(self.most["events"], limit + views * BEYOND)


if __name__ == "__main__":
    unittest.main(verbosity=2)
