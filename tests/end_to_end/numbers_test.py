"""Values and times at their limits through the whole program, from CSV, JSON and Parquet: log, kernel, store and HTTP;
offline tables; the training join; the audit. What must come out is computed here, from docs/reference/semantics.md."""
import base64
import csv
import json
import math
import os
import struct
import unittest

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from program import SLOWNESS, ProgramTest

HOUR, MINUTE = 3_600_000_000, 60_000_000
INT_MIN, INT_MAX = -2**63, 2**63 - 1
NAN, INF = math.nan, math.inf
LEAP_DAY = 1_582_934_400_000_000  # 2020-02-29T00:00:00Z
START = 1_600_000_020_000_000  # the first arrival, on the edge of a minute and so of a hop

COLUMNS = {"user": "int64", "x": "float64", "f": "float32", "n": "int64", "s": "string", "b": "bytes",
           "ts": "timestamp[us]", "at": "timestamp[us]"}
FEATURES = {
    "events": "count(*)", "xs": "count(x)", "x_sum": "sum(x)", "x_avg": "avg(x)", "x_min": "min(x)", "x_max": "max(x)",
    "x_last": "last(x)", "x_var": "var_pop(x)", "f_sum": "sum(f)", "f_max": "max(f)", "f_last": "last(f)",
    "n_sum": "sum(n)", "n_avg": "avg(n)", "n_min": "min(n)", "n_max": "max(n)", "s_min": "min(s)", "s_max": "max(s)",
    "s_last": "last(s)", "b_last": "last(b)", "hour": "count(*) over 1h hop 1m", "x_hour": "sum(x) over 1h hop 1m",
    "n_hour": "sum(n) over 1h hop 1m"}
DEFINITION = """project: numbers
log: {path: var/log}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
serving: {listen: 127.0.0.1:0, served_log: var/served}
sources:
  events:
    type: file
    path: %s
    format: %s
    columns: {%s}
    event_timestamp: ts
    arrival_timestamp: at
entities: {user: {keys: {user: int64}}}
feature_views:
  numbers:
    source: events
    entity: user
    features:
%s
"""


def float32(value):
    return None if value is None else struct.unpack("f", struct.pack("f", value))[0]


def event(user, ts=LEAP_DAY, x=None, f=None, n=None, s=None, b=None):
    return {"user": user, "x": x, "f": float32(f), "n": n, "s": s, "b": b, "ts": ts}


# A user a case; none of them needs what JSON cannot say (NaN, infinities, bytes that are no text).
CASES = [
    [event(1, x=-0.0)],
    [event(2, x=0.0), event(2, x=-0.0)],
    [event(3, x=-0.0), event(3, x=0.0)],
    [event(4, x=5e-324), event(4, x=5e-324), event(4, x=2.2250738585072014e-308), event(4, x=-5e-324)],
    [event(5, x=1.7976931348623157e308, f=3.4028234663852886e38), event(5, x=1.7976931348623157e308, f=1e-45)],
    [event(6, x=1e16), event(6, x=1.0), event(6, x=-1e16), event(6, x=0.1)],
    [event(7, n=INT_MAX), event(7, n=1)],
    [event(8, n=INT_MIN), event(8, n=INT_MAX)],
    [event(9, n=INT_MAX), event(9, n=INT_MAX), event(9, n=INT_MIN), event(9, n=INT_MIN), event(9, n=2)],
    [event(10, n=INT_MIN), event(10, n=-1)],
    [event(INT_MAX, x=1.5), event(INT_MIN, x=2.5), event(0), event(-1, n=0)],
    [event(11, ts=-1, x=1.0), event(11, ts=0, x=2.0), event(11, ts=1, x=4.0), event(11, ts=-HOUR, x=8.0)],
    [event(12, ts=-62_135_596_800_000_000, x=1.0), event(12, ts=253_402_300_799_999_999, x=2.0)],
    [event(13, ts=START + HOUR - 1, x=1.0), event(13, ts=START + HOUR, x=2.0), event(13, ts=START + HOUR + 1, x=4.0),
     event(13, ts=START + HOUR + MINUTE, x=8.0)],
    [event(14, ts=LEAP_DAY - 1, n=1), event(14, ts=LEAP_DAY, n=2), event(14, ts=LEAP_DAY + 24 * HOUR, n=4)],
    [event(19, ts=INT_MIN, x=1.0), event(19, ts=INT_MAX, x=2.0), event(19, ts=INT_MIN + 1, x=4.0), event(19, ts=INT_MAX - 1)],
    [event(15, s=""), event(15, s="x"), event(15)],
    [event(16), event(16, s="")],
    [event(17, s="\u00e9\U0001f600\u0001\"\\,\n'"), event(17, s="z" * 3, b=b"plain")],
    [event(18, s="\u00fc" * (1 << 19)), event(18, s="a" * (1 << 20), b=b"b" * (1 << 20))],
]
WILD = [
    [event(30, x=1.0), event(30, x=NAN), event(30, x=2.0)],
    [event(31, x=INF, f=-INF), event(31, x=-INF, f=NAN)],
    [event(32, x=INF), event(32, x=1.0)],
    [event(33, x=NAN, n=1)],
    [event(34, x=-INF), event(34, x=NAN)],
    [event(35, b=b"\xff\x00\x80"), event(35, b=b"")],
]


