"""An engine is stopped (SIGSTOP) amid its work, another takes its log over, and the first one goes on (SIGCONT): it ends
with an error that says why, nothing that it still had under way moves a row back or comes into the log, nothing is lost
or twice, and the audit finds no difference. Its records come from a file and from a topic."""
import os
import random
import re
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import slow_store_test
from kafka_broker import Broker
from outside import Outside, OutsideTest, SEED
from program import PROGRAM, SLOWNESS

PARTITIONS = 2
FILE_SOURCE = re.compile(r"type: file\n.*follow: true\n", re.DOTALL)
ROUNDS = int(os.environ.get("SKEWLESS_TAKE_OVERS", "5"))
REFUSALS = {"log": r"/var/log\S*: a newer engine has taken it over",
            "store": r"/var/online\S*: a newer engine has taken it over|a newer engine has taken over the rows"}


class Watch:
    """Reads all rows of a Redis, again and again, by itself: what a row holds never goes back."""

    def __init__(self, port):
        self.port = port
        self.newest = {}  # by key: sequence and stamp
        self.wrong = []
        self.looks = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.look_until_done, daemon=True)
        self.thread.start()

    def look_until_done(self):
        while not self.done.is_set():
            self.look()
            time.sleep(0.005)

    def look(self):
        keys = [key for key in self.ask("KEYS", "shop:activity:*")]
        rows = self.ask("MGET", *keys) if keys else []
        self.looks += 1
        for key, row in zip(keys, rows):
            stamp, sequence = struct.unpack_from("<Q", row, 4)[0], struct.unpack_from("<q", row, 24)[0]
            before = self.newest.get(key, (0, 0))
            if sequence < before[0] or stamp < before[1] or (sequence == before[0]) != (stamp == before[1]):
                self.wrong.append(f"{key}: {(sequence, stamp)} after {before}")
            self.newest[key] = (sequence, stamp)

    def ask(self, *words):
        with socket.create_connection(("127.0.0.1", self.port)) as server, server.makefile("rwb") as stream:
            stream.write(b"*%d\r\n" % len(words))
            for word in (word if isinstance(word, bytes) else word.encode() for word in words):
                stream.write(b"$%d\r\n%s\r\n" % (len(word), word))
            stream.flush()
            values = []
            for _ in range(int(stream.readline()[1:])):
                values.append(stream.read(int(stream.readline()[1:])))
                stream.readline()
            return values

    def finish(self):
        self.done.set()
        self.thread.join()
        self.look()


def end_of(test, zombie):
    """It ends by itself; gives which of the two said why."""
    out, error = zombie.process.communicate(timeout=60 * SLOWNESS)
    test.assertEqual(zombie.process.returncode, 1, f"{out}\n{error}")
    refused = [name for name, words in REFUSALS.items() if re.search(words, error)]
    test.assertEqual(len(refused), 1, error)
    return refused[0]


class RedisTakeOverTest(slow_store_test.SlowStoreTest):
    test_a_store_twenty_milliseconds_away = None
    test_each_metric_of_a_store_elsewhere_is_documented = None
    test_writes_that_come_after_their_writer_died = None

    def setUp(self):
        super().setUp()
        print(f"seed {SEED}: replay it with SKEWLESS_SEED={SEED}", flush=True)
        self.chance = random.Random(SEED)

    def stop_amid_work(self, engine, held_before=None):
        """While events come all the time, at no moment in particular: one that comes after the first of its writes was
        held, where they are."""
        deadline, left = time.monotonic() + 60 * SLOWNESS, self.chance.randint(1, 8)
        while left > 0 or self.proxy.held_writes == held_before:
            self.assertLess(time.monotonic(), deadline, "no write is under way")
            self.append(1)
            time.sleep(self.chance.random() * 0.01)
            left -= 1
        engine.process.send_signal(signal.SIGSTOP)

    def test_rows_in_redis(self):
        gate = self.proxy.gate
        engine = self.start()
        self.wait_for(engine, self.events)
        watch = Watch(self.port)
        ends = []
        for number in range(ROUNDS):
            zombie = engine
            if number % 2 == 0:
                held_before = self.proxy.held_writes
                gate.clear()  # what it sends from now on is on its way until it is let go
                self.stop_amid_work(zombie, held_before)
                self.assertGreater(self.proxy.held_writes, held_before)
            else:
                self.stop_amid_work(zombie)
            self.append(1)
            held, gate = gate, threading.Event()
            self.proxy.gate = gate
            gate.set()
            refused = subprocess.run([PROGRAM, "run", "-C", self.folder], capture_output=True, text=True, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"is locked by process {zombie.process.pid}", refused.stderr)
            self.assertIn("--take-over", refused.stderr)
            if number % 3 == 1:
                held.set()
            engine = self.start("--take-over")
            if number % 3 == 2:
                zombie.process.send_signal(signal.SIGCONT)
            self.wait_for(engine, self.events)
            held.set()
            zombie.process.send_signal(signal.SIGCONT)
            self.append(2)
            ends.append(end_of(self, zombie))
            self.wait_for(engine, self.events)
        watch.finish()
        engine.stop()
        self.assertIn("log", ends)
        print(f"{ends.count('log')} of {ROUNDS} refused by the log, {self.proxy.held_writes} writes came late",
              flush=True)
        self.assertEqual(watch.wrong, [])
        self.assertEqual(len(watch.newest), slow_store_test.USERS)
        self.assertGreater(watch.looks, ROUNDS)
        segments = self.run_json("log", "--verify")
        self.assertEqual(sum(segment["records"] for segment in segments), self.events)
        self.run_program("offline", "--verify")
        self.audit()


class KafkaTakeOverTest(RedisTakeOverTest):
    """What the older one read and nobody knows of is read again: its positions are as far as its log."""

    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        self.broker.create("clicks", PARTITIONS)
        self.producer = self.broker.producer()
        super().setUp()

    def definition(self):
        text, times = FILE_SOURCE.subn(f"type: kafka\n    brokers: {self.broker.address}\n    topic: clicks\n"
                                       "    format: json\n", super().definition())
        self.assertEqual(times, 1)
        return text

    def append(self, rounds):
        clicks = [(user % PARTITIONS, click.encode()) for user, click in self.clicks(rounds)]
        self.broker.produce("clicks", clicks, self.producer)
        self.events += rounds * slow_store_test.USERS


class EmbeddedTakeOverTest(OutsideTest):
    def test_rows_in_shared_memory(self):
        self.define("out_of_orderness: 5s\n    follow: true", "serving: {listen: 127.0.0.1:0}")
        most = 5000 * (ROUNDS + 1)
        self.events.add(5000, most)
        reader = Outside(self)
        engine = self.start("--batch-rows", "1", "--commit-rows", "1")
        for _ in range(ROUNDS):
            reader.wait_for_rows(self.chance.randint(1, 300))
            for _ in range(self.chance.randint(5, 25)):
                self.events.add(200, most)
                time.sleep(self.chance.random() * 0.02)
            zombie = engine
            zombie.process.send_signal(signal.SIGSTOP)
            generation = self.store.open_generation()
            engine = self.start("--batch-rows", "1", "--commit-rows", "1", "--take-over")
            self.assertGreater(self.store.open_generation(), generation)
            reader.wait_for_rows(self.chance.randint(1, 300))
            zombie.process.send_signal(signal.SIGCONT)
            reader.wait_for_rows(200)
            end_of(self, zombie)
        engine.stop()
        self.run_program("run", "--once")
        print(self.check_reader(reader), flush=True)
        self.check_nothing_lost_or_twice()


if __name__ == "__main__":
    unittest.main(verbosity=2)
