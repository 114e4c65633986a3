"""Retention overtakes an engine that runs, and stood still meanwhile: what it lost it says, and nothing else is lost or
counted twice. With `on_lost_data: stop` it ends, and says where."""
import signal
import unittest

from program import SLOWNESS
from topic import TopicTest, message

CUT, WHOLE = 1, 0  # partitions
BEFORE, GONE, LEFT = 50, 2000, 30  # messages of the one that is cut
LOST, KEPT = 8, 7  # users: of those that may be gone, of all others


class KafkaRetentionTest(TopicTest):
    def overtake(self, more):
        """Gives the engine, which is to go on. It may still get some of what is gone: what was on its way to it."""
        self.broker.create(self.topic, 2)
        self.define(more=more)
        self.produce(2 * BEFORE, 2)
        engine = self.start()
        self.wait_for_all(engine)
        engine.process.send_signal(signal.SIGSTOP)
        self.broker.produce(self.topic, [(CUT, message(number, user=LOST)) for number in range(1, GONE + 1)])
        self.broker.delete_records(self.topic, CUT, BEFORE + GONE)
        self.produce(2 * LEFT, 2)
        engine.process.send_signal(signal.SIGCONT)
        return engine

    def test_it_goes_on_and_says_what_it_lost(self):
        engine = self.overtake("    on_lost_data: continue\n")
        self.wait_for_all(engine)
        lost = self.metric(engine, "skewless_kafka_lost_messages_total", source="clicks")
        came = self.read(engine, LOST)[0] or 0
        self.assertGreater(lost, 0)
        self.assertEqual(came + lost, GONE)
        # Those that came are the first ones, each once.
        self.assertEqual([value or 0 for value in self.read(engine, LOST)], [came, came * (came + 1) // 2, came])
        self.wait_for_metric(engine, 0, "skewless_kafka_lag", partition=CUT)
        self.produce(10, 2)
        self.wait_for_all(engine)
        said = engine.kill()
        end = BEFORE + GONE + LEFT
        self.assertRegex(said, rf"{self.topic}/{CUT}': position {BEFORE + int(came)} is no longer there; "
                               rf"the broker has {BEFORE + GONE} to {end}; going on at {BEFORE + GONE}")
        engine.start()
        self.wait_for_all(engine)
        self.wait_for_metric(engine, 0, "skewless_kafka_lost_messages_total", source="clicks")
        engine.stop()
        self.assertEqual(self.logged(), self.written + came)

    def test_it_stops_and_says_where(self):
        engine = self.overtake("")
        said = engine.process.communicate(timeout=60 * SLOWNESS)[1]
        engine.connection.close()
        self.assertEqual(engine.process.returncode, 1, said)
        self.assertRegex(said, rf"partition '{self.topic}/{CUT}': position \d+ is no longer there; the broker has "
                               rf"{BEFORE + GONE} to {BEFORE + GONE + LEFT}")
        self.assertIn("on_lost_data: continue", said)
        # Whoever allows it then goes on where it ended.
        self.define(more="    on_lost_data: continue\n")
        engine.start()
        self.wait_for_all(engine)
        lost = self.metric(engine, "skewless_kafka_lost_messages_total", source="clicks")
        engine.stop()
        self.assertGreater(lost, 0)
        self.assertEqual(self.logged(), self.written + GONE - lost)


if __name__ == "__main__":
    unittest.main(verbosity=2)
