"""`skewless run` over Redis servers that take none of its rows: each is said in the log, or ends the engine, with what to
do about it; `skewless_online_up` is 0; and what can be mended while it runs is."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from program import clicks_by_user, PROGRAM, ProgramTest, SLOWNESS
from servers import Redis, free_port

USERS = 20


class RefusingStoreTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.features, self.more = "clicks: count(*)", ""
        self.engine = None
        self.addCleanup(self.kill)
        now = time.time_ns() // 1000
        self.write("clicks.json", "".join(json.dumps({"user": user, "ts": now}) + "\n" for user in range(USERS)))

    def kill(self):
        if self.engine is not None:
            self.engine.kill()
            self.engine.wait()

    def redis(self, *settings, port=None):
        server = Redis(self.path(f"redis-{port or self.port}"), *settings, port=port or self.port)
        self.addCleanup(server.close)
        server.start()
        return server

    def cli(self, *words, port=None):
        done = subprocess.run(["redis-cli", "-p", str(port or self.port), *words], capture_output=True, text=True,
                              check=True)
        return done.stdout.strip()

    def define(self, more="", port=None):
        self.write("skewless.yaml", clicks_by_user(
            f'{{type: redis, address: "127.0.0.1:{port or self.port}"{more}}}',
            {"activity": f"features: {{{self.features}}}"}, 'serving: {listen: "127.0.0.1:0"}'))

    def begin(self, more="", port=None):
        self.define(more, port)
        with open(self.path("log"), "w") as log:
            self.engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder, "--log-format", "json"],
                                           stdout=subprocess.DEVNULL, stderr=log)

    def events(self):
        with open(self.path("log")) as log:
            return [json.loads(line) for line in log if line.endswith("\n")]

    def event(self, *messages):
        """The first of them, once it is there."""
        deadline = time.monotonic() + 60 * SLOWNESS
        while True:
            ended = self.engine.poll()
            for event in self.events():
                if event["message"] in messages:
                    return event
            self.assertLess(time.monotonic(), deadline, self.events())
            self.assertIsNone(ended, self.events())
            time.sleep(0.05)

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.event('serving')['port']}/metrics", timeout=60) as reply:
            return float(re.search(rf"^{name}(?:{{.*}})? (\S+)$", reply.read().decode(), re.MULTILINE)[1])

    def await_metric(self, name, least):
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.metric(name) < least:
            self.assertLess(time.monotonic(), deadline, self.events())
            self.assertIsNone(self.engine.poll(), self.events())
            time.sleep(0.02)

    def await_rows(self):
        """Each user's."""
        self.await_metric("skewless_online_rows_written_total", USERS)

    def await_events(self, count):
        """In the log, since the start."""
        self.await_metric("skewless_events_accepted_total", count)

    def ask_engine(self):
        """For a vector, once there is one."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.event('serving')['port']}/get-online-features",
            json.dumps({"features": ["activity"], "entities": {"user": [7]}}).encode())
        deadline = time.monotonic() + 60 * SLOWNESS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    return f"{reply.status} {reply.read().decode()}"
            except urllib.error.HTTPError as error:
                self.assertEqual(error.code, 503, error.read())  # it is being filled
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)

    def goes_on(self, message, words, remedy):
        """It is told of while the engine goes on."""
        event = self.event(message)
        self.assertRegex(event["error"], words)
        self.assertRegex(event["remedy"], remedy)
        self.assertEqual(self.metric("skewless_online_up"), 0)
        self.kill()

    def ends(self, words, remedy):
        """It ends the engine."""
        self.assertEqual(self.engine.wait(timeout=60 * SLOWNESS), 1)
        event = self.events()[-1]
        self.assertEqual(event["message"], "failed")
        self.assertRegex(event["error"], words)
        self.assertRegex(event["remedy"], remedy)

    def test_a_full_one_takes_rows_when_it_has_room(self):
        self.redis("--maxmemory", "1", "--maxmemory-policy", "noeviction")
        self.begin()
        told = self.event("store refuses")
        self.assertIn("OOM", told["error"])
        self.assertIn("maxmemory", told["remedy"])
        self.assertEqual(self.metric("skewless_online_up"), 0)
        self.cli("config", "set", "maxmemory", "0")
        self.event("store takes rows again")
        self.await_rows()
        self.assertEqual(self.metric("skewless_online_up"), 1)
        self.assertEqual(sum(event["message"] == "store refuses" for event in self.events()), 1)
        self.engine.terminate()
        self.assertEqual(self.engine.wait(timeout=60 * SLOWNESS), 0, self.events())

    def test_a_replica(self):
        self.redis()
        port = free_port()
        self.redis("--replicaof", "127.0.0.1", str(self.port), port=port)
        while "master_link_status:up" not in self.cli("info", "replication", port=port):
            time.sleep(0.02)
        self.begin(port=port)
        self.goes_on("store refuses", "READONLY", "name the primary")

    def stop(self, code):
        """SIGTERM; what it fails with."""
        self.engine.terminate()
        self.assertEqual(self.engine.wait(timeout=300 * SLOWNESS), code, self.events())
        return self.events()[-1]

    def append(self, users):
        now = time.time_ns() // 1000
        with open(self.path("clicks.json"), "a") as file:
            file.write("".join(json.dumps({"user": user, "ts": now}) + "\n" for user in users))

    def fill(self):
        """An engine that has written all rows, and Redis."""
        redis = self.redis()
        self.begin()
        self.await_rows()
        return redis

    def counts_at_a_start(self, written):
        """Of an engine that comes and goes: the rows that it says were lost, those that changed; as the metric has it."""
        self.begin(self.more)
        self.await_metric("skewless_online_rows_written_total", written)
        self.await_metric("skewless_online_up", 1)
        lost = self.metric("skewless_online_rows_rewritten_total")
        self.stop(0)
        told = {event["message"]: event.get("rows") for event in self.events()}
        self.assertEqual(told.get("rows that the store lost are written anew", 0), lost)
        return lost, told.get("rows are written that changed before", 0)

    def test_only_rows_that_it_lost_count_as_lost(self):
        self.redis()
        self.assertEqual(self.counts_at_a_start(USERS), (0, 0))
        self.assertEqual(self.counts_at_a_start(0), (0, 0))
        # Written to the log, and not to Redis: the engine is killed before it has one.
        self.append(range(5))
        self.cli("config", "set", "maxmemory", "1")
        self.begin()
        self.event("store refuses")
        self.await_events(5)
        self.kill()
        self.cli("config", "set", "maxmemory", "0")
        self.assertEqual(self.counts_at_a_start(5), (0, 5))
        self.cli("flushall")
        self.assertEqual(self.counts_at_a_start(USERS), (USERS, 0))
        # A row that is defined anew was never there.
        self.features += ", more: max(user)"
        self.assertEqual(self.counts_at_a_start(USERS), (0, USERS))
        # Nor one that is written in another way.
        self.more = ", write: increment"
        self.assertEqual(self.counts_at_a_start(USERS), (0, USERS))
        self.assertEqual(self.counts_at_a_start(0), (0, 0))

    def test_an_end_while_it_is_away_and_owed_nothing(self):
        redis = self.fill()
        self.stop(0)
        redis.close()
        self.begin()
        self.event("store away")
        self.assertEqual(self.stop(0)["message"], "engine stopped")
        # Twice: the end before this one was one in order, too.
        self.begin()
        self.event("store away")
        self.stop(0)

    def test_an_end_while_it_is_owed_rows(self):
        redis = self.fill()
        redis.close()
        self.append(range(USERS // 2))
        self.event("store away")
        self.await_events(USERS + USERS // 2)
        failed = self.stop(1)
        self.assertIn(f"has not taken {USERS // 2} rows that changed ({USERS // 2} events)", failed["error"])
        self.assertIn("Connection refused", failed["error"])
        self.assertIn("the next start compares, and writes", failed["remedy"])
        self.redis()
        self.begin()
        self.await_rows()
        self.assertNotIn("online store rebuilt", [event["message"] for event in self.events()])
        self.stop(0)

    def test_an_end_before_a_killed_ones_rows_were_compared(self):
        redis = self.fill()
        self.kill()
        redis.close()
        self.begin()
        self.event("store away")
        self.assertIn("was not compared with the log", self.stop(1)["error"])

    def test_an_end_with_a_full_backlog(self):
        self.append(range(300_000))
        self.begin()
        self.event("backlog of the store is full")
        self.assertRegex(self.stop(1)["error"], r"has not taken [23]\d{5} rows that changed")

    def test_one_that_is_no_cluster(self):
        self.redis()
        self.begin(", cluster: true")
        self.ends("cluster support disabled", "remove online.cluster")

    def test_a_node_of_a_cluster(self):
        # Its own would be 10000 above the port, where there may be none.
        self.redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
        self.begin(", cluster: true")
        self.goes_on("store away", "serves no slots", "Assign the slots")
        self.begin()
        self.goes_on("store refuses", "CLUSTERDOWN", "tried again")
        self.cli("cluster", "addslotsrange", "0", "16383")
        while "cluster_state:ok" not in self.cli("cluster", "info"):
            time.sleep(0.02)
        self.begin()
        self.ends("CROSSSLOT", "set online.cluster to true")

    def test_a_user_without_rights(self):
        self.redis()
        for command in "set", "evalsha", "script", "getrange", "setrange", "info":
            self.cli("flushall")
            self.cli("acl", "setuser", "features", "reset", "on", ">secret", "~*", "+@all", f"-{command}")
            self.begin(", username: features, password: secret")
            self.ends(f"NOPERM.*{command}", "the rights that docs/operations/redis.md lists")
            self.assertEqual(self.cli("keys", "*:activity:*"), "")

    def test_users_with_the_rights_that_the_docs_list(self):
        """The engine's, in each form, also after a crash with a view defined anew; and one who only reads."""
        self.redis()
        with open(os.path.join(os.path.dirname(__file__), "../../docs/operations/redis.md")) as docs:
            users = re.search(r"<!-- users -->\n```text\n(.*?)```", docs.read(), re.DOTALL)[1].splitlines()
        self.assertEqual(len(users), 2)
        for form in "", ", database: 1", ", expire: true", ", write: increment", ", form: values":
            with self.subTest(form):
                self.cli("flushall")
                shutil.rmtree(self.path("var"), ignore_errors=True)
                for user in users:
                    self.cli(*user.split(), *(["+select"] if "database" in form else []))
                for features in "clicks: count(*)", "clicks: count(*), last: max(ts)":
                    self.features = features
                    self.begin(form + ", username: features, password: secret")
                    self.await_rows()
                    self.assertIn("200 ", self.ask_engine())
                    time.sleep(0.5 * SLOWNESS)  # for what is looked through by and by
                    self.kill()
                    self.assertNotRegex(json.dumps(self.events()), "NOPERM|ACL|executing the script")
                self.define(form + ", username: reader, password: secret")
                got = subprocess.run([PROGRAM, "get", "-C", self.folder, "activity", "user=7"], capture_output=True,
                                     text=True)
                self.assertRegex(got.stdout, r"activity__clicks +1", got.stderr)

    def test_a_wrong_one_is_told_before_anything_is_read(self):
        """No record is logged and no dead letter is kept for it, however often it is tried."""
        with open(self.path("clicks.json"), "a") as file:
            file.write("no record\n")
        self.redis("--requirepass", "secret")
        self.begin(", password: wrong")
        self.ends("WRONGPASS", "online.password")
        self.cli("-a", "secret", "config", "set", "requirepass", "")
        self.begin(", database: 99")
        self.ends("DB index", "online.database")
        self.begin(", cluster: true")
        self.ends("cluster support disabled", "remove online.cluster")
        self.cli("set", "shop::log", "0123456789abcdef")
        self.begin()
        self.ends("keeps the rows of another log", "key_prefix or database")
        self.assertEqual([event["message"] for event in self.events()], ["starting", "log opened", "failed"])
        self.assertFalse(os.path.exists(self.path("var/log/dead_letters")))
        # Nobody's is taken as it is, and so is one that comes later.
        self.cli("del", "shop::log")
        self.begin()
        self.event("records could not be read")
        self.stop(0)

    def test_tls_on_one_side_only(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=test", "-keyout", self.path("key.pem"), "-out",
                        self.path("cert.pem"), "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        encrypted = free_port()
        self.redis("--tls-port", str(encrypted), "--tls-cert-file", self.path("cert.pem"), "--tls-key-file",
                   self.path("key.pem"), "--tls-ca-cert-file", self.path("cert.pem"), "--tls-auth-clients", "no")
        self.begin(", tls: true, tls_ca: cert.pem")
        self.goes_on("store away", "no answer in time", "speaks no TLS, remove online.tls")
        self.begin(", tls: true", port=encrypted)
        self.goes_on("store away", "self-signed certificate", "online.tls_ca")
        self.begin(", tls: true, tls_ca: nowhere.pem", port=encrypted)
        self.ends("nowhere.pem': No such file", "online.tls_ca")
        # It closes the connection, or sends first what no Redis sends.
        self.begin(port=encrypted)
        event = self.event("store away", "failed")
        self.assertIn("set online.tls to true", event["remedy"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
