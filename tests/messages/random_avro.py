"""Random Avro schemas with random values, written by fastavro, and what each column must hold."""
import datetime
import io
import random
import struct

import fastavro

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
TEXTS = ["", "a", "click", "Größe", "日本", "x" * 200, "tab\there", "'quoted'", "\U0001f600", "\0nul"]


def bits(value):
    return "%016x" % struct.unpack("<Q", struct.pack("<d", value))[0]


def render(kind, value):
    """A column's value as the test prints it."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[" + ",".join(render(kind, one) for one in value) + "]"
    if kind == "bool":
        return "1" if value else "0"
    if kind in ("float32", "float64"):
        return bits(value)
    if kind == "string":
        return "x" + value.encode().hex()
    if kind == "bytes":
        return "x" + value.hex()
    return str(value)  # integers, and timestamps as microseconds


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def random_int(dice, low, high):
    edges = [0, 1, -1, 63, -64, 64, low, high]
    return dice.choice(edges) if dice.random() < 0.4 else dice.randint(low, high)


def random_double(dice):
    edges = [0.0, -0.0, 1.5, 1e300, -1e-300, float("inf"), 5e-324]
    return dice.choice(edges) if dice.random() < 0.4 else dice.gauss(0, 1e6)


def random_float32(dice):
    return as_float32(dice.choice([0.0, -0.0, 3.25, 1e30, float("-inf")]) if dice.random() < 0.4
                      else dice.gauss(0, 1e3))


class Names:
    def __init__(self):
        self.count = 0

    def new(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"


def scalar(dice, names):
    """An Avro type, the column's type, and a function that gives (what fastavro writes, what the
    column must hold)."""
    def pair(make, convert=lambda v: v):
        def draw():
            value = make()
            return value, convert(value)
        return draw

    kind = dice.randrange(18)
    if kind == 0:
        return "boolean", "bool", pair(lambda: dice.random() < 0.5)
    if kind == 1:
        return "int", dice.choice(["int32", "int64"]), pair(lambda: random_int(dice, *INT32))
    if kind == 2:
        return "long", "int64", pair(lambda: random_int(dice, *INT64))
    if kind == 3:
        return "long", "int32", pair(lambda: random_int(dice, *INT32))
    if kind == 4:
        return "float", dice.choice(["float32", "float64"]), pair(lambda: random_float32(dice))
    if kind == 5:
        return "double", "float64", pair(lambda: random_double(dice))
    if kind == 6:
        return "double", "float32", pair(lambda: dice.gauss(0, 1e6), as_float32)
    if kind == 7:
        return "int", "float64", pair(lambda: random_int(dice, *INT32), float)
    if kind == 8:
        return "string", "string", pair(lambda: dice.choice(TEXTS))
    if kind == 9:
        return "string", "bytes", pair(lambda: dice.choice(TEXTS), lambda v: v.encode())
    if kind == 10:
        return "bytes", "bytes", pair(lambda: dice.randbytes(dice.randrange(40)))
    if kind == 11:
        size = dice.randrange(20)
        schema = {"type": "fixed", "name": names.new("Fixed"), "size": size}
        return schema, "bytes", pair(lambda: dice.randbytes(size))
    if kind == 12:
        symbols = [names.new("s") for _ in range(dice.randrange(1, 6))]
        schema = {"type": "enum", "name": names.new("Enum"), "symbols": symbols}
        return schema, "string", pair(lambda: dice.choice(symbols))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    if kind in (13, 14):
        unit, scale = ("millis", 1000) if kind == 13 else ("micros", 1)
        schema = {"type": "long", "logicalType": f"timestamp-{unit}"}
        column = dice.choice(["timestamp", "timestamp[s]", "timestamp[ns]"])

        def moment():
            # A whole number of the unit, as what fastavro takes apart: a datetime.
            count = dice.randrange(-(10**12), 4 * 10**12) * 1000 // scale
            return epoch + datetime.timedelta(microseconds=count * scale)
        return schema, column, pair(
            moment, lambda v: (v - epoch) // datetime.timedelta(microseconds=1))
    if kind == 15:
        schema = {"type": "int", "logicalType": "date"}
        return schema, "timestamp", pair(
            lambda: datetime.date(1970, 1, 1) + datetime.timedelta(days=dice.randrange(-9000, 40000)),
            lambda v: (v - datetime.date(1970, 1, 1)).days * 86_400_000_000)
    if kind == 16:
        return "long", "timestamp[ms]", pair(lambda: dice.randrange(-(10**12), 4 * 10**12),
                                             lambda v: v * 1000)
    return "string", "timestamp", pair(
        lambda: epoch + datetime.timedelta(milliseconds=dice.randrange(4 * 10**12)),
        lambda v: (v - epoch) // datetime.timedelta(microseconds=1))


def rfc3339(value):
    return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond:06}Z"


def wanted_field(dice, names):
    schema, column, draw = scalar(dice, names)
    if schema == "string" and column == "timestamp":
        inner = draw

        def draw_text():
            value, micros = inner()
            return rfc3339(value), micros
        draw = draw_text
    form = dice.randrange(5)
    if form == 0:
        branches = [schema, "null"] if dice.random() < 0.5 else ["null", schema]
        return branches, column, lambda: (None, None) if dice.random() < 0.3 else draw()
    if form == 1:
        items = {"type": "array", "items": schema}

        def draw_list():
            pairs = [draw() for _ in range(dice.randrange(5))]
            return [written for written, _ in pairs], [held for _, held in pairs]
        return items, column + "[]", draw_list
    if form == 2:
        items = ["null", {"type": "array", "items": ["null", schema]}]

        def draw_nullable():
            if dice.random() < 0.2:
                return None, None
            pairs = [(None, None) if dice.random() < 0.3 else draw()
                     for _ in range(dice.randrange(5))]
            return [written for written, _ in pairs], [held for _, held in pairs]
        return items, column + "[]", draw_nullable
    return schema, column, draw


def unwanted(dice, names, depth=0):
    """A type that no column wants, however deep, with a function for its values."""
    kind = dice.randrange(6)
    if depth > 2 or kind < 2:
        schema, _, draw = scalar(dice, names)
        if schema == "string":
            return schema, lambda: dice.choice(TEXTS)
        return schema, lambda: draw()[0]
    inner, draw = unwanted(dice, names, depth + 1)
    if kind == 2:
        return {"type": "array", "items": inner}, lambda: [draw() for _ in range(dice.randrange(4))]
    if kind == 3:
        return ({"type": "map", "values": inner},
                lambda: {dice.choice(TEXTS): draw() for _ in range(dice.randrange(4))})
    if kind == 4 and not isinstance(inner, list) and inner != "null":
        return ["null", inner], lambda: None if dice.random() < 0.5 else draw()
    name = names.new("Nested")
    return ({"type": "record", "name": name, "fields": [{"name": "a", "type": inner},
                                                        {"name": "b", "type": "null"}]},
            lambda: {"a": draw(), "b": None})


class Record:
    """A record's fields, and the columns that lie in it: (name, type, the fields that lead there)."""

    def __init__(self, dice, names, path=()):
        self.fields, self.columns, self.draws = [], [], []
        for i in range(dice.randrange(1, 9 if not path else 4)):
            self._add(dice, names, f"f{i}", path)

    def _add(self, dice, names, name, path):
        at = path + (name,)
        kind = dice.random()
        if kind < 0.25:
            schema, draw = unwanted(dice, names)
            self.draws.append((name, lambda: (draw(), {})))
        elif kind < 0.5 and len(path) < 3:
            schema, draw = self._holder(dice, names, at)
            self.draws.append((name, draw))
        else:
            schema, column, draw_pair = wanted_field(dice, names)
            own = "_".join(at)
            self.columns.append((own, column, at))

            def draw_column():
                written, held = draw_pair()
                return written, {own: held}
            self.draws.append((name, draw_column))
        self.fields.append({"name": name, "type": schema})

    def _holder(self, dice, names, at):
        """A field that holds columns: a record, or a map of scalars or of records."""
        form = dice.randrange(4)
        if form == 3:
            return self._map_of_scalars(dice, names, at)
        inner = Record(dice, names, at if form < 2 else at + ("k.1",))
        self.columns += inner.columns
        schema = {"type": "record", "name": names.new("Within"), "fields": inner.fields}
        if form == 0:
            return schema, inner.draw
        if form == 1:
            return (["null", schema, "string"],
                    lambda: (None, {}) if dice.random() < 0.3 else inner.draw())

        def draw_map():
            entries = {key: inner.draw() for key in ("a", "k.1", "z") if dice.random() < 0.6}
            held = entries["k.1"][1] if "k.1" in entries else {}
            return {key: written for key, (written, _) in entries.items()}, held
        return {"type": "map", "values": schema}, draw_map

    def _map_of_scalars(self, dice, names, at):
        schema, column, draw = scalar(dice, names)
        if schema == "string":
            column, draw = "string", lambda: (lambda text: (text, text))(dice.choice(TEXTS))
        own = "_".join(at)
        self.columns.append((own, column, at + ("wanted",)))

        def draw_map():
            entries = {key: draw() for key in ("a", "wanted", "z") if dice.random() < 0.6}
            held = {own: entries["wanted"][1]} if "wanted" in entries else {}
            return {key: written for key, (written, _) in entries.items()}, held
        return {"type": "map", "values": schema}, draw_map

    def draw(self):
        """What fastavro writes, and what the columns must hold; those that aren't named are null."""
        record, held = {}, {}
        for name, draw in self.draws:
            record[name], more = draw()
            held.update(more)
        return record, held


class AvroCase:
    """A schema, the columns that read it, and rows."""

    def __init__(self, seed):
        dice = random.Random(seed)
        names = Names()
        root = Record(dice, names)
        if not root.columns:
            root.fields.append({"name": "only", "type": "long"})
            root.columns.append(("only", "int64", ("only",)))
            root.draws.append(("only", lambda: (7, {"only": 7})))
        self.columns = root.columns
        self.schema = {"type": "record", "name": "Event", "namespace": "test.random",
                       "fields": root.fields}
        dice.shuffle(self.columns)
        self.records, self.expected = [], []
        for _ in range(dice.randrange(1, 60)):
            record, held = root.draw()
            self.records.append(record)
            self.expected.append(" ".join(
                render(column.split("[")[0], held.get(name)) for name, column, _ in self.columns))

    def messages(self):
        parsed = fastavro.parse_schema(self.schema)
        for record in self.records:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, parsed, record)
            yield out.getvalue()

    def container(self, codec):
        out = io.BytesIO()
        fastavro.writer(out, fastavro.parse_schema(self.schema), self.records, codec=codec,
                        sync_interval=500)
        return out.getvalue()
