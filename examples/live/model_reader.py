"""A stand-in for a model service: asks the engine for vectors over HTTP, again and again, whatever happens to it."""
import http.client
import json
import random
import threading
import time

KINDS = ("view", "click", "buy")


class ModelReader(threading.Thread):
    def __init__(self, port, users, seed=1, pause_seconds=0.004):
        super().__init__(daemon=True)
        self.port, self.users, self.pause_seconds = port, users, pause_seconds
        self.chance = random.Random(seed)
        self.latencies = []  # seconds, of whole requests
        self.vectors = 0
        self.refused = 0     # answers that told of an error: the store or the engine was away
        self.connection = None
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            users = [int(self.users * self.chance.random() ** 3) for _ in range(3)]
            start = time.perf_counter()
            if self.ask(users, [self.chance.choice(KINDS) for _ in users]) is None:
                self.refused += 1
                time.sleep(0.05)
                continue
            self.latencies.append(time.perf_counter() - start)
            time.sleep(self.pause_seconds)

    def end(self):
        self.ended.set()
        self.join()

    def ask(self, users, kinds):
        """The reply, or None where there is none."""
        body = json.dumps({"feature_service": "ranking", "entities": {
            "user_id": users, "kind": kinds, "shown_price": [250.0] * len(users)}})
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection.request("POST", "/get-online-features", body)
            reply = self.connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return None
        if reply.status != 200:
            return None
        self.vectors += len(users)
        return json.loads(text)

    def total(self, feature, at_once=500):
        """A feature's sum over all users, as the store has it; users that nobody has seen count nothing."""
        total = 0
        for first in range(0, self.users, at_once):
            users = list(range(first, min(self.users, first + at_once)))
            reply = self.ask(users, [KINDS[0]] * len(users))
            if reply is None:
                return None
            column = reply["metadata"]["feature_names"].index(feature)
            total += sum(value or 0 for value in reply["results"][column]["values"])
        return total

    def quantile(self, share):
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