def arriving(cases):
    """All events, one every ten seconds, the cases taking turns."""
    events, rounds = [], max(len(case) for case in cases)
    for i in range(rounds):
        events += [case[i] for case in cases if i < len(case)]
    return [{**one, "at": START + i * 10_000_000} for i, one in enumerate(events)]


# ---- what is promised, executed literally

def greater(a, b):
    """The order of numbers: NaN is the greatest, -0.0 equals 0.0."""
    if isinstance(a, float) and math.isnan(a):
        return not (isinstance(b, float) and math.isnan(b))
    return not (isinstance(b, float) and math.isnan(b)) and a > b


def extreme(values, sign):
    best = None
    for value in values:
        if best is None or (greater(value, best) if sign > 0 else greater(best, value)):
            best = value
    return best


def folded(values):
    total = None
    for value in values:
        total = value if total is None else total + value
    return total


def in_int64(value):
    return value if value is None or INT_MIN <= value <= INT_MAX else None


def variance(values):
    count, mean, m2 = 0.0, 0.0, 0.0
    for x in values:
        count += 1
        d = x - mean
        mean += d / count
        m2 += d * (x - mean)
    return m2 / count if values else None


def vector(events, user, t):
    """read(S(user, t), t); None where there is no such user by then."""
    rows = [(i, one) for i, one in enumerate(events) if one["user"] == user and one["at"] <= t]
    if not rows:
        return None
    column = {name: [one[name] for _, one in rows if one[name] is not None] for name in COLUMNS}
    by_time = sorted(rows, key=lambda row: (row[1]["ts"], row[0]))
    last = {name: next((one[name] for _, one in reversed(by_time) if one[name] is not None), None) for name in COLUMNS}
    first_tile, last_tile = (t - HOUR) // MINUTE, t // MINUTE
    tiles = {}
    for _, one in rows:
        if first_tile < one["ts"] // MINUTE <= last_tile:
            tiles.setdefault(one["ts"] // MINUTE, []).append(one)

    def windowed(name):
        sums = [folded([one[name] for one in tiles[k] if one[name] is not None]) for k in sorted(tiles)]
        return folded([one for one in sums if one is not None])

    x, f, n, s = column["x"], column["f"], column["n"], [one.encode() for one in column["s"]]
    return {
        "events": len(rows), "xs": len(x), "x_sum": folded(x), "x_avg": folded(x) / len(x) if x else None,
        "x_min": extreme(x, -1), "x_max": extreme(x, 1), "x_last": last["x"], "x_var": variance(x),
        "f_sum": folded(f), "f_max": extreme(f, 1), "f_last": last["f"],
        "n_sum": in_int64(folded(n)), "n_avg": float(folded(n)) / len(n) if n else None,
        "n_min": min(n, default=None), "n_max": max(n, default=None),
        "s_min": min(s).decode() if s else None, "s_max": max(s).decode() if s else None, "s_last": last["s"],
        "b_last": last["b"], "hour": sum(len(one) for one in tiles.values()), "x_hour": windowed("x"),
        "n_hour": in_int64(windowed("n"))}


def bits(value):
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else struct.pack("<d", value)
    return value


# ---- the same events in each format

def write_csv(path, events):
    def field(value):
        if value is None:
            return b""
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, bytes):
            return b'"' + value.replace(b'"', b'""') + b'"'
        return repr(value).encode()
    with open(path, "wb") as file:
        file.write(",".join(COLUMNS).encode() + b"\n")
        for one in events:
            file.write(b",".join(field(one[name]) for name in COLUMNS) + b"\n")


