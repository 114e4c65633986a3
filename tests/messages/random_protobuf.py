"""Random .proto files with random messages, written by Python's own protobuf, and what each column
must hold. The descriptor is built here, apart from the text that Skewless parses."""
import random

from google.protobuf import (descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2,
                             wrappers_pb2)

from random_avro import TEXTS, as_float32, random_double, random_float32, random_int, render

F = descriptor_pb2.FieldDescriptorProto
INT32, INT64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
ENUM = {"UNKNOWN": 0, "CLICK": 1, "PURCHASE": 7, "BELOW": -3}
WRAPPERS = {"BoolValue": "bool", "Int32Value": "int32", "Int64Value": "int64",
            "UInt32Value": "uint32", "FloatValue": "float", "DoubleValue": "double",
            "StringValue": "string", "BytesValue": "bytes"}


def scalar_kinds(dice):
    """name: (column's type, values, what the column holds)"""
    same = lambda v: v
    i32, i64 = (lambda: random_int(dice, *INT32)), (lambda: random_int(dice, *INT64))
    u32 = lambda: dice.choice([0, 1, 2**32 - 1, dice.randrange(2**32)])
    u63 = lambda: dice.choice([0, 1, 2**63 - 1, dice.randrange(2**63)])
    return {
        "bool": ("bool", lambda: dice.random() < 0.5, same),
        "int32": ("int32", i32, same), "sint32": ("int32", i32, same),
        "sfixed32": ("int64", i32, same), "int64": ("int64", i64, same),
        "sint64": ("int64", i64, same), "sfixed64": ("int64", i64, same),
        "uint32": ("int64", u32, same), "fixed32": ("int64", u32, same),
        "uint64": ("int64", u63, same), "fixed64": ("int64", u63, same),
        "float": (dice.choice(["float32", "float64"]), lambda: random_float32(dice), same),
        "double": ("float64", lambda: random_double(dice), same),
        "string": ("string", lambda: dice.choice(TEXTS), same),
        "bytes": ("bytes", lambda: dice.randbytes(dice.randrange(30)), same),
    }


