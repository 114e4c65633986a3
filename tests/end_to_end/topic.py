"""What the tests of topics share: a broker for all of a class, a topic of the test's own name, and what the engine tells
of it."""
import json
import re
import time

from kafka_broker import Broker
from numbered import NumberedTest
from program import SLOWNESS

DEFINITION = """
project: live
log: {path: var/log}
online: {type: embedded, path: var/online}
serving: {listen: 127.0.0.1:0}
sources:
  clicks:
    type: kafka
    brokers: %(brokers)s
    topics: [%(topics)s]
    format: json
    columns: {user_id: int64, number: int64, ts: "timestamp[ms]"}
    event_timestamp: ts
    settings: {topic.metadata.refresh.interval.ms: 300, reconnect.backoff.max.ms: 500, session.timeout.ms: 4000}
%(more)s
entities:
  user: {keys: {user_id: int64}}
feature_views:
  seen:
    source: clicks
    entity: user
    features: {count: count(*), sum: sum(number), newest: max(number)}
feature_services:
  all: {features: [seen]}
"""
NOON = 1_700_000_000_000


def message(number, user=7, ts=NOON):
    return json.dumps({"user_id": user, "number": number, "ts": ts}).encode()


class TopicTest(NumberedTest):
    @classmethod
    def setUpClass(cls):
        # A member that was killed is missed soon; a topic is compacted soon.
        cls.broker = Broker("group.min.session.timeout.ms=1000", "log.cleaner.backoff.ms=200")

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def setUp(self):
        super().setUp()
        self.topic = self.id().rpartition(".")[2]

    def define(self, *topics, more=""):
        self.definition = DEFINITION % {"brokers": self.broker.address, "more": more,
                                        "topics": ", ".join(topics or [self.topic])}
        self.write("skewless.yaml", self.definition)

    def produce(self, count, partitions, topic=None):
        """Numbers on from the last, dealt out in turn."""
        numbers = range(self.written + 1, self.written + count + 1)
        self.broker.produce(topic or self.topic, [(number % partitions, message(number)) for number in numbers])
        self.written += count

    def metric(self, engine, name, **labels):
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        for line in engine.request("GET", "/metrics")[1].splitlines():
            if re.match(name + r"[{ ]", line) and all(label in line for label in wanted):
                return float(line.split()[-1])
        return None

    def wait_for_metric(self, engine, wanted, name, **labels):
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.metric(engine, name, **labels) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{name}: {self.metric(engine, name, **labels)}, not {wanted}")
            time.sleep(0.02)

    def wait_until_committed(self, group, offsets):
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.broker.committed(group, self.topic, len(offsets)) != offsets:
            self.assertLess(time.monotonic(), deadline, self.broker.committed(group, self.topic, len(offsets)))
            time.sleep(0.1)

    def fails(self):
        """The engine stops by itself; returns what it said."""
        return self.run_program("run", "--listen", "127.0.0.1:0", code=1, timeout=60 * SLOWNESS)[1]