def write_json(path, events):
    with open(path, "w") as file:
        for one in events:
            fields = {name: value.decode() if isinstance(value, bytes) else value for name, value in one.items()}
            file.write(json.dumps(fields, allow_nan=False) + "\n")


def write_parquet(path, events):
    types = {"int64": pyarrow.int64(), "float64": pyarrow.float64(), "float32": pyarrow.float32(), "string": pyarrow.string(),
             "bytes": pyarrow.binary(), "timestamp[us]": pyarrow.int64()}
    table = pyarrow.table({name: pyarrow.array([one[name] for one in events], types[kind])
                           for name, kind in COLUMNS.items()})
    pyarrow.parquet.write_table(table, path)


WRITERS = {"csv": write_csv, "json": write_json, "parquet": write_parquet}


class NumbersTest(ProgramTest):
    def define(self, form, extra_columns=""):
        columns = ", ".join(f'{name}: "{kind}"' for name, kind in COLUMNS.items()) + extra_columns
        features = "\n".join(f"      {name}: {line}" for name, line in FEATURES.items())
        self.write("skewless.yaml", DEFINITION % ("events." + form, form, columns, features))

    def expect(self, actual, expected, what):
        for name in FEATURES:
            wanted = None if expected is None else expected[name]
            self.assertEqual(bits(actual[name]), bits(wanted), f"{what}: {name}")

    def check_served(self, events):
        users = sorted({one["user"] for one in events}) + [999]
        engine = self.start()
        engine.wait_until_readable()
        reply = engine.read({"features": ["numbers"], "entities": {"user": users}})
        engine.stop()
        read_us = reply["skewless"]["read_timestamp_us"]
        names = reply["metadata"]["feature_names"]
        for i, user in enumerate(users):
            wanted = vector(events, user, read_us)
            for name, result in zip(names[1:], reply["results"][1:]):
                value = None if wanted is None else wanted[name]
                status = "NOT_FOUND" if wanted is None else "NULL_VALUE" if value is None else "PRESENT"
                # JSON has neither NaN nor infinities: they are null there, and PRESENT.
                if isinstance(value, float) and not math.isfinite(value):
                    value = None
                if isinstance(value, bytes):
                    value = base64.b64encode(value).decode()
                if name in ("f_max", "f_last") and value is not None:
                    self.assertEqual(float32(result["values"][i]), value, f"{user} {name}")
                else:
                    self.assertEqual(bits(result["values"][i]), bits(value), f"{user} {name}")
                self.assertEqual(result["statuses"][i], status, f"{user} {name}")
        report = self.run_json("audit")
        self.assertEqual(report["different_rows"], 0)
        self.assertEqual(report["rows"], len(users))

    def check_tables(self, events):
        # A file a date: the events' dates lie as far apart as year 1 and year 9999.
        rows = []
        for folder, _, files in os.walk(self.path("var/history/numbers")):
            for file in files:
                rows += pyarrow.parquet.ParquetFile(os.path.join(folder, file)).read(
                    columns=["user", "sequence", *FEATURES, "x", "n"]).to_pylist()
        rows.sort(key=lambda row: row["sequence"])
        self.assertEqual(len(rows), len(events))
        for row, one in zip(rows, events):
            self.assertEqual(row["user"], one["user"])
            self.assertEqual(bits(row["x"]), bits(one["x"]))
            self.assertEqual(row["n"], one["n"])
            self.expect(row, vector(events, one["user"], one["at"]), f"table, user {one['user']} at {one['at']}")

    def check_join(self, events):
        times = [one["at"] for one in events]
        ends = [times[-1], INT_MAX, times[0] - 1, INT_MIN, -1, 0, START + HOUR, START + 2 * HOUR, START + 2 * HOUR - 1,
                START + 2 * HOUR + MINUTE - 1, START + 2 * HOUR + MINUTE]
        labels = [(one["user"], t) for one in events for t in (one["at"] - 1, one["at"], one["at"] + HOUR)]
        labels += [(user, t) for user in sorted({one["user"] for one in events}) for t in ends]
        # Each event's own time, and where its hop leaves the window.
        labels += [(one["user"], min(max(one["ts"] + shift, INT_MIN), INT_MAX)) for one in events
                   for shift in (-1, 0, 1, HOUR - 1, HOUR, HOUR + MINUTE - 1, HOUR + MINUTE)]
        # Labels as Parquet, as text in CSV, and out again as both.
        # Whole numbers must be of likely years; times may be of any.
        times = pyarrow.array([t for _, t in labels], pyarrow.int64()).view(pyarrow.timestamp("us", "UTC"))
        table = pyarrow.table({"user": [user for user, _ in labels], "event_timestamp": times})
        pyarrow.parquet.write_table(table, self.path("labels.parquet"))
        self.run_program("join", "labels.parquet", "-o", "set.parquet")
        joined = pyarrow.parquet.read_table(self.path("set.parquet"))
        at = joined.schema.get_field_index("event_timestamp")
        joined = joined.set_column(at, "event_timestamp", joined.column(at).cast(pyarrow.int64())).to_pylist()
        self.assertEqual(len(joined), len(labels))
        for row, (user, t) in zip(joined, labels):
            self.assertEqual((row["user"], row["event_timestamp"]), (user, t))
            self.expect(row, vector(events, user, t), f"join, user {user} at {t}")
        self.run_program("join", "labels.parquet", "-o", "set.csv", "--features", "numbers:x_sum,numbers:n_sum")
        with open(self.path("set.csv"), newline="") as file:
            for row, one in zip(csv.DictReader(file), joined):
                for name, parse in (("x_sum", float), ("n_sum", int)):
                    self.assertEqual(bits(parse(row[name]) if row[name] else None), bits(one[name]), str(row))

    def check_all(self, form, cases):
        events = arriving(cases)
        self.define(form)
        WRITERS[form](self.path("events." + form), events)
        summary = self.run_json("run", "--once")
        self.assertEqual(summary["events"], len(events))
        self.check_served(events)
        self.check_tables(events)
        self.check_join(events)

    def test_csv(self):
        self.check_all("csv", CASES + WILD)

    def test_json(self):
        self.check_all("json", CASES)

    def test_parquet(self):
        self.check_all("parquet", CASES + WILD)