class Field:
    """One field: how it is declared, how values get in, and what its column must hold."""

    def __init__(self, dice, name, number, proto2, nested):
        self.name, self.number = name, number
        kinds = scalar_kinds(dice)
        kind = dice.choice([*kinds, "enum", "enum", "timestamp", "wrapper", "message", "message",
                            "map"])
        self.oneof, self.at = None, (name,)
        self.repeated = kind not in ("timestamp", "wrapper", "message") and dice.random() < 0.25
        if kind == "map":
            self.repeated = False
        self.optional = proto2 or (not self.repeated and dice.random() < 0.3)
        self.packed = self.repeated and kind not in ("string", "bytes") and dice.random() < 0.5
        self.kind, self.column = kind, None
        self.default = None
        if kind == "enum":
            self.type_name, self.column = "Kind", "string"
            self.draw = lambda: dice.choice(list(ENUM.values()))
            self.hold = lambda v: next(n for n, number in ENUM.items() if number == v)
            self.blank = "UNKNOWN"
        elif kind == "timestamp":
            self.type_name, self.column = "google.protobuf.Timestamp", "timestamp"
            self.draw = lambda: (dice.randrange(-(10**9), 4 * 10**9), dice.randrange(10**9))
            self.hold = lambda v: v[0] * 1_000_000 + v[1] // 1000
        elif kind == "wrapper":
            wrapper = dice.choice(list(WRAPPERS))
            self.type_name = "google.protobuf." + wrapper
            self.column, self.draw, self.hold = kinds[WRAPPERS[wrapper]]
        elif kind == "message":
            self.type_name = "Nested"  # a column lies in it
            self.column, self.at = "int32", (name, "depth")
            self.draw = lambda: dice.choice([None, 0, dice.randrange(100)])
            self.hold = lambda v: v if v is not None or proto2 else 0
        elif kind == "map":
            self.type_name = "map<string, sint64>"  # one of its values is a column
            self.column, self.at = "int64", (name, "wanted")
            self.draw = lambda: {key: random_int(dice, *INT64) for key in ("a", "wanted", "")
                                 if dice.random() < 0.6}
            self.hold = lambda v: v.get("wanted")
        else:
            self.type_name = kind
            self.column, self.draw, self.hold = kinds[kind]
            self.blank = {"bool": False, "float32": 0.0, "float64": 0.0, "string": "",
                          "bytes": b""}.get(self.column, 0)
        if self.column and dice.random() < 0.2:
            self.column = None  # nobody declares it
        if self.column and self.repeated:
            self.column += "[]"

    @property
    def tells_absence(self):
        return self.optional or self.oneof or self.kind in ("timestamp", "wrapper", "message",
                                                            "map")

    @property
    def entry(self):
        """The name that protoc gives the type of a map's entries."""
        return self.name.capitalize() + "Entry"

    def text(self, proto2):
        label = "repeated " if self.repeated else ""
        if self.kind == "map":
            label = ""
        elif not self.repeated and not self.oneof and (proto2 or self.optional) \
                and self.kind not in ("timestamp", "wrapper", "message"):
            label = "optional "
        elif proto2 and not self.repeated and not self.oneof:
            label = "optional "
        options = ""
        if self.repeated and self.kind not in ("string", "bytes"):
            options = f" [packed = {'true' if self.packed else 'false'}]"
        return f"{label}{self.type_name} {self.name} = {self.number}{options};"

    def describe(self, to, proto2, package):
        to.name, to.number = self.name, self.number
        to.label = F.LABEL_REPEATED if self.repeated else F.LABEL_OPTIONAL
        if self.kind == "enum":
            to.type, to.type_name = F.TYPE_ENUM, f".{package}.Kind"
        elif self.kind == "message":
            to.type, to.type_name = F.TYPE_MESSAGE, f".{package}.Event.Nested"
        elif self.kind == "map":
            to.label = F.LABEL_REPEATED
            to.type, to.type_name = F.TYPE_MESSAGE, f".{package}.Event.{self.entry}"
        elif self.kind in ("timestamp", "wrapper"):
            to.type, to.type_name = F.TYPE_MESSAGE, "." + self.type_name
        else:
            to.type = getattr(F, "TYPE_" + self.kind.upper())
        if self.repeated and self.kind not in ("string", "bytes"):
            to.options.packed = self.packed

    def fill(self, dice, message):
        """Sets the field, or not; what its column must hold."""
        if self.repeated:
            values = [self.draw() for _ in range(dice.randrange(5))]
            getattr(message, self.name).extend(values)
            return [self.hold(v) for v in values] if self.column else None
        if dice.random() < 0.25:
            return None if self.tells_absence or not self.column else self.blank
        value = self.draw()
        if self.kind == "timestamp":
            getattr(message, self.name).SetInParent()
            getattr(message, self.name).seconds = value[0]
            getattr(message, self.name).nanos = value[1]
        elif self.kind == "wrapper":
            getattr(message, self.name).SetInParent()
            getattr(message, self.name).value = value
        elif self.kind == "message":
            getattr(message, self.name).SetInParent()
            if value is not None:
                getattr(message, self.name).depth = value
        elif self.kind == "map":
            getattr(message, self.name).update(value)
        else:
            setattr(message, self.name, value)
        return self.hold(value) if self.column else None


