"""Registers schemas and writes messages with Confluent's own serializers: confluent_messages.py URL
DIR. DIR gets avro.messages and protobuf.messages (u32 length, bytes), whose contents registry_test.cc
tells. With --protos instead of a URL it gets the .proto files that the registry answers with."""
import contextlib
import io
import os
import struct
import sys

with contextlib.redirect_stderr(io.StringIO()):  # their own warnings, on being imported
    from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

KIND = '{"type": "enum", "name": "Kind", "namespace": "shop", "symbols": ["click", "buy"]}'
BASE = """{"type": "record", "name": "Visitor", "namespace": "shop", "fields": [
  {"name": "visitor", "type": "string"}, {"name": "first_kind", "type": "shop.Kind"}]}"""
CLICK_1 = """{"type": "record", "name": "Click", "namespace": "shop", "fields": [
  {"name": "user_id", "type": "long"},
  {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-millis"}},
  {"name": "kind", "type": "string"}]}"""
CLICK_2 = """{"type": "record", "name": "Click", "namespace": "shop", "fields": [
  {"name": "who", "type": "shop.Visitor"},
  {"name": "user_id", "type": "int"},
  {"name": "price", "type": ["null", "double"], "default": null},
  {"name": "kind", "type": "Kind"},
  {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}"""

KINDS_PROTO = """syntax = "proto3";
package shop;
enum Kind { NONE = 0; CLICK = 1; BUY = 2; }
"""
CLICKS_PROTO = """syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "nested/kinds.proto";
message View { int64 user_id = 1; google.protobuf.Timestamp ts = 2; }
message Envelope {
  message Unused { string text = 1; }
  message Click {
    int64 user_id = 1;
    optional double price = 2;
    Kind kind = 3;
    google.protobuf.Timestamp ts = 4;
  }
}
"""


def write(path, messages):
    with open(path, "wb") as file:
        file.write(b"".join(struct.pack("<I", len(m)) + m for m in messages))


def avro_messages(client):
    client.register_schema("kind", Schema(KIND, "AVRO"))
    kind = SchemaReference("shop.Kind", "kind", 1)
    client.register_schema("visitor/value", Schema(BASE, "AVRO", [kind]))
    visitor = SchemaReference("shop.Visitor", "visitor/value", 1)
    first = AvroSerializer(client, Schema(CLICK_1, "AVRO"))
    second = AvroSerializer(client, Schema(CLICK_2, "AVRO", [visitor, kind]))
    context = SerializationContext("clicks", MessageField.VALUE)
    for i in range(20):
        yield first({"user_id": i, "ts": 1_700_000_000_000 + i, "kind": f"kind {i}"}, context)
        yield second({"who": {"visitor": "v", "first_kind": "buy"}, "user_id": i,
                      "price": None if i % 3 == 0 else i / 8,
                      "kind": "buy" if i % 2 else "click",
                      "ts": 1_700_000_000_000_000 + i}, context)


def protobuf_classes():
    pool = descriptor_pool.DescriptorPool()
    proto = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(proto)
    pool.Add(proto)
    f = descriptor_pb2.FieldDescriptorProto
    kinds = descriptor_pb2.FileDescriptorProto(name="nested/kinds.proto", package="shop",
                                               syntax="proto3")
    kind = kinds.enum_type.add(name="Kind")
    for number, name in enumerate(["NONE", "CLICK", "BUY"]):
        kind.value.add(name=name, number=number)
    pool.Add(kinds)
    clicks = descriptor_pb2.FileDescriptorProto(
        name="clicks.proto", package="shop", syntax="proto3",
        dependency=["google/protobuf/timestamp.proto", "nested/kinds.proto"])
    moment = {"type": f.TYPE_MESSAGE, "type_name": ".google.protobuf.Timestamp"}
    view = clicks.message_type.add(name="View")
    view.field.add(name="user_id", number=1, label=f.LABEL_OPTIONAL, type=f.TYPE_INT64)
    view.field.add(name="ts", number=2, label=f.LABEL_OPTIONAL, **moment)
    envelope = clicks.message_type.add(name="Envelope")
    unused = envelope.nested_type.add(name="Unused")
    unused.field.add(name="text", number=1, label=f.LABEL_OPTIONAL, type=f.TYPE_STRING)
    click = envelope.nested_type.add(name="Click")
    click.oneof_decl.add(name="_price")
    click.field.add(name="user_id", number=1, label=f.LABEL_OPTIONAL, type=f.TYPE_INT64)
    click.field.add(name="price", number=2, label=f.LABEL_OPTIONAL, type=f.TYPE_DOUBLE,
                    proto3_optional=True, oneof_index=0)
    click.field.add(name="kind", number=3, label=f.LABEL_OPTIONAL, type=f.TYPE_ENUM,
                    type_name=".shop.Kind")
    click.field.add(name="ts", number=4, label=f.LABEL_OPTIONAL, **moment)
    pool.Add(clicks)
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName("shop." + name))
            for name in ("View", "Envelope.Click")]


def protobuf_messages(client):
    view_class, click_class = protobuf_classes()
    options = {"use.deprecated.format": False}
    view = ProtobufSerializer(view_class, client, options)
    click = ProtobufSerializer(click_class, client, options)
    context = SerializationContext("clicks-protobuf", MessageField.VALUE)
    for i in range(20):
        one = click_class(user_id=i, kind=i % 3)
        one.ts.seconds = 1_700_000_000 + i
        if i % 4:
            one.price = i / 8
        yield click(one, context)
        other = view_class(user_id=-i)
        other.ts.nanos = i * 1000
        yield view(other, context)


def main():
    url, folder = sys.argv[1:]
    client = SchemaRegistryClient({"url": url})
    write(folder + "/avro.messages", avro_messages(client))
    write(folder + "/protobuf.messages", protobuf_messages(client))


def write_protos(folder):
    os.makedirs(folder + "/nested", exist_ok=True)
    for name, text in (("clicks.proto", CLICKS_PROTO), ("nested/kinds.proto", KINDS_PROTO)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    if sys.argv[1] == "--protos":
        write_protos(sys.argv[2])
    else:
        main()
