"""Members of a group, and what a group is told, with a real broker: every message is in somebody's log."""
import re
import time
import unittest

from program import Running, SLOWNESS
from topic import TopicTest, message


class KafkaGroupTest(TopicTest):
    def test_a_group(self):
        self.broker.create(self.topic, 2)
        self.define(more="    group: readers\n")
        self.produce(100, 2)
        engine = self.start()
        self.wait_for_all(engine)
        self.wait_until_committed("readers", [50, 50])
        engine.kill()
        # A group's offsets never outvote the log.
        self.produce(100, 2)
        engine.start()
        self.wait_for_all(engine)
        self.wait_until_committed("readers", [100, 100])
        engine.stop()
        self.assertEqual(self.logged(), 200)

    def start_another(self):
        """With the same definition, and a log of its own."""
        self.write("other/skewless.yaml", self.definition)
        other = Running(self.path("other"))
        self.children.append(other)
        return other

    def test_two_members_of_a_group(self):
        self.broker.create(self.topic, 4)
        self.define(more="    group: pair\n")
        self.produce(400, 4)
        engine = self.start()
        self.wait_for_all(engine)
        other = self.start_another()
        # Each has two partitions; none is read by both from now on.
        deadline = time.monotonic() + 60 * SLOWNESS
        while len(self.partitions(engine)) != 2 or len(self.partitions(other)) != 2:
            self.assertLess(time.monotonic(), deadline, (self.partitions(engine), self.partitions(other)))
            time.sleep(0.05)
        mine = self.partitions(engine)
        self.assertEqual(mine | self.partitions(other), {"0", "1", "2", "3"})
        before = self.read(engine)[0]
        self.produce(400, 4)
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.read(engine)[0] != before + 200:
            self.assertLess(time.monotonic(), deadline, self.read(engine))
            time.sleep(0.02)
        # What one leaves the other takes over, from where it was itself.
        other.stop()
        self.wait_for_all(engine)
        engine.stop()
        self.assertEqual(self.logged(), 800)

    def test_latest_in_a_group(self):
        self.broker.create(self.topic, 2)
        self.define(more="    group: newest\n    start: latest\n")
        self.produce(10, 2)
        engine = self.start()
        # The end is committed before anything is logged, and no message has come.
        self.wait_until_committed("newest", [5, 5])
        self.written = 0
        self.produce(20, 2)
        self.wait_for_all(engine)
        self.wait_until_committed("newest", [15, 15])
        engine.kill()
        # Another takes over, whose log knows nothing: not one of those that came between is passed over.
        self.produce(10, 2)
        other = self.start_another()
        self.wait_for(other, [10, sum(range(21, 31)), 30])
        # What a partition has that is made while the topic is read is all new.
        self.broker.add_partitions(self.topic, 3)
        self.broker.produce(self.topic, [(2, message(number)) for number in range(31, 36)])
        self.wait_for(other, [15, sum(range(21, 36)), 35])
        self.wait_until_committed("newest", [20, 20, 5])
        other.stop()
        # Where the log knows a partition it is right, as always; of the new one all is in the other's.
        self.assertEqual(self.run_json("run", "--once")["events"], 10)
        self.assertEqual(self.logged(), 30)

    def test_latest_in_a_group_that_has_committed_nothing(self):
        """Partitions that the log doesn't know are none that appeared, though it knows others of the topic."""
        self.broker.create(self.topic, 4)
        self.define(more="    partitions: [0, 1]\n")
        self.produce(20, 4)
        self.assertEqual(self.run_json("run", "--once")["events"], 10)
        self.define(more="    group: anew\n    start: latest\n")
        engine = self.start()
        self.wait_until_committed("anew", [5] * 4)
        self.written = 20
        self.produce(8, 4)
        numbers = [number for number in range(1, 29) if number > 20 or number % 4 < 2]
        self.wait_for(engine, [len(numbers), sum(numbers), 28])
        engine.stop()
        self.assertEqual(self.logged(), 18)

    def test_a_position_of_a_group_that_is_gone(self):
        self.broker.create(self.topic, 1)
        self.broker.commit("left", self.topic, [7])
        self.define(more="    group: left\n    start: latest\n")
        said = self.fails()
        self.assertIn("position 7, to which group 'left' has read, is no longer there; the broker has 0 to 0", said)
        self.assertIn("or name another group, or reset its offsets", said)

    def partitions(self, engine):
        return set(re.findall(r'skewless_kafka_position\{.*partition="(\d+)"', engine.request("GET", "/metrics")[1]))

    def test_assigned_partitions_commit_for_monitoring(self):
        self.broker.create(self.topic, 2)
        self.define()
        self.produce(100, 2)
        engine = self.start()
        self.wait_for_all(engine)
        self.wait_until_committed("skewless-live-clicks", [50, 50])
        engine.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
