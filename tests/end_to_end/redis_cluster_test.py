"""The engine over a cluster of Redis, while it runs: what left the windows leaves the rows, on servers whose clocks it
has to ask for, and the audit judges what was served without waiting for a stop. Its nodes die with their rows and come
again, and so does the engine: every event counts once."""
import json
import os
import random
import time
import unittest

from program import clicks_by_user, ProgramTest
from servers import Redis, free_ports

SLOTS = [(0, 5460), (5461, 10922), (10923, 16383)]
USERS = [1, 2, 3]
MANY_USERS = 60  # on all nodes
DEATHS = 4
COUNT_ROWS = "return #redis.call('KEYS', 'shop:activity:*')"
SEED = int(os.environ.get("SKEWLESS_SEED", "7"))
HOPS_OF_GROWTH = 80  # eight times what the window holds


class RedisClusterTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.servers = []
        for number, slots in enumerate(SLOTS):
            port, bus = free_ports(2)
            server = Redis(self.path(f"redis-{number}"), "--cluster-enabled", "yes", "--cluster-port", bus, port=port)
            self.addCleanup(server.close)
            server.start()
            server.ask("cluster", "addslotsrange", *slots)
            self.servers.append((server, bus))
        for server, bus in self.servers[1:]:
            self.servers[0][0].ask("cluster", "meet", "127.0.0.1", server.port, bus)
        self.wait_until("the cluster is whole", lambda: all(
            "cluster_state:ok" in server.ask("cluster", "info")
            and "cluster_known_nodes:3" in server.ask("cluster", "info") for server, _ in self.servers))
        self.write("clicks.json", "")

    def define(self, features):
        self.write("skewless.yaml", clicks_by_user(
            f'{{type: redis, address: "{self.servers[0][0].address}", cluster: true}}',
            {"activity": f"features: {{{features}}}"}, "serving: {served_log: var/served}"))

    def click(self, users=USERS):
        now = time.time_ns() // 1000
        with open(self.path("clicks.json"), "a") as file:
            file.writelines(json.dumps({"user": user, "ts": now}) + "\n" for user in users)

    def row_bytes(self):
        """Of all rows, on whichever server they are."""
        found = []
        for server, _ in self.servers:
            for key in server.ask("--scan", "--pattern", "shop:activity:*").split():
                found.append(int(server.ask("strlen", key)))
        return found

    def test_a_running_engine_drops_what_no_read_needs_and_can_be_audited(self):
        self.define("recent: count(*) over 500ms hop 50ms")
        engine = self.start()
        asked = {"features": ["activity"], "entities": {"user": USERS}}
        self.wait_until("readers are let in", lambda: engine.request("POST", "/get-online-features", asked)[0] == 200)
        hops, sizes = set(), []
        while len(hops) < HOPS_OF_GROWTH:
            self.click()
            hops.add(time.time_ns() // 50_000_000)
            if len(hops) % 10 == 0:
                engine.read(asked)
            time.sleep(0.02)
        # 24 bytes a tile: with none dropped, rows would have HOPS_OF_GROWTH of them.
        tiles = HOPS_OF_GROWTH // 2

        def are_small():
            self.click()
            sizes[:] = self.row_bytes()
            return len(sizes) == len(USERS) and max(sizes) < tiles * 24

        self.wait_until(f"rows drop tiles: {sizes}", are_small)

        def is_judged():
            report = self.run_json("audit")
            self.assertEqual(report["different_rows"], 0, report)
            return report["rows"] > 0 and report["not_yet_known"] == 0

        self.wait_until("all that was served is judged", is_judged)
        engine.stop()
        self.assertEqual(self.run_json("audit")["different_rows"], 0)

    def counted(self, engine):
        """By user; None while one of the rows can't be read."""
        status, text = engine.request("POST", "/get-online-features", {
            "features": ["activity:clicks"], "entities": {"user": list(range(MANY_USERS))}})
        self.assertIn(status, (200, 503), text)
        return [count or 0 for count in json.loads(text)["results"][1]["values"]] if status == 200 else None

    def click_on(self, engine, seconds):
        """No event counts twice at any moment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            users = [self.chance.randrange(MANY_USERS) for _ in range(20)]
            for user in users:
                self.clicks[user] += 1
            self.click(users)
            counted = self.counted(engine)
            if counted is not None:
                self.assertTrue(all(now <= clicks for now, clicks in zip(counted, self.clicks)), (counted, self.clicks))

    def test_deaths_of_nodes_and_kills_of_the_engine(self):
        self.define("clicks: count(*)")
        self.chance, self.clicks = random.Random(SEED), [0] * MANY_USERS
        print(f"seed {SEED}: replay it with SKEWLESS_SEED={SEED}", flush=True)
        engine = self.start()
        for death in range(DEATHS):
            node = self.servers[death % len(self.servers)][0]
            self.click_on(engine, self.chance.random() * 0.3)
            node.kill()
            self.click_on(engine, self.chance.random() * 0.3)
            engine.kill()
            if death % 2 == 0:
                engine.start()  # while the node is away
                self.click_on(engine, self.chance.random() * 0.3)
                node.start()
            else:
                node.start()
                engine.start()
            if death % 3 == 2:
                self.click_on(engine, self.chance.random() * 0.3)  # rows are written anew meanwhile
                engine.kill()
                engine.start()
            self.wait_until("all is counted", lambda: self.counted(engine) == self.clicks)
        rows = [int(server.ask("eval", COUNT_ROWS, 0)) for server, _ in self.servers]
        self.assertTrue(all(rows), rows)
        self.assertEqual(sum(rows), sum(clicks > 0 for clicks in self.clicks))
        engine.stop()
        self.assertEqual(sum(segment["records"] for segment in self.run_json("log", "--verify")), sum(self.clicks))
        report = self.run_json("audit")
        self.assertEqual((report["different_rows"], report["not_yet_known"]), (0, 0), report)
        self.assertGreater(report["rows"], MANY_USERS * DEATHS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