class ProtobufCase:
    def __init__(self, seed):
        dice = random.Random(seed)
        proto2 = dice.random() < 0.3
        self.package = f"test.random{seed}"
        numbers = dice.sample([*range(1, 16), 16, 200, 5000, 536870911], 11)
        self.fields = [Field(dice, f"f{i}", numbers[i], proto2, False)
                       for i in range(dice.randrange(1, 9))]
        members = [f for f in self.fields
                   if not f.repeated and f.kind != "map"][:3] if dice.random() < 0.5 else []
        for field in members:
            field.oneof, field.optional = "choice", False
        self.fields.append(Field.__new__(Field))
        self._only(self.fields[-1], numbers[-1], proto2)
        self._describe(proto2, members)
        self._write_text(proto2, members)
        self.columns = [(f.name, f.column, f.at) for f in self.fields if f.column]
        dice.shuffle(self.columns)
        self._draw(dice, members)

    @staticmethod
    def _only(field, number, proto2):
        """A field that is always there, so that some column is."""
        field.name, field.number, field.kind, field.type_name = "only", number, "int64", "int64"
        field.oneof, field.repeated, field.packed, field.at = None, False, False, ("only",)
        field.optional, field.column, field.blank = proto2, "int64", 0
        field.draw, field.hold = (lambda: 7), (lambda v: v)

    def _describe(self, proto2, members):
        file = descriptor_pb2.FileDescriptorProto(
            name=self.package + ".proto", package=self.package,
            syntax="proto2" if proto2 else "proto3",
            dependency=["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"])
        kind = file.enum_type.add(name="Kind")
        for name, number in ENUM.items():
            kind.value.add(name=name, number=number)
        event = file.message_type.add(name="Event")
        nested = event.nested_type.add(name="Nested")
        nested.field.add(name="depth", number=1, label=F.LABEL_OPTIONAL, type=F.TYPE_INT32)
        for field in self.fields:
            if field.kind == "map":
                entry = event.nested_type.add(name=field.entry)
                entry.options.map_entry = True
                entry.field.add(name="key", number=1, label=F.LABEL_OPTIONAL, type=F.TYPE_STRING)
                entry.field.add(name="value", number=2, label=F.LABEL_OPTIONAL,
                                type=F.TYPE_SINT64)
        if members:
            event.oneof_decl.add(name="choice")
        for field in self.fields:
            to = event.field.add()
            field.describe(to, proto2, self.package)
            if field.oneof:
                to.oneof_index = 0
        for field, to in zip(self.fields, event.field):
            if not proto2 and field.optional and not field.oneof and not field.repeated \
                    and field.kind != "map":
                to.proto3_optional = True
                to.oneof_index = len(event.oneof_decl)
                event.oneof_decl.add(name="_" + field.name)
        pool = descriptor_pool.DescriptorPool()
        for known in (timestamp_pb2, wrappers_pb2):
            proto = descriptor_pb2.FileDescriptorProto()
            known.DESCRIPTOR.CopyToProto(proto)
            pool.Add(proto)
        pool.Add(file)
        self.message = message_factory.GetMessageClass(
            pool.FindMessageTypeByName(self.package + ".Event"))

    def _write_text(self, proto2, members):
        lines = [f'syntax = "{"proto2" if proto2 else "proto3"}";', f"package {self.package};",
                 'import "google/protobuf/timestamp.proto";',
                 'import "google/protobuf/wrappers.proto";',
                 "enum Kind {", *(f"  {n} = {v};" for n, v in ENUM.items()), "}",
                 "message Event {",
                 f"  message Nested {{ {'optional ' if proto2 else ''}int32 depth = 1; }}"]
        lines += ["  " + f.text(proto2) for f in self.fields if not f.oneof]
        if members:
            lines += ["  oneof choice {", *("    " + f.text(proto2) for f in members), "  }"]
        self.text = "\n".join([*lines, "}", ""])

    def _draw(self, dice, members):
        self.events, self.expected = [], []
        for _ in range(dice.randrange(1, 60)):
            event, held = self.message(), {}
            for field in self.fields:
                if not field.oneof:
                    held[field.name] = field.fill(dice, event)
            for field in members:  # the last that is set takes the others away
                value = field.fill(dice, event)
                if event.WhichOneof("choice") == field.name:
                    held.update({f.name: None for f in members})
                    held[field.name] = value
                else:
                    held.setdefault(field.name, None)
            self.events.append(event)
            self.expected.append(" ".join(
                render(column.split("[")[0], held[name]) for name, column, _ in self.columns))

    def messages(self):
        for event in self.events:
            yield event.SerializeToString()
