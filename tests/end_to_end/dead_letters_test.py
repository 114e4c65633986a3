"""Dead letters to a topic whose broker stands still, or is gone, while the engine is killed (SIGKILL): the position
stays before a letter that nobody acknowledged. So each is in the topic in the end, and every good event counts once."""
import unittest

from kafka_broker import Broker
from topic import TopicTest, message

PARTITIONS = 2
DEAD = "dead"


class DeadLettersTest(TopicTest):
    def setUp(self):
        super().setUp()
        self.bad = set()
        self.elsewhere = Broker()
        self.addCleanup(self.elsewhere.close)
        self.elsewhere.create(DEAD)
        self.broker.create(self.topic, PARTITIONS)
        self.define(more=f"    dead_letters: {{topic: {DEAD}, brokers: {self.elsewhere.address}, "
                         "settings: {reconnect.backoff.max.ms: 500}}\n")

    def produce_mixed(self, count):
        """A third of them can't be read."""
        messages = []
        for number in range(count):
            if number % 3 == 1:
                self.bad.add(b"bad %d" % len(self.bad))
                messages.append((number % PARTITIONS, b"bad %d" % (len(self.bad) - 1)))
            else:
                self.written += 1
                messages.append((number % PARTITIONS, message(self.written)))
        self.broker.produce(self.topic, messages)

    def dead_letters(self):
        count, = self.elsewhere.ends(DEAD, 1)
        return [letter.value() for letter in self.elsewhere.consume(DEAD, count)]

    def wait_for_every_letter(self):
        letters = []

        def are_there():
            letters[:] = self.dead_letters()
            return set(letters) >= self.bad

        self.wait_until("bad records are missing in the topic of dead letters", are_there)
        self.assertEqual(set(letters), self.bad)
        return letters

    def meet_a_bad_record(self, engine):
        """The first of its life; it is told of before it is safe."""
        for line in engine.process.stderr:
            if "records could not be read" in line:
                return
        self.fail(f"ended with {engine.process.wait()}")

    def kill_while_away(self, engine, go_away, come_back):
        """What an engine met and nobody took, the next one meets again, and the one after that."""
        go_away()
        self.produce_mixed(300)
        for life in range(3):
            if life > 0:
                engine.start()
            self.meet_a_bad_record(engine)
            self.assertEqual(self.metric(engine, "skewless_dead_letters_total"), 0)
            engine.kill()
        self.assertLess(self.logged(), self.written)
        come_back()
        engine.start()
        self.wait_for_all(engine)
        return self.wait_for_every_letter()

    def test_kills_while_nobody_takes_them(self):
        engine = self.start()
        stands_still = self.kill_while_away(engine, self.elsewhere.stand_still, self.elsewhere.go_on)
        engine.stop()
        engine.start()
        gone = self.kill_while_away(engine, self.elsewhere.kill, self.elsewhere.start)
        engine.stop()
        self.assertEqual(self.logged(), self.written)
        print(f"{len(self.bad)} bad records, {len(stands_still)} and then {len(gone)} dead letters", flush=True)
        # Nothing is left to be read again.
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (0, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