class InvalidTextTest(ProgramTest):
    """Bytes that are no UTF-8: a bad record where text is declared, kept as they are where bytes are."""

    def check(self, form, write):
        self.write("skewless.yaml", f"""project: text
log: {{path: var/log}}
online: {{type: embedded, path: var/online}}
sources:
  events:
    type: file
    path: events.{form}
    format: {form}
    columns: {{user: int64, s: string, b: bytes, ts: "timestamp[us]", at: "timestamp[us]"}}
    event_timestamp: ts
    arrival_timestamp: at
entities: {{user: {{keys: {{user: int64}}}}}}
feature_views: {{texts: {{source: events, entity: user, features: {{events: count(*), s: last(s), b: last(b)}}}}}}
""")
        write(self.path("events." + form))
        summary = self.run_json("run", "--once")
        with open(self.path("var/log/dead_letters/events.jsonl")) as file:
            letters = [json.loads(line) for line in file]
        self.assertEqual([letter["offset"] for letter in letters], [1])
        self.assertIn("not valid UTF-8", letters[0]["reason"])
        self.assertEqual(summary["events"], 2)
        return self.run_json("get", "texts", "user=1")

    def test_csv(self):
        def write(path):
            with open(path, "wb") as file:
                file.write(b"user,s,b,ts,at\n1,good,x,1,1\n1,\xff\xfe,x,2,2\n1,fine,\xff\x00,3,3\n")
        self.assertEqual(self.check("csv", write)["features"]["texts__b"], "/wA=")

    def test_parquet(self):
        def write(path):
            texts = pyarrow.array([b"good", b"\xff\xfe", b"fine"], pyarrow.binary())
            table = pyarrow.table({"user": [1, 1, 1], "s": texts, "b": pyarrow.array([b"x", b"x", b"\xff\x00"]),
                                   "ts": [1, 2, 3], "at": [1, 2, 3]})
            pyarrow.parquet.write_table(table, path)
        self.assertEqual(self.check("parquet", write)["features"]["texts__b"], "/wA=")

    def test_json(self):
        # JSON is text: not even its bytes columns can hold what is none.
        def write(path):
            with open(path, "wb") as file:
                file.write(b'{"user":1,"s":"good","b":"x","ts":1,"at":1}\n{"user":1,"s":"\xff\xfe","b":"x","ts":2,"at":2}\n'
                           b'{"user":1,"s":"fine","b":"\\u00ff","ts":3,"at":3}\n')
        self.assertEqual(self.check("json", write)["features"]["texts__b"], "w78=")


