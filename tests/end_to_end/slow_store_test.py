"""The engine over a Redis that is 20 ms away, and over one where writes come after their writer died: nothing is lost,
rows never move back, events that change a row meanwhile go out together, and the audit finds no difference."""
import json
import pathlib
import re
import socket
import threading
import time
import unittest

from program import ProgramTest, Running, SLOWNESS
from redis_engine_test import definition, FEATURES
from servers import Redis, free_port

DELAY_SECONDS = 0.02
USERS = 50


class Proxy:
    """Hands on what comes to its port, each piece later by the same time; held ones stay until they are let go, though
    who sent them is gone by then."""

    def __init__(self, to):
        self.to = to
        self.delay = 0.0
        self.held_writes = 0  # that came while their gate was closed
        self.swallows = False  # what is answered
        self.gate = threading.Event()  # of the connections that are made from now on
        self.gate.set()
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            self.ends += [client, server]
            for end in client, server:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.carry, args=(client, server, self.gate), daemon=True).start()
            threading.Thread(target=self.carry, args=(server, client, None), daemon=True).start()

    def carry(self, source, target, gate):
        pieces, came = [], threading.Condition()

        def send():
            while True:
                with came:
                    came.wait_for(lambda: pieces)
                    due, data = pieces.pop(0)
                time.sleep(max(0.0, due - time.monotonic()))
                if gate:
                    gate.wait()
                try:
                    target.sendall(data) if data else target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                if not data:
                    return

        threading.Thread(target=send, daemon=True).start()
        data = b"?"
        while data:
            try:
                data = source.recv(1 << 16)
            except OSError:
                data = b""
            if self.swallows and not gate and data:
                continue
            if gate and not gate.is_set():
                self.held_writes += data.count(b"EVALSHA")
            with came:
                pieces.append((time.monotonic() + (self.delay if gate else 0), data))
                came.notify()

    def stop(self):
        self.gate.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        for end in [self.listener, *self.ends]:
            end.close()


class SlowStoreTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.redis = Redis(self.path("redis"), port=self.port)
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.proxy = Proxy(self.port)
        self.addCleanup(self.proxy.stop)
        self.write("skewless.yaml", self.definition())
        self.events = 0
        self.append(1)

    def definition(self):
        return definition(self.proxy.port)

    @staticmethod
    def clicks(rounds):
        """Of each user so many, who they are of beside them."""
        now = time.time_ns() // 1000
        for n in range(rounds):
            for user in range(USERS):
                yield user, json.dumps({"user": user, "n": n, "ts": now})

    def append(self, rounds):
        """An event of each user, so many times."""
        with open(self.path("clicks.json"), "a") as file:
            file.writelines(click + "\n" for _, click in self.clicks(rounds))
        self.events += rounds * USERS

    def counted(self, engine):
        status, text = engine.request("POST", "/get-online-features",
                                      {"features": FEATURES, "entities": {"user": list(range(USERS))}})
        self.assertIn(status, (200, 503), text)
        return sum(value or 0 for value in json.loads(text)["results"][1]["values"]) if status == 200 else -1

    def wait_for(self, engine, events):
        """Rows never move back on the way there."""
        deadline, last = time.monotonic() + 120 * SLOWNESS, -1
        while last < events:
            self.assertLess(time.monotonic(), deadline, f"{last} of {events} events")
            now = self.counted(engine)
            self.assertTrue(now == -1 or now >= last, f"{now} after {last}")
            last = max(last, now)
        self.assertEqual(last, events)

    def metrics(self, engine):
        text = engine.request("GET", "/metrics")[1]
        return {name: float(value) for name, value in re.findall(r"(?m)^(skewless_\w+) (\S+)$", text)}

    def wait_for_answers(self, engine):
        """Rows can be read before the store's answers to them have come back; then the metrics."""
        deadline = time.monotonic() + 60 * SLOWNESS
        while (found := self.metrics(engine))["skewless_online_caught_up"] != 1:
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.01)
        return self.metrics(engine)  # not all of the ones before are of one moment

    def audit(self):
        report = self.run_json("audit")
        self.assertEqual((report["different_rows"], report["not_yet_known"], report["lost_write_rows"]), (0, 0, 0),
                         report)
        self.assertGreater(report["rows"], USERS)

    def test_a_store_twenty_milliseconds_away(self):
        self.proxy.delay = DELAY_SECONDS
        engine = self.start()
        self.wait_for(engine, self.events)
        for _ in range(40):
            self.append(20)
            self.counted(engine)
        self.wait_for(engine, self.events)
        found = self.wait_for_answers(engine)
        self.assertEqual(found["skewless_online_up"], 1)
        self.assertEqual(found["skewless_online_backlog_events"], 0)
        self.assertGreater(found["skewless_online_rows_coalesced_total"], 0)
        self.assertGreater(found["skewless_online_rows_written_total"], 0)
        # No answer comes sooner than the delay; so many events one by one would have taken minutes.
        mean = found["skewless_online_write_seconds_sum"] / found["skewless_online_write_seconds_count"]
        self.assertGreaterEqual(mean, DELAY_SECONDS)
        self.assertLess(found["skewless_online_write_seconds_count"], self.events)
        self.assertEqual(found["skewless_freshness_seconds_count"], 2 * self.events)  # once for each view
        engine.stop()
        self.audit()

    def test_each_metric_of_a_store_elsewhere_is_documented(self):
        engine = self.start()
        self.wait_for(engine, self.events)
        text = engine.request("GET", "/metrics")[1]
        engine.stop()
        exported = set(re.findall(r"(?m)^# TYPE (skewless_online_\w+) ", text))
        page = pathlib.Path(__file__).resolve().parents[2] / "docs/reference/http.md"
        documented = set(re.findall(r"(?m)^\| `(skewless_online_\w+)`(?!.*with `form: values` only)", page.read_text()))
        self.assertEqual(exported, documented)

    def reader(self):
        """Of the store itself: what the engine is not told of is shown there."""
        self.write("reader/skewless.yaml", definition(self.port).replace("var/served", self.path("var/served")))
        reader = Running(self.path("reader"), command="serve")
        self.children.append(reader)
        return reader

    def lose_writes(self, engine, loses_engine=False):
        """Readers see rows that Redis has told nobody of, and then loses."""
        self.wait_for(engine, self.events)
        self.wait_for_answers(engine)
        reader = self.reader()
        self.wait_for(reader, self.events)
        self.proxy.swallows = True
        self.append(1)
        self.wait_for(reader, self.events)
        if loses_engine:
            engine.kill()
        self.redis.kill()
        self.proxy.swallows = False
        self.redis.start()
        if loses_engine:
            engine.start()
        self.wait_for(reader, self.events)
        self.wait_for_answers(engine)
        reader.stop()

    def test_rows_that_redis_loses_before_it_told_of_them(self):
        for loses_engine in (False, True):
            with self.subTest(loses_engine=loses_engine):
                engine = self.start()
                self.lose_writes(engine, loses_engine)
                engine.stop()
        report = self.run_json("audit")
        self.assertEqual((report["different_rows"], report["not_yet_known"]), (0, 0), report)
        self.assertGreaterEqual(report["lost_write_rows"], 2 * USERS, report)
        self.assertGreaterEqual(report["rows"], report["lost_write_rows"] + 2 * USERS, report)

    def test_writes_that_come_after_their_writer_died(self):
        gate = self.proxy.gate
        engine = self.start()
        self.wait_for(engine, self.events)
        for _ in range(3):
            gate.clear()  # what the engine sends from now on is on its way until it is dead
            self.append(5)
            time.sleep(0.3)
            engine.kill()
            gate = self.proxy.gate = threading.Event()
            gate.set()
            engine.start()
            self.wait_for(engine, self.events)
            self.append(1)
            held, self.proxy.gate = self.proxy.gate, gate
            held.set()
            self.wait_for(engine, self.events)
        engine.stop()
        self.audit()


if __name__ == "__main__":
    unittest.main(verbosity=2)
