"""`skewless get` and `skewless serve` where the online store is Redis: what they say while it is away, while nobody has
filled it, and where its settings are wrong."""
import os
import subprocess
import tempfile
import unittest

from program import clicks_by_user, PROGRAM, Running
from servers import Redis, free_port

REQUEST = {"features": ["activity:clicks"], "entities": {"user": [1]}}


class RedisTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="skewless_redis_")
        self.addCleanup(self.folder.cleanup)
        self.port = free_port()
        self.define()

    def define(self, more=""):
        with open(os.path.join(self.folder.name, "skewless.yaml"), "w", encoding="utf-8") as file:
            file.write(clicks_by_user(f'{{type: redis, address: "127.0.0.1:{self.port}"{more}}}',
                                      {"activity": "features: {clicks: count(*)}"}, path="clicks.csv", follow=False))

    def start_redis(self, *settings):
        redis = Redis(os.path.join(self.folder.name, "redis"), *settings, port=self.port)
        self.addCleanup(redis.close)
        redis.start()
        return redis

    def get(self, **environment):
        return subprocess.run([PROGRAM, "get", "-C", self.folder.name, "activity", "user=1"], capture_output=True,
                              text=True, check=False, env={**os.environ, **environment})

    def assert_fails(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_a_server_that_is_away_or_empty_is_named(self):
        self.assert_fails(self.get(), f"Redis at 127.0.0.1:{self.port}", "Is it running")
        self.start_redis()
        self.assert_fails(self.get(), f"Redis at 127.0.0.1:{self.port} is being filled", "skewless run")

    def test_a_password_comes_from_the_environment(self):
        self.start_redis("--requirepass", "secret")
        self.assert_fails(self.get(), "NOAUTH", "online.password_env")
        self.define(", password_env: TEST_REDIS_PASSWORD")
        self.assert_fails(self.get(), "TEST_REDIS_PASSWORD")
        self.assert_fails(self.get(TEST_REDIS_PASSWORD="wrong"), "WRONGPASS")
        self.assert_fails(self.get(TEST_REDIS_PASSWORD="secret"), "is being filled")

    def test_a_server_answers_unavailable_until_it_is_filled(self):
        redis = self.start_redis()
        server = Running(self.folder.name, command="serve")
        self.addCleanup(server.kill)
        for _ in range(2):
            status, text = server.request("POST", "/get-online-features", REQUEST)
            self.assertEqual(status, 503, text)
            self.assertIn("is being filled", text)
            self.assertEqual(server.request("GET", "/health"), (503, text))
        redis.close()
        status, text = server.request("POST", "/get-online-features", REQUEST)
        self.assertEqual(status, 503, text)
        self.assertIn("Redis at", text)

    def test_plans_hide_the_password(self):
        self.define(", password: hunter2")
        for arguments in [], ["--json"]:
            shown = subprocess.run([PROGRAM, "check", "-C", self.folder.name, *arguments], capture_output=True,
                                   text=True, check=True)
            self.assertIn("redis", shown.stdout)
            self.assertNotIn("hunter2", shown.stdout + shown.stderr)


if __name__ == "__main__":
    unittest.main()
