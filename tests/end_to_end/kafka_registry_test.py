"""Avro, Protobuf and JSON Schema from real topics, framed by Confluent's own serializers, with schemas from a registry
over HTTP: each message is read by the schema that wrote it (JSON by its columns), and is in the log once, whatever is
killed."""
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import time
import unittest
import urllib.request
from datetime import datetime, timezone

with contextlib.redirect_stderr(io.StringIO()):  # their own warnings, on being imported
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

from kafka_broker import Broker
from program import ProgramTest, SLOWNESS

SOURCE = """
  %(topic)s:
    type: kafka
    brokers: %(brokers)s
    topic: %(topic)s
    format: %(format)s
    %(schemas)s
    columns: {user_id: int64, number: int64, price: float64, ts: timestamp}
    event_timestamp: ts
    settings: {reconnect.backoff.max.ms: 500}
    dead_letters: %(letters)s
"""
DEFINITION = """
project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
serving: {listen: 127.0.0.1:0, served_log: var/served}
sources:%(sources)s
entities:
  user: {keys: {user_id: int64}}
feature_views:
  clicked: {source: clicks, entity: user, features: &features {count: count(*), sum: sum(number), newest: max(number),
                                                               priced: count(price), spent: sum(price)}}
  ordered: {source: orders, entity: user, features: *features}
  paid: {source: payments, entity: user, features: *features}
"""
VIEWS = {"clicks": "clicked", "orders": "ordered", "payments": "paid"}
NOON_MS = 1_700_000_000_000

CLICK_1 = """{"type": "record", "name": "Click", "namespace": "shop", "fields": [
  {"name": "user_id", "type": "long"}, {"name": "number", "type": "int"},
  {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"""
CLICK_2 = """{"type": "record", "name": "Click", "namespace": "shop", "fields": [
  {"name": "price", "type": ["null", "double"], "default": null},
  {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-micros"}},
  {"name": "number", "type": "long"}, {"name": "user_id", "type": "long"}]}"""
PAYMENT = """{"title": "Payment", "type": "object", "additionalProperties": %s, "properties": {
  "user_id": {"type": "integer"}, "number": {"type": "integer"}, "ts": {"type": "string"}}}"""
ORDER_1 = (("int64", "user_id", 1), ("int32", "number", 2), ("google.protobuf.Timestamp", "ts", 3))
ORDER_2 = (("int64", "user_id", 1), ("google.protobuf.Timestamp", "ts", 3), ("optional double", "price", 4),
           ("int64", "number", 2))


def order_class(file_name, fields):
    """A message of these fields, and the .proto file's text."""
    pool = descriptor_pool.DescriptorPool()
    timestamp = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(timestamp)
    pool.Add(timestamp)
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name=file_name, package="shop", syntax="proto3",
                                              dependency=[timestamp.name])
    order = file.message_type.add(name="Order")
    for kind, name, number in fields:
        field = order.field.add(name=name, number=number, label=kinds.LABEL_OPTIONAL)
        if "." in kind:
            field.type, field.type_name = kinds.TYPE_MESSAGE, "." + kind
        else:
            field.type = kinds.Type.Value("TYPE_" + kind.split()[-1].upper())
        if kind.startswith("optional"):
            field.proto3_optional, field.oneof_index = True, len(order.oneof_decl)
            order.oneof_decl.add(name="_" + name)
    pool.Add(file)
    lines = "".join(f"  {kind} {name} = {number};\n" for kind, name, number in fields)
    text = f'syntax = "proto3";\npackage shop;\nimport "{timestamp.name}";\nmessage Order {{\n{lines}}}\n'
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order")), text


class Writers:
    """Messages of both topics. Those of the first version have no price."""

    def __init__(self, url, protos):
        client = SchemaRegistryClient({"url": url})
        self.clicks = [AvroSerializer(client, Schema(text, "AVRO")) for text in (CLICK_1, CLICK_2)]
        self.payments = [JSONSerializer(PAYMENT % more, client) for more in ("false", '{"type": "number"}')]
        self.orders = []
        for version, fields in enumerate((ORDER_1, ORDER_2), 1):
            order, text = order_class(f"order-{version}.proto", fields)
            with open(os.path.join(protos, f"order-{version}.proto"), "w") as file:
                file.write(text)
            self.orders.append((order, ProtobufSerializer(order, client, {"use.deprecated.format": False})))

    def message(self, topic, number, version):
        price = {"price": number / 4} if version == 2 else {}
        context = SerializationContext(topic, MessageField.VALUE)
        if topic == "clicks":
            ts = (NOON_MS + number) * (1 if version == 1 else 1000)
            return self.clicks[version - 1]({"user_id": 7, "number": number, "ts": ts, **price}, context)
        if topic == "payments":
            ts = datetime.fromtimestamp((NOON_MS + number) / 1000, timezone.utc).isoformat(timespec="milliseconds")
            return self.payments[version - 1]({"user_id": 7, "number": number, "ts": ts, **price}, context)
        order, serializer = self.orders[version - 1]
        one = order(user_id=7, number=number, **price)
        one.ts.FromMilliseconds(NOON_MS + number)
        return serializer(one, context)


class KafkaRegistryTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        os.makedirs(self.path("protos"))
        registry = subprocess.Popen([sys.executable, "tests/messages/registry.py", self.path("protos")],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(registry.communicate)  # it ends with its input
        self.registry = f"http://127.0.0.1:{int(registry.stdout.readline())}"
        self.writers = Writers(self.registry, self.path("protos"))
        self.expected = [0, 0, 0, 0, None]  # of each view
        for topic in VIEWS:
            self.broker.create(topic, 2)
        self.broker.create("orders-dead")
        registry = f"schema_registry: {self.registry}"
        sources = [SOURCE % {"topic": topic, "format": format, "brokers": self.broker.address, "letters": letters,
                             "schemas": schemas}
                   for topic, format, schemas, letters in (
                       ("clicks", "avro", registry, "dead/clicks.jsonl"),
                       ("orders", "protobuf", registry, "{topic: orders-dead}"),
                       ("payments", "json", "framing: confluent", "dead/payments.jsonl"))]
        self.write("skewless.yaml", DEFINITION % {"sources": "".join(sources)})

    def produce(self, count, versions):
        numbers = range(self.expected[0] + 1, self.expected[0] + count + 1)
        version = {number: versions[number % len(versions)] for number in numbers}
        for topic in VIEWS:
            self.broker.produce(topic, [(number % 2, self.writers.message(topic, number, version[number]))
                                        for number in numbers])
        last = numbers[-1]
        priced = [number / 4 for number in numbers if version[number] == 2]
        spent = (self.expected[4] or 0) + sum(priced) if priced else self.expected[4]
        self.expected = [last, last * (last + 1) // 2, last, self.expected[3] + len(priced), spent]

    def read(self, engine, view):
        reply = engine.read({"features": [view], "entities": {"user_id": [7]}})
        return [column["values"][0] for column in reply["results"][1:]]

    def wait_for_all(self, engine):
        deadline = time.monotonic() + 60 * SLOWNESS
        for view in VIEWS.values():
            while self.read(engine, view) != self.expected:
                self.assertLess(time.monotonic(), deadline, f"{self.read(engine, view)}, not {self.expected}")
                self.assertIsNone(engine.process.poll())
                time.sleep(0.01)

    def test_two_versions_of_each(self):
        dice = random.Random(5)
        self.produce(100, [1])
        engine = self.start()
        self.wait_for_all(engine)
        # A version that the engine has not seen, amid those of the one before.
        self.produce(500, [2, 1, 2])
        self.wait_for_all(engine)
        for _ in range(4):
            self.produce(1000, [1, 2])
            time.sleep(dice.random() * 0.1)
            engine.kill()
            engine.start()
        self.wait_for_all(engine)
        engine.kill()
        # The registry is asked again by each engine. While it fails, messages wait, and none is passed over.
        self.produce(200, [1, 2])
        urllib.request.urlopen(self.registry + "/test/failures", data=b"8").close()
        engine.start()
        self.wait_for_all(engine)
        engine.stop()
        self.assertIn(f"schema registry {self.registry}: it answers with status 503", engine.errors)
        for view in VIEWS.values():
            features = self.run_json("get", view, "user_id=7")["features"]
            self.assertEqual(features, dict(zip((f"{view}__{name}" for name in ("count", "sum", "newest", "priced",
                                                                              "spent")), self.expected)))
        self.assertEqual(sum(segment["records"] for segment in self.run_json("log", "--verify")), 3 * self.expected[0])
        report = self.run_json("audit")
        self.assertGreater(report["rows"], 0)
        self.assertEqual(report["different_rows"], 0, report)

    def letters_of(self, source):
        with open(self.path(f"dead/{source}.jsonl")) as file:
            return [json.loads(line) for line in file]

    def test_what_is_no_message_of_its_schema(self):
        bad = {}
        self.produce(10, [1, 2])
        for topic in VIEWS:
            good = self.writers.message(topic, 999, 2)
            unknown = [] if topic == "payments" else [b"\0\0\0\x03\xe7" + good[5:]]
            bad[topic] = [*unknown, good[:-2], b'{"user_id": 7}']
            self.broker.produce(topic, [(1, one) for one in bad[topic]])
        self.produce(10, [1, 2])
        summary = self.run_json("run", "--once")
        self.assertEqual((summary["events"], summary["dead_letters"]), (60, 8))
        self.assertEqual(self.run_json("run", "--once")["dead_letters"], 0)
        letters = self.letters_of("payments")
        self.assertEqual([(letter["stream"], letter["offset"]) for letter in letters],
                         [("payments/1", offset) for offset in (5, 6)])
        self.assertTrue(letters[0]["reason"].startswith("not valid JSON: "), letters)
        self.assertTrue(letters[1]["reason"].startswith("not framed by a schema registry: "), letters)
        letters = self.letters_of("clicks")
        self.assertEqual([(letter["stream"], letter["offset"]) for letter in letters],
                         [("clicks/1", offset) for offset in (5, 6, 7)])
        wanted = ["schema 999 is not in the registry", "not valid Avro: ", "not framed by a schema registry: "]
        for letter, reason in zip(letters, wanted):
            self.assertTrue(letter["reason"].startswith(reason), letter)
        letters = self.broker.consume("orders-dead", 3)
        self.assertEqual([letter.value() for letter in letters], bad["orders"])
        wanted[1] = "not valid Protobuf of shop.Order: "
        for letter, reason in zip(letters, wanted):
            said = dict(letter.headers())["__connect.errors.exception.message"].decode()
            self.assertTrue(said.startswith(reason), said)


if __name__ == "__main__":
    unittest.main()
