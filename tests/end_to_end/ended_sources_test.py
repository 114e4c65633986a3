"""`skewless run` that serves on after its sources have ended, over a real Redis: what time alone changes is still written,
rows that Redis loses come again, and the history is whole. With no event coming."""
import json
import shutil
import time
import unittest

from plain_redis import PlainRedis
from program import clicks_by_user, ProgramTest, SLOWNESS
from servers import Redis

SECTIONS = """\
offline: {type: parquet, path: var/history}
serving: {listen: "127.0.0.1:0", served_log: var/served}
"""
VIEW = "ttl: 3s, features: {all: count(*), recent: count(*) over 1s hop 100ms}"


class EndedSourcesTest(ProgramTest):
    def begin(self, form):
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.write("skewless.yaml", clicks_by_user(
            f'{{type: redis, address: "{self.redis.address}", form: {form}}}', {"activity": VIEW}, SECTIONS,
            follow=False))
        self.write("clicks.json", "".join(f'{{"user": {user}, "ts": {time.time_ns() // 1000}}}\n' for user in (1, 2)))
        self.engine = self.start()
        while "sources ended" not in self.engine.process.stderr.readline():
            self.assertIsNone(self.engine.process.poll())

    def wait_for(self, what, look):
        deadline = time.monotonic() + 60 * SLOWNESS
        while not look():
            self.assertLess(time.monotonic(), deadline, what)
            self.assertIsNone(self.engine.process.poll(), what)
            time.sleep(0.01)

    def answer(self):
        status, text = self.engine.request("POST", "/get-online-features",
                                           {"features": ["activity"], "entities": {"user": [1, 2]}})
        results = json.loads(text)["results"][1:] if status == 200 else []
        return {one for result in results for one in result["statuses"]}

    def end(self):
        self.engine.stop()
        report = self.run_json("audit")
        self.assertEqual(report["different_rows"], 0, report)
        self.assertGreater(report["rows"], 0)

    def test_finished_values_change_with_time(self):
        self.begin("values")
        self.assertEqual(sum(one["rows"] for one in self.run_json("offline")), 2)
        client = PlainRedis(self.redis.port)
        self.addCleanup(client.close)
        row = lambda: client.read("shop:activity:{1}")[0]
        self.wait_for("the window's end", lambda: row().get("recent") == "0" or row()[":status"] != "present")
        self.wait_for("the ttl", lambda: row()[":status"] == "outside_max_age" and "all" not in row())
        self.wait_for("the reader's ttl", lambda: self.answer() == {"OUTSIDE_MAX_AGE"})
        self.end()

    def test_lost_rows_come_again(self):
        for form in ("state", "values"):
            self.begin(form)
            self.wait_for("the readers", self.answer)
            self.redis.kill()
            self.wait_for("readers without Redis", lambda: not self.answer())
            self.redis.start()
            self.wait_for("the readers", self.answer)
            self.redis.ask("FLUSHALL")
            self.wait_for("the readers", self.answer)
            self.end()
            self.redis.close()
            shutil.rmtree(self.path("var"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