class CollidingKeysTest(ProgramTest):
    """Keys that whoever knows XXH3 can make up, so that all their unseeded hashes are the same: in the store, the
    offline tables, the join and the audit they must cost no more than others."""

    def test_keys_made_to_collide(self):
        count = 1_000_000 // SLOWNESS

        def key(i):  # see src/model/colliding_keys_fixture.h
            return b"k" * 47 + bytes.fromhex("ded46de9839097db") + i.to_bytes(8, "big")
        self.write("skewless.yaml", """project: keys
log: {path: var/log}
online: {type: embedded, path: var/online}
offline: {type: parquet, path: var/history}
serving: {listen: 127.0.0.1:0, served_log: var/served}
sources:
  events:
    type: file
    path: events.parquet
    format: parquet
    columns: {name: bytes, n: int64, ts: "timestamp[us]", at: "timestamp[us]"}
    event_timestamp: ts
    arrival_timestamp: at
entities: {name: {keys: {name: bytes}}}
feature_views: {names: {source: events, entity: name, features: {events: count(*), n: sum(n)}}}
""")
        order = [i * 7919 % count for i in range(count)]
        names = pyarrow.array([key(i) for i in order] + [key(i) for i in range(count)], pyarrow.binary())
        times = list(range(START, START + 2 * count))
        pyarrow.parquet.write_table(pyarrow.table({"name": names, "n": order + [1] * count, "ts": times, "at": times}),
                                    self.path("events.parquet"))
        # Each comparison with all others would be 10^12 of them, in each of five tables.
        self.assertEqual(self.run_json("run", "--once")["events"], 2 * count)
        rows = pyarrow.parquet.read_table(self.path("var/history/names"), columns=["name", "events"])
        self.assertEqual(pyarrow.compute.count_distinct(rows["name"]).as_py(), count)
        self.assertEqual(pyarrow.compute.value_counts(rows["events"]).to_pylist(),
                         [{"values": 1, "counts": count}, {"values": 2, "counts": count}])
        labels = pyarrow.table({"name": pyarrow.array([key(i) for i in range(count + 1)], pyarrow.binary()),
                                "event_timestamp": [START + 2 * count] * (count + 1)})
        pyarrow.parquet.write_table(labels, self.path("labels.parquet"))
        self.run_program("join", "labels.parquet", "-o", "set.parquet")
        joined = pyarrow.parquet.read_table(self.path("set.parquet"))
        self.assertEqual(joined["events"].to_pylist(), [2] * count + [None])
        self.assertEqual(joined["n"].to_pylist(), [i + 1 for i in range(count)] + [None])
        self.check_served(range(0, count + 1, count // 1000), count, key)

    def check_served(self, asked, count, key):
        engine = self.start()
        engine.wait_until_readable()
        reply = engine.read({"features": ["names:events", "names:n"],
                             "entities": {"name": [base64.b64encode(key(i)).decode() for i in asked]}})
        engine.stop()
        events, n = reply["results"][1:]
        self.assertEqual(events["values"], [2 if i < count else None for i in asked])
        self.assertEqual(n["values"], [i + 1 if i < count else None for i in asked])
        report = self.run_json("audit")
        self.assertEqual((report["rows"], report["different_rows"]), (len(asked), 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
