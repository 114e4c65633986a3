"""The engine over a cluster of Redis, while it runs: what left the windows leaves the rows, on servers whose clocks it
has to ask for, and the audit judges what was served without waiting for a stop."""
import json
import time
import unittest

from program import clicks_by_user, ProgramTest, SLOWNESS
from servers import Redis, free_ports

SLOTS = [(0, 5460), (5461, 10922), (10923, 16383)]
USERS = [1, 2, 3]
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
        self.write("skewless.yaml", clicks_by_user(
            f'{{type: redis, address: "{self.servers[0][0].address}", cluster: true}}',
            {"activity": "features: {recent: count(*) over 500ms hop 50ms}"}, "serving: {served_log: var/served}"))
        self.write("clicks.json", "")

    def wait_until(self, what, condition):
        deadline = time.monotonic() + 60 * SLOWNESS
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)

    def click(self):
        now = time.time_ns() // 1000
        with open(self.path("clicks.json"), "a") as file:
            file.writelines(json.dumps({"user": user, "ts": now}) + "\n" for user in USERS)

    def row_bytes(self):
        """Of all rows, on whichever server they are."""
        found = []
        for server, _ in self.servers:
            for key in server.ask("--scan", "--pattern", "shop:activity:*").split():
                found.append(int(server.ask("strlen", key)))
        return found

    def test_a_running_engine_drops_what_no_read_needs_and_can_be_audited(self):
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
