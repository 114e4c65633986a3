"""join_data.py FOLDER ROWS ENTITIES LABELS: a log of updates and the labels to join with it.

FOLDER/log.parquet, in order of availability: 30 days of updates of random entities; 5 % become available up to
a day after they happened, the rest up to ten minutes. FOLDER/labels.parquet: entities and times at random, from
the second day on. The same arguments give the same data.
"""
import datetime
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SECOND = 1_000_000
DAY = 86_400 * SECOND
DAYS = 30
START = int(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * SECOND


def moments(values):
    return pa.array(values).cast(pa.timestamp("us"))


def write(table, path):
    pq.write_table(table, path, compression="zstd", row_group_size=262_144)


def main():
    folder, rows, entities, labels = sys.argv[1], *map(int, sys.argv[2:5])
    random = np.random.default_rng(7)
    event = START + random.integers(0, DAYS * DAY, rows, dtype=np.int64)
    late = random.random(rows) < 0.05
    delay = np.where(late, random.integers(0, DAY, rows), random.integers(0, 600 * SECOND, rows))
    available = event + delay
    order = np.argsort(available, kind="stable")
    write(pa.table({
        "entity": pa.array(random.integers(0, entities, rows, dtype=np.int64)),
        "event_ts": moments(event[order]),
        "available_ts": moments(available[order]),
        "f0": pa.array(random.standard_normal(rows)),
        "f1": pa.array(random.standard_normal(rows)),
        "f2": pa.array(random.integers(0, 100_000, rows) / 100.0),
        "f3": pa.array(random.integers(0, 1000, rows).astype(np.float64)),
    }), f"{folder}/log.parquet")
    write(pa.table({
        "label_id": pa.array(np.arange(labels, dtype=np.int64)),
        "entity": pa.array(random.integers(0, entities, labels, dtype=np.int64)),
        "t": moments(START + DAY + random.integers(0, (DAYS - 1) * DAY, labels, dtype=np.int64)),
    }), f"{folder}/labels.parquet")


main()
