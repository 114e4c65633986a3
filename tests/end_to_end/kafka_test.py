"""Topics as sources, with a real broker: every message is in the log once, whatever dies, and what can't be read, or is
gone, is told."""
import json
import os
import random
import re
import shutil
import subprocess
import time
import unittest

from confluent_kafka import Producer

from kafka_broker import Broker
from program import PROGRAM, SLOWNESS
from topic import NOON, TopicTest, message


class KafkaTest(TopicTest):
    # ---- where reading begins, and goes on

    def test_topics_and_restarts(self):
        self.broker.create(self.topic, 3)
        self.broker.create(self.topic + "-2", 2)
        self.define(self.topic, self.topic + "-2")
        self.produce(1000, 3)
        engine = self.start()
        self.wait_for_all(engine)
        self.produce(500, 2, self.topic + "-2")
        self.wait_for_all(engine)
        engine.stop()
        self.produce(700, 3)
        engine = self.start()
        self.wait_for_all(engine)
        for partition, end in enumerate(self.broker.ends(self.topic, 3)):
            self.wait_for_metric(engine, end, "skewless_kafka_position", topic=self.topic, partition=partition)
            self.wait_for_metric(engine, 0, "skewless_kafka_lag", topic=self.topic, partition=partition)
        self.assertEqual(self.metric(engine, "skewless_kafka_messages_total", topic=self.topic + "-2", partition=0), 0)
        engine.stop()
        self.assertEqual(self.logged(), self.written)

    def test_once_ends_where_the_partitions_end(self):
        self.broker.create(self.topic, 2)
        self.define()
        self.produce(300, 2)
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (300, 0))
        self.assertEqual(self.run_json("run", "--once")["events"], 0)
        self.assertEqual(self.logged(), 300)

    def test_starts(self):
        self.broker.create(self.topic, 2)
        self.produce(10, 2)
        time.sleep(0.05)
        now = time.time()
        between = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        time.sleep(0.05)
        self.produce(6, 2)
        for start, events in ((f'{{timestamp: "{between}"}}', 6), ('{timestamp: "2100-01-01T00:00:00Z"}', 0),
                              (f"{{offsets: {{{self.topic}/1: 7}}}}", 9), ("earliest", 16), ("latest", 0)):
            self.define(more=f"    start: {start}\n")
            shutil.rmtree(self.path("var"), ignore_errors=True)
            self.assertEqual(self.run_json("run", "--once")["events"], events, start)
        # What was the end when the engine first saw it is where a restart goes on.
        self.produce(5, 2)
        self.assertEqual(self.run_json("run", "--once")["events"], 5)

    def test_a_start_after_history_from_files_of_a_folder_that_is_named_like_the_topic(self):
        """Positions in files don't make a topic known, whose partitions would be new ones then."""
        self.broker.create(self.topic, 2)
        self.produce(10, 2)
        self.write(f"{self.topic}/1.csv", f"user_id,number,ts\n7,0,{NOON}\n")
        self.define()
        text = re.sub("type: kafka.*format: json", f"type: file\n    path: {self.topic}/*.csv\n    format: csv",
                      self.definition, flags=re.DOTALL)
        self.write("skewless.yaml", re.sub(" *settings: .*\n", "", text))
        self.assertEqual(self.run_json("run", "--once")["events"], 1)
        self.define(more="    start: latest\n")
        self.assertEqual(self.run_json("run", "--once")["events"], 0)
        self.produce(4, 2)
        self.assertEqual(self.run_json("run", "--once")["events"], 4)

    def test_a_start_of_partitions_that_are_named_later(self):
        """They were there all along."""
        self.broker.create(self.topic, 2)
        self.produce(20, 2)
        self.define(more="    partitions: [0]\n")
        self.assertEqual(self.run_json("run", "--once")["events"], 10)
        self.define(more=f"    partitions: [0, 1]\n    start: {{offsets: {{{self.topic}/1: 7}}}}\n")
        self.assertEqual(self.run_json("run", "--once")["events"], 3)

    def test_a_start_at_a_partition_that_is_not_there(self):
        self.broker.create(self.topic, 2)
        self.produce(4, 2)
        for more in ("", "    group: members\n"):
            self.define(more=f"    start: {{offsets: {{{self.topic}/1: 1, {self.topic}/2: 0}}}}\n{more}")
            said = self.fails()
            self.assertIn(f"start.offsets names partition '{self.topic}/2', and topic '{self.topic}' has 0 to 1", said)
            self.assertIn("Remove it from start.offsets", said)

    def test_some_partitions(self):
        self.broker.create(self.topic, 3)
        self.define(more="    partitions: [0, 2]\n")
        self.produce(30, 3)
        self.assertEqual(self.run_json("run", "--once")["events"], 20)
        self.define(more="    partitions: [3]\n")
        self.assertIn(f"topic '{self.topic}' has no partition 3; it has 0 to 2", self.fails())

    def test_a_topic_that_is_not_there(self):
        self.define()
        self.assertIn(f"there is no topic '{self.topic}' at {self.broker.address}", self.fails())

    def test_a_setting_that_is_none(self):
        self.define(more="    start: earliest\n")
        with open(self.path("skewless.yaml")) as file:
            text = file.read()
        self.write("skewless.yaml", text.replace("settings: {", "settings: {sekurity.protocol: ssl, "))
        self.assertIn('No such configuration property: "sekurity.protocol"', self.fails())

    def test_a_new_partition(self):
        self.broker.create(self.topic, 1)
        self.define(more="    start: latest\n")
        engine = self.start()
        self.wait_for_metric(engine, 0, "skewless_kafka_lag", partition=0)
        self.produce(10, 1)
        self.wait_for_all(engine)
        # What is new is read from its beginning, whatever `start` says: found while running, or at the next start.
        self.broker.add_partitions(self.topic, 3)
        self.produce(30, 3)
        self.wait_for_all(engine)
        engine.stop()
        self.broker.add_partitions(self.topic, 4)
        self.produce(40, 4)
        engine.start()
        self.wait_for_all(engine)
        engine.stop()
        self.assertEqual(self.logged(), 80)

    # ---- what dies

    def test_an_engine_that_is_killed(self):
        dice = random.Random(11)
        self.broker.create(self.topic, 4)
        self.define()
        engine = self.start()
        for _ in range(6):
            self.produce(3000, 4)
            time.sleep(dice.random() * 0.1)
            engine.kill()
            engine.start()
        self.wait_for_all(engine)
        engine.stop()
        self.assertEqual(self.logged(), self.written)

    @staticmethod
    def brokers_told(errors):
        return re.findall(r"brokers away|brokers back|source goes on.*(?:down|refused|back)", errors)

    def test_a_broker_that_is_killed(self):
        broker = Broker("group.min.session.timeout.ms=1000")
        self.addCleanup(broker.close)
        self.broker, shared = broker, self.broker
        try:
            broker.create(self.topic, 2)
            self.define(more="    group: killed\n")
            self.produce(1000, 2)
            engine = self.start()
            self.wait_for_all(engine)
            broker.kill()
            deadline = time.monotonic() + 60 * SLOWNESS
            while not self.metric(engine, "skewless_kafka_errors_total", source="clicks"):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.wait_for_metric(engine, 0, "skewless_kafka_up", source="clicks")
            self.wait_for_all(engine)
            broker.start()
            self.wait_for_metric(engine, 1, "skewless_kafka_up", source="clicks")  # though no message comes
            self.produce(1000, 2)
            self.wait_for_all(engine)
            self.wait_for_metric(engine, 1, "skewless_kafka_reconnects_total", source="clicks")
            # An engine that comes before its broker waits for it.
            told = self.brokers_told(engine.kill())
            broker.kill()
            self.assertEqual(told, ["brokers away", "brokers back"])
            engine.start()
            time.sleep(0.5)
            broker.start()
            self.produce(1000, 2)
            self.wait_for_all(engine)
            engine.stop()
            self.assertEqual(self.brokers_told(engine.errors), ["brokers away", "brokers back"])
            self.assertEqual(self.logged(), self.written)
        finally:
            self.broker = shared

    def test_tls_and_a_password(self):
        """In the real program, whose libraries bring two OpenSSLs: the topic and its dead letters."""
        broker = Broker(secure=True)
        self.addCleanup(broker.close)
        broker.create(self.topic)
        broker.create("dead")
        settings = "".join(f"{key}: {value}, " for key, value in broker.client.items() if key[:4] in ("secu", "sasl", "ssl."))
        self.define(more="    dead_letters: {topic: dead}\n")
        with open(self.path("skewless.yaml")) as file:
            text = file.read().replace(self.broker.address, broker.address)
        self.write("skewless.yaml", text.replace("settings: {", "settings: {" + settings))
        broker.produce(self.topic, [(0, message(1)), (0, b"?"), (0, message(2))])
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (2, 1))
        self.assertEqual(broker.consume("dead", 1)[0].value(), b"?")
        # Who doesn't know the password waits, and says why.
        settings = settings.replace("sasl.password: word", "sasl.password: guess")
        self.write("skewless.yaml", text.replace("settings: {", "settings: {" + settings))
        engine, said, patience = self.start(), "", 0.1
        while "Invalid username or password" not in said:  # a broker that is busy refuses after it was thought away
            self.assertLess(patience, 60 * SLOWNESS, said)
            self.wait_until("no error", lambda: self.metric(engine, "skewless_kafka_errors_total", source="clicks"))
            time.sleep(patience)
            patience *= 2
            said = engine.kill()
            engine.start()
        self.assertRegex(said, "(brokers away|source goes on) .*Invalid username or password.* remedy=.*sasl.password")

    # ---- what is gone

    def truncate(self, more):
        self.broker.create(self.topic, 2)
        self.define(more=more)
        self.produce(100, 2)
        self.assertEqual(self.run_json("run", "--once")["events"], 100)
        self.produce(200, 2)
        self.broker.delete_records(self.topic, 1, 120)

    def test_a_truncated_topic_stops_the_source(self):
        self.truncate("")
        said = self.fails()
        self.assertIn(f"partition '{self.topic}/1': position 50 is no longer there; the broker has 120 to 150", said)
        self.assertIn("on_lost_data: continue", said)
        self.assertEqual(self.logged(), 100)

    def test_a_truncated_topic_goes_on(self):
        self.truncate("    on_lost_data: continue\n")
        engine = self.start()
        self.wait_for_metric(engine, 70, "skewless_kafka_lost_messages_total", source="clicks")
        self.wait_for_metric(engine, 130, "skewless_events_accepted_total")
        self.assertIn("position 50 is no longer there; the broker has 120 to 150; going on at 120", engine.kill())
        self.assertEqual(self.logged(), 230)

    def make_anew(self, more=""):
        """Of the topic's 100 messages all were read; it is another one now, with 10."""
        self.broker.create(self.topic, 1)
        self.define(more=more)
        self.produce(100, 1)
        self.assertEqual(self.run_json("run", "--once")["events"], 100)
        self.broker.delete(self.topic)
        time.sleep(0.5)
        self.broker.create(self.topic, 1)
        self.produce(10, 1)

    def test_a_topic_that_was_made_anew(self):
        self.make_anew()
        self.assertIn("position 100 is no longer there; the broker has 0 to 10", self.fails())

    def test_a_topic_that_was_made_anew_between_two_runs_is_gone_on_with_at_its_end(self):
        """Nobody can tell it from one that lost its end, and what is left there was read."""
        self.make_anew("    on_lost_data: continue\n")
        engine = self.start()
        self.wait_for_metric(engine, 1, "skewless_kafka_lost_ends_total", source="clicks")
        self.produce(5, 1)
        self.wait_for_metric(engine, 5, "skewless_events_accepted_total")
        self.assertRegex(engine.kill(), "the broker has 0 to 10; going on at 10: .*passed over where the topic was made anew")

    def test_a_topic_that_is_made_anew_with_fewer_partitions_beneath_an_engine(self):
        """It ends, and says why, though its client may wait for partitions that are gone, and for good."""
        self.broker.create(self.topic, 5)
        self.define()
        self.produce(100, 5)
        engine = self.start()
        self.wait_for_all(engine)
        self.broker.delete(self.topic)
        time.sleep(0.5)
        self.broker.create(self.topic, 3)
        said = engine.process.communicate(timeout=60 * SLOWNESS)[1]
        engine.connection.close()
        self.assertEqual(engine.process.returncode, 1, said)
        self.assertIn("position 20 is no longer there; the broker has 0 to 0", said)

    # ---- messages that are no events

    def test_tombstones(self):
        self.broker.create(self.topic, 1)
        self.define()
        self.broker.produce(self.topic, [(0, b"k", message(1)), (0, b"k", None), (0, b"k", message(2)), (0, b"k", None)])
        self.written = 2
        engine = self.start()
        self.wait_for_all(engine)
        self.wait_for_metric(engine, 2, "skewless_kafka_tombstones_total", source="clicks")
        self.wait_for_metric(engine, 4, "skewless_kafka_position", partition=0)
        self.assertEqual(self.metric(engine, "skewless_dead_letters_total"), 0)
        engine.stop()
        # Their offsets are behind us, too.
        self.assertEqual(self.run_json("run", "--once")["events"], 0)

    def test_poison_to_a_file(self):
        self.broker.create(self.topic, 2)
        self.define()
        self.broker.produce(self.topic, [(0, message(1)), (0, b"{"), (1, b"\xff"), (0, b""), (1, message(2))])
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (2, 3))
        self.run_json("run", "--once")
        with open(self.path("var/log/dead_letters/clicks.jsonl")) as file:
            letters = [json.loads(line) for line in file]
        places = sorted((letter["stream"], letter["offset"]) for letter in letters)
        self.assertEqual(places, [(f"{self.topic}/0", 1), (f"{self.topic}/0", 2), (f"{self.topic}/1", 0)])
        self.assertEqual({letter.get("record", letter.get("record_base64")) for letter in letters}, {"{", "", "/w=="})
        self.assertEqual({letter["key"] for letter in letters}, {None})
        os.rename(self.path("var"), self.path("old"))
        said = self.run_program("run", "--once", "--strict", code=1)[1]
        self.assertRegex(said, rf"{self.topic}/(0: record 1: not valid JSON|1: record 0: not valid UTF-8)")

    def test_poison_with_a_key_and_headers_to_a_file(self):
        """All of a message is kept: whoever has the file can produce it again."""
        self.broker.create(self.topic, 1)
        self.define()
        big = b"{" + b"x" * 100_000
        headers = [("trace", b"\x01\xff"), ("trace", "é".encode()), ("nothing", None), ("empty", b"")]
        self.broker.produce(self.topic, [(0, b"k", big, headers), (0, b"\xfe", b"\xff", []), (0, b"", b"?", [])])
        self.assertEqual(self.run_json("run", "--once")["dead_letters"], 3)
        with open(self.path("var/log/dead_letters/clicks.jsonl")) as file:
            letters = [json.loads(line) for line in file]
        for letter in letters:
            self.assertEqual((letter.pop("source"), letter.pop("stream"), letter.pop("line")),
                             ("clicks", f"{self.topic}/0", 0))
            letter.pop("reason")
        self.assertEqual(letters, [
            {"offset": 0, "record": big.decode(), "key": "k", "headers": [
                {"name": "trace", "value_base64": "Af8="}, {"name": "trace", "value": "é"},
                {"name": "nothing", "value": None}, {"name": "empty", "value": ""}]},
            {"offset": 1, "record_base64": "/w==", "key_base64": "/g=="},
            {"offset": 2, "record": "?", "key": ""}])

    def test_poison_to_a_topic(self):
        dead = self.topic + "-dead"
        self.broker.create(self.topic, 2)
        self.broker.create(dead, 1)
        self.define(more=f"    dead_letters: {{topic: {dead}}}\n")
        big = b"{" + b"x" * 100_000
        self.broker.produce(self.topic, [(0, message(1)),
                                         (1, b"\x00key", big, [("trace", b"\x01"), ("nothing", None)]), (1, b"?"),
                                         (0, message(2))])
        self.assertEqual(self.run_json("run", "--once")["dead_letters"], 2)
        self.assertEqual(self.run_json("run", "--once")["dead_letters"], 0)
        first, second = self.broker.consume(dead, 2)
        self.assertEqual((first.key(), first.value()), (b"\x00key", big))
        self.assertEqual((second.key(), second.value()), (None, b"?"))
        headers = dict(first.headers())
        self.assertEqual((headers.pop("trace"), headers.pop("nothing")), (b"\x01", None))
        said = {name.removeprefix("__connect.errors."): value.decode() for name, value in headers.items()}
        reason = said.pop("exception.message")
        self.assertTrue(reason.startswith("not valid JSON"), reason)
        self.assertEqual(said, {
            "topic": self.topic, "partition": "1", "offset": "0", "connector.name": "clicks", "task.id": "0",
            "stage": "VALUE_CONVERTER", "class.name": "skewless", "exception.class.name": "skewless.DataException",
            "exception.stacktrace": f"skewless.DataException: {reason}\n"})
        self.assertEqual(self.broker.ends(dead, 1), [2])

    def test_the_stage_of_a_dead_letter(self):
        dead = self.topic + "-dead"
        self.broker.create(self.topic, 1)
        self.broker.create(dead, 1)
        self.define(more="    metadata: {user_id: key, number: {header: number}}\n"
                         f"    dead_letters: {{topic: {dead}}}\n")
        value = json.dumps({"ts": NOON}).encode()
        self.broker.produce(self.topic, [(0, b"7", value, [("number", b"1")]), (0, b"x", value, [("number", b"1")]),
                                         (0, b"7", value, [("number", b"many")]), (0, b"7", b"{", [("number", b"2")])])
        self.assertEqual(self.run_json("run", "--once")["dead_letters"], 3)
        said = [(headers["__connect.errors.stage"], headers["__connect.errors.exception.message"].split(b":")[0])
                for headers in (dict(letter.headers()) for letter in self.broker.consume(dead, 3))]
        self.assertEqual(said, [(b"KEY_CONVERTER", b"key"), (b"HEADER_CONVERTER", b"header number"),
                                (b"VALUE_CONVERTER", b"not valid JSON")])

    def test_the_stage_where_a_header_is_missing(self):
        dead = self.topic + "-dead"
        self.broker.create(self.topic, 1)
        self.broker.create(dead, 1)
        self.define(more="    metadata: {ts: {header: at}}\n"
                         f"    dead_letters: {{topic: {dead}}}\n")
        value = json.dumps({"user_id": 7, "number": 1}).encode()
        self.broker.produce(self.topic, [(0, b"", value, [("at", str(NOON).encode())]), (0, b"", value, [("to", b"1")])])
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (1, 1))
        headers = dict(self.broker.consume(dead, 1)[0].headers())
        self.assertEqual((headers["__connect.errors.stage"], headers["__connect.errors.exception.message"]),
                         (b"HEADER_CONVERTER", b"no event_timestamp (column 'ts' is null)"))

    def test_dead_letters_that_nobody_takes(self):
        """The position stays before a letter that isn't acknowledged."""
        dead = self.topic + "-dead"
        self.broker.create(self.topic, 1)
        self.broker.create(dead, 1, max_message_bytes=1000)
        self.define(more=f"    dead_letters: {{topic: {dead}}}\n")
        self.broker.produce(self.topic, [(0, message(1)), (0, b"x" * 5000), (0, message(2))])
        self.assertIn(f"dead_letters, topic '{dead}' doesn't take them: Broker: Message size too large", self.fails())
        self.assertEqual(self.logged(), 0)

    def test_a_dead_letter_topic_that_is_not_there(self):
        """It is missed at the start, and not with the first letter."""
        dead = self.topic + "-dead"
        self.broker.create(self.topic, 1)
        self.define(more=f"    dead_letters: {{topic: {dead}}}\n")
        self.assertRegex(self.fails(), rf"source 'clicks': dead_letters, there is no topic '{dead}' at "
                                       rf"{self.broker.address}\n  Create the topic")

    def test_a_stop_while_the_brokers_of_dead_letters_are_away(self):
        """They are asked with the first letter, and it waits; a stop doesn't, however many letters there are."""
        self.write("clicks.csv", "user_id,number,ts\n" + "1,2,x\n" * 1000)
        self.write("skewless.yaml", """
project: files
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    type: file
    path: clicks.csv
    format: csv
    columns: {user_id: int64, number: int64, ts: "timestamp[ms]"}
    event_timestamp: ts
    dead_letters: {topic: dead, brokers: "127.0.0.1:1"}
entities: {user: {keys: {user_id: int64}}}
feature_views: {seen: {source: clicks, entity: user, features: {count: count(*)}}}
""")
        engine = subprocess.Popen([PROGRAM, "run", "-C", self.folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        self.addCleanup(engine.kill)
        for line in engine.stderr:
            if "records could not be read" in line:
                break
        engine.terminate()
        said = engine.communicate(timeout=20 * SLOWNESS)[0]
        self.assertEqual(engine.returncode, 0)
        self.assertNotIn("kept", said)

    def test_what_the_page_about_dead_letters_shows(self):
        with open("docs/reference/dead-letters.md") as file:
            source = re.search(r"```yaml source\n(.*?)```", file.read(), re.DOTALL)[1]
        self.assertEqual(source.count("localhost:9092"), 1)
        self.write("skewless.yaml", "project: shop\nlog: {path: var/log}\nonline: {type: embedded, path: var/online}\n" +
                   source.replace("localhost:9092", self.broker.address) +
                   "entities: {user: {keys: {user_id: int64}}}\n"
                   "feature_views: {seen: {source: clicks, entity: user, features: {n: count(*)}}}\n")
        self.broker.create("clicks")
        self.broker.create("clicks-dead")
        self.broker.produce("clicks", [(0, message(1)), (0, b"?")])
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (1, 1))
        self.assertEqual(self.broker.consume("clicks-dead", 1)[0].value(), b"?")

    # ---- offsets that no message has

    def test_a_compacted_topic(self):
        """What it left out is no loss, neither behind the position nor where `start` says."""
        self.broker.create(self.topic, cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01")
        self.define()
        self.broker.produce(self.topic, [(0, b"%d" % (number % 3), message(number)) for number in range(10)])
        self.assertEqual(self.run_json("run", "--once")["events"], 10)
        self.broker.produce(self.topic, [(0, b"%d" % (number % 3), message(number)) for number in range(10, 30)])
        time.sleep(0.2)
        self.broker.produce(self.topic, [(0, b"last", message(30))])  # begins a segment; those before are compacted
        deadline = time.monotonic() + 60
        while self.broker.consume(self.topic, 1)[0].offset() != 27:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.run_json("run", "--once")["events"], 4)
        self.assertEqual(self.run_json("run", "--once")["events"], 0)
        self.assertEqual(self.logged(), 14)
        shutil.rmtree(self.path("var"))
        self.define(more=f"    start: {{offsets: {{{self.topic}/0: 5}}}}\n")
        self.assertEqual(self.run_json("run", "--once")["events"], 4)

    def test_transactions(self):
        """What one aborted is never read, and what one has not committed not yet. Their ends have offsets, too."""
        self.broker.create(self.topic, 1)
        self.define()
        producer = Producer({**self.broker.client, "transactional.id": self.topic})
        producer.init_transactions(60)

        def write(numbers):
            producer.begin_transaction()
            for number in numbers:
                producer.produce(self.topic, message(number), partition=0)
            producer.flush(60)

        for first, end in ((1, producer.commit_transaction), (100, producer.abort_transaction),
                           (11, producer.commit_transaction)):
            write(range(first, first + 10))
            end(60)
        self.written = 20
        engine = self.start()
        self.wait_for_all(engine)
        self.wait_for_metric(engine, 0, "skewless_kafka_lag", partition=0)
        self.wait_until_committed("skewless-live-clicks", [33])
        engine.kill()
        self.broker.delete_records(self.topic, 0, 33)  # as retention does
        write(range(21, 31))
        self.assertEqual(self.run_json("run", "--once")["events"], 0)
        engine.start()
        producer.commit_transaction(60)
        self.written = 30
        self.wait_for_all(engine)
        engine.stop()
        self.assertEqual(self.logged(), 30)
        shutil.rmtree(self.path("var"))
        write(range(31, 41))
        self.write("skewless.yaml",
                   self.definition.replace("settings: {", "settings: {isolation.level: read_uncommitted, "))
        self.assertEqual(self.run_json("run", "--once")["events"], 20)
        producer.abort_transaction(60)

    # ---- watermarks

    def test_the_slowest_partition_holds_the_watermark(self):
        self.broker.create(self.topic, 2)
        self.define(more="    allowed_lateness: 0s\n    idle_after: 1h\n")
        engine = self.start()
        self.wait_for_metric(engine, 0, "skewless_kafka_position", partition=1)
        hour = 3_600_000
        # Partition 0 is far ahead, partition 1 has nothing yet: an event of any time is in time.
        self.broker.produce(self.topic, [(0, message(1, ts=NOON + 2 * hour)), (0, message(1, ts=NOON + hour))])
        self.wait_for(engine, [2, 2, 1])
        self.broker.produce(self.topic, [(1, message(1, ts=NOON + hour)), (0, message(1, ts=NOON + hour))])
        self.wait_for(engine, [4, 4, 1])
        # Behind the slower one is too late.
        self.broker.produce(self.topic, [(0, message(100, ts=NOON + hour - 1))])
        self.wait_for_metric(engine, 1, "skewless_events_refused_late_total")
        self.assertEqual(self.metric(engine, "skewless_watermark_seconds"), (NOON + hour) / 1000)
        # The log gives the watermark back after a crash: the same is too late, and no more than that.
        engine.kill()
        engine.start()
        self.broker.produce(self.topic, [(0, message(100, ts=NOON + hour - 1)), (0, message(1, ts=NOON + hour))])
        self.wait_for(engine, [5, 5, 1])
        self.wait_for_metric(engine, 1, "skewless_events_refused_late_total")
        # Where partition 1 is silent for idle_after it holds nothing any more.
        engine.stop()
        self.define(more="    allowed_lateness: 0s\n    idle_after: 200ms\n")
        engine.start()
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.metric(engine, "skewless_watermark_seconds") != (NOON + 2 * hour) / 1000:
            self.assertLess(time.monotonic(), deadline)
            self.broker.produce(self.topic, [(0, message(1, ts=NOON + 2 * hour))])
            time.sleep(0.3)
        self.broker.produce(self.topic, [(1, message(100, ts=NOON + hour))])
        self.wait_for_metric(engine, 1, "skewless_events_refused_late_total")
        engine.stop()


if __name__ == "__main__":
    unittest.main()
